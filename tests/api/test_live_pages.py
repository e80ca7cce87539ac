"""What open pages ask for by themselves: hints without content, who else is here, how long a session is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event, select, update

from tests.api.conftest import House, open_house
from tests.api.signed_in import Browser, browser_of
from tests.api.test_desk import asked, call, working
from workflow.access import people, sessions
from workflow.access.role import Role
from workflow.console import live_pages
from workflow.console.hints import topic
from workflow.store import schema

_NAMES = count(1)
BY_ITSELF = {"Makegood-By-Itself": "yes"}


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


def somebody(house: House, *teams: str) -> tuple[str, Browser]:
    """The name of somebody at the desk, and their browser."""
    name = f"live{next(_NAMES)}"
    return name, browser_of(house, name, Role.AGENT, teams=teams)


@contextmanager
def stream(
    browser: Browser, after: int | None = None, **headers: str
) -> Iterator[tuple[httpx.Response, Iterator[tuple[str, dict[str, object]]]]]:
    """The stream of a browser: its answer, and its events as they come, by name."""
    path = "/live" if after is None else f"/live?after={after}"
    with browser.http.stream("GET", path, headers={"Accept": "text/event-stream"} | headers) as answer:
        yield answer, _events(answer)


def _events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, object]]]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_hint_says_that_something_changed_and_nothing_of_it(house: House) -> None:
    _, browser = somebody(house)
    with stream(browser) as (answer, events):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert next(events) == ("beat", {"left": 7200, "longest": 43200})
        key = call(house, "secret-name", "hints", customer={"name": "Somebody Secret"})
        name, hint = next(events)
        while topic(key) not in hint["subjects"]:  # type: ignore[operator]  # others of this module go on
            name, hint = next(events)
    assert name == "hint" and "callback" in hint["lifecycles"]  # type: ignore[operator]
    said = json.dumps(hint)
    assert "secret" not in said.lower() and key not in said


def test_a_stream_begins_behind_what_the_page_shows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, browser = somebody(house)
    before = call(house, "before", "shown")
    shown = int(re.search(r'data-shown="(\d+)"', browser.http.get("/line").text)[1])  # type: ignore[index]
    key = call(house, "after", "shown")
    for given in ({"after": shown}, {"after": 0, "Last-Event-ID": str(shown)}):
        with stream(browser, **given) as (_, events):  # type: ignore[arg-type]
            assert next(events)[0] == "beat"
            name, hint = next(events)
        assert name == "hint" and topic(key) in hint["subjects"], given  # type: ignore[operator]
        assert topic(before) not in hint["subjects"], given  # type: ignore[operator]
    for strange in ("none of ours", "9" * 40):
        with stream(browser, shown, **{"Last-Event-ID": strange}) as (_, events):
            next(events)
            assert topic(key) in next(events)[1]["subjects"], strange  # type: ignore[operator]
    monkeypatch.setattr(live_pages, "_FOLLOWED_UP", 0)
    with stream(browser, shown) as (_, events):
        assert [next(events)[0] for _ in range(2)] == ["beat", "missed"], "too much to be told one by one"


def test_a_stream_ends_with_its_session_and_is_no_use_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pages, "BEAT", 0.1)
    name, browser = somebody(house)
    _age(house, name, timedelta(hours=1))
    with stream(browser) as (_, events):
        assert [next(events)[1]["left"] for _ in range(2)] == [3600, 3600], "nor is it when it is opened anew"
        with house.runtime.store.begin() as transaction:
            person = people.find(house.runtime.store, f"{name}@desk.example")
            sessions.end_all(transaction, person.id, house.runtime.clock.now())
        assert list(events)[-1][0] == "ended"


def _age(house: House, name: str, by: timedelta) -> None:
    """Have the session of somebody be used last that long ago."""
    person = people.find(house.runtime.store, f"{name}@desk.example")
    at = house.runtime.clock.now() - by
    with house.runtime.store.begin() as transaction:
        of = update(schema.sessions).where(schema.sessions.c.person_id == person.id)
        transaction.connection.execute(of.values(seen_at=at))


def test_what_a_page_asks_by_itself_makes_no_session_last_longer(house: House) -> None:
    name, browser = somebody(house)
    _age(house, name, timedelta(hours=1))
    for path in ("/line", "/live/session", "/live/waiting"):
        assert browser.http.get(path, headers=BY_ITSELF).status_code == 200
    assert browser.http.get("/live/session", headers=BY_ITSELF).json()["left"] == 3600
    token = browser.forms("/line").to("/line/claim")["token"]
    _age(house, name, timedelta(hours=1))
    assert browser.post("/live/session", {"token": token}).json()["left"] == 7200, "one key goes on"


def test_a_part_comes_without_its_frame_and_takes_no_success_from_its_reader(house: House) -> None:
    _, browser = somebody(house, "parts")
    call(house, "1", "parts")
    browser.send("/line", "/line/claim")
    part = browser.http.get("/line", headers=BY_ITSELF).text
    assert 'id="waiting"' in part and "<header" not in part and 'class="done"' not in part
    assert 'class="done"' in browser.get("/line").text


def test_who_else_is_here_and_for_how_long(house: House) -> None:
    key = call(house, "1", "here")
    (one, first), (other, second) = somebody(house), somebody(house)
    assert "is here, too" not in first.get(f"/work/{key}").text
    assert f"{one.title()} is here, too" in second.get(f"/work/{key}").text
    token = first.forms("/line").to("/line/claim")["token"]
    fields = {"token": token, "subject": key}
    assert f"{other.title()} is here, too" in first.post("/live/here", fields).text
    with house.runtime.store.begin() as transaction:
        person = people.find(house.runtime.store, f"{other}@desk.example")
        theirs = update(schema.presence).where(schema.presence.c.person_id == person.id)
        long_ago = house.runtime.clock.now() - timedelta(seconds=46)
        transaction.connection.execute(theirs.values(seen_at=long_ago))
    assert first.post("/live/here", fields).text.strip() == "", "their browser has not said so for long"
    first.post("/live/here", fields | {"gone": "yes"})
    assert "is here, too" not in second.get(f"/work/{key}").text
    assert first.post("/live/here", fields | {"subject": "callback:nothing"}).status_code == 404


def test_a_page_that_notes_who_looks_waits_for_no_disk(house: House) -> None:
    asked(house, "case.open", "case:soon-here", customer={"name": "C"}, words="Dead", owner="o@x.example")
    _, browser = somebody(house)
    said: list[str] = []

    def heard(*statement: object) -> None:
        said.append(str(statement[2]).strip().lower())

    event.listen(house.runtime.store.engine, "before_cursor_execute", heard)
    try:
        assert browser.get("/cases/soon-here").status_code == 200
    finally:
        event.remove(house.runtime.store.engine, "before_cursor_execute", heard)
    wrote = [at for at, one in enumerate(said) if re.match(r"(insert into|delete from) presence", one)]
    assert len(wrote) == 2
    if house.runtime.store.dialect == "postgresql":
        assert {said[at - 1] for at in wrote} == {"set local synchronous_commit = off"}


def test_presence_of_long_ago_is_forgotten(house: House) -> None:
    asked(house, "case.open", "case:old-here", customer={"name": "C"}, words="w", owner="o@x.example")
    _, browser = somebody(house)
    browser.get("/cases/old-here")
    presence = schema.presence
    with house.runtime.store.begin() as transaction:
        old = house.runtime.clock.now() - timedelta(minutes=11)
        transaction.connection.execute(
            update(presence).where(presence.c.subject == "case:old-here").values(seen_at=old)
        )
    shown = somebody(house)[1].get("/work/" + call(house, "2", "here"))
    assert shown.status_code == 200, shown.text
    with house.runtime.store.connect() as connection:
        query = select(presence.c.subject).where(presence.c.subject == "case:old-here")
        assert connection.execute(query).all() == []


def test_who_waits_is_told_by_topic_and_to_whom_it_concerns(house: House) -> None:
    key = call(house, "1", "waiting-here")
    _, mine = somebody(house, "waiting-here")
    _, others = somebody(house, "waiting-elsewhere")
    assert topic(key) in mine.http.get("/live/waiting", headers=BY_ITSELF).json()["waiting"]
    assert topic(key) not in others.http.get("/live/waiting", headers=BY_ITSELF).json()["waiting"]


def test_more_streams_than_there_may_be_are_turned_away(tmp_path: Path) -> None:
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", change_streams=0) as house:
        answer = browser_of(house, "late", Role.AGENT).http.get(
            "/live", headers={"Accept": "text/event-stream"}
        )
        assert answer.status_code == 429 and answer.headers["retry-after"]
