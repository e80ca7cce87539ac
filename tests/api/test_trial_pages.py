"""A lifecycle in the browser, to be tried: by a process that knows no store, so one kind of store will do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import House, open_house
from tests.api.signed_in import Browser, browser_of
from tests.replay.scene import HEADER, MAP
from tests.replay.scene import LIFECYCLE as PARCEL
from workflow.access.role import Role
from workflow.console.trial_pages import _example

RETURNS = Path(__file__).parents[2] / "examples" / "returns"
LIFECYCLE = (RETURNS / "returns.yaml").read_text(encoding="utf-8")
WORDS = "".join((RETURNS / f"returns.{one}.yaml").read_text(encoding="utf-8") for one in ("en", "de"))
LOG = f"{HEADER}p1,1,2026-03-01 09:00,sent,5\np1,2,2026-03-01 10:00,delivered,\n"
PLACE = "/admin/integrate/lifecycle"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door, for all of these."""
    directory = tmp_path_factory.mktemp("trials")
    with open_house(f"sqlite:///{directory / 'makegood.db'}", data_dir=directory) as opened:
        yield opened


@pytest.fixture(scope="module")
def ola(house: House) -> Browser:
    """Somebody who runs the installation."""
    return browser_of(house, "ola", Role.OPERATOR)


def test_a_lifecycle_is_checked_drawn_and_tested_and_nothing_is_kept(house: House, ola: Browser) -> None:
    before = house.counts()
    scenario = (RETURNS / "scenarios" / "both_languages.yaml").read_text(encoding="utf-8")
    scenario = scenario.replace("../returns.yaml", "lifecycle.yaml")
    answer = ola.send(PLACE, PLACE, what="check", definition=LIFECYCLE)
    assert answer.status_code == 200 and "unknown-template" in answer.text, "its words are not beside it"
    given = {"definition": LIFECYCLE, "words": WORDS}
    answer = ola.send(PLACE, PLACE, what="check", **given)
    assert "All is well." in answer.text and "1 definition checked, no problems" in answer.text
    answer = ola.send(PLACE, PLACE, what="draw", **given)
    assert "<svg" in answer.text and "sha256-" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    answer = ola.send(PLACE, PLACE, what="test", scenario=scenario, **given)
    assert answer.status_code == 200 and "All is well." in answer.text, answer.text
    wrong = ola.send(PLACE, PLACE, what="test", scenario=f"{scenario}\nnonsense: 1\n", **given)
    assert "Something is wrong." in wrong.text and "nonsense" in wrong.text
    assert house.counts() == before


def test_real_events_are_replayed_through_a_lifecycle(ola: Browser) -> None:
    answer = ola.send(PLACE, PLACE, what="replay", definition=PARCEL, log=LOG, map=MAP)
    assert "All is well." in answer.text and "2 applied" in answer.text, answer.text
    assert "2026-03-01T10:00:00Z  parcel:p1  deliver: " in answer.text, "its moves are there to be read"
    assert "moves.jsonl" not in answer.text and "report.json" not in answer.text, "those are gone"
    answer = ola.send(
        PLACE, PLACE, what="replay", definition=PARCEL, log=LOG.replace("2026", "never"), map=MAP
    )
    assert "Something is wrong." in answer.text


def test_the_example_can_be_checked_drawn_tested_and_replayed(ola: Browser) -> None:
    assert "Fill in an example" in ola.get(PLACE).text
    assert "lifecycle: parcel" in ola.get(f"{PLACE}?example=yes").text
    for what in ("check", "draw", "test", "replay"):
        answer = ola.send(PLACE, PLACE, what=what, **_example())
        assert answer.status_code == 200 and "Something is wrong." not in answer.text, answer.text
        assert answer.text.count("<details open>") == 2, "what has been written stays in sight"
    assert "parcel:p1  overdue: sent → late" in answer.text, "and shows what a timer does"


@pytest.mark.parametrize(("what", "more"), [
    ("check", {}), ("test", {}), ("replay", {"definition": LIFECYCLE, "log": "a"}),
    ("explode", {"definition": "x"}),
])  # fmt: skip
def test_what_is_not_whole_is_not_tried(ola: Browser, what: str, more: dict[str, str]) -> None:
    assert ola.send(PLACE, PLACE, what=what, **more).status_code == 422


def test_what_a_trial_is_told_is_nothing_of_this_installation(
    house: House, ola: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("MAKEGOOD_CLOCK", "nonsense")
    answer = ola.send(PLACE, PLACE, what="check", definition=LIFECYCLE)
    assert "nonsense" not in answer.text and "postgresql" not in answer.text
