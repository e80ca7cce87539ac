"""The words of a page: what a person sees of HTML that a mail or a helpdesk brings, as plain text.

The standard library's parser goes through the rest of a page again for each comment and tag that does not
end, so that a mail of 400 KiB keeps it for hours. Here each character is looked at once; what begins and does
not end, ends the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

LONGEST = 1_000_000
"""Characters of a page that are read."""
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote"})
_UNSEEN = frozenset({"script", "style", "head", "title"})
_BREAKING = re.compile(rf"<(?:{'|'.join(sorted(_BREAKS))}|html|body)\b", re.IGNORECASE)
_SOURCE_LINE = re.compile(r"[\r\n]+")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")


def html_text(page: str) -> str:
    """``html_text('<p>It <b>works</b>.</p>')``: the words of HTML, a line each where a page breaks them."""
    return _lines("".join(_pieces(page[:LONGEST], "")))


def quoted_html_text(page: str) -> str:
    """The same, with ``>`` before each line that the page sets as a quotation: as mails of text have it."""
    return _lines("".join(_pieces(page[:LONGEST], "> ")))


def _lines(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def _pieces(page: str, mark: str) -> Iterator[str]:
    """What is seen, in order: texts, and breaks of lines, each with `mark` behind it where it is quoted."""
    lower, place, quotes, kept = page.lower(), 0, 0, 0
    breaks_lines = _BREAKING.search(page) is not None  # else it is text that somebody took for a page
    while place < len(page):
        opens = page.find("<", place)
        seen = unescape(page[place:] if opens < 0 else page[place:opens])
        if breaks_lines and not kept:  # a line of the source is none of what is seen
            seen = _SOURCE_LINE.sub(" ", seen)
        yield seen.replace("\n", f"\n{mark}") if quotes else seen
        if opens < 0:
            return
        tag = _TAG.match(page, opens)
        name = "" if tag is None else tag[2].lower()
        closes = tag is not None and bool(tag[1])
        if page.startswith("<!--", opens):
            place = _behind(page, "-->", opens)
        elif tag is not None and name in _UNSEEN and not closes:
            place = _behind(page, ">", _behind(lower, f"</{name}", opens))
        elif tag is not None or page[opens + 1 : opens + 2] in ("!", "?", "/"):
            place = _behind(page, ">", opens)
            step = -1 if closes else 1
            quotes = max(0, quotes + step) if name == "blockquote" else quotes
            kept = max(0, kept + step) if name == "pre" else kept
            if name in _BREAKS and (not closes or name == "blockquote"):
                yield f"\n{mark if quotes else ''}"
        else:  # a sign, as in `a < b`
            yield "<"
            place = opens + 1


def _behind(page: str, end: str, place: int) -> int:
    """The place behind the next such end; that of the page where there is none."""
    found = page.find(end, place)
    return len(page) if found < 0 else found + len(end)
