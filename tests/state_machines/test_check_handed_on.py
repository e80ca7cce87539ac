"""What is handed on to another subject is declared here at least as narrowly as there.

What no door has refused must not be refused on its way: then nobody who sent it would hear of it.
"""

from __future__ import annotations

import pytest

from state_machines.check import check
from state_machines.errors import Problem

_LEVEL = (
    "{type: list, items: {type: object, fields: {within: duration, team: {type: text, max_length: 200}}}}"
)
TEXT = """
edition: 2
lifecycle: note
version: 1
title: A note
data:
  has: HERE
triggers:
  write: {data: {takes: THERE, brings: HERE}}
states: [written]
transitions:
  - {trigger: write, source: initial, dest: written, change: {copy: {has: brings}},
     effects: {open: {lifecycle: note, trigger: write, id: =subject.id + '-more', HAND_ON}}}
"""
REFUSED = {
    "another type": ("text", "integer", "is of type string here, and integer is wanted"),
    "a list of anything": ("list", _LEVEL, "each item of it is wanted to be of type object"),
    "a list of texts": ("{type: list, items: text}", _LEVEL, "'takes[]' is of type string here"),
    "an object of anything": ("object", "{type: object, fields: {within: duration}}", "any 'within' here"),
    "a part of any form": (
        "{type: list, items: {type: object, fields: {within: text, team: {type: text, max_length: 200}}}}",
        _LEVEL, "'takes[].within' is any text here, and one of the form duration is wanted",
    ),
    "a text of any length": ("text", "{type: text, max_length: 200}", "at most 200 characters are wanted"),
    "a longer text": ("{type: text, max_length: 201}", "{type: text, max_length: 200}", "at most 200"),
    "any number": ("integer", "{type: integer, minimum: 1}", "at least 1 is wanted"),
    "a number without an end": ("integer", "{type: integer, maximum: 5}", "at most 5 is wanted"),
    "any word": ("text", "{type: text, enum: [a, b]}", "one of these is wanted: a, b"),
    "a word more": ("{type: text, enum: [a, c]}", "{type: text, enum: [a, b]}", "one of these is wanted"),
}  # fmt: skip
TAKEN = {
    "the same": (_LEVEL, _LEVEL),
    "anything for anything": ("list", "list"),
    "more narrowly": ("{type: text, max_length: 100}", "{type: text, max_length: 200}"),
    "fewer words": ("{type: text, enum: [a]}", "{type: text, enum: [a, b]}"),
    "whole numbers for numbers": ("integer", "number"),
    "what is of any type": ("any", "integer"),
    "into what is of any type": ("list", "any"),
}


@pytest.mark.parametrize("hand_on", ["share: {takes: has}", "copy: {takes: brings}"])
@pytest.mark.parametrize(("here", "there", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_may_be_refused_there_is_found_here(here: str, there: str, message: str, hand_on: str) -> None:
    found = [one for one in _checked(here, there, hand_on) if one.rule == "value-type"]
    assert [message in one.message for one in found] == [True], found


@pytest.mark.parametrize("hand_on", ["share: {takes: has}", "copy: {takes: brings}"])
@pytest.mark.parametrize(("here", "there"), TAKEN.values(), ids=TAKEN.keys())
def test_what_is_always_taken_is_no_fault(here: str, there: str, hand_on: str) -> None:
    assert [one for one in _checked(here, there, hand_on) if one.rule == "value-type"] == []


def _checked(here: str, there: str, hand_on: str) -> list[Problem]:
    text = TEXT.replace("THERE", there).replace("HERE", here).replace("HAND_ON", hand_on)
    return list(check(text, "note.yaml"))
