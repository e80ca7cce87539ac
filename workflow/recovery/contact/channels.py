"""The channels: one registration each. What is registered here, definitions, routes and senders know.

How a channel carries what it is given stands in one file, its adapter, which workers load by the name that is
given here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from state_machines.notices import channels as words
from state_machines.notices.channels import ChannelWord, Manner
from workflow.settings import Settings

DEFAULT = "email"
"""The channel of a notice that names none."""
A_PERSON = "live"
"""The channel on which whoever could not be written to is called."""


def _any_text(text: str) -> bool:
    return True


def _mail(text: str) -> bool:
    return "@" in text


def _telephone(text: str) -> bool:
    return "@" not in text


def _sends_mail(settings: Settings) -> bool:
    return settings.channel == "smtp"


def _has_twilio(settings: Settings) -> bool:
    return settings.twilio_account_sid is not None


def _has_chat(settings: Settings) -> bool:
    return settings.apprise_chat is not None or bool(settings.apprise_services.strip(" ,"))


def _has_social(settings: Settings) -> bool:
    return settings.apprise_social is not None or bool(settings.apprise_services.strip(" ,"))


def _signs_webhooks(settings: Settings) -> bool:
    return settings.webhook_secret is not None


def _pushes(settings: Settings) -> bool:
    return settings.push_contact is not None


def _always(settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One channel.

    Attributes:
        name: by which notices and customers call it.
        adapter: dotted name of the module whose `make` makes it (see `tasks.channels.table`).
        manner: how it says what it is given.
        address: the field of a person's object in which their address stands; empty where there is none.
        fits: whether a text can be an address of it, where that is all that is said of somebody.
        place: among the channels that are read, which is tried first for somebody who has not said one: the
            lowest.
        outside: whether it reaches the world: such a channel is recorded where nothing is really sent.
        repeatable: whether sending again tells nobody twice: the other side knows a repetition by its key.
        only_about: names of the topics that a notice over it may be about; empty: any.
        set_up: whether these settings have it carried; None: where `MAKEGOOD_CHANNEL_OPTIONS` names it.
    """

    name: str
    adapter: str
    manner: Manner = Manner.TEXT
    address: str = ""
    fits: Callable[[str], bool] = _any_text
    place: int = 100
    outside: bool = True
    repeatable: bool = False
    only_about: frozenset[str] = frozenset()
    set_up: Callable[[Settings], bool] | None = None

    def is_set_up(self, settings: Settings) -> bool:
        """Whether an installation with these settings carries it."""
        if self.set_up is None:
            return settings.options_of(self.name) is not None
        return self.set_up(settings)

    @property
    def word(self) -> ChannelWord:
        """What definitions know of it."""
        return ChannelWord(self.name, self.manner, self.only_about)


CHANNELS = (
    Registration(
        name="email",
        adapter="tasks.channels.smtp",
        address="email",
        fits=_mail,
        place=1,
        set_up=_sends_mail,
    ),
    Registration(
        name="sms",
        adapter="tasks.channels.twilio_sms",
        address="phone",
        fits=_telephone,
        place=2,
        set_up=_has_twilio,
    ),
    Registration(
        name=A_PERSON,
        adapter="tasks.channels.live",
        manner=Manner.PERSON,
        address="phone",
        fits=_telephone,
        outside=False,
        set_up=_always,
    ),
    Registration(
        name="dial",
        adapter="tasks.channels.twilio_voice",
        manner=Manner.CONNECTS,
        address="phone",
        only_about=frozenset({"callback"}),
        set_up=_has_twilio,
    ),
    Registration(
        name="social", adapter="tasks.channels.apprise", address="social", place=4, set_up=_has_social
    ),
    Registration(name="chat", adapter="tasks.channels.apprise", address="chat", place=3, set_up=_has_chat),
    Registration(
        name="webhook",
        adapter="tasks.channels.webhook",
        address="url",
        place=5,
        repeatable=True,
        set_up=_signs_webhooks,
    ),
    Registration(
        name="push",
        adapter="tasks.channels.push",
        address="push",
        repeatable=True,
        only_about=frozenset({"bell"}),
        set_up=_pushes,
    ),
    Registration(
        name="recording",
        adapter="tasks.channels.recording",
        manner=Manner.FILE,
        outside=False,
        set_up=_always,
    ),
)
"""Those that ship."""

_registered: dict[str, Registration] = {one.name: one for one in CHANNELS}


def register(*channels: Registration) -> None:
    """Add channels besides those that ship. Before the first definition is compiled.

    Raises:
        ValueError: see `state_machines.notices.channels.register`; or the name is that of another channel.
    """
    for one in channels:
        if _registered.get(one.name, one) != one:
            raise ValueError(f"channel: {one.name!r} is registered already")
    words.register(*(one.word for one in channels))
    _registered.update({one.name: one for one in channels})
    written.cache_clear()


def registered() -> Mapping[str, Registration]:
    """All channels by name."""
    return _ALL


_ALL = MappingProxyType(_registered)


@cache
def written() -> tuple[str, ...]:
    """The channels that are read, in the order in which they are tried for somebody who has not said one.

    Those that are for some topics alone are tried where they are named.
    """
    texts = [one for one in _registered.values() if one.manner is Manner.TEXT and not one.only_about]
    return tuple(one.name for one in sorted(texts, key=lambda one: one.place))


def address_fields() -> tuple[str, ...]:
    """The fields of a person's object in which addresses stand, each once."""
    return tuple(dict.fromkeys(one.address for one in _registered.values() if one.address))
