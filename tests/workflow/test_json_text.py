"""Whole numbers that are written with an exponent are whole numbers, on every store."""

from __future__ import annotations

import pytest

from tests.workflow.world import World
from workflow.engine.decoded_events import accept_decoded
from workflow.engine.json_text import decode


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"[1e16, -1e17, 1e19]", [10**16, -(10**17), 10**19]),
        (b'{"a": {"b": [1e+18]}, "c": 1.0}', {"a": {"b": [10**18]}, "c": 1.0}),
        (b'[1e20, 1.5e300, 1e15, 2.5, "1e16"]', [1e20, 1.5e300, 1e15, 2.5, "1e16"]),
    ],
)
def test_a_whole_number_is_one_however_it_is_written(text: bytes, value: object) -> None:
    found = decode(text)
    assert repr(found) == repr(value)


def test_what_was_accepted_is_what_is_decided_upon(world: World) -> None:
    """PostgreSQL writes out what SQLite leaves as it came."""
    data = decode(b'{"level": 1e16}')
    world.engine.accept([world.event("lamp.press", "lamp:1", data)])
    world.engine.apply()
    assert repr(world.data("lamp:1")["level"]) == "10000000000000000"


def test_what_others_have_decoded_is_read_alike(world: World) -> None:
    """Over the broker no text comes in."""
    event = {
        "specversion": "1.0", "id": "e-1", "source": "/other", "type": "lamp.press", "subject": "lamp:1",
        "data": {"level": 1e16},
    }  # fmt: skip
    accept_decoded(world.engine, [event])
    world.engine.apply()
    assert repr(world.data("lamp:1")["level"]) == "10000000000000000"
