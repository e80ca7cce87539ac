"""Moving subjects to another version, over the API and on the page: seen first, then done, then counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import LIFECYCLE, NOON, House, open_house, order
from tests.api.signed_in import browser_of
from tests.api.test_desk import working
from tests.waiting import wait_until
from workflow.access.role import Role

SECOND = (
    LIFECYCLE.read_text(encoding="utf-8")
    .replace("version: 1\n", "version: 2\n")
    .replace("placed", "ordered")
    .replace("{type: integer}\n  due_at", "{type: integer, maximum: 900}\n  due_at")
)
PLACE = "/lifecycles/order/migrate"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """Four orders of the first version, one of them for more than the second allows."""
    with open_house(database_url, data_dir=tmp_path) as opened, working(opened):
        for number, amount in enumerate((5, 5, 5, 950)):
            opened.post(order("place", f"{number}", f"{number}", amount=amount))
        wait_until(
            lambda: opened.get("/v1/subjects/order:3").json()["state"] == "placed", seconds=60, what="all"
        )
        opened.runtime.registry.register([(SECOND, "order2.yaml")], NOON)
        yield opened


def asked(house: House, role: Role = Role.OPERATOR, **body: object) -> tuple[int, dict[str, object]]:
    """A request to the API: its status and its answer."""
    answer = house.http.post("/v1/lifecycles/order/migrations", json=body, headers=house.bearer(role))
    return answer.status_code, answer.json()


def test_the_api_says_what_would_be_and_then_does_it(house: House) -> None:
    wish = {"from": 1, "to": 2}
    status, seen = asked(house, **wish, dry_run=True)
    assert status == 200 and seen["asked"] == 0 and seen["left"] == 4
    (placed,) = [one for one in seen["states"] if one["number"]]  # type: ignore[attr-defined]
    assert (placed["state"], placed["number"]) == ("placed", 4) and "no-such-state" in placed["refusal"]
    named = wish | {"states": {"placed": "ordered"}}
    status, done = asked(house, **named)
    assert (status, done["asked"], done["complete"]) == (200, 4, True)
    wait_until(lambda: asked(house, **named, dry_run=True)[1]["waiting"] == 0, seconds=60, what="decisions")
    _, end = asked(house, **named, dry_run=True)
    assert (end["moved"], end["refused"], end["left"]) == (3, 1, 1), "four are four"
    assert end["refusals"] == [{"subject": "order:3", "reason": "misfits: data.amount [maximum]"}]
    assert house.get("/v1/subjects/order:0").json()["state"] == "ordered"
    assert house.get("/v1/subjects/order:3").json()["state"] == "placed"
    refusals = house.get("/v1/refusals").json()["items"]
    assert "order:3" in str(refusals), "and it stands among what was refused"


def test_what_cannot_be_is_refused_with_its_field(house: House) -> None:
    assert asked(house, Role.SYSTEM, **{"from": 1, "to": 2})[0] == 403
    for wrong, field in (
        ({"from": 1, "to": 7}, "to"),
        ({"from": 2, "to": 2}, "to"),
        ({"from": 1, "to": 2, "states": {"placed": "nowhere"}}, "states"),
        ({"from": 0, "to": 2}, "from"),
    ):
        status, problem = asked(house, **wrong)  # type: ignore[arg-type]
        assert status == 422 and field in str(problem["errors"]), problem


def test_the_page_shows_it_by_state_and_asks_which_state_instead(house: House) -> None:
    ola = browser_of(house, "ola", Role.OPERATOR)
    assert PLACE in ola.get("/lifecycles/order").text
    assert PLACE not in browser_of(house, "ada", Role.AGENT).get("/lifecycles/order").text
    page = ola.get(f"{PLACE}?from=1&to=2").text
    assert "no such state there: " in page and 'name="state-placed"' in page
    answer = ola.send(f"{PLACE}?from=1&to=2", PLACE, **{"state-placed": "ordered"})
    assert answer.status_code == 200 and "4 more were asked for" in answer.text
    shown = f"{PLACE}?from=1&to=2&state-placed=ordered"
    wait_until(lambda: "order:3" in ola.get(shown).text, seconds=60, what="the one that was refused")
    wait_until(lambda: "<dd>3</dd>" in ola.get(shown).text, seconds=60, what="the three that were moved")
    story = ola.get("/subjects/order:0").text
    assert "migrate" in story or "version" in story
    assert ola.get(f"{PLACE}?from=1&to=x").status_code == 422
    assert ola.get("/lifecycles/nothing/migrate").status_code == 404


def test_why_they_would_stay_is_said_in_the_language_of_the_page(house: House) -> None:
    browser = browser_of(house, "olga", Role.OPERATOR)
    page = browser.http.get(f"{PLACE}?from=1&to=2", headers={"Accept-Language": "de"}).text
    assert "Version 2 hat keinen Zustand" in page and "no-such-state" not in page
