"""What is new in an answer: the words of a mail without those that it quotes.

Mail programs mark what they quote in three ways: with `>` before each line, with a line above it that says
who wrote when (in the language of the program, and wrapped where it is long), or with the head of the quoted
mail.
People write above, below and between what they quote, so that only what is marked is left out; what may be
somebody's own words stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST_LINE = 1_000
"""Characters of a line that are looked at: what says who wrote when is shorter."""
_MOST_LINES = 3
"""Over which what says who wrote when may be wrapped."""
_SAYS_WHO = re.compile(r"@|\d{4}|\d{1,2}[:.h]\d{2}")
"""An address, a year or a time: without one of them a line is somebody's own words, `On Monday I wrote:`."""
_WROTE = re.compile(
    r"\b(?:wrote|schrieb|geschrieben|a écrit|escribió|va escriure|ha scritto|escreveu|schreef|skrev|"
    r"kirjoitti|"
    r"napisał|napisała|napisał\(a\)|napsal|napsal\(a\)|napísal|napísal\(a\)|ezt írta|pisze|scrie|a scris|"
    r"je napisao|je napisala|rašė|kirjutas|şunu yazd\u0131|yazd\u0131|"
    r"έγραψε|написал|написала|написал\(а\)|пише|пишет|"
    r"написа|đã viết|menulis|写道|寫道|書きました|のメール|작성|כתב|כתבה|كتب)",
    re.IGNORECASE,
)
_FROM = (
    r"from|von|de|da|van|från|fra|frá|od|lähettäjä|feladó|kimden|gönderen|от|від|发件人|寄件者|差出人|"
    r"보낸 사람"
)
_WHEN = (
    r"sent|date|gesendet|datum|envoyé|envoyée?|enviado(?: el)?|enviada(?: em)?|fecha|data|inviato|verzonden|"
    r"skickat|sendt|dato|wysłano|lähetetty|päiväys|odesláno|odoslané|elküldve|gönderildi|gönderilen|tarih|"
    r"отправлено|дата|надіслано|发送时间|寄件日期|送信日時|日付|보낸 날짜"
)
_FROM_LINE = re.compile(rf"\W*(?:{_FROM})\s?\*?\s?[:：]\*?\s*\S", re.IGNORECASE)
_WHEN_LINE = re.compile(rf"\W*(?:{_WHEN})\s?\*?\s?[:：]\*?\s*\S", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"-{2,}\s?(?:original message|original appointment|ursprüngliche nachricht|originalnachricht|"
    r"message d'origine|message original|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|"
    r"ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|opprinnelig melding|"
    r"wiadomość oryginalna|alkuperäinen viesti|původní zpráva|eredeti üzenet|orijinal mesaj|"
    r"исходное сообщение|原始邮件|原始郵件|元のメッセージ|원본 메시지)\s?-{2,}",
    re.IGNORECASE,
)
_LINE_ABOVE = re.compile(r"_{20,}\s*")
"""Outlook draws one above the head of what it quotes."""
_PASSED_ON = re.compile(
    r"\s*(?:fwd?|fw|wg|tr|rv|enc|vb|doorst|i|pd|továbbítás|переслано|转发|転送)\s*[:：]", re.IGNORECASE
)


def new_words(text: str, title: str = "") -> str:
    """The words without what they quote; all of them where nothing else is left.

    Args:
        text: of a mail, its lines divided by ``\\n``.
        title: the mail's: what is passed on is not a quote, it is what the mail is about.
    """
    lines = text.split("\n")
    end = len(lines) if _PASSED_ON.match(title[:_LONGEST_LINE]) else _end(lines)
    kept = _without_marked(lines[:end])
    return "\n".join(kept).strip() or text


def _end(lines: Sequence[str]) -> int:
    """Where what is quoted to the end begins, without a mark before each of its lines."""
    for number, line in enumerate(lines):
        seen = line[:_LONGEST_LINE]
        if _ORIGINAL.match(seen) or _begins_head(lines, number):
            return number
        if _LINE_ABOVE.fullmatch(seen) and _FROM_LINE.match(_line(lines, _next(lines, number + 1))):
            return number
        height = _who_wrote(lines, number)
        if height and not _is_marked(lines, _next(lines, number + height)):
            return number
    return len(lines)


def _without_marked(lines: Sequence[str]) -> list[str]:
    """The lines that are not marked as quoted, without those that say of what follows who wrote it."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        height = _who_wrote(lines, number)
        if height:
            number += height
        elif _is_marked(lines, number):
            number += 1
        else:
            kept.append(lines[number])
            number += 1
    return kept


def _is_marked(lines: Sequence[str], number: int) -> bool:
    return number < len(lines) and lines[number].startswith(">")


def _next(lines: Sequence[str], number: int) -> int:
    """The first line from there on that is not blank, of the next few."""
    for one in range(number, min(number + _MOST_LINES, len(lines))):
        if lines[one] and not lines[one].isspace():
            return one
    return number


def _line(lines: Sequence[str], number: int) -> str:
    """As much of a line as is looked at; behind the last one there is none."""
    return lines[number][:_LONGEST_LINE] if number < len(lines) else ""


def _begins_head(lines: Sequence[str], number: int) -> bool:
    """Whether the head of a quoted mail begins there: whom it is from and when it was sent, either first."""
    first, second = _line(lines, number), _line(lines, _next(lines, number + 1))
    return bool(
        (_FROM_LINE.match(first) and _WHEN_LINE.match(second))
        or (_WHEN_LINE.match(first) and _FROM_LINE.match(second))
    )


def _who_wrote(lines: Sequence[str], number: int) -> int:
    """How many lines from there on say who wrote what follows, and when; 0: none does.

    In a language that we know by its verb; in any other where what follows is marked. One that is wrapped has
    a part of it on its first line, which ends no sentence: else that would be the last of somebody's own.
    """
    said = ""
    for height in range(1, min(_MOST_LINES, len(lines) - number) + 1):
        line = lines[number + height - 1]
        if not line or line.isspace() or line.startswith(">") or len(said) + len(line) > _LONGEST_LINE:
            return 0
        if height == 2 and (_SAYS_WHO.search(said) is None or said.rstrip().endswith((".", "!", "?", "…"))):
            return 0
        said = f"{said} {line}" if said else line
        if said.rstrip().endswith((":", "：")):
            is_one = _SAYS_WHO.search(said) is not None
            known = _WROTE.search(said) is not None
            return height if is_one and (known or _is_marked(lines, _next(lines, number + height))) else 0
    return 0
