"""Whether a machine has written a message: an absence note, a notice of receipt, a bounce, a list's mail.

Sources: RFC 3834 (`Auto-Submitted`), and what was in use before it and beside it (`Precedence`,
`X-Autoreply`, `X-Autorespond`, an empty `Return-Path`, reports of delivery, who sends them, the first
words of a subject).
"""

from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.mail_addresses import mail_address

_SIGNS = str.maketrans("-\u2010\u2011\u2013\u2014\u2019", "     '", "[](){}*#!")
_TO_MANY = ("bulk", "junk", "list", "auto_reply")
_AUTOREPLY = ("x-autoreply", "x-autorespond", "x-auto-reply", "x-failed-recipients")
_DAEMON = "mailer-daemon@"
_BEGINNINGS = (
    *(
        "automatic reply",
        "automatic response",
        "automated reply",
        "automated response",
        "auto reply",
        "autoreply",
    ),
    *(
        "auto response",
        "autoresponse",
        "automatische antwort",
        "abwesenheitsnotiz",
        "abwesenheitsbenachrichtigung",
    ),
    *("abwesenheitsassistent", "abwesenheit:", "abwesend:", "out of office", "out of the office"),
    *("réponse automatique", "absence du bureau", "message d'absence", "respuesta automática"),
    *(
        "respuesta automatica",
        "fuera de la oficina",
        "risposta automatica",
        "fuori sede",
        "automatisch antwoord",
    ),
    *(
        "afwezig:",
        "afwezigheidsbericht",
        "autosvar",
        "automatisk svar",
        "automatiskt svar",
        "automaattinen vastaus",
    ),
    *(
        "odpowiedź automatyczna",
        "automatická odpověď",
        "resposta automática",
        "automatikus válasz",
        "автоответ",
    ),
    *("автоматический ответ", "自動応答", "自動返信", "自动回复", "自動回覆", "자동 회신"),
    *(
        "undeliverable:",
        "undelivered mail",
        "undeliverable mail",
        "returned mail: ",
        "delivery status notification",
    ),
    *("mail delivery failed", "mail delivery failure", "mail delivery subsystem", "mail delivery system"),
    *("unzustellbar:", "failure notice"),
)
"""Nothing that a customer would write of a parcel: `Delivery has failed` is read by a person."""


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
    address, title = message.get("email"), message.get("title")
    if isinstance(address, str) and mail_address(address).startswith(_DAEMON):
        return True
    return isinstance(title, str) and _first_words(title).startswith(_BEGINNINGS)


def _first_words(title: str) -> str:
    """Without brackets and hyphens: of ``[Auto-Reply] Your case``."""
    return " ".join(title.casefold().translate(_SIGNS).split())


def _is_automatic(said: str) -> bool:
    """Of ``Auto-Submitted: auto-replied; owner-email=…``."""
    return said.partition(";")[0].strip().casefold() not in ("", "no", "false")


def _shows_it(headers: Mapping[str, Any]) -> bool:
    def text(name: str) -> str:
        value = headers.get(name)
        one = value[0] if isinstance(value, list) and value else value  # of one that may come twice
        return one.strip().casefold() if isinstance(one, str) else ""

    return (
        _is_automatic(text("auto-submitted"))
        or text("precedence") in _TO_MANY
        or any(text(name) not in ("", "no", "false") for name in _AUTOREPLY)
        or text("return-path") == "<>"
        or text("content-type").startswith("multipart/report")
    )
