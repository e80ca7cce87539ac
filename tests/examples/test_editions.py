"""One lifecycle in both editions: the same decisions over a few lives, and the page says what each costs."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from state_machines.check import check
from state_machines.decision import Decision
from state_machines.errors import StateMachineError
from state_machines.values.json_values import to_json
from tests.examples.pages import DOCS
from tests.state_machines.life import Life
from workflow.engine.definition_files import bundle_of

FILES = DOCS.parent / "examples" / "editions"
FIRST, SECOND = (FILES / name / "defect.yaml" for name in ("first", "second"))
PAGE = (DOCS / "editions.md").read_text(encoding="utf-8")
ADA = {"name": "Ada", "email": "ada@example.com", "language": "de", "zone": "Europe/Berlin"}
REPORT = {"tenant": ADA, "flat": "Elm St 4", "words": "The heating is cold.", "manager": "mo@house.example"}
VISITS = ("2026-07-02T10:00:00Z", "2026-06-01T10:00:00Z")
EVENTS: dict[str, list[dict[str, Any]]] = {
    "report": [REPORT, {**REPORT, "danger": True}],
    "assign": [{"craftsman": "cy@pipes.example", "comes_at": at} for at in VISITS],
    "mended": [{"by": "cy@pipes.example", "cost": 80}, {"by": "mo@house.example"}],
    "not_mended": [{}, {"words": "Cold again."}],
    "content": [{}],
    "thanks": [{"words": "You were quick."}],
}  # fmt: skip


def bundle(file: Path) -> str:
    """A definition with its words."""
    return bundle_of(file, lambda one: one.read_text(encoding="utf-8"))


def said(life: Life, decision: Decision | StateMachineError) -> Any:
    """What a decision says, apart from the place in the definition that a refusal names."""
    if isinstance(decision, StateMachineError):
        return "an error"
    refused = (decision.reason or "").partition(":")[0]
    effects = [json.dumps(one, sort_keys=True, default=str) for one in decision.effects]
    timers = {name: timer.due_at for name, timer in life.subject.timers.items()}
    return decision.outcome, life.state, refused, effects, to_json(dict(life.data)), timers


def same(lives: list[Life], trigger: str, data: dict[str, Any]) -> None:
    """Both decide alike about this event."""
    found = []
    for life in lives:
        try:
            found.append(said(life, life.happens(trigger, **data)))
        except StateMachineError as error:
            found.append(said(life, error))
    assert found[0] == found[1], trigger


@pytest.mark.parametrize("file", [FIRST, SECOND], ids=["first", "second"])
def test_neither_has_a_fault(file: Path) -> None:
    assert check(bundle(file), str(file)) == []


@pytest.mark.parametrize("seed", range(12))
def test_both_decide_alike(seed: int) -> None:
    chance = random.Random(seed)
    lives = [Life(bundle(file)) for file in (FIRST, SECOND)]
    same(lives, "report", EVENTS["report"][seed % 2])
    for _ in range(12):
        trigger = chance.choice(list(EVENTS))
        same(lives, trigger, chance.choice(EVENTS[trigger]))
        hours = chance.choice([0, 1, 5, 30, 200])
        first, second = (life.passes(hours) for life in lives)
        assert first == second
        assert said(lives[0], lives[0].decisions[-1]) == said(lives[1], lives[1].decisions[-1])


def test_it_is_mended_closed_and_thanked_for() -> None:
    lives = [Life(bundle(file)) for file in (FIRST, SECOND)]
    for trigger in ("report", "assign", "mended"):
        same(lives, trigger, EVENTS[trigger][0])
    for life in lives:
        life.passes(timedelta(days=7).total_seconds() / 3600)
    same(lives, "thanks", EVENTS["thanks"][0])
    assert [life.state for life in lives] == ["closed", "closed"]
    assert all(len(life.decisions[-1].effects) == 1 for life in lives)


@pytest.mark.parametrize("folder", ["first", "second"])
def test_the_page_shows_the_files_and_their_size(folder: str) -> None:
    files = sorted((FILES / folder).glob("*.yaml"), key=lambda one: (len(one.name), one.name))
    texts = [one.read_text(encoding="utf-8") for one in files]
    assert [text for text in texts if f"```yaml\n{text}```" not in PAGE] == []
    for file, text in zip(files, texts, strict=True):
        size = f"{text.count(chr(10))} | {len(text):,}"
        assert f"[`{folder}/{file.name}`](../examples/editions/{folder}/{file.name}) | {size} |" in PAGE
