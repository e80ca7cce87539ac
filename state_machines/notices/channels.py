"""The names of channels, as far as definitions know them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from state_machines.notices.vocabulary import Vocabulary

PREFERRED = "preferred"
"""No channel of its own: whichever of their channels the customer likes best and can be reached over now."""

AUTOMATED_VOICES = frozenset(
    {
        "auto_call",
        "autodial",
        "autodialer",
        "automated_call",
        "automated_voice",
        "ivr",
        "robocall",
        "robot",
        "robot_call",
        "text_to_speech",
        "tts",
        "voice",
        "voice_message",
        "voicebot",
        "voicemail_drop",
    }
)
"""What people call a machine that speaks; none of them can be a channel."""

_UNSPACED = frozenset(name.replace("_", "") for name in AUTOMATED_VOICES)


class Manner(StrEnum):
    """How a channel says what it is given. There is none for a machine that speaks."""

    TEXT = "text"
    """It is read."""
    PERSON = "person"
    """A person calls and says it."""
    CONNECTS = "connects"
    """It says nothing: it brings two people together."""
    FILE = "file"
    """It reaches nobody, and is kept."""


@dataclass(frozen=True, slots=True)
class ChannelWord:
    """One channel, as definitions know it.

    Attributes:
        name: by which a notice calls it.
        manner: how it says what it is given.
        only_about: names of the topics that a notice over it may be about; empty: any.
    """

    name: str
    manner: Manner = Manner.TEXT
    only_about: frozenset[str] = frozenset()


CHANNELS: Vocabulary[ChannelWord] = Vocabulary("channel")
"""Those that notices may go over."""


class UnknownChannel(ValueError):
    """A text that is no name of a channel that fits. `rule` and `message` say so."""

    rule = "unknown-channel"

    def __init__(self, name: str, known: list[str]) -> None:
        self.message = f"there is no channel {name!r} here; there are {', '.join(known)}"
        super().__init__(f"{self.rule}: {self.message}")


def register(*channels: ChannelWord, default: str | None = None) -> None:
    """Let notices go over these, too. The same again changes nothing.

    Raises:
        ValueError: the name is not well formed, taken, reserved or that of a machine's voice; one that only
            connects people does not say about what; or a definition has been compiled already.
    """
    for one in channels:
        if one.name in (PREFERRED, "default"):
            raise ValueError(f"channel: {one.name!r} is a word of the language")
        if is_automated_voice(one.name):
            raise ValueError(f"channel: {one.name!r} is an automated voice, and none can be a channel")
        if one.manner is Manner.CONNECTS and not one.only_about:
            raise ValueError(f"channel: {one.name!r} connects people; what may a notice over it be about?")
    CHANNELS.register(*channels, default=default)


def is_automated_voice(name: str) -> bool:
    """Whether a name says that a machine speaks, in any spelling: ``Robo-Call``, ``robo call``."""
    return "".join(name.casefold().replace("-", " ").replace("_", " ").split()) in _UNSPACED


def is_person(name: str) -> bool:
    """Whether a person calls on the channel of this name."""
    known = CHANNELS.get(name)
    return known is not None and known.manner is Manner.PERSON


def names(*manners: Manner) -> list[str]:
    """The channels that say things in one of these manners, any if none is given; sorted."""
    return sorted(one.name for one in CHANNELS.all() if not manners or one.manner in manners)


def sendable(text: str) -> str:
    """The name of a channel that a notice to somebody can go over, `PREFERRED` included.

    This and the following raise UnknownChannel for any other text.
    """
    return _one_of(text, "channel")


def written(text: str) -> str:
    """The same, without those on which a person calls."""
    return _one_of(text, "written-channel")


def reachable(text: str) -> str:
    """The name of a channel over which somebody can wish to be reached, or not to be."""
    return _one_of(text, "contact-channel")


def known_names(format: str) -> list[str]:
    """The texts that one of `FORMATS` takes."""
    match format:
        case "channel":
            return [PREFERRED, *names(Manner.TEXT, Manner.PERSON, Manner.FILE)]
        case "written-channel":
            return [PREFERRED, *names(Manner.TEXT, Manner.FILE)]
        case "contact-channel":
            return names(Manner.TEXT, Manner.PERSON)
    raise ValueError(f"{format!r} names no channel")


def _one_of(text: str, format: str) -> str:
    known = known_names(format)
    if text not in known:
        raise UnknownChannel(text, known)
    return text


FORMATS: Mapping[str, Callable[[str], str]] = {
    "channel": sendable,
    "written-channel": written,
    "contact-channel": reachable,
}
"""The formats of declared data that name channels."""
