"""Names of channels: which can be registered, and which fit where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.definitions.event_data import validate
from state_machines.definitions.lifecycle import load
from state_machines.errors import EventDataError
from state_machines.notices import channels
from state_machines.notices.channels import AUTOMATED_VOICES, CHANNELS, ChannelWord, Manner
from state_machines.notices.permission import refusal
from state_machines.notices.topics import Topic
from workflow.recovery.contact.channels import address_fields, register, registered, written

WISHES = load("""
lifecycle: wish
version: 1
triggers:
  say:
    data:
      any: {type: string, format: channel}
      read: {type: string, format: written-channel}
      liked: {type: array, items: {type: string, format: contact-channel}}
states: [said]
transitions: [{trigger: say, source: initial, dest: said}]
""")


def spelt(name: str) -> st.SearchStrategy[str]:
    """The name in some spelling: capitals or not, its words apart, together, or joined by a line."""
    words = name.split("_")
    joints = st.lists(st.sampled_from(["", "_", "-", " "]), min_size=len(words), max_size=len(words))
    capital = st.lists(st.booleans(), min_size=len(words), max_size=len(words))
    return st.tuples(joints, capital).map(
        lambda drawn: "".join(
            (word.upper() if loud else word) + joint
            for word, joint, loud in zip(words, [*drawn[0][:-1], ""], drawn[1], strict=True)
        )
    )


VOICES = st.sampled_from(sorted(AUTOMATED_VOICES)).flatmap(spelt)


@given(VOICES, st.sampled_from(Manner))
def test_no_automated_voice_is_ever_a_channel_whatever_its_spelling(name: str, manner: Manner) -> None:
    with pytest.raises(ValueError, match="automated voice"):
        channels.register(ChannelWord(name, manner, frozenset({"callback"})))
    assert CHANNELS.get(name) is None
    assert str(refusal(Topic("apology", by_person=True), name)).startswith("automated-voice")


@given(st.text(max_size=12), st.booleans())
def test_a_notice_goes_over_registered_channels_alone(name: str, by_person: bool) -> None:
    refused = refusal(Topic("recall", by_person=by_person), name)
    assert (refused is None) is (name in ("preferred", *channels.names()) and name != "dial")


@pytest.mark.parametrize("name", ["preferred", "default"])
def test_words_of_the_language_are_no_channels(name: str) -> None:
    with pytest.raises(ValueError, match="word of the language"):
        channels.register(ChannelWord(name))


def test_nobody_takes_the_place_of_a_channel() -> None:
    email = registered()["email"]
    register(email)
    with pytest.raises(ValueError, match="'email' is registered already"):
        register(replace(email, adapter="tests.contracts.pager"))
    assert registered()["email"] == email


def test_what_connects_people_says_what_it_is_for() -> None:
    with pytest.raises(ValueError, match="what may a notice over it be about"):
        channels.register(ChannelWord("bridge", Manner.CONNECTS))


def test_a_channel_is_registered_before_the_first_definition_is_compiled() -> None:
    with pytest.raises(ValueError, match="comes too late"):
        channels.register(ChannelWord("pigeon"))


EVERYWHERE = {"email", "sms", "chat", "social", "webhook", "pager"}


@pytest.mark.parametrize(
    ("field", "fit"),
    [
        ("any", EVERYWHERE | {"preferred", "live", "recording"}),
        ("read", EVERYWHERE | {"preferred", "recording"}),
        ("liked", EVERYWHERE | {"live"}),
    ],
)
def test_declared_data_know_the_registered_channels(field: str, fit: set[str]) -> None:
    """The first five are those that ship, and one more is registered for the tests."""

    def accepted(name: str) -> bool:
        data: dict[str, Any] = {field: [name] if field == "liked" else name}
        try:
            validate(WISHES, "say", data)
        except EventDataError as error:
            (problem,) = error.problems
            assert problem.rule == "unknown-channel" and "pager" in problem.message
            return False
        return True

    tried = {*EVERYWHERE, "preferred", "live", "recording", "dial", "pigeon", "robocall", "Email", ""}
    assert {name for name in tried if accepted(name)} == fit


def test_who_has_not_said_a_channel_is_written_to_in_the_order_of_their_places() -> None:
    assert written()[:5] == ("email", "sms", "chat", "social", "webhook")
    assert "pager" in written()[5:]
    assert address_fields()[:5] == ("email", "phone", "social", "chat", "url")
    assert "pager" in address_fields()[5:]
    assert all(CHANNELS.get(name) == one.word for name, one in registered().items())
