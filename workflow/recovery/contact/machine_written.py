"""Whether a machine has written a message: an absence note, a notice of receipt, a bounce, a list's mail.

Sources: RFC 3834 (`Auto-Submitted`), and what was in use before it and beside it (`Precedence`,
`X-Autoreply`, `X-Autorespond`, an empty `Return-Path`, reports of delivery, the first words of a subject).
"""

from collections.abc import Mapping
from typing import Any

_TO_MANY = ("bulk", "junk", "list", "auto_reply")
_AUTOREPLY = ("x-autoreply", "x-autorespond", "x-auto-reply")
_BEGINNINGS = (
    *("automatic reply", "auto reply", "autoreply", "auto-reply", "automatische antwort", "out of office"),
    *("out of the office", "abwesenheitsnotiz", "abwesenheit:", "undeliverable", "undelivered mail"),
    *("delivery status notification", "mail delivery failed", "unzustellbar"),
)


def machine_written(message: Mapping[str, Any]) -> bool:
    """``machine_written(message)``: whether no person has written it.

    Its sender says so (`auto_submitted`: true, or the word of that header); else its `headers`, a map whose
    names are not case-sensitive, or the first words of its `title` show it.
    """
    said = message.get("auto_submitted")
    if said is not None:
        return said is True or (isinstance(said, str) and _is_automatic(said))
    headers = message.get("headers")
    if isinstance(headers, Mapping) and _shows_it({str(name).casefold(): headers[name] for name in headers}):
        return True
    title = message.get("title")
    return isinstance(title, str) and title.strip().casefold().startswith(_BEGINNINGS)


def _is_automatic(said: str) -> bool:
    """Of ``Auto-Submitted: auto-replied; owner-email=…``."""
    return said.partition(";")[0].strip().casefold() not in ("", "no", "false")


def _shows_it(headers: Mapping[str, Any]) -> bool:
    def text(name: str) -> str:
        value = headers.get(name)
        return value.strip().casefold() if isinstance(value, str) else ""

    return (
        _is_automatic(text("auto-submitted"))
        or text("precedence") in _TO_MANY
        or any(text(name) not in ("", "no", "false") for name in _AUTOREPLY)
        or text("return-path") == "<>"
        or text("content-type").startswith("multipart/report")
    )
