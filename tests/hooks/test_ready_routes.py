"""Every ready route, with the messages that its system really posts, to what they come to."""

from __future__ import annotations

import pytest

from tests.api.conftest import NOON, House
from tests.hooks.conftest import deliver, signed, subject
from tests.hooks.signing import AGE_SHOWS, OLD, SECRETS, SIGNERS
from tests.hooks.stories import differences, recorded_routes, story_of
from workflow.hooks.open_routes import ready_names

ROUTES = recorded_routes()


def test_every_ready_route_has_three_recorded_messages_at_least() -> None:
    assert ready_names() == ROUTES
    for route in ROUTES:
        assert len({one.file for one in story_of(route)}) >= 3, route
        named = {one.file for one in story_of(route)}
        lying = {file for file in named.pop().parent.iterdir() if file.name != "story.yaml"}
        assert lying == {one.file for one in story_of(route)}, f"{route}: a message that no story plays"


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_not_signed_as_its_system_signs_is_refused_and_nothing_is_kept(
    house: House, route: str
) -> None:
    for one in story_of(route):
        counts = house.counts()
        path = one.path
        without = house.http.post(path, content=one.body, headers=one.head)
        guessed = house.http.post(
            path, content=one.body, headers=one.head | signed(route, one.body, "guessed-it")
        )
        assert (without.status_code, guessed.status_code) == (401, 401), one.file
        assert without.json()["errors"][0]["rule"] == "missing-signature"
        assert guessed.json()["errors"][0]["rule"] == "signature"
        if route not in ("freshdesk", "mail"):  # these sign nothing, and show a secret instead
            other = signed(route, one.body + b" ")
            changed = house.http.post(path, content=one.body, headers=one.head | other)
            assert changed.status_code == 401, one.file
        if route in AGE_SHOWS:
            old = SIGNERS[route](SECRETS[route], one.body, NOON - OLD)
            late = house.http.post(path, content=one.body, headers=one.head | old)
            assert (late.status_code, late.json()["errors"][0]["rule"]) == (401, "too-old")
        assert house.counts() == counts


@pytest.mark.parametrize("route", ROUTES)
def test_recorded_messages_come_to_what_their_story_says(house: House, route: str) -> None:
    for one in story_of(route):
        answer = deliver(house, one)
        assert answer.status_code in (200, 202), f"{one.file}: {answer.text}"
        if answer.headers["content-type"] == "application/json":
            assert not list(differences(one.answer, answer.json())), f"{one.file}: {answer.text}"
        house.apply()
        for key, expected in one.then.items():
            assert not list(differences(expected, subject(house, key))), f"{one.file}: {key}"
    refused = house.get("/v1/refusals").json()["items"]
    assert [one for one in refused if one["source"].startswith(f"/{route}")] == []


@pytest.mark.parametrize("route", ROUTES)
def test_the_same_message_twice_is_one(house: House, route: str) -> None:
    for one in story_of(route):
        deliver(house, one)
        house.apply()
        counts = house.counts()
        again = deliver(house, one)
        assert again.status_code in (200, 202)
        if again.headers["content-type"] == "application/json":
            assert again.json()["status"] in ("duplicate", "ignored"), f"{one.file}: {again.text}"
        house.apply()
        assert house.counts() == counts, one.file
