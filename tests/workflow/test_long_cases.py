"""What is told about a case or a subject ends, however long its history is, and says what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.workflow.test_packet import CASE, CUSTOMER, OWNER
from tests.workflow.world import World, new_world
from workflow.errors import InvalidQuery
from workflow.explanation import explain, explaining
from workflow.queries import family
from workflow.recovery.archive import document
from workflow.recovery.archive.markdown import markdown
from workflow.recovery.archive.record import Place, records
from workflow.recovery.packet import packet
from workflow.recovery.packet.packet import MOST

FORM = """
lifecycle: form
version: 1
triggers: {mail: {}, nudge: {}, lapse: {}}
states: [open, {name: late, final: true}]
timeouts:
  answer: {in: [open], after: P1D, on_timeout: lapse}
transitions:
  - {trigger: mail, source: initial, dest: open}
  - {trigger: nudge, source: open, restart: [answer]}
  - {trigger: lapse, source: open, dest: late}
"""


def _opened(world: World, **more: Any) -> None:
    world.post("case.open", CASE, {"customer": CUSTOMER, "words": "Dead line", "owner": OWNER, **more})


def _found(world: World) -> Any:
    return packet(world.store, "C-9", world.clock.now())


def test_a_packet_shows_so_much_of_each_list_and_says_what_is_left_out(world: World) -> None:
    _opened(world, facts={f"fact{n:03}": n for n in range(MOST + 5)})
    world.post("case.promise", CASE, {"words": "the oldest", "within": "P9D", "by": OWNER})
    oldest = _found(world).promises[-1]["key"]
    for number in range(MOST + 10):
        world.post("case.promise", CASE, {"words": f"number {number}", "within": "P9D", "by": OWNER})
    before = [one["key"] for one in _found(world).promises]
    for key in before[1:]:
        world.post("promise.keep", key, {"by": OWNER, "evidence": "done"})
    found = _found(world)
    assert len(found.facts) == len(found.promises) == MOST
    assert (found.more["facts"], found.facts[0].fact) == (5, "fact000")
    assert found.more["promises"] >= 11
    assert oldest in [one["key"] for one in found.promises], "what is open is shown before what has ended"


def test_a_short_packet_leaves_nothing_out(world: World) -> None:
    _opened(world)
    assert _found(world).more == {}


def test_of_a_large_family_the_open_and_the_newest_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _opened(world)
    for number in range(6):
        world.post("case.promise", CASE, {"words": f"number {number}", "within": "P9D", "by": OWNER})
    with world.store.connect() as connection:
        everybody = family.family(connection, CASE)
    monkeypatch.setattr(family, "MOST", 4)
    with world.store.connect() as connection:
        some = family.family(connection, CASE)
    assert (everybody.more, some.more) == (0, len(everybody.members) - 4)
    assert [one.key for one in some.members] == [CASE, *(one.key for one in everybody.members[-3:])]
    assert _found(world).more == {"family": some.more}


def test_a_service_alert_ends_and_says_what_was_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MOST", 10)
    monkeypatch.setattr(document, "_FIRST", 4)
    _opened(world)
    for number in range(30):
        world.post("case.step", CASE, {"step": f"step {number}", "result": "none", "by": OWNER})
    (found,) = records(world.store, world.engine.registry, [Place(CASE, 31)])
    told = document.document(found, 1)
    assert [one["step"] for one in told["steps"]] == [f"step {n}" for n in (*range(4), *range(24, 30))]
    assert told["left_out"]["steps"] == 20
    assert len(told["timeline"]) == 10
    assert "- steps: 20 entries" in markdown(told)


@pytest.fixture
def form(database_url: str) -> Iterator[World]:
    """A form whose timer is set anew again and again."""
    world = new_world(database_url, FORM)
    world.post("form.mail", "form:1", {})
    for number in range(300):
        world.post("form.nudge", "form:1", {"number": number})
    yield world
    world.store.close()


def test_an_explanation_tells_the_first_and_the_last_steps(form: World) -> None:
    (timer,) = explain(form.store, form.engine.registry, "form:1").timers
    assert len(timer.steps) == 61
    assert timer.steps[40] == "(241 more steps left out here.)"
    assert "decision 40," in timer.steps[39] and "decision 282," in timer.steps[41]
    assert "decision 301," in timer.steps[-1]


def test_a_history_that_is_too_long_is_not_gone_through(form: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "MOST_DECISIONS", 300)
    with pytest.raises(InvalidQuery, match="301 decisions"):
        explain(form.store, form.engine.registry, "form:1")
