"""A log in XES (IEEE 1849-2016), read as a stream: each event of each trace is a row.

The columns of a row are the keys of the event's attributes; those of its trace begin with ``case:``, those of
the log with ``log:``, and ``classifier:NAME`` is the name that a classifier of the log gives the event. An
attribute of an attribute has both keys, with ``/`` between them; a list is a list of its values.
"""

import shlex
import xml.sax
import xml.sax.handler
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from workflow.replay.log_row import MAX_FIELD, LogRow, log_refused

MAX_DEPTH = 50
"""Elements within each other, at most; attributes of attributes of attributes end somewhere."""

MAX_ATTRIBUTES = 10_000
"""Attributes of one event, one trace or one log, at most."""

_CHUNK = 1 << 16
_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id", "list", "container"})
_PREFIXES = {"log": "log:", "trace": "case:", "event": ""}


def xes_rows(file: IO[bytes], name: str) -> Iterator[LogRow]:
    """The events of a log, in the order of the file.

    Raises:
        ReplayRefused: it is no XML, no XES, has a document type (which XES has no use for, and attacks have),
            or goes beyond a bound; with the line.
    """
    parser = make_parser()
    reader = _Reader(parser)
    parser.forbid_dtd = True
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    try:
        while chunk := file.read(_CHUNK):
            parser.feed(chunk)
            yield from reader.take()
        parser.close()
    except xml.sax.SAXParseException as error:
        message = f"not XML: {error.getMessage()}"
        raise log_refused(name, "log", "xml-form", message, error.getLineNumber()) from None
    except DefusedXmlException as error:
        message = f"has a document type or entities, which no log needs: {type(error).__name__}"
        raise log_refused(name, "log", "xml-forbidden", message, parser.getLineNumber()) from None
    except _NotXes as error:
        raise log_refused(name, "log", error.rule, str(error), parser.getLineNumber()) from None
    yield from reader.take()


class _NotXes(ValueError):
    """XML that is not XES, or goes beyond a bound."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


@dataclass(slots=True)
class _Open:
    """An element that is being read: its key within its holder, and, of a list, the values so far."""

    tag: str
    key: str = ""
    items: list[Any] | None = None


class _Reader(xml.sax.handler.ContentHandler):
    """Hears of every element; keeps no more than the log's, the trace's and the event's attributes."""

    def __init__(self, place: Any) -> None:
        super().__init__()
        self._place = place
        self._rows: list[LogRow] = []
        self._number = 0
        self._elements: list[_Open] = []
        self._levels: list[dict[str, Any]] = []
        """The attributes of the log, of the trace and of the event that are being read."""
        self._defaults: dict[str, dict[str, Any]] = {"trace": {}, "event": {}}
        self._global: dict[str, Any] | None = None
        self._classifiers: dict[str, list[str]] = {}

    def take(self) -> list[LogRow]:
        """The rows that are complete since last time."""
        rows, self._rows = self._rows, []
        return rows

    def startElement(self, name: str, attrs: Any) -> None:
        """An element begins."""
        tag = name.rpartition(":")[2]
        if not self._elements and tag != "log":
            raise _NotXes("xes-form", f"the document is <{name}>; a log in XES is <log>")
        if len(self._elements) >= MAX_DEPTH:
            raise _NotXes("xes-depth", f"more than {MAX_DEPTH} elements stand within each other")
        opened = _Open(tag)
        if tag in _PREFIXES:
            self._levels.append({})
        elif tag == "global":
            scope = attrs.get("scope", "event")
            self._global = {}
            opened.key = scope
        elif tag == "classifier":
            self._classifiers[attrs.get("name", "")] = _keys(attrs.get("keys", ""))
        elif tag in _ATTRIBUTES:
            self._attribute(opened, attrs.get("key", ""), attrs.get("value"))
        self._elements.append(opened)

    def endElement(self, name: str) -> None:
        """An element ends."""
        opened = self._elements.pop()
        if opened.tag == "global" and self._global is not None:
            if opened.key in self._defaults:
                self._defaults[opened.key] = self._global
            self._global = None
        elif opened.tag == "event":
            event = self._levels.pop()
            self._number += 1
            line = self._place.getLineNumber()
            self._rows.append(LogRow(self._number, line, self._row(event)))
        elif opened.tag in ("trace", "log"):
            self._levels.pop()

    def _attribute(self, opened: _Open, key: str, value: str | None) -> None:
        holder = self._elements[-1]
        if value is not None and len(value) > MAX_FIELD:
            raise _NotXes("xes-size", f"the attribute {key!r} has more than {MAX_FIELD} characters")
        found: Any = _typed(opened.tag, value)
        if opened.tag in ("list", "container"):
            found = opened.items = []
        if holder.tag in _PREFIXES or holder.tag == "global":
            opened.key = key
            self._put(key, found)
        elif holder.tag == "values" or holder.items is not None:
            listed = self._list_above()
            if listed is not None:
                listed.append(found)
        elif holder.key:
            opened.key = f"{holder.key}/{key}"
            self._put(opened.key, found)

    def _list_above(self) -> list[Any] | None:
        """The list in which the values now stand, be it within ``<values>`` or not."""
        for one in reversed(self._elements):
            if one.tag != "values":
                return one.items
        return None

    def _put(self, key: str, value: Any) -> None:
        level = self._levels[-1] if self._global is None else self._global
        level[key] = value
        if len(level) > MAX_ATTRIBUTES:
            raise _NotXes("xes-size", f"one element has more than {MAX_ATTRIBUTES} attributes")

    def _row(self, event: dict[str, Any]) -> dict[str, Any]:
        row = {**self._defaults["event"], **event}
        row |= {f"classifier:{name}": _classified(keys, row) for name, keys in self._classifiers.items()}
        if len(self._levels) > 1:  # an event may also stand in the log, in no trace
            trace = {**self._defaults["trace"], **self._levels[-1]}
            row |= {f"case:{key}": value for key, value in trace.items()}
        row |= {f"log:{key}": value for key, value in self._levels[0].items()}
        return row


def _typed(tag: str, value: str | None) -> Any:
    """An attribute as its tag says; one that is not of its tag stays text, for the map's type to refuse."""
    if value is None:
        return None
    text = value.strip()
    try:
        if tag == "int":
            return int(text) if len(text) <= 20 else value
        if tag == "float":
            number = float(text)
            return number if number - number == 0 else None  # not a number, or infinite: no value
    except ValueError:
        return value
    if tag == "boolean" and text.lower() in ("true", "false", "1", "0"):
        return text.lower() in ("true", "1")
    return value


def _keys(text: str) -> list[str]:
    """The keys of a classifier; a key with white space stands in quotes."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _classified(keys: list[str], row: dict[str, Any]) -> str:
    return "+".join(str(row.get(key, "")) for key in keys)
