"""The route of one notice: over which channels now, or until when it waits and why, or that there is no way.

Every wish of the recipient holds, whatever the notice is about: nobody is written to in their quiet hours,
nor over a channel that they opted out of. What is urgent only does not wait for a cap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from state_machines.notices.channels import PREFERRED, Manner
from state_machines.notices.topics import Topic
from state_machines.values.durations import format_duration
from state_machines.values.instants import shifted
from state_machines.values.time_errors import UnknownZone
from workflow.recovery.contact.channels import A_PERSON, registered
from workflow.recovery.contact.profile import Cap, Profile, ProfileError

NO_WAY = "[no-way]"
"""How the reason ends where there is no channel on which somebody could be reached."""
ASK_AGAIN = timedelta(days=1)
"""How long a notice waits where nobody knows until when it would have to."""


@dataclass(frozen=True, slots=True)
class Go:
    """Now; the channels in the order in which they are to be tried."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """Now, as one message with all that waits for the same customer."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`, UTC, for the reason given."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NoWay:
    """They can be reached over no channel: a person must see to it."""

    reason: str


Route = Go | Digest | Wait | NoWay


@dataclass(frozen=True, slots=True)
class History:
    """What a customer has heard from us.

    Attributes:
        sent: gives the instants of the last so many messages to them, UTC, in order. It is asked only
            where their cap matters.
        waiting: how many other notices to them wait that may go out together with this one.
    """

    sent: Callable[[int], Sequence[datetime]]
    waiting: int = 0


NOBODY_KNOWN = History(lambda most: ())
"""Of a recipient who is no customer of ours by a key: there is nothing to count by."""


def route(topic: Topic, channel: str, to: Any, now: datetime, history: History = NOBODY_KNOWN) -> Route:
    """How a notice goes on at the instant `now`, UTC.

    Args:
        topic: what it is about.
        channel: the one that it names, or `preferred`.
        to: the recipient: an address, or what they have said, with one address a channel.
        now: the instant.
        history: what they have heard from us, where they are a customer with a key.
    """
    try:
        profile = Profile.read(to)
    except ProfileError as error:
        return NoWay(f"to.{error.field}: {error.rule}, so that nobody knows when to write")
    known = registered().get(channel)
    if channel != PREFERRED and (known is None or known.manner in (Manner.FILE, Manner.CONNECTS)):
        return Go((channel,))  # kept on file, or a colleague's own phone: no contact of a customer
    ways = _ways(topic, channel, profile)
    if not ways:
        return NoWay(
            f"channel: no channel that the recipient can be reached over, {channel!r} was asked for {NO_WAY}"
        )
    if ways[0] == A_PERSON:
        return Go(ways)  # the callback keeps to their hours itself
    wait = _quiet(profile, now)
    if wait is None and topic.may_wait and profile.cap is not None:
        wait = _capped(profile, profile.cap, now, history.sent(profile.cap.most))
    if wait is not None:
        return wait
    return Digest(ways) if topic.may_wait and history.waiting else Go(ways)


def _ways(topic: Topic, channel: str, profile: Profile) -> tuple[str, ...]:
    """The channels in order. At the end a person calls, if they have a phone and it is for a customer."""
    named = None if channel in (PREFERRED, A_PERSON) else channel
    if isinstance(profile.to, str):
        return (channel,) if channel == A_PERSON else profile.tried(named)
    written = profile.tried(named)
    if channel == A_PERSON:
        # Whether there is a number or not: who makes the call finds one.
        return written if A_PERSON in profile.refused else (A_PERSON, *written)
    person = not topic.colleagues and profile.reachable(A_PERSON)
    return (*written, A_PERSON) if person else written


def _quiet(profile: Profile, now: datetime) -> Wait | None:
    allowed = _next_allowed(now, profile.hours, profile.zone)
    if isinstance(allowed, NeverAllowed):
        return Wait(shifted(now, ASK_AGAIN), "quiet hours, and the recipient's zone is unknown")
    return None if allowed <= now else Wait(allowed, "quiet hours of the recipient")


def _next_allowed(now: datetime, hours: QuietHours, zone: str | None) -> datetime | NeverAllowed:
    """A zone that nobody knows is as good as none."""
    try:
        return next_allowed(now, hours, zone)
    except UnknownZone:
        return next_allowed(now, hours, None)


def _capped(profile: Profile, cap: Cap, now: datetime, sent: Sequence[datetime]) -> Wait | None:
    """Until so many of the last messages are old enough that one more is within the cap."""
    lately = [at for at in sent if at > now - cap.per]
    if len(lately) < cap.most:
        return None
    free = lately[-cap.most] + cap.per
    allowed = _next_allowed(free, profile.hours, profile.zone)
    until = free if isinstance(allowed, NeverAllowed) else allowed
    return Wait(until, f"frequency cap of the recipient: {cap.most} in {format_duration(cap.per)}")
