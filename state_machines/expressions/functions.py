"""The functions that definitions may call besides CEL's own. Pure, and JSON goes out of them.

CEL picks an implementation by the kinds of the arguments it finds at run time, so a function of
"anything" is declared once for each kind it takes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cel_expr_python import cel

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from state_machines.contact.addresses import address
from state_machines.contact.identities import fingerprint, identities
from state_machines.contact.profile import contact_fault, particulars, refused_channels
from state_machines.durations import parse_duration
from state_machines.expressions.fact_conditions import holds, why_not
from state_machines.expressions.repairs import emptying_arguments
from state_machines.instants import shifted, zone
from state_machines.json_values import to_json
from state_machines.rotations.duty import on_duty, rotation_fault
from state_machines.time_errors import QuietHoursError, UnknownZone

_T = cel.Type
_JSON_MAP = _T.Map(_T.STRING, _T.DYN)
_KINDS = (_T.STRING, _T.MAP, _T.NULL, _T.LIST, _T.BOOL, _T.INT, _T.DOUBLE)
"""The kinds of JSON values."""


def iso_duration(text: str) -> timedelta:
    """``iso_duration('PT15M')``: the length of time an ISO 8601 text says. Raises DurationError."""
    return parse_duration(text)


def merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> Any:
    """``merge(a, b)``: the fields of both maps; where both have one, that of the second."""
    return to_json({**first, **second})


def distinct(values: list[Any]) -> Any:
    """``distinct(list)``: each JSON value once, in the order of first appearance; no null, no empty text."""
    kept: list[Any] = []
    for value in to_json(values):
        if value not in (None, "") and not any(_same(value, other) for other in kept):
            kept.append(value)
    return kept


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def keys(values: Mapping[str, Any]) -> list[str]:
    """``keys(map)``: its names, sorted. A map itself is walked in no particular order."""
    return sorted(values)


def contact_time(customer: Any, instant: datetime) -> datetime:
    """``contact_time(customer, instant)``: the first instant from there on at which they may be contacted.

    An object may say ``zone``, ``quiet_hours`` and ``window``; a customer of any other form has said
    nothing and may be contacted at any time. A zone that is missing or no zone is unknown; where that
    leaves no instant at all, or their hours cannot be read, the answer is a day later: whoever asks
    again keeps waiting and can be seen to, and nobody is called in what may be their night.
    """
    if not isinstance(customer, Mapping):
        return instant
    try:
        wishes = QuietHours.parse(customer.get("quiet_hours"), customer.get("window"))
    except QuietHoursError:
        return shifted(instant, timedelta(days=1))
    found = next_allowed(instant, wishes, _known_zone(customer.get("zone")))
    return shifted(instant, timedelta(days=1)) if isinstance(found, NeverAllowed) else found


def _known_zone(name: Any) -> str | None:
    try:
        zone(name)
    except UnknownZone:
        return None
    return str(name)


def _function(name: str, gives: Any, kinds: list[list[Any]], implementation: Any) -> Any:
    called = emptying_arguments(implementation)
    overloads = [cel.Overload(f"{name}_{n}", gives, takes, False, called) for n, takes in enumerate(kinds)]
    return cel.FunctionDecl(name, overloads)


def declarations() -> list[Any]:
    """The functions, as CEL's environment takes them."""
    return [
        _function("iso_duration", _T.DURATION, [[_T.STRING]], iso_duration),
        _function("merge", _JSON_MAP, [[_T.MAP, _T.MAP]], merge),
        _function("distinct", _T.List(_T.DYN), [[_T.LIST]], distinct),
        _function("keys", _T.List(_T.STRING), [[_T.MAP]], keys),
        _function("holds", _T.BOOL, [[_T.STRING, _T.MAP]], holds),
        _function("why_not", _T.STRING, [[_T.STRING, _T.MAP]], why_not),
        _function("contact_time", _T.TIMESTAMP, [[kind, _T.TIMESTAMP] for kind in _KINDS], contact_time),
        _function("address", _T.STRING, [[kind, _T.STRING] for kind in _KINDS], address),
        _function("fingerprint", _T.STRING, [[_T.STRING, _T.STRING]], fingerprint),
        _function("identities", _T.List(_T.DYN), [[_T.MAP]], identities),
        _function("contact_fault", _T.STRING, [[_T.MAP]], contact_fault),
        _function("particulars", _JSON_MAP, [[_T.MAP]], particulars),
        _function("refused_channels", _T.List(_T.STRING), [[_T.MAP]], refused_channels),
        _function("on_duty", _T.List(_T.DYN), [[_T.MAP, _T.TIMESTAMP]], on_duty),
        _function("rotation_fault", _T.STRING, [[_T.MAP]], rotation_fault),
    ]
