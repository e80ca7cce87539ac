"""Who is on duty, on pages: now and next, gaps, an override and its end, a calendar after what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from state_machines.values.instants import format_instant
from tests.api.conftest import House
from tests.api.deciding import deciding
from tests.api.signed_in import Browser, Forms, browser_of
from tests.api.test_rotation_command import CALENDAR
from workflow.access.role import Role
from workflow.console.duty_calendar import WIDE, duty_calendar
from workflow.recovery.rotations.spans import DutySpan

ADA, BOB, CLEO = (f"{name}@shop.example" for name in ("ada", "bob", "cleo"))
_NUMBERS = iter(range(1_000_000))


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with deciding(house.runtime.engine, workers=1):
        yield


@pytest.fixture
def rotation(house: House) -> str:
    """Ada, then Bob, then nobody for a day, then Bob again."""
    id = f"turns-{next(_NUMBERS)}"
    shifts = [
        {"from": "2026-06-29T07:00:00Z", "to": "2026-07-06T07:00:00Z", "people": [ADA]},
        {"from": "2026-07-06T07:00:00Z", "to": "2026-07-10T07:00:00Z", "people": [BOB]},
        {"from": "2026-07-11T07:00:00Z", "to": "2026-08-13T07:00:00Z", "people": [BOB]},
    ]
    event = {
        "specversion": "1.0", "id": id, "source": "/tests", "type": "rotation.set",
        "subject": f"rotation:{id}",
        "data": {"shifts": shifts, "until": "2026-08-13T07:00:00Z"},
    }  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code == 202
    house.apply()
    return id


@pytest.fixture(scope="module")
def agent(house: House) -> Browser:
    """Somebody of the desk."""
    return browser_of(house, "dutiful", Role.AGENT)


@pytest.fixture(scope="module")
def operator(house: House) -> Browser:
    """Somebody who runs it."""
    return browser_of(house, "planner", Role.OPERATOR)


def schedule(house: House, id: str) -> dict[str, Any]:
    """As the rotation's subject has it."""
    found: dict[str, Any] = house.get(f"/v1/subjects/rotation:{id}").json()["data"]["schedule"]
    return found


def test_who_is_on_duty_now_and_next_and_where_nobody_is(agent: Browser, rotation: str) -> None:
    page = agent.get("/duty").text
    (row,) = [one for one in page.split("<li ") if f'data-id="{rotation}"' in one]
    assert row.index(ADA) < row.index(BOB) and "Gaps in the next 30 days: 1" in row
    ahead = agent.get(f"/duty/{rotation}").text
    assert ahead.count('class="dead"') == 1 and "nobody" in ahead


def test_an_override_holds_and_is_taken_back(house: House, agent: Browser, rotation: str) -> None:
    place = f"/duty/{rotation}"
    asked = {"from": "2026-07-01T09:00", "to": "2026-07-02T09:00", "people": f"{CLEO}, {BOB}"}
    sent = agent.send(place, f"{place}/override", **asked)
    assert (sent.status_code, sent.headers["location"]) == (303, place)
    (override,) = schedule(house, rotation)["overrides"]
    assert (override["people"], override["by"]) == ([CLEO, BOB], "dutiful@desk.example")
    shown = agent.get(place).text
    assert "They are on duty for that time" in shown and CLEO in shown
    back = agent.send(place, f"{place}/take-back", override=override["id"])
    assert back.status_code == 303 and schedule(house, rotation)["overrides"] == []
    late = agent.send(place, f"{place}/take-back", override=override["id"])
    assert late.status_code == 409 and "no override ahead has this id" in late.text


def test_the_weeks_ahead_are_drawn_with_gaps_and_who_stands_in(
    house: House, agent: Browser, rotation: str
) -> None:
    place = f"/duty/{rotation}"
    drawn = agent.get(place).text
    assert 'class="gap"' in drawn and "stands-in" not in drawn.partition("<svg")[2].partition("</svg>")[0]
    asked = {"from": "2026-07-01T09:00", "to": "2026-07-02T09:00", "people": CLEO}
    assert agent.send(place, f"{place}/override", **asked).status_code == 303
    svg = agent.get(place).text.partition("<svg")[2].partition("</svg>")[0]
    assert "stands-in" in svg and f"<title>{CLEO}" in svg
    assert svg.count('class="free"') in (5, 6), "thirty days are five weeks or six"
    assert "style=" not in svg


def test_a_first_rotation_is_set_up_in_the_browser(house: House, operator: Browser) -> None:
    name = f"nights-{next(_NUMBERS)}"
    said = {
        "name": name, "members": f"{ADA}\n{BOB}, {CLEO}\n", "every": "P7D", "from": "2026-06-29",
        "at": "09:00", "zone": "Europe/Berlin",
    }  # fmt: skip
    assert "Set up a rotation" in operator.get("/duty").text
    sent = operator.send("/duty", "/duty", **said)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/duty/{name}")
    assert schedule(house, name)["members"] == [[ADA], [BOB, CLEO]]
    ahead = operator.get(f"/duty/{name}").text
    assert "From now on they take turns." in ahead and ahead.index(ADA) < ahead.index(BOB)
    again = operator.send("/duty", "/duty", **said | {"members": CLEO})
    assert again.status_code == 422 and "There is a rotation of this name" in again.text
    assert schedule(house, name)["members"] == [[ADA], [BOB, CLEO]], "a second form loses nobody's"


def test_a_first_rotation_that_is_refused_keeps_what_was_written(
    house: House, operator: Browser, rotation: str
) -> None:
    over = {
        "specversion": "1.0", "id": f"{rotation}-over", "source": "/tests", "type": "rotation.retire",
        "subject": f"rotation:{rotation}", "data": {"by": ADA},
    }  # fmt: skip
    assert house.post(over, Role.OPERATOR).status_code == 202
    house.apply()
    said = {
        "name": rotation, "members": CLEO, "every": "P7D", "from": "2026-06-29", "at": "09:00",
        "zone": "Europe/Berlin",
    }  # fmt: skip
    answer = operator.send("/duty", "/duty", **said)
    assert answer.status_code == 409 and f'value="{rotation}"' in answer.text


def test_what_a_first_rotation_lacks_is_said_by_field(house: House, operator: Browser) -> None:
    asked = {"name": "a/b", "members": "Ada", "every": "P7D", "from": "soon", "at": "9", "zone": "Nowhere"}
    wrong = operator.send("/duty", "/duty", **asked)
    assert wrong.status_code == 422 and 'value="Nowhere"' in wrong.text, "what was written stays"
    links = [f'href="#field-{one}"' for one in ("name", "members", "from", "at", "zone")]
    assert [one for one in links if one not in wrong.text] == []
    assert house.get("/v1/subjects/rotation:a").status_code == 404


def test_who_does_not_run_it_sets_up_no_rotation(agent: Browser) -> None:
    assert "Set up a rotation" not in agent.get("/duty").text


def test_a_drawn_span_is_cut_at_weeks_and_overrides_and_none_of_it_is_lost() -> None:
    now = datetime(2026, 3, 25, 9, tzinfo=UTC)  # a Wednesday; clocks go forward on Sunday
    bob = {"name": "Bob", "email": BOB}
    spans = [
        DutySpan(now, now + timedelta(days=2), (ADA,)),
        DutySpan(now + timedelta(days=2), now + timedelta(days=2, hours=6), ()),
        DutySpan(now + timedelta(days=2, hours=6), now + timedelta(days=10), (bob,)),
    ]
    override = {
        "from": format_instant(now + timedelta(days=1)),
        "to": format_instant(now + timedelta(days=2)),
    }
    found = duty_calendar(spans, [override], now, "Europe/Berlin", "de")
    assert found.weekdays[0].startswith("Mo") and found.people == [ADA, "Bob"]
    days = sum(one.width for one in found.boxes) / WIDE.day
    assert days == pytest.approx(10 + 1 / 24, abs=0.01), "by the clock on the wall there is an hour more"
    assert [one.stands_in for one in found.boxes[:2]] == [False, True]
    assert [one.colour for one in found.boxes if not one.name and one.width < WIDE.day / 2] == [None]
    assert all(one.x >= WIDE.left and one.x + one.width <= found.width + 0.2 for one in found.boxes)
    assert len(found.weeks) == 2 and max(one.y for one in found.boxes) == found.weeks[-1].y


def test_an_override_that_is_none_is_said_beside_its_field(agent: Browser, rotation: str) -> None:
    place = f"/duty/{rotation}"
    empty = agent.send(place, f"{place}/override", people=" ,", **{"from": "", "to": "tomorrow"})
    assert empty.status_code == 422
    for field in ("from", "to", "people"):
        assert f'href="#field-{field}"' in empty.text
    backwards = {"from": "2026-07-02T09:00", "to": "2026-07-01T09:00"}
    assert agent.send(place, f"{place}/override", people=CLEO, **backwards).status_code == 409


def test_a_calendar_shows_what_it_changes_before_it_does(
    house: House, operator: Browser, agent: Browser, rotation: str
) -> None:
    place = f"/duty/{rotation}"
    before = schedule(house, rotation)
    said = {"calendar": CALENDAR, "zone": "Europe/Berlin", "people_named": f"Ada={ADA}"}
    preview = operator.send(place, f"{place}/import", **said)
    assert preview.status_code == 200 and "Take this calendar over?" in preview.text
    assert BOB in preview.text and schedule(house, rotation) == before, "only shown"
    form = Forms(preview.text).to(f"{place}/import")
    assert agent.post(f"{place}/import", form).status_code == 403, "operators set rotations"
    fields = {"calendar": CALENDAR, "zone": "Europe/Berlin", "people_named": f"Ada={ADA}"}
    sent = operator.post(f"{place}/import", form | fields)
    assert sent.status_code == 303, sent.text[sent.text.index("<main") :][:1500]
    assert schedule(house, rotation)["shifts"][0]["people"][0]["email"] == ADA
    again = operator.send(place, f"{place}/import", **said)
    assert "Nothing: the same people" in again.text


def test_a_calendar_that_cannot_be_read_changes_nothing_and_stays_in_the_form(
    house: House, operator: Browser, rotation: str
) -> None:
    place = f"/duty/{rotation}"
    refused = operator.send(place, f"{place}/import", calendar=CALENDAR, zone="Europe/Berlin")
    assert refused.status_code == 422 and "BEGIN:VEVENT" in refused.text
    assert "no address was given" in refused.text
    assert operator.send(place, f"{place}/import", calendar="no calendar").status_code == 422
    assert operator.send(place, f"{place}/import", calendar=CALENDAR, zone="Mars/Base").status_code == 422


def test_there_is_no_page_of_a_rotation_that_nobody_knows(agent: Browser) -> None:
    assert agent.get("/duty/nothing").status_code == 404
