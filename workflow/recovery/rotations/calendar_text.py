"""Where something stands in the text of an iCalendar: what is refused is named with its line."""

from __future__ import annotations

import re

_TZID = re.compile(r';TZID=(?:"([^"]*)"|([^";:,]*))', re.IGNORECASE)
_FOLDED = (" ", "\t")


class CalendarText:
    """The content lines of a file (RFC 5545, 3.1), each with the number of the line on which it begins."""

    def __init__(self, text: bytes) -> None:
        self._lines: list[tuple[int, str]] = []
        for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
            if line.startswith(_FOLDED) and self._lines:
                first, so_far = self._lines[-1]
                self._lines[-1] = first, so_far + line[1:]
            else:
                self._lines.append((number, line))

    def line_of_zone(self, name: str) -> int | None:
        """Where a time is first said to be in the zone of this name."""
        for number, line in self._lines:
            if any((quoted or plain) == name for quoted, plain in _TZID.findall(_head(line))):
                return number
        return None

    def line_of(self, name: str) -> int | None:
        """Where the first property of this name stands."""
        return next((number for number, line in self._lines if _head(line).upper() == name), None)

    def lines_of_events(self) -> list[int]:
        """Where each event begins, in the order of the file."""
        return [number for number, line in self._lines if line.strip().upper() == "BEGIN:VEVENT"]


def _head(line: str) -> str:
    """The name of a property and its parameters: what stands before the first colon outside of quotes."""
    inside = False
    for place, sign in enumerate(line):
        if sign == '"':
            inside = not inside
        elif sign == ":" and not inside:
            return line[:place]
    return line
