"""The table of times: changes of the clocks, zones off by halves and quarters, holidays, leap days, pauses.

`times_table.yaml` holds the rows: what a timeout says, when it is set, what happens meanwhile, when it
is due, and the sentences with which `makegood explain` tells a person how that came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from state_machines.values.instants import parse_instant
from tests.state_machines.times_lives import lived
from workflow.recovery.rotations.duty import on_duty

ROWS: list[Mapping[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("times_table.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("row", ROWS, ids=[row["case"].replace(" ", "_") for row in ROWS])
def test_what_is_due_when_and_why(row: Mapping[str, Any]) -> None:
    due_at, told = lived(row)
    assert due_at == (None if row["due"] is None else parse_instant(row["due"]))
    assert told == row["explain"].splitlines()


def test_the_table_has_its_sixty_rows_and_no_two_alike() -> None:
    assert len(ROWS) >= 60
    assert len({row["case"] for row in ROWS}) == len(ROWS)
    assert len({yaml.safe_dump({**row, "case": ""}) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("first_day", "every", "at", "zone", "instant", "who"),
    [
        # A week over the change forward: still at nine on the wall, an hour earlier in UTC.
        ("2026-03-23", "P7D", "09:00", "Europe/Berlin", "2026-03-30T06:59:59Z", "ada"),
        ("2026-03-23", "P7D", "09:00", "Europe/Berlin", "2026-03-30T07:00:00Z", "bo"),
        # Over the change back: an hour later in UTC.
        ("2026-10-19", "P7D", "09:00", "Europe/Berlin", "2026-10-26T07:30:00Z", "ada"),
        ("2026-10-19", "P7D", "09:00", "Europe/Berlin", "2026-10-26T08:00:00Z", "bo"),
        # At a time that the clocks skip: at the change. At one that they show twice: the first time.
        ("2026-03-28", "P1D", "02:30", "Europe/Berlin", "2026-03-29T00:59:59Z", "ada"),
        ("2026-03-28", "P1D", "02:30", "Europe/Berlin", "2026-03-29T01:00:00Z", "bo"),
        ("2026-10-24", "P1D", "02:30", "Europe/Berlin", "2026-10-25T00:29:59Z", "ada"),
        ("2026-10-24", "P1D", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z", "bo"),
        ("2026-10-24", "P1D", "02:30", "Europe/Berlin", "2026-10-25T01:30:00Z", "bo"),
        ("2026-10-03", "P1D", "02:15", "Australia/Lord_Howe", "2026-10-03T15:29:59Z", "ada"),
        ("2026-10-03", "P1D", "02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00Z", "bo"),
        # The 29th of February is somebody's day, and the new year begins at a quarter past three in UTC.
        ("2028-02-28", "P1D", "00:00", "UTC", "2028-02-29T12:00:00Z", "bo"),
        ("2028-02-28", "P1D", "00:00", "UTC", "2028-03-01T12:00:00Z", "ada"),
        ("2026-12-25", "P7D", "09:00", "Asia/Kathmandu", "2027-01-01T03:14:59Z", "ada"),
        ("2026-12-25", "P7D", "09:00", "Asia/Kathmandu", "2027-01-01T03:15:00Z", "bo"),
    ],
)
def test_who_is_on_duty_where_the_clocks_change(
    first_day: str, every: str, at: str, zone: str, instant: str, who: str
) -> None:
    handover = {"every": every, "at": at, "zone": zone, "from": first_day}
    assert on_duty({"members": ["ada", "bo"], "handover": handover}, parse_instant(instant)) == [who]
