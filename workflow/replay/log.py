"""A log file as rows: CSV or JSON Lines, read as a stream, in any encoding that Python knows."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from state_machines.errors import Problem
from workflow.engine.json_text import JsonTextError, decode
from workflow.replay.map import LogForm, ReplayMap
from workflow.replay.refusal import ReplayRefused, RowRefused

MAX_FIELD = 1_000_000
"""Characters in one field or one line of JSON; a longer one is a missing quote, or not a log."""

_SUFFIXES: dict[str, Literal["csv", "jsonl"]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row: its number (from 1, without the header), the line where it ends, and its values by column.

    `fault` says why a row has no values.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    fault: RowRefused | None = None


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def log_format(path: Path, form: LogForm) -> Literal["csv", "jsonl"]:
    """What the map says, else what the file's suffix says.

    Raises:
        ReplayRefused: neither says it.
    """
    found = form.format or _SUFFIXES.get(path.suffix.lower())
    if found is None:
        known = ", ".join(_SUFFIXES)
        raise _refused(
            path, "log.format", "choice", f"the suffix {path.suffix!r} is none of {known}: say it here"
        )
    return found


def read_log(path: Path, wanted: ReplayMap) -> Iterator[LogRow]:
    """The rows of a log, one by one. Blank lines are no rows.

    Raises:
        ReplayRefused: it cannot be read, holds no row, is not of its encoding, is not CSV, or lacks a
            column that the map names. (What is wrong with a single row stands in its `fault`.)
    """
    form = log_format(path, wanted.log)
    encoding = (
        "utf-8-sig"
        if wanted.log.encoding.lower().replace("_", "-") in ("utf-8", "utf8")
        else wanted.log.encoding
    )
    try:
        with path.open(encoding=encoding, newline="") as file:
            rows = _csv_rows(file, path, wanted) if form == "csv" else _json_rows(file)
            empty = True
            for row in rows:
                empty = False
                yield row
    except OSError as error:
        raise _refused(path, "log", "readable", f"cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        raise _refused(
            path,
            "log",
            "encoding",
            f"not {wanted.log.encoding}: {error}; say its encoding in the map's log.encoding",
            _undecodable_line(path, encoding),
        ) from None
    if empty:
        raise _refused(path, "log", "empty-log", "holds no row")


def _csv_rows(file: TextIO, path: Path, wanted: ReplayMap) -> Iterator[LogRow]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(file, delimiter=wanted.log.delimiter, strict=True)
    try:
        header = next(reader, None)
        if header is None:
            return
        _check_header(header, path, wanted)
        number = 0
        for cells in reader:
            if not cells:
                continue
            number += 1
            if len(cells) == len(header):
                yield LogRow(number, reader.line_num, dict(zip(header, cells, strict=True)))
            else:
                message = f"has {len(cells)} fields, the header has {len(header)}"
                yield LogRow(number, reader.line_num, fault=RowRefused("row", "ragged-row", message))
    except csv.Error as error:
        raise _refused(path, "log", "csv-form", f"not CSV: {error}", reader.line_num) from None


def _check_header(header: list[str], path: Path, wanted: ReplayMap) -> None:
    problems = [
        Problem("log.header", "doubled-column", f"the column {name!r} stands twice", 1, str(path))
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    known = set(header)
    problems += [
        Problem(
            field,
            "unknown-column",
            f"the log has no column {name!r}; it has {', '.join(header)}",
            1,
            str(path),
        )
        for field, name in wanted.columns()
        if name not in known
    ]
    if problems:
        raise ReplayRefused(problems)


def _json_rows(file: TextIO) -> Iterator[LogRow]:
    number = 0
    for line_number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        number += 1
        try:
            yield LogRow(number, line_number, _json_object(line))
        except RowRefused as fault:
            yield LogRow(number, line_number, fault=fault)


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
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return None


def _refused(path: Path, field: str, rule: str, message: str, line: int | None = None) -> ReplayRefused:
    return ReplayRefused([Problem(field, rule, message, line, str(path))])
