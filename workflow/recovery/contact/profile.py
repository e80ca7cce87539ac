"""What somebody has said about how they may be reached: the `customer` object, read for one notice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Self

from state_machines.calendars.quiet_hours import QuietHours
from state_machines.notices.channels import Manner
from state_machines.values.durations import parse_duration
from state_machines.values.instants import zone
from state_machines.values.time_errors import CalendarError, QuietHoursError, TimeError
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import A_PERSON, address_fields, registered, written
from workflow.recovery.contact.customer_hours import holidays_of
from workflow.recovery.contact.resting import rests

LONGEST_CAP = timedelta(days=366)

_WHO = ("name", "account")
_WISHES = (
    *(
        "language",
        "zone",
        "country",
        "subdivision",
        "quiet_hours",
        "window",
        "channels",
        "opted_out",
        "consent",
        "caps",
    ),
    "skills_needed",
)
"""The fields of a customer object, besides its `key` and, between these two, its addresses."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ProfileError(ValueError):
    """A wish that nobody can read: nobody knows then when or how often to write.

    `field` is where it stands in the object, `rule` what is wrong with it.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages within so long."""

    per: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody's wishes and addresses.

    Attributes:
        to: an address, or the object with one address a channel.
        liked: their channels, the best first; empty where they have not said.
        refused: channels that they opted out of, or gave no consent to.
        hours: when they want to be left alone.
        zone: their zone's name; None where it is unknown.
        cap: how often they want to hear from us at most.
    """

    to: Any
    liked: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    hours: QuietHours = field(default_factory=QuietHours)
    zone: str | None = None
    cap: Cap | None = None

    @classmethod
    def read(cls, to: Any) -> Self:
        """From the `to` of a notice; a text has said nothing but where it is.

        A `window` is for calls: being written to outside of it is fine.

        Raises:
            ProfileError: hours or a cap that cannot be read.
        """
        if not isinstance(to, Mapping):
            return cls(to)
        try:
            hours = QuietHours.parse(to.get("quiet_hours") or None, None)
        except QuietHoursError as error:
            raise ProfileError(error.field, error.rule) from error
        zone = to.get("zone")
        return cls(
            to, _texts(to.get("channels")), _refused(to), hours,
            zone if isinstance(zone, str) and zone else None, _cap(to.get("caps")),
        )  # fmt: skip

    def reachable(self, channel: str) -> bool:
        """Whether there is an address that works for a channel that they have not refused."""
        known = registered().get(channel)
        if known is not None and known.manner is Manner.FILE:
            return True  # it reaches nobody, so no wish can speak against it
        has_address = bool(address(self.to, channel).strip()) and not rests(self.to, channel)
        return channel not in self.refused and has_address

    def tried(self, asked: str | None) -> tuple[str, ...]:
        """The channels by which they can be written to, the one to try first in front.

        Args:
            asked: the channel that the notice names; None for the one they like best.
        """
        if isinstance(self.to, str):
            only = asked or next((one for one in written() if address(self.to, one)), None)
            return (only,) if only is not None else ()
        order = dict.fromkeys((*([asked] if asked else []), *(self.liked or written())))
        return tuple(one for one in order if one != A_PERSON and self.reachable(one))


def particulars(said: Mapping[str, Any]) -> dict[str, Any]:
    """``particulars(map)``: those of its fields that belong into a customer object."""
    return {name: said[name] for name in (*_WHO, *address_fields(), *_WISHES) if name in said}


def refused_channels(customer: Mapping[str, Any]) -> list[str]:
    """``refused_channels(customer)``: those they opted out of or gave no consent to, by name."""
    return sorted(_refused(customer))


def contact_fault(customer: Mapping[str, Any]) -> str:
    """``contact_fault(customer)``: which of their wishes nobody can read, as ``field: rule``; else empty."""
    try:
        QuietHours.parse(customer.get("quiet_hours") or None, customer.get("window") or None)
        Profile.read(customer)
        if customer.get("zone"):
            zone(customer["zone"])
        holidays_of(customer)
    except CalendarError as error:
        return f"{error.field}: {error.rule}"
    except QuietHoursError as error:
        return f"{error.field}: {error.rule}"
    except TimeError:
        return "zone: unknown-zone"
    except ProfileError as error:
        return str(error)
    return ""


def _texts(listed: Any) -> tuple[str, ...]:
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list | tuple) else ()


def _refused(to: Mapping[str, Any]) -> frozenset[str]:
    consent = to.get("consent")
    given = consent if isinstance(consent, Mapping) else _NOTHING
    return frozenset(
        (*_texts(to.get("opted_out")), *(name for name, said in given.items() if said is not True))
    )


def _cap(caps: Any) -> Cap | None:
    """Of ``{per: P1D, most: 3}``; nothing where nothing is said."""
    if caps is None or caps == {}:
        return None
    per, most = (caps.get("per"), caps.get("most")) if isinstance(caps, Mapping) else (None, None)
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ProfileError("caps.most", "must be a whole number, 1 or more")
    try:
        span = parse_duration(per if isinstance(per, str) else "")
    except TimeError as error:
        raise ProfileError("caps.per", error.rule) from error
    if not timedelta(0) < span <= LONGEST_CAP:
        raise ProfileError("caps.per", "must be longer than nothing and not longer than a year")
    return Cap(span, most)
