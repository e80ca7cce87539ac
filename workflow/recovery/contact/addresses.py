"""Where in an object that describes a person the address for a channel stands."""

from collections.abc import Mapping
from typing import Any

ADDRESS_FIELDS: Mapping[str, str] = {
    "email": "email",
    "sms": "phone",
    "live": "phone",
    "dial": "phone",
    "webhook": "url",
}
"""By channel; where it is not its name."""


def address(who: Any, channel: str) -> str:
    """``address(who, channel)``: where this person is reached over this channel; empty if nowhere.

    A text is the address itself; but mail needs an ``@`` in it, and a telephone takes none.
    """
    if isinstance(who, str):
        misfit = (channel == "email" and "@" not in who) or (channel in ("sms", "live") and "@" in who)
        return "" if misfit else who
    if not isinstance(who, Mapping):
        return ""
    found = who.get(ADDRESS_FIELDS.get(channel, channel))
    return found if isinstance(found, str) else ""
