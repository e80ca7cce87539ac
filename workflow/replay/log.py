"""A log file as rows: CSV, JSON Lines or XES, packed or not, in any encoding of Python's, as a stream."""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal, TextIO

from state_machines.errors import Problem
from workflow.engine.json_text import JsonTextError, decode
from workflow.replay.log_row import MAX_FIELD, LogRow, log_refused
from workflow.replay.map import ReplayMap
from workflow.replay.map_parts import LogForm
from workflow.replay.packed import unpacked, unpacked_suffix
from workflow.replay.refusal import ReplayRefused, RowRefused
from workflow.replay.xes import xes_rows

Form = Literal["csv", "jsonl", "xes"]

_SUFFIXES: dict[str, Form] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xes": "xes"}


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def log_format(path: Path, form: LogForm) -> Form:
    """What the map says, else what the file's suffix says, packed or not.

    Raises:
        ReplayRefused: neither says it.
    """
    suffix = unpacked_suffix(path)
    found = form.format or _SUFFIXES.get(suffix)
    if found is None:
        known = ", ".join(_SUFFIXES)
        message = f"the suffix {suffix!r} is none of {known}: say it here"
        raise log_refused(str(path), "log.format", "choice", message)
    return found


def read_log(path: Path, wanted: ReplayMap) -> Iterator[LogRow]:
    """The rows of a log, one by one. Blank lines are no rows.

    Raises:
        ReplayRefused: it cannot be read, holds no row, is not of its encoding, is not CSV or no XES, or lacks
            a column that the map names. (What is wrong with a single row stands in its `fault`.)
    """
    form = log_format(path, wanted.log)
    encoding = encoding_of(wanted.log)
    try:
        with unpacked(path) as file:
            empty = True
            for row in _rows(file, form, encoding, path, wanted):
                empty = False
                yield row
    except OSError as error:
        raise log_refused(str(path), "log", "readable", f"cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        message = f"not {wanted.log.encoding}: {error}; say its encoding in the map's log.encoding"
        line = _undecodable_line(path, encoding)
        raise log_refused(str(path), "log", "encoding", message, line) from None
    if empty:
        raise log_refused(str(path), "log", "empty-log", "holds no row")


def encoding_of(form: LogForm) -> str:
    """The encoding that the map says; a byte order mark before UTF-8 is no part of the text."""
    return "utf-8-sig" if codecs.lookup(form.encoding).name == "utf-8" else form.encoding


def _rows(file: IO[bytes], form: Form, encoding: str, path: Path, wanted: ReplayMap) -> Iterator[LogRow]:
    if form == "xes":
        yield from xes_rows(file, str(path))
        return
    text = io.TextIOWrapper(file, encoding=encoding, newline="" if form == "csv" else None)
    yield from _csv_rows(text, path, wanted) if form == "csv" else _json_rows(text)


def _csv_rows(file: TextIO, path: Path, wanted: ReplayMap) -> Iterator[LogRow]:
    csv.field_size_limit(MAX_FIELD)
    form = wanted.log
    for _ in range(form.skip):
        file.readline()
    reader = csv.reader(
        file,
        delimiter=form.delimiter,
        quotechar=form.quote or None,
        escapechar=form.escape,
        quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
        strict=True,
    )
    try:
        header = form.header or next(reader, None)
        if header is None:
            return
        _check_header(header, path, wanted)
        names = _told_apart(header)
        number = 0
        for cells in reader:
            if not cells:
                continue
            number += 1
            line = reader.line_num + form.skip
            if len(cells) == len(header):
                yield LogRow(number, line, dict(zip(names, cells, strict=True)))
            else:
                message = f"has {len(cells)} fields, the header has {len(header)}"
                yield LogRow(number, line, fault=RowRefused("row", "ragged-row", message))
    except csv.Error as error:
        line = reader.line_num + form.skip
        raise log_refused(str(path), "log", "csv-form", f"not CSV: {error}", line) from None


def _check_header(header: list[str], path: Path, wanted: ReplayMap) -> None:
    """A column that stands twice, or has no name, is nobody's fault unless the map means it."""
    line = 1 + wanted.log.skip
    problems = [
        Problem("log.header", "doubled-column", f"the column {name!r} stands twice", line, str(path))
        for name in sorted({name for _, name in wanted.columns() if header.count(name) > 1})
    ]
    known = set(header)
    problems += [
        Problem(
            field,
            "unknown-column",
            f"the log has no column {name!r}; it has {', '.join(header)}",
            line,
            str(path),
        )
        for field, name in wanted.columns()
        if name not in known
    ]
    if problems:
        raise ReplayRefused(problems)


def _told_apart(header: list[str]) -> list[str]:
    """Each column by a name of its own, so that rows are known by all that they say."""
    return [
        name if name and header.index(name) == place else f"{name}#{place + 1}"
        for place, name in enumerate(header)
    ]


def _json_rows(file: TextIO) -> Iterator[LogRow]:
    number = 0
    for line_number, line in _lines(file):
        if not line.strip():
            continue
        number += 1
        try:
            yield LogRow(number, line_number, _json_object(line))
        except RowRefused as fault:
            yield LogRow(number, line_number, fault=fault)


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; of one that is too long no more than shows that."""
    number = 0
    while line := file.readline(MAX_FIELD + 1):
        number += 1
        rest = line
        while len(rest) > MAX_FIELD and not rest.endswith("\n"):
            rest = file.readline(MAX_FIELD + 1)
        yield number, line


def _json_object(line: str) -> Mapping[str, Any]:
    if len(line) > MAX_FIELD:
        raise RowRefused("row", "row-size", f"has more than {MAX_FIELD} characters")
    try:
        value = decode(line.encode())  # as strictly as the door reads
    except JsonTextError as error:
        rule = "json-form" if error.rule == "json" else error.rule
        raise RowRefused(f"row.{error.field}" if error.field else "row", rule, error.message) from None
    if not isinstance(value, dict):
        raise RowRefused("row", "json-object", "a row of JSON Lines must be a JSON object")
    return value


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """The first line that is not of the encoding, for encodings whose lines end in one byte."""
    with unpacked(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return None
