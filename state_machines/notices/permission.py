"""What may go over which channel: the ban on automated voices, and channels that are for one thing."""

from state_machines.notices.channels import CHANNELS, PREFERRED, is_automated_voice, names
from state_machines.notices.topics import Topic


def refusal(topic: Topic, channel: str) -> str | None:
    """Why a notice about this may not go over this channel, as ``rule: sentence``; None if it may.

    Rules: ``channel-about``, ``automated-voice``, ``unknown-channel``.
    """
    if channel == PREFERRED:
        return None
    known = CHANNELS.get(channel)
    if known is not None:
        if known.only_about and topic.name not in known.only_about:
            allowed = ", ".join(sorted(known.only_about))
            return (
                f"channel-about: a notice on the channel {channel!r} can be about {allowed}; one about "
                f"{topic.name!r} cannot go there"
            )
        return None
    if topic.by_person and is_automated_voice(channel):
        return (
            f"automated-voice: {topic.name.replace('_', ' ')} never goes out by an automated voice "
            f"({channel!r}); it is said by a person, or written"
        )
    return f"unknown-channel: there is no channel {channel!r}; there are {', '.join([PREFERRED, *names()])}"
