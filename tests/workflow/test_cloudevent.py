"""What is usual about an event is read fast; whatever is read must be the same either way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.engine import cloudevent
from workflow.engine.cloudevent import CloudEvent, parse
from workflow.errors import InvalidEvent

PLAIN = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/crm",
    "type": "lamp.press",
    "subject": "lamp:1",
    "time": "2026-03-02T10:00:00Z",
    "datacontenttype": "application/json",
    "data": {"level": 3},
}
ODD: dict[str, list[Any]] = {
    "specversion": ["1.0", "0.3", 1.0, None],
    "id": ["e1", "", "a b", "a\nb", "x" * 257, "ü", "\ud800", 7, None, ["e1"]],
    "source": ["/crm", "", "/makegood", "/makegood/live", {"a": 1}, None],
    "type": ["lamp.press", "lamp", "Lamp.press", "lamp.press.x", 3, None],
    "subject": ["lamp:1", "lamp:", "lamp:a b", "lamp:" + "x" * 201, "desk:1", 1, None],
    "time": [
        "2026-03-02T10:00:00Z",
        "2026-03-02t10:00:00.123456789+05:30",
        "2026-03-02T10:00:00",
        "2026-02-30T10:00:00Z",
        "2026-W10-1T10:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "20260302T100000Z",
        17,
        None,
    ],
    "datacontenttype": [
        "application/json",
        "application/json; charset=utf-8",
        "text/xml",
        "a/b+json",
        1,
        None,
    ],
    "data": [{"level": 3}, {}, {"a": "\x00"}, {"a": "\\u0000"}, {"a": 2**70}, [1], "x", None],
    "data_base64": ["e30=", None],
    "parent": ["lamp:2", "nobody", "", 1, None],
    "effect": ["lamp:2/1/0", "", "a\nb", 1, None],
    "colour": ["red"],
}


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"in": value}
    return value


ODD["data"] += [_nested(levels) for levels in (31, 32, 33, 300)] + [{"many": [{}] * 50}]


class _Other(Mapping[str, Any]):
    """The same document, but no dictionary: it is read with care."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def __getitem__(self, name: str) -> Any:
        return self._document[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._document)

    def __len__(self) -> int:
        return len(self._document)


def _read(document: Mapping[str, Any]) -> CloudEvent | list[tuple[str, str, str]]:
    try:
        return parse(document, field="[3]")
    except InvalidEvent as error:
        return [(one.field, one.rule, one.message) for one in error.problems]


@given(
    st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ODD.items()}),
    st.sets(st.sampled_from(sorted(PLAIN)), max_size=2),
)
def test_fast_and_careful_reading_agree(changes: dict[str, Any], missing: set[str]) -> None:
    document = {name: value for name, value in (PLAIN | changes).items() if name not in missing}
    assert _read(document) == _read(_Other(document))


@pytest.mark.parametrize("name", sorted(ODD))
def test_each_oddity_by_itself(name: str) -> None:
    for value in ODD[name]:
        document = PLAIN | {name: value}
        assert _read(document) == _read(_Other(document)), value


def test_the_usual_is_read_fast() -> None:
    for document in (PLAIN, {name: value for name, value in PLAIN.items() if name != "time"}):
        assert cloudevent._plain(document) == parse(_Other(document))
