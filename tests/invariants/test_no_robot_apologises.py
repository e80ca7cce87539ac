"""Invariant 10: an apology, a missed appointment, a broken promise: a person says it, or nobody does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from state_machines.errors import DefinitionError
from tests.invariants.contents import contents
from tests.workflow.world import NOW, World, new_world
from workflow.engine.registry import Registry

ABOUT = ("apology", "missed_appointment", "broken_promise")
VOICES = ("voice", "robocall", "ivr", "tts")
CALL = """
lifecycle: call
version: 1
triggers: {{tell: {{data: {{channel: {{type: string, required: true}}}}}}}}
states: [{{name: told}}]
transitions:
  - trigger: tell
    source: initial
    dest: told
    effects:
      - notice: {{to: ada@example.com, channel: {channel}, about: {about}, title: t, words: w}}
"""


@pytest.fixture(params=ABOUT)
def world(request: pytest.FixtureRequest, database_url: str) -> Iterator[World]:
    """With a lifecycle that computes over which channel it says the delicate thing."""
    world = new_world(database_url, CALL.format(channel="=event.data.channel", about=request.param))
    yield world
    world.store.close()


@pytest.mark.parametrize("channel", VOICES)
def test_a_voice_that_was_computed_says_nothing(world: World, channel: str) -> None:
    world.post("call.tell", "call:1", {"channel": channel})
    found = contents(world.store)
    assert (found["outbox"], found["moves"], world.state("call:1")) == ([], [], "initial")
    assert "automated-voice" in found["inbox"][0]["error"], "it is kept, and says why"


def test_a_person_and_what_can_be_read_say_it(world: World) -> None:
    for number, channel in enumerate(["live", "email", "sms"]):
        world.post("call.tell", f"call:{number}", {"channel": channel})
    assert [effect["target"] for effect in contents(world.store)["outbox"]] == ["live", "email", "sms"]


@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize("channel", VOICES)
def test_a_definition_that_says_otherwise_is_never_registered(
    sqlite_registry: Registry, about: str, channel: str
) -> None:
    with pytest.raises(DefinitionError, match="automated-voice"):
        sqlite_registry.register([(CALL.format(channel=channel, about=about), None)], NOW)


@pytest.fixture
def sqlite_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    directory = tmp_path_factory.mktemp("registry")
    world = new_world(f"sqlite:///{directory / 'makegood.db'}")
    yield world.engine.registry
    world.store.close()
