"""Several lifecycles of one's own in one replay: one opens another, and a map speaks of both."""

from pathlib import Path

import orjson
import pytest

from tests.replay.scene import Scene
from tests.replay.test_command import makegood
from workflow.replay.refusal import ReplayRefused
from workflow.replay.session import Request, replay

ORDER = """\
lifecycle: order
version: 1
triggers: {place: {}, ship: {}}
states: [{name: placed}, {name: shipped, final: true}]
transitions:
  - {trigger: place, source: initial, dest: placed}
  - trigger: ship
    source: placed
    dest: shipped
    effects: [{open: {lifecycle: parcel, id: =subject.id, trigger: send}}]
"""

MAP = """\
lifecycle: order
subject: number
time: {column: when}
id: [number, what]
events:
  - {name: order, when: {what: [placed, shipped]}, triggers: [
      {trigger: place, when: {what: placed}}, {trigger: ship, when: {what: shipped}}]}
  - {name: parcel, lifecycle: parcel, when: {what: delivered}, triggers: [{trigger: deliver}]}
"""

LOG = """\
number,when,what
7,2026-03-02T10:00:00Z,placed
7,2026-03-02T11:00:00Z,shipped
7,2026-03-02T12:00:00Z,delivered
"""

STORY = [
    "order:7 place placed",
    "order:7 ship shipped",
    "parcel:7 send sent",
    "parcel:7 deliver delivered",
]


def files(scene: Scene) -> tuple[Path, Path]:
    scene.map = MAP
    scene.request(LOG)
    order = scene.directory / "order.yaml"
    order.write_text(ORDER)
    return order, scene.directory / "lifecycle.yaml"


def story(moves: Path) -> list[str]:
    lines = [orjson.loads(line) for line in moves.read_bytes().splitlines()]
    return [f"{one['subject']} {one['trigger']} {one['to']}" for one in lines]


def test_a_lifecycle_opens_another_and_the_map_speaks_of_both(scene: Scene) -> None:
    place = scene.directory
    request = Request(
        place / "log.csv", files(scene), place / "map.yaml", place / "R.json", place / "M.jsonl"
    )
    report = replay(request)
    assert report["rows"]["applied"] == 3
    assert story(request.moves) == STORY
    assert [report["lifecycle"]["name"], *(one["name"] for one in report["other_lifecycles"])] == [
        "order",
        "parcel",
    ]


def test_two_files_of_one_lifecycle_are_refused(scene: Scene) -> None:
    order, _ = files(scene)
    place = scene.directory
    request = Request(
        place / "log.csv", [order, order], place / "map.yaml", place / "R.json", place / "M.jsonl"
    )
    with pytest.raises(ReplayRefused, match="doubled-lifecycle"):
        replay(request)


def test_those_of_the_installation_are_there(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    order, _ = files(scene)
    own = scene.directory / "own"
    own.mkdir()
    order.rename(own / "order.yaml")
    monkeypatch.setenv("MAKEGOOD_LIFECYCLES", str(own))
    done = makegood(scene)
    assert done.returncode == 0, done.stderr
    assert story(scene.directory / "M.jsonl") == STORY
