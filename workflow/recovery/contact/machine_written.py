"""Whether a machine has written a message: an absence note, a notice of receipt, a bounce, a list's mail.

Sources: RFC 3834 (`Auto-Submitted`), and what was in use before it and beside it (`Precedence`,
`X-Autoreply`, `X-Autorespond`, an empty `Return-Path`, reports of delivery, who sends them, the first
words of a subject).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from workflow.recovery.contact.mail_addresses import bare_address

_TO_MANY = ("bulk", "junk", "autoreply")
"""Not `list`: a shop's own address is often a list, and then every customer's mail says so."""
_AUTOREPLY = ("xautoreply", "xautorespond", "xmailautoreply", "xfailedrecipients")
"""How the names of such headers begin, without their hyphens."""
_NOBODY = re.compile(r"mailer-daemon(?:$|[@\s])|microsoftexchange[0-9a-f]{32}@")
_BEGINNINGS = (
    *("automatic reply", "automatic response", "automated reply", "automated response", "auto reply"),
    *("auto response", "out of office", "out of the office", "automatische antwort", "abwesenheitsnotiz"),
    *("abwesenheitsbenachrichtigung", "abwesenheitsassistent", "abwesenheit:", "abwesend:"),
    *("réponse automatique", "absence du bureau", "message d'absence", "respuesta automática"),
    *("respuesta automatica", "fuera de la oficina", "resposta automática", "resposta automàtica"),
    *("risposta automatica", "fuori sede", "automatisch antwoord", "afwezig:", "afwezigheidsbericht"),
    *("autosvar", "automatisk svar", "automatiskt svar", "sjálfvirkt svar", "automaattinen vastaus"),
    *("automaatvastus", "automātiska atbilde", "automatinis atsakymas", "odpowiedź automatyczna"),
    *("automatyczna odpowiedź", "autoodpowiedź", "automatická odpověď", "automatická odpoveď"),
    *("automatikus válasz", "samodejni odgovor", "automatski odgovor", "răspuns automat"),
    *("автоответ", "автоматический ответ", "автоматична відповідь", "автоматичен отговор"),
    *("αυτόματη απάντηση", "otomatik yan\u0131t", "תשובה אוטומטית", "رد تلقائي", "الرد التلقائي"),
    *("自動応答", "自動返信", "自動返信メール", "自動回覆", "自动回复", "自动答复", "자동 회신"),
    *("trả lời tự động", "tự động trả lời", "balasan otomatis", "ตอบกลับอัตโนมัติ"),
    *("undeliverable:", "unzustellbar:", "undelivered mail", "undelivered mail returned to sender"),
    *("undeliverable mail", "returned mail:", "delivery status notification", "failure notice"),
    *("mail delivery failed", "mail delivery failure", "mail delivery subsystem", "mail delivery system"),
)
"""Nothing that a customer would write of a parcel: `Delivery has failed` is read by a person."""
_BLANK = r"[\s\u2010\u2011-]*"
_PHRASE = "|".join(
    _BLANK.join(map(re.escape, one.split())) for one in sorted(_BEGINNINGS, key=len, reverse=True)
)
_TITLE = re.compile(
    rf"[\W_]*(?:(?:{_PHRASE})\s*)+(?:$|(?<=:)|[^\w\s]|(?:re|aw|wg|fwd?|sv|vs|tr|rv|antw|odp|ynt|rif)\s*:)"
)
"""A title that ends there, or goes on with a sign or the title that it answers; what goes on with a word is a
sentence, such as a person writes: `Failure notice on my washing machine`."""


def machine_written(message: Mapping[str, Any]) -> bool:
    """``machine_written(message)``: whether no person has written it.

    Its sender says so (`auto_submitted`: true, or the word of that header); else its `headers`, a map whose
    names are not case-sensitive, or the first words of its `title` show it.
    """
    said = message.get("auto_submitted")
    if said is not None:
        return said is True or _is_automatic(_one(said))
    headers = message.get("headers")
    if isinstance(headers, Mapping) and _shows_it({_plain(name): headers[name] for name in headers}):
        return True
    address, title = message.get("email"), message.get("title")
    if isinstance(address, str) and _NOBODY.match(bare_address(address).casefold()):
        return True
    return isinstance(title, str) and _TITLE.match(_as_written(title)) is not None


def _as_written(title: str) -> str:
    return unicodedata.normalize("NFC", title).casefold().replace("\u2019", "'").strip()


def _plain(name: str) -> str:
    """Of ``X-Auto-Reply`` and ``auto_reply``: how many hyphens a name has, nobody agrees upon."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _one(value: Any) -> str:
    """Of a header that may come twice, the first."""
    one = value[0] if isinstance(value, list) and value else value
    return one.strip().casefold() if isinstance(one, str) else ""


def _is_automatic(said: str) -> bool:
    """Of ``Auto-Submitted: auto-replied; owner-email=…``; what stands in brackets is a comment."""
    return re.split(r"[;(]", said)[0].strip() not in ("", "no", "none", "false")


def _shows_it(headers: Mapping[str, Any]) -> bool:
    said = {name: _one(value) for name, value in headers.items()}
    return (
        _is_automatic(said.get("autosubmitted", ""))
        or any(_plain(said.get(name, "")) in _TO_MANY for name in ("precedence", "xprecedence"))
        or any(name.startswith(_AUTOREPLY) and said[name] not in ("", "no", "false") for name in said)
        or said.get("xautogenerated") == "reply"
        or "autoresponder" in said.get("xpostmessageclass", "")
        or said.get("returnpath") == "<>"
        or said.get("contenttype", "").startswith("multipart/report")
    )
