"""Addresses that rest: nobody is there, so that nothing is sent until they change or are said to work.

A customer object says under ``resting``, by channel, the fingerprints of addresses that do not work. One
rests for as long as it is their address, and again when they have it back.
"""

import re
from collections.abc import Mapping
from typing import Any

from state_machines.values.json_values import to_json
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.recovery.contact.identities import digest, fingerprint

FIELD = "resting"

MOST = 20
"""Addresses that are remembered for each channel."""
_BY_TELEPHONE = ("live", "sms")

_STATUS = re.compile(r"(?<![0-9.])5\.(?:1\.(?:0|1|2|3|6|10)|2\.1|4\.[14])(?![0-9.]*[0-9])")
"""RFC 3463: no such mailbox, no such host, malformed, moved away, disabled, no way to the host (and 5.4.1, by
which the servers of Microsoft 365 say that they know no such mailbox)."""
_TWILIO = re.compile(
    r"(?<![0-9])(?:13223|13224|21211|21214|21217|21265|21401|21610|21614|21635|30005|30006|63003|63024)(?![0-9])"
)
"""No number, no mobile, an unknown one, a landline, no such account; or its carrier was told to stop."""
_PASSES = re.compile(r"\s*4(?:21|5[0-2])(?![0-9])|(?<![0-9.])4\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.]*[0-9])")
"""What is not for good: a reply of SMTP, a status of RFC 3463."""


def _squeezed(text: str) -> str:
    """Without blanks and hyphens: of `NoEmail`, `no-email`, `no email`."""
    return _BLANK.sub("", text.casefold())


_BLANK = re.compile(r"[\s_-]+")
_WORDS = tuple(
    _squeezed(one)
    for one in (
        *("wrong number", "wrong person", "unknown user", "user unknown", "no such user", "user not known"),
        *("unknown mailbox", "mailbox not found", "invalid mailbox", "bad mailbox", "not a valid mailbox"),
        *("no such recipient", "recipient unknown", "unknown recipient", "invalid recipient"),
        *("inactive recipient", "not a valid recipient", "address not found", "no such address"),
        *("address unknown", "unknown address", "unrouteable address", "unroutable address"),
        *("bad email address", "invalid email address", "user not found", "recipient not found"),
        *("does not exist", "doesn't exist", "doesn't have a", "account is disabled", "account disabled"),
        *("account has been disabled", "mailbox disabled", "mailbox is disabled", "mailbox is inactive"),
        *("no mailbox here", "hard bounce", "no email", "previously bounced", "suppression list"),
        *("suppressed", "host not found", "domain not found", "no such domain", "nxdomain"),
        *("unknown subscriber", "unallocated", "invalid number", "invalid msisdn", "not a mobile"),
        *("not in service", "no longer in service", "chat not found", "blocked by the user"),
    )
)
_ABOUT_US = tuple(
    _squeezed(one)
    for one in (
        *("sender address", "address of sender", "sender rejected", "sender verif", "sender domain"),
        *("domain of sender", "domain of the sender"),
    )
)


def dead_address(code: str) -> bool:
    """``dead_address('5.1.1')``: whether a report's code says that nobody is there.

    What may pass (a mailbox that is full, 4.x.x) says so too little, and so does a refusal by the words, or
    of who sends them.
    """
    said = _squeezed(code)
    if any(one in said for one in _ABOUT_US):
        return False
    if _STATUS.search(code) or _TWILIO.search(code):
        return True
    return _PASSES.search(code) is None and any(one in said for one in _WORDS)


def address_mark(customer: Any, channel: str) -> str:
    """``address_mark(customer, channel)``: a fingerprint of where they are reached; empty if nowhere.

    What is no address, such as the words in the place of one, has a mark as well.
    """
    known, text = registered().get(channel), address(customer, channel).strip()
    kind = known.address if known and known.address else channel
    return fingerprint(kind, text) or (digest(kind, text) if text else "")


def rests(customer: Any, channel: str) -> bool:
    """``rests(customer, channel)``: whether their address for this channel is known not to work."""
    marks = customer.get(FIELD) if isinstance(customer, Mapping) else None
    mine = marks.get(channel) if isinstance(marks, Mapping) else None
    mark = address_mark(customer, channel) if isinstance(mine, list) and mine else ""
    return mark != "" and mark in (mine or ())


def with_rest(customer: Mapping[str, Any], channel: str, mark: str) -> dict[str, Any]:
    """``with_rest(customer, channel, mark)``: they, whose address of this mark rests from now on.

    A number at which nobody is to be called gets no texts either.
    """
    channels = _alike(channel) if channel == "live" else (channel,)
    return rest_together(customer, {name: [mark] for name in channels})


def without_rest(customer: Mapping[str, Any], channel: str) -> dict[str, Any]:
    """``without_rest(customer, channel)``: they, whose address for this channel works again."""
    known, mark = to_json(customer), address_mark(customer, channel)
    marks = {
        name: [one for one in listed if one != mark] if name in _alike(channel) else listed
        for name, listed in known.get(FIELD, {}).items()
    }
    return {**known, FIELD: marks} if marks else known


def rest_together(customer: Mapping[str, Any], marks: Mapping[str, Any]) -> dict[str, Any]:
    """``rest_together(customer, resting)``: they, for whom these addresses rest, too."""
    known, more = to_json(customer), to_json(marks)
    mine = known.get(FIELD, {})
    both = {
        name: list(dict.fromkeys((*mine.get(name, ()), *more.get(name, ()))))[-MOST:]
        for name in dict.fromkeys((*mine, *more))
    }
    return {**known, FIELD: both} if both else known


def _alike(channel: str) -> tuple[str, ...]:
    return _BY_TELEPHONE if channel in _BY_TELEPHONE else (channel,)
