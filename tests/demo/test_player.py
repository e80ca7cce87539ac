"""The player against a real door: what people do is accepted, and what does not come about is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from makegood import Client
from tests.api.conftest import NOON, House, open_house
from workflow.access.keys import Role
from workflow.clock import CompressedClock, SystemClock
from workflow.demo import player as playing
from workflow.demo.deeds import Deeds
from workflow.demo.errors import Interrupted, StoryStuck
from workflow.demo.player import Player
from workflow.demo.scene import Stage
from workflow.demo.script import Asks, Says, Step, Until
from workflow.demo.stories import story_3_late_callback as story
from workflow.demo.timeline import Timeline

MAKE = story.steps(NOON)[0]
MADE = Until("promise", "made")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A door whose events nobody applies, unless the test does."""
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}") as opened:
        yield opened


@pytest.fixture
def said() -> StringIO:
    """What the timeline printed."""
    return StringIO()


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what never comes about: the player waits hardly longer than the story says."""
    monkeypatch.setattr(playing, "PATIENCE_SECONDS", 0.3)


@pytest.fixture
def player(house: House, said: StringIO, tmp_path: Path) -> Iterator[Player]:
    """A player whose story goes by in no time."""
    clock = CompressedClock(NOON, SystemClock().now(), 36_000)
    with Client(str(house.http.base_url), house.keys[Role.OPERATOR], proxies=False) as client:
        stage = Stage(client, tmp_path / "notices.jsonl", story.STORY.roots)
        deeds = Deeds(stage, str(house.http.base_url))
        yield Player(stage, deeds, Timeline(Console(file=said, width=200), story.STORY), clock, Event())


def test_what_people_do_goes_through_the_door(house: House, player: Player, said: StringIO) -> None:
    player.play([MAKE])
    house.apply()
    player.play([Step("They wait", until=MADE), Step("They go on waiting", until=MADE)])
    assert player.stage.look().subjects[story.PROMISE]["data"]["owner"] == story.MANAGER
    assert said.getvalue().count("initial -> made") == 1


@pytest.mark.usefixtures("in_a_hurry")
def test_what_does_not_come_about_is_said(player: Player) -> None:
    player.play([MAKE])
    with pytest.raises(StoryStuck, match=r"0 s for the promise to be made; promise:P-17 is initial"):
        player.play([Step("Nobody applies it", until=MADE, within=timedelta())])


@pytest.mark.usefixtures("in_a_hurry")
def test_before_anything_has_happened_there_is_nothing(player: Player) -> None:
    assert player.stage.look().subjects == {}
    assert player.stage.key("promise") == story.PROMISE
    assert player.stage.key("escalation") is None
    with pytest.raises(StoryStuck, match="nothing has been opened"):
        player.play([Step("Nobody makes it", until=MADE, within=timedelta())])


@pytest.mark.parametrize("step", [Step("Waits", until=MADE), Step("Thinks", after=timedelta(days=9))])
def test_an_interruption_ends_it_at_once(player: Player, step: Step) -> None:
    player.interrupted.set()
    with pytest.raises(Interrupted):
        player.play([step])


def test_what_is_asked_waits_for_the_answer_that_must_come(
    house: House, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.play([MAKE])
    house.apply()
    player.play([Step("Looks", does=(Asks("/v1/subjects/{promise}", lambda said: said["state"] == "made"),))])
    monkeypatch.setattr(playing, "PATIENCE_SECONDS", 0.3)
    with pytest.raises(StoryStuck, match="an answer of /v1/subjects"):
        player.play([Step("Looks", does=(Asks("/v1/subjects/{promise}", lambda said: not said),))])


def test_nobody_speaks_to_what_is_not_there(player: Player) -> None:
    with pytest.raises(StoryStuck, match="there is no callback that could be told to claim"):
        player.play([Step("Claims", does=(Says("callback", "claim", {"by": story.DESK}),))])
