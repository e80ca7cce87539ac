"""The HTTP binding and the JSON format of CloudEvents 1.0.2, as far as they concern who receives events."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.binding_table import ROWS, Kept, Refused, Row
from tests.api.conftest import House


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_the_specification_says_holds(house: House, row: Row) -> None:
    before = house.counts()["events"]
    headers = [(name, value.encode("latin-1")) for name, value in row.headers.items()]
    headers += [(name, value.encode()) for name, value in house.bearer().items()]
    response = house.http.post("/v1/events", content=row.body, headers=headers)
    answer = response.json()
    if isinstance(row.expected, Refused):
        status, field, rule = row.expected
        assert response.status_code == status, (row.said, answer)
        assert (field, rule) in [(one["field"], one["rule"]) for one in answer["errors"]], (row.said, answer)
        assert house.counts()["events"] == before
        return
    assert (response.status_code, answer.get("accepted")) == (202, len(row.expected)), (row.said, answer)
    for kept in row.expected:
        _stands_there(house, kept, row.said)


def _stands_there(house: House, kept: Kept, said: str) -> None:
    (entry,) = house.get(f"/v1/subjects/{quote(f'order:{kept.key}')}").json()["timeline"]
    event: dict[str, Any] = entry["event"]
    assert event["data"] == kept.data, said
    attributes = {"id": kept.key, "source": "/b", **kept.attributes}
    if "time" in attributes:
        assert datetime.fromisoformat(event["time"]) == datetime.fromisoformat(attributes.pop("time")), said
    assert {name: event[name] for name in attributes} == attributes, said


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
