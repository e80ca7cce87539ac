"""A mail (RFC 5322, MIME) as a value: who wrote to whom, the words, which case it answers, what hangs on it.

Read by the standard library, which takes what mail programs really write and notes what is wrong with it.
Files that hang on a mail are never opened: their name, size and type stand here, and nothing else of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import EmailPolicy
from email.utils import getaddresses, parsedate_to_datetime
from itertools import islice
from typing import Any

from state_machines.values.instants import format_instant
from workflow.hooks.mail_charsets import decoded, unescaped
from workflow.hooks.mail_quotes import new_words
from workflow.hooks.mail_text import whole_lines
from workflow.recovery.contact.html_text import quoted_html_text
from workflow.recovery.contact.mail_threads import case_of_address, case_of_thread

LONGEST_FIELD = 4_000
"""Characters of a header field that are read: the library takes a time for them that grows with their
square."""
MOST_PARTS = 200
"""Of a mail that are looked at; what comes after them is counted in `left_out`."""
MOST_LEVELS = 20
"""Of parts within parts."""
MOST_WORDS = 100_000
"""Characters of the words that are kept; a case takes 10,000 of them."""
_MOST_ADDRESSES = 100
_MOST_REFERENCES = 100
_MOST_FIELDS = 20
_LONGEST_TEXT = 2_000
_HEADERS = (
    *("auto-submitted", "precedence", "return-path", "x-failed-recipients", "x-autoreply", "x-autorespond"),
    *("x-auto-response-suppress", "list-id", "x-mail-autoreply", "content-type"),
)
"""By which `machine_written` knows what no person has written."""
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
_BARE = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,200})>\s*$")
"""The address at the end of a field whose name has signs that it should have had in quotation marks."""


class _Bounded(EmailPolicy):
    """Reads header fields as far as they may go."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """A field as the library reads it."""
        return super().header_fetch_parse(name, unescaped(value[:LONGEST_FIELD]))


_POLICY = _Bounded()


def mail_value(raw: bytes) -> dict[str, Any]:
    """What a mail says, as JSON; a header that it lacks, or that cannot be read, is an empty text or an empty
    list.

    ``{from: {address, name}, reply_to: […], to: […], cc: […], subject, text, new_text, date, digest,
    message_id, in_reply_to, references: […], case, auto_submitted, headers: {…},
    attachments: [{name, size, type}], left_out}``.
    `new_text` is the text without what it quotes below; `case` the key of the case that it answers, by its
    thread or by the tag of an address to which it went, or an empty text.
    """
    mail = message_from_bytes(raw, policy=_POLICY)
    parts, left_out = _parts(mail)
    text, subject = _words(parts), _text(mail, "subject")
    references = _identifiers(mail, "references")[-_MOST_REFERENCES:]
    in_reply_to = _identifiers(mail, "in-reply-to")
    receivers = [
        *_addresses(mail, "to"),
        *_addresses(mail, "cc"),
        *_addresses(mail, "delivered-to"),
        *_addresses(mail, "x-original-to"),
    ]
    return {
        "from": next(iter(_addresses(mail, "from")), {"address": "", "name": ""}),
        "reply_to": _addresses(mail, "reply-to"),
        "to": _addresses(mail, "to"),
        "cc": _addresses(mail, "cc"),
        "subject": subject,
        "text": text,
        "new_text": new_words(text, subject),
        "date": _date(mail),
        "digest": hashlib.sha256(raw).hexdigest(),
        "message_id": next(iter(_identifiers(mail, "message-id")), ""),
        "in_reply_to": next(iter(in_reply_to), ""),
        "references": references,
        "case": _case([*in_reply_to, *reversed(references)], receivers),
        "auto_submitted": _text(mail, "auto-submitted"),
        "headers": {name: text for name in _HEADERS if (text := _text(mail, name))},
        "attachments": [_attachment(one) for one in parts if _hangs_on(one)],
        "left_out": left_out,
    }


def _parts(mail: Message) -> tuple[list[Message], int]:
    """The parts that hold something, in order, and how many were not looked at."""
    found: list[Message] = []
    left_out = 0
    for part, level in _walk(mail, 0):
        if len(found) >= MOST_PARTS or level > MOST_LEVELS:
            left_out += 1
        else:
            found.append(part)
    return found, left_out


def _walk(part: Message, level: int) -> Iterator[tuple[Message, int]]:
    """Leaves, and mails within a mail as one; never deeper than a level below the last that counts."""
    inner = part.get_payload() if part.is_multipart() else None
    if level <= MOST_LEVELS and part.get_content_maintype() == "multipart" and isinstance(inner, list):
        for one in inner:
            if isinstance(one, Message):
                yield from _walk(one, level + 1)
    else:
        yield part, level


def _hangs_on(part: Message) -> bool:
    """Whether a part is a file that hangs on the mail: what it is called so, or no text to be read."""
    disposition = part.get_content_disposition()
    return disposition == "attachment" or part.get_content_type() not in ("text/plain", "text/html")


def _attachment(part: Message) -> dict[str, Any]:
    try:
        name = part.get_filename() or ""
    except Exception:  # the library raises whatever a broken header makes it stumble over
        name = ""
    return {"name": _tidy(name)[:300], "size": _size(part), "type": part.get_content_type()[:100]}


def _size(part: Message) -> int:
    """How many bytes it has, about, without decoding it."""
    try:
        payload = part.get_payload()
    except (
        LookupError,
        ValueError,
    ):  # it is decoded by the name that it gives, and that is one of a program's
        raw = part.get_payload(decode=True)
        return len(raw) if isinstance(raw, bytes) else 0
    if not isinstance(payload, str):
        return 0
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    return len(payload) * 3 // 4 if encoding == "base64" else len(payload)


def _words(parts: Sequence[Message]) -> str:
    """The plain text; where there is none, the text of the HTML."""
    texts = [one for one in parts if not _hangs_on(one)]
    plain = [one for one in texts if one.get_content_type() == "text/plain"]
    if plain:
        words = "\n".join(_plain(one) for one in plain)
    else:
        words = "\n".join(quoted_html_text(_decoded(one)) for one in texts)
    return _tidy(words.replace("\r\n", "\n"))[:MOST_WORDS].strip()


def _plain(part: Message) -> str:
    """The text of a part of plain text, with each line as it was written."""
    text = _decoded(part).replace("\r\n", "\n")
    if _parameter(part, "format") != "flowed":
        return text
    return whole_lines(text, deletes_blanks=_parameter(part, "delsp") == "yes")


def _parameter(part: Message, name: str) -> str:
    try:
        return str(part.get_param(name) or "").lower()
    except Exception:  # the library raises whatever a broken header makes it stumble over
        return ""


def _decoded(part: Message) -> str:
    """The text of a part, whatever it says of its own encoding."""
    raw = part.get_payload(decode=True)
    return decoded(raw if isinstance(raw, bytes) else b"", part.get_content_charset())


def _addresses(mail: Message, name: str) -> list[dict[str, str]]:
    """Who stands in a header, ``{address, name}`` each."""
    try:
        pairs = getaddresses([str(one) for one in _fields(mail, name)])
    except Exception:
        return []
    if not any("@" in address and "<" not in address for _, address in pairs):
        pairs = [_bare(value) for value in islice(_values(mail, name), _MOST_FIELDS)]
    found = [{"address": _tidy(address), "name": _tidy(whose)} for whose, address in _whole_names(pairs)]
    return [{key: text[:320] for key, text in one.items()} for one in found[:_MOST_ADDRESSES]]


def _whole_names(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Names and addresses; what stands before a comma without an address of its own begins the next name.

    `Müller, Kim <kim@mail.example>` should have its name in quotation marks, and often has not.
    """
    begun: list[str] = []
    for whose, address in pairs:
        if "@" in address:
            yield ", ".join([*begun, whose] if whose else begun), address
            begun = []
        elif part := whose or address:
            begun.append(part)


def _fields(mail: Message, name: str) -> Iterator[Any]:
    """The header fields of this name, as many as are looked at; none is read that is not asked for."""
    for value in islice(_values(mail, name), _MOST_FIELDS):
        yield _POLICY.header_fetch_parse(name, value)


def _values(mail: Message, name: str) -> Iterator[str]:
    """The same as they were written."""
    return (str(value) for key, value in mail.raw_items() if key.lower() == name)


def _bare(value: str) -> tuple[str, str]:
    """Name and address of one that the library cannot read; empty where it ends with no address."""
    said = unescaped(value[:LONGEST_FIELD])
    found = _BARE.search(said)
    return ("", "") if found is None else (said[: found.start()].strip(' "'), found[1])


def _text(mail: Message, name: str) -> str:
    try:
        said = mail.get(name)
    except Exception:
        return ""
    return " ".join(_tidy(str(said or "")).split())[:_LONGEST_TEXT]


def _identifiers(mail: Message, name: str) -> list[str]:
    try:
        said = str(mail.get(name) or "")
    except Exception:
        return []
    return [_tidy(one) for one in _MESSAGE_ID.findall(said)]


def _date(mail: Message) -> str:
    """When it was written, RFC 3339; empty where it says no time that can be read."""
    try:
        at = parsedate_to_datetime(str(mail.get("date") or ""))
        utc = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except Exception:
        return ""
    return format_instant(utc) if isinstance(utc, datetime) else ""


def _case(references: Sequence[str], receivers: Sequence[Mapping[str, str]]) -> str:
    """The key of the case that it answers: by its thread, the nearest first, else by the tag of an
    address."""
    threads = (case_of_thread(one) for one in references)
    tags = (case_of_address(one["address"]) for one in receivers)
    return next((key for key in (*threads, *tags) if key), "")


def _tidy(text: str) -> str:
    """Without what JSON or a database cannot keep."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
