"""The desk in a browser, without a script: the line, taking from it, how it went, and who did it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.api.conftest import House
from tests.api.signed_in import Browser, Forms, browser_of
from tests.api.test_desk import asked, call, working
from workflow.access.role import Role

_NAMES = count(1)


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


def agent(house: House, desk: str, *roles: Role) -> tuple[str, Browser]:
    """Somebody's address, and their browser; they belong to a desk of this name."""
    name = f"agent{next(_NAMES)}"
    return f"{name}@desk.example", browser_of(house, name, *(roles or (Role.AGENT,)), teams=(desk,))


def by_of(house: House, key: str, trigger: str) -> tuple[object, object]:
    """Who is said to have done something, and who had sent it, as the ledger has it."""
    events = (one["event"] for one in house.get(f"/v1/subjects/{key}/timeline").json()["items"])
    (event,) = [one for one in events if one and one["type"].endswith(f".{trigger}")]
    return event["data"].get("by"), event["actor"]


def test_an_agent_takes_the_next_says_how_it_went_and_stands_in_the_ledger(house: House) -> None:
    key = call(house, "1", "pages", promise_due_at="2026-07-01T12:05:00Z")
    address, browser = agent(house, "pages")
    assert key in browser.get("/line").text
    taken = browser.send("/line", "/line/claim", number=0)
    assert (taken.status_code, taken.headers["location"]) == (303, f"/work/{key}")
    page = browser.get(f"/work/{key}")
    assert "It is yours now" in page.text and 'href="tel:+49301234"' in page.text
    assert "It is yours now" not in browser.get(f"/work/{key}").text, "said once"
    assert key in browser.get("/").text
    done = browser.send(
        f"/work/{key}", f"/work/{key}/outcome", outcome="reached", note="Sorry was said", by="eve@x.example"
    )
    assert (done.status_code, done.headers["location"]) == (303, "/line")
    assert "Noted." in browser.get("/line").text
    assert house.get(f"/v1/subjects/{key}").json()["state"] == "reached"
    for trigger in ("claim", "reached"):
        assert by_of(house, key, trigger) == (address, f"person:{address}"), "nobody types who they are"


def test_the_same_form_twice_is_done_once(house: House) -> None:
    first, second = (call(house, name, "twice") for name in ("1", "2"))
    _, browser = agent(house, "twice")
    form = browser.forms("/line").to("/line/claim")
    places = {browser.post("/line/claim", form).headers["location"] for _ in range(3)}
    assert len(places) == 1, "a double click takes one"
    states = sorted(house.get(f"/v1/subjects/{key}").json()["state"] for key in (first, second))
    assert states == ["claimed", "waiting"]
    key = places.pop().removeprefix("/work/")
    form = browser.forms(f"/work/{key}").to(f"/work/{key}/outcome") | {"outcome": "busy"}
    assert [browser.post(f"/work/{key}/outcome", form).status_code for _ in range(2)] == [303, 303]
    assert len(house.get(f"/v1/subjects/{key}").json()["data"]["tries"]) == 1
    browser.post(f"/work/{key}/outcome", form | {"note": "and something else"})
    assert len(house.get(f"/v1/subjects/{key}").json()["data"]["tries"]) == 1, "nor with other words"


def test_of_two_who_want_one_call_one_gets_it_and_the_other_hears_who_has_it(house: House) -> None:
    key = call(house, "1", "race")
    people = [agent(house, "race") for _ in range(2)]
    forms = [browser.forms(f"/work/{key}").to("/line/claim") for _, browser in people]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: one[0][1].post("/line/claim", one[1]), zip(people, forms, strict=True))
        )
    assert [one.status_code for one in answers] == [303, 303]
    holder = house.get(f"/v1/desk/items/{key}").json()["held_by"]
    (loser,) = [browser for address, browser in people if address != holder]
    page = loser.get(f"/work/{key}").text
    assert "Somebody else was quicker" in page and f"{holder} has it" in page
    assert "/outcome" not in page, "who has not got it is not asked how it went"
    assert "Take the next" in page
    (winner,) = [browser for address, browser in people if address == holder]
    assert f"/work/{key}/outcome" in winner.get(f"/work/{key}").text


def test_an_outcome_that_is_not_complete_comes_back_with_what_was_written(house: House) -> None:
    key = call(house, "1", "incomplete")
    _, browser = agent(house, "incomplete")
    browser.send("/line", "/line/claim")
    place = f"/work/{key}/outcome"
    for said, words in (
        ({"outcome": "asked_later"}, "Say when they want to be called"),
        ({"outcome": "reached", "at": "2026-07-02T09:00"}, "Say when they want to be called"),
        ({"outcome": "asked_later", "at": "tomorrow"}, "must be a day and a time"),
        ({"outcome": "vanished"}, "Say how it went."),
        ({}, "Say how it went."),
    ):
        answer = browser.send(f"/work/{key}", place, note="They <b>like</b> mornings", **said)
        assert answer.status_code == 422
        assert words in answer.text and 'role="alert"' in answer.text
        assert "They &lt;b&gt;like&lt;/b&gt; mornings" in answer.text
    assert (
        browser.send(f"/work/{key}", place, outcome="asked_later", at="2026-07-02T09:00").status_code == 303
    )
    data = house.get(f"/v1/subjects/{key}").json()["data"]
    assert data["not_before"] == "2026-07-02T09:00:00Z", "by the clock of whoever writes it"


def test_whoever_has_a_call_may_hold_it_for_longer(house: House) -> None:
    key = call(house, "1", "longer")
    _, browser = agent(house, "longer")
    browser.send("/line", "/line/claim")
    assert browser.send(f"/work/{key}", f"/work/{key}/extend").headers["location"] == f"/work/{key}"
    assert "You hold it for longer now." in browser.get(f"/work/{key}").text


def test_saving_may_take_the_next_at_once(house: House) -> None:
    first = call(house, "1", "next", promise_due_at="2026-07-01T12:01:00Z")
    second = call(house, "2", "next", promise_due_at="2026-07-01T12:02:00Z")
    _, browser = agent(house, "next")
    browser.send("/line", "/line/claim")
    done = browser.send(f"/work/{first}", f"/work/{first}/outcome", outcome="reached", then="next")
    assert done.headers["location"] == f"/work/{second}"
    done = browser.send(f"/work/{second}", f"/work/{second}/outcome", outcome="reached", then="next")
    assert done.headers["location"] == "/line"
    assert "Nothing waits that you could take now." in browser.get("/line").text


def test_each_sees_the_line_of_their_teams_and_no_call_outside_of_hours(house: House) -> None:
    mine, theirs = call(house, "1", "team-a"), call(house, "1", "team-b")
    asleep = call(
        house, "2", "team-a", customer={"zone": "America/Los_Angeles", "quiet_hours": "20:00-08:00"}
    )
    _, browser = agent(house, "team-a")
    text = browser.get("/line").text
    assert mine in text and theirs not in text and asleep not in text
    assert browser.get("/line?kind=escalation").status_code == 200
    assert browser.get("/line?kind=promise").status_code == 422


def test_a_key_that_is_nobodys_looks_and_takes_nothing(house: House) -> None:
    call(house, "1", "key")
    page = house.http.get("/line", headers=house.bearer(Role.DESK) | {"Accept": "text/html"})
    assert page.status_code == 200
    assert Forms(page.text).all == []


def test_several_escalations_are_acknowledged_together_and_it_is_said_how_many(house: House) -> None:
    keys = [f"escalation:many-{number}" for number in range(4)]
    for key in keys:
        asked(
            house,
            "escalation.open",
            key,
            words="Nobody called",
            ladder=[{"people": ["b@x.example"], "within": "PT1H"}],
        )
    address, browser = "lea-of-all@desk.example", browser_of(house, "lea-of-all", Role.SUPERVISOR)
    other = browser_of(house, "ben-of-all", Role.SUPERVISOR)
    forms = browser.forms("/decisions")
    page = browser.get("/decisions").text
    shown = [key for key in keys if f'form="several" name="take {key}"' in page]
    assert shown == keys, page[page.index("<main") :]
    assert other.send(f"/work/{keys[3]}", "/line/claim").headers["location"] == f"/work/{keys[3]}"
    ticked = {f"take {key}": "yes" for key in keys if key != keys[0]}
    sent = browser.post("/decisions/several", forms.to("/decisions/several") | ticked)
    assert (sent.status_code, sent.headers["location"]) == (303, "/decisions")
    shown = browser.get("/decisions").text
    assert "2 done." in shown and "1 had been seen to by then." in shown
    states = [house.get(f"/v1/subjects/{key}").json()["data"].get("owner") for key in keys]
    assert by_of(house, keys[1], "acknowledge") == (address, f"person:{address}")
    assert house.get(f"/v1/subjects/{keys[0]}").json()["state"] != "acknowledged", states
    none = browser.post("/decisions/several", browser.forms("/decisions").to("/line/claim") | {"id": "x"})
    assert none.status_code == 422 and "Tick those" in none.text


def test_approvals_come_page_by_page(house: House) -> None:
    ladder = [{"people": ["bea@desk.example"], "within": "PT1H"}]
    keys = [f"approval:page-{number:02}" for number in range(27)]
    for key in keys:
        event = {
            "specversion": "1.0", "id": key, "source": "/tests", "type": "approval.request", "subject": key,
            "data": {"words": "Refund", "what": "refund", "by": "o@x.example", "ladder": ladder},
        }  # fmt: skip
        assert house.post(event, Role.OPERATOR).status_code == 202
    house.apply()
    browser = browser_of(house, "lea-of-approvals", Role.SUPERVISOR)
    seen, path = [], "/decisions"
    while path:
        text = browser.get(path).text
        found = re.findall(r'action="/decisions/(approval:[^"]+)"', text)
        assert len(found) <= 25
        seen += found
        more = re.search(r'href="(\?after=\d+)#approvals"', text)
        path = f"/decisions{more[1]}" if more else ""
    assert [one for one in seen if one in keys] == keys and len(set(seen)) == len(seen)
    assert browser.get("/decisions?after=-1").status_code == 422


def test_an_escalation_is_acknowledged_and_resolved(house: House) -> None:
    key = "escalation:pages-1"
    ladder = [{"people": ["bea@desk.example"], "within": "PT1H"}]
    asked(house, "escalation.open", key, words="Nobody called", ladder=ladder)
    address, browser = agent(house, "whatever", Role.SUPERVISOR)
    taken = browser.send(f"/work/{key}", "/line/claim")
    assert taken.headers["location"] == f"/work/{key}"
    assert by_of(house, key, "acknowledge") == (address, f"person:{address}")
    browser.send(f"/work/{key}", f"/work/{key}/outcome", outcome="resolved", note="All is well")
    subject = house.get(f"/v1/subjects/{key}").json()
    assert (subject["state"], subject["data"]["outcome"]) == ("resolved", "All is well")
