"""How colleagues are told of a customer: to whom a notice goes, of whom it speaks, and where the case is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.people import same_person

_TOLD_WITH = ("name", "email", "language", "zone")
"""What of a colleague matters to a notice: not their wishes, which are those of customers."""
_CASE = "case:"


def colleagues(people: Any) -> list[Any]:
    """``colleagues(data.owner)``: whom of them a mail reaches, each once, with their language and zone.

    One person or a list of them; who has no address is left out.
    """
    found: list[Any] = []
    for one in people if isinstance(people, list | tuple) else [people]:
        if address(one, "email") and not any(same_person(one, other) for other in found):
            found.append(one if isinstance(one, str) else _told(one))
    return found


def _told(person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: person[name] for name in _TOLD_WITH if person.get(name)}


def name_of(who: Any) -> str:
    """``name_of(who)``: by what somebody is called: their name, else their address; empty for nobody."""
    if isinstance(who, str):
        return who
    if not isinstance(who, Mapping):
        return ""
    said = (who.get(field) for field in ("name", "email", "phone", "social", "chat", "account", "key"))
    return next((one for one in said if isinstance(one, str) and one), "")


def card(who: Any) -> str:
    """``card(data.customer)``: name, telephone and mail in one line; empty for nobody."""
    if isinstance(who, str):
        return who
    if not isinstance(who, Mapping):
        return ""
    said = [name_of(who), address(who, "live"), address(who, "email")]
    return ", ".join(dict.fromkeys(one for one in said if one))


def packet_page(case: Any) -> str:
    """``packet_page(data.case)``: path of the page with all that is known of a case; empty for no case."""
    if not isinstance(case, str) or not case.startswith(_CASE) or case == _CASE:
        return ""
    return f"/v1/cases/{quote(case.removeprefix(_CASE), safe=':@')}/packet"
