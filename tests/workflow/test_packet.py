"""The context packet: what is known and what was tried is marked, everything promised is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from state_machines.values.retry_policy import RetryPolicy
from tests.workflow.world import World
from workflow.access import keys
from workflow.console.site import create_site
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound
from workflow.recovery.packet import packet
from workflow.settings import Settings

CUSTOMER = {
    "name": "Mr <b>Jones</b>", "account": "A-17", "email": "jones@example.org", "phone": "+4930123456",
    "zone": "Europe/Berlin", "language": "de", "channels": ["sms", "email"], "opted_out": ["chat"],
    "quiet_hours": ["21:00-08:00"], "window": ["12:00-14:00"],
}  # fmt: skip
OWNER, SOCIAL = "anna@shop.example", "social@shop.example"
CASE = "case:C-9"


@pytest.fixture
def told(world: World) -> World:
    """A case at a quarter past ten UTC in which most things have happened."""
    opening = {
        "customer": CUSTOMER, "words": "The line is dead & nobody came.", "channel": "live", "owner": OWNER,
        "team": "repairs", "part": "line",
    }  # fmt: skip
    world.post("case.open", CASE, opening)
    world.post("case.tell_fact", CASE, {"fact": "modem", "value": "X200", "by": OWNER})
    world.post("case.step", CASE, {"step": "reboot", "result": "still dead", "by": OWNER})
    world.post("case.ask_fact", CASE, {"fact": "lamp", "by": OWNER})
    world.post("case.promise", CASE, {"words": "A new modem is sent", "within": "PT4H", "by": OWNER})
    world.post("case.call", CASE, {"words": "We call you", "within": "PT6H", "by": OWNER})
    world.post("case.hand_over", CASE, {"to": SOCIAL, "by": OWNER, "reason": "the customer posted"})
    world.advance(timedelta(minutes=15))
    return world


def test_what_is_known_and_tried_is_marked_and_only_the_rest_is_open(told: World) -> None:
    found = packet(told.store, "C-9", told.clock.now())
    assert (found.problem, found.owner, found.state) == (
        "The line is dead & nobody came.", SOCIAL, "listening",
    )  # fmt: skip
    assert [(one.fact, one.value, one.known) for one in found.facts] == [("modem", "X200", True)]
    assert [(one["step"], one["result"], one["tried"]) for one in found.steps] == [
        ("reboot", "still dead", True)
    ]
    assert [one["fact"] for one in found.asked] == ["lamp"]
    told.post("case.tell_fact", CASE, {"fact": "lamp", "value": "red", "by": OWNER})
    found = packet(told.store, "C-9", told.clock.now())
    assert [one.fact for one in found.facts] == ["lamp", "modem"] and found.asked == []


def test_every_promise_stands_in_it_with_its_deadline_as_the_customer_reads_it(told: World) -> None:
    found = packet(told.store, "C-9", told.clock.now())
    promised = {one["words"]: one for one in found.promises}
    assert promised["A new modem is sent"]["due"] == "Mon 2 Mar 2026, 15:00 (Europe/Berlin)"
    assert promised["A new modem is sent"]["to_customer"] and promised["A new modem is sent"]["open"]
    assert sum(not one["to_customer"] for one in found.promises) == 1, "the first word is owed to ourselves"
    assert [one["state"] for one in found.calls] == ["resting"]
    assert found.hand_overs[0]["reason"] == "the customer posted"
    assert found.next[0].at == min(one.at for one in found.next) > told.clock.now()
    told.advance(timedelta(hours=4))
    late = {one["words"]: one["late"] for one in packet(told.store, "C-9", told.clock.now()).promises}
    assert late["A new modem is sent"]


def test_it_says_when_the_customer_may_be_called(told: World) -> None:
    contact = packet(told.store, "C-9", told.clock.now()).contact
    assert (contact.may_call, contact.channels, contact.opted_out) == (
        "Mon 2 Mar 2026, 12:00 (Europe/Berlin)", ["sms", "email"], ["chat"],
    )  # fmt: skip
    told.post("case.customer_changed", CASE, {"customer": {**CUSTOMER, "zone": None}}, source="/makegood")
    assert packet(told.store, "C-9", told.clock.now()).contact.may_call is None


def test_it_costs_as_many_queries_however_large_the_family(told: World) -> None:
    """One more for each generation, and for each five hundred of one."""
    asked: list[str] = []

    def queries() -> int:
        asked.clear()
        found = packet(told.store, "C-9", told.clock.now())
        promised.append(len(found.promises))
        return len([one for one in asked if "FROM" in one.upper()])

    promised: list[int] = []
    with told.store.connect() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    before = queries()
    for number in range(20):
        told.post("case.promise", CASE, {"words": f"Number {number}", "within": "P1D", "by": OWNER})
    assert queries() == before <= 6, asked
    assert promised[1] >= promised[0] + 20


def test_there_is_none_of_a_case_that_nobody_opened(told: World) -> None:
    for number in ("nobody", "C-9/x", "C\x00"):
        with pytest.raises(NotFound, match="subject"):
            packet(told.store, number, told.clock.now())


@pytest.fixture
def browser(told: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Somebody of the desk with a browser."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    registry = told.engine.registry
    runtime = Runtime(settings, told.store, registry, told.clock, told.engine, RetryPolicy())
    key = keys.create(told.store, keys.Role.DESK, "desk", told.clock.now())
    with TestClient(create_site(runtime)) as client:
        client.auth = ("anybody", key)
        yield client


def test_a_browser_gets_a_page_in_which_nothing_can_run(browser: TestClient) -> None:
    answer = browser.get("/v1/cases/C-9/packet", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "The line is dead &amp; nobody came." in answer.text
    assert "<b>Jones" not in answer.text and "Mr &lt;b&gt;Jones&lt;/b&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for words in ("Known: do not ask again", "X200", "Tried: do not ask again", "still dead", "A new modem"):
        assert words in answer.text
    assert answer.text.count("None") == 0


def test_a_program_gets_json_and_a_stranger_is_asked_for_a_key(browser: TestClient) -> None:
    assert browser.get("/v1/cases/C-9/packet").json()["facts"] == [
        {"fact": "modem", "value": "X200", "known": True}
    ]
    browser.auth = None
    answer = browser.get("/v1/cases/C-9/packet")
    assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Basic")
    assert answer.json()["errors"][0]["rule"] == "required"
    assert browser.get("/v1/cases/C-9/packet", auth=("x", "mg_no_key")).status_code == 401


def known(world: World, who: str, **said: object) -> None:
    """A source tells of a customer; what both are known by is asked at once."""
    world.post("customer.known", f"customer:{who}", said)
    world.advance(timedelta(minutes=2))


def test_it_says_for_whom_the_customer_was_taken_and_how_that_is_undone(world: World) -> None:
    known(world, "ada", name="Ada", account="A-1", email="ada@home.example", phone="+4930111")
    known(world, "ben", name="Ben", email="ben@home.example", phone="+4930222")
    known(world, "cem", name="Cem", email="cem@home.example", phone="+4930111")
    merge = {"into": "customer:ada", "by": OWNER, "reason": "her second account"}
    world.post("customer.merge", "customer:ben", merge)
    world.advance(timedelta(minutes=2))
    reach = {"words": "The line is dead", "owner": OWNER, "channel": "phone"}
    world.post("customer.reach_out", "customer:ada", reach)
    world.advance(timedelta(minutes=2))

    found = packet(world.store, "ada-1", world.clock.now())

    (ben,) = found.same
    assert (ben.customer, ben.known_as["name"], ben.by) == ("customer:ben", "Ben", OWNER)
    assert (ben.reason, ben.identity) == ("her second account", None)
    assert ben.since is not None and ben.since < world.clock.now()
    assert (ben.take_apart.path, ben.take_apart.body) == (
        "/v1/desk/customers/ada/separate", {"customer": "customer:ben"},
    )  # fmt: skip
    (cem,) = found.alike
    assert (cem.customer, cem.known_as["name"], cem.share) == ("customer:cem", "Cem", ["phone"])
    number = cem.likeness.removeprefix("likeness:")
    assert cem.not_the_same.path == f"/v1/desk/likenesses/{number}/not_the_same"

    apart = {"customer": "customer:ben", "by": OWNER, "reason": "a couple"}
    world.post("customer.separate", "customer:ada", apart)
    world.post("likeness.not_the_same", cem.likeness, {"by": OWNER})
    world.advance(timedelta(minutes=2))
    found = packet(world.store, "ada-1", world.clock.now())
    assert (found.same, found.alike) == ([], [])
