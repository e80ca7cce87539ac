"""`makegood rotation import`: a calendar becomes a level of the ladder, through the front door."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.api.conftest import NOON, House, open_house
from workflow.access.keys import Role
from workflow.cli import main
from workflow.clock import SandboxClock

CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VEVENT
UID:1@shop.example
DTSTAMP:20260101T000000Z
DTSTART:20260701T080000
DTEND:20260701T200000
RRULE:FREQ=DAILY
SUMMARY:Ada
END:VEVENT
END:VCALENDAR
"""


def run(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """What the command says."""
    door = ("--url", str(house.http.base_url), "--key", house.keys[Role.OPERATOR])
    monkeypatch.setattr(sys, "argv", ["makegood", "rotation", "import", *more, *door])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()
    return said.out + said.err


def test_who_is_in_the_calendar_hears_of_an_escalation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "oncall.ics"
    file.write_text(CALENDAR)
    clock = SandboxClock(tmp_path / "noon")  # which stands still
    clock.begin(NOON)
    monkeypatch.setenv("MAKEGOOD_CLOCK", clock.spec())
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}") as house:
        options: tuple[str, ...] = (str(file), "--id", "support", "--zone", "Europe/Berlin", "--days", "1")
        refused = run(house, monkeypatch, capsys, *options)
        assert "events[0].attendee" in refused and "[no-person]" in refused
        options += ("--person", "Ada=ada@shop.example")
        assert "accepted" not in run(house, monkeypatch, capsys, *options, "--dry-run")
        for status in ("accepted", "duplicate"):
            assert status in run(house, monkeypatch, capsys, *options)
        house.apply()
        event = {
            "specversion": "1.0", "id": "1", "source": "/tests", "type": "escalation.open",
            "subject": "escalation:1", "data": {"words": "w", "ladder": [{"rotation": "support"}]},
        }  # fmt: skip
        assert house.post(event).status_code == 202
        house.apply()
        told = house.get("/v1/subjects/escalation:1").json()["data"]["told"]
        assert [(step["of"], [who["email"] for who in step["people"]]) for step in told] == [
            ("rotation:support", ["ada@shop.example"])
        ]
