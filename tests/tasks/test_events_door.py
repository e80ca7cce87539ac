"""The door for colleagues on the broker: what Celery's JSON brings is kept as it is, or refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from kombu.utils import json
from sqlalchemy import func, select

from tasks.transport import EventsRefused
from tests.workflow.world import World
from workflow.engine.decoded_events import accept_decoded
from workflow.errors import InvalidEvent
from workflow.store.schema import events


def event(world: World, identity: str, **changes: Any) -> dict[str, Any]:
    """A good event with something changed."""
    return world.event("lamp.press", f"lamp:{identity}", {"level": 3}, id=identity).to_json() | changes


def accept(world: World, *sent: dict[str, Any]) -> list[str]:
    """How each is answered that comes out of a message."""
    brought = json.loads(json.dumps(list(sent)))
    return [answer.status for answer in accept_decoded(world.engine, brought)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": {"level": 3, "more": [{"n": float("nan")}]}}, "[0].data.more[0].n [finite]"),
        ({"data": {"level": 3, "n": float("-inf")}}, "[0].data.n [finite]"),
        ({"data": {"level": 3, "n": 2**64}}, "[0].data.n [integer-range]"),
        ({"data": {"level": 3, "n": UUID(int=7)}}, "[0].data.n [json-data]"),
        ({"data": {"level": 3, "n": b"bytes"}}, "[0].data.n [json-data]"),
        ({"subject": "lamp:a\x85b"}, "[0].subject [form]"),
        ({"data": None, "data_base64": "eyJhIjogTmFOfQ=="}, "[0].data_base64 [json]"),
    ],
)
def test_what_would_be_kept_as_something_else_is_refused(
    world: World, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidEvent) as refused:
        accept(world, event(world, "a", **changes), event(world, "b"))
    assert str(EventsRefused(refused.value.problems)) == said
    with world.store.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0


def test_what_is_json_is_kept(world: World) -> None:
    assert accept(world, event(world, "a", data={"level": 3, "n": [2**64 - 1, None, 0.5]})) == ["accepted"]
    assert accept(world, event(world, "b", data=None, data_base64="eyJsZXZlbCI6IDN9")) == ["accepted"]
    assert accept(world) == []
