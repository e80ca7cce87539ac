"""Where in an object that describes a person the address for a channel stands."""

from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.channels import registered


def address(who: Any, channel: str) -> str:
    """``address(who, channel)``: where this person is reached over this channel; empty if nowhere.

    A text is the address itself; but mail needs an ``@`` in it, and a telephone takes none.
    """
    known = registered().get(channel)
    if isinstance(who, str):
        return who if known is None or known.fits(who) else ""
    if not isinstance(who, Mapping):
        return ""
    found = who.get(channel if known is None or not known.address else known.address)
    return found if isinstance(found, str) else ""
