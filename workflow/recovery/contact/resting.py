"""Addresses that rest: nobody is there, so that nothing is sent until they change or are said to work.

A customer object says under ``resting``, by channel, the fingerprint of the address that does not work. It
rests for as long as that is still their address.
"""

import re
from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.recovery.contact.identities import fingerprint

FIELD = "resting"

_STATUS = re.compile(r"(?<![0-9.])5\.(?:1\.(?:0|1|2|3|6|10)|2\.1)(?![0-9.])")
"""RFC 3463: no such mailbox, no such host, malformed, moved away, disabled."""
_TWILIO = re.compile(r"(?<![0-9])(?:21211|21214|21217|21614|30005|30006)(?![0-9])")
"""No number, no mobile, an unknown one, a landline."""
_WORDS = (
    "wrong number",
    "unknown user",
    "user unknown",
    "no such user",
    "unknown mailbox",
    "mailbox not found",
)
_BLANK = re.compile(r"[\s_-]+")


def dead_address(code: str) -> bool:
    """``dead_address('5.1.1')``: whether a report's code says that nobody is there.

    What may pass (a mailbox that is full, 4.x.x) says so too little, and so does a refusal by the words.
    """
    said = _BLANK.sub(" ", code.casefold())
    return bool(_STATUS.search(code) or _TWILIO.search(code)) or any(one in said for one in _WORDS)


def address_mark(customer: Any, channel: str) -> str:
    """``address_mark(customer, channel)``: a fingerprint of where they are reached; empty if nowhere."""
    known = registered().get(channel)
    return fingerprint(known.address if known and known.address else channel, address(customer, channel))


def rests(customer: Any, channel: str) -> bool:
    """``rests(customer, channel)``: whether their address for this channel is known not to work."""
    resting = customer.get(FIELD) if isinstance(customer, Mapping) else None
    mark = resting.get(channel) if isinstance(resting, Mapping) else None
    return bool(mark) and mark == address_mark(customer, channel)
