"""A worker that is killed in the middle of many messages: none goes twice, and none is forgotten."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from tasks.sending import pace
from tests.processes.installation import Installation
from tests.servers.push_service import new_browser
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.wire_server import Line, Talk, WireServer, http_answer, read_request
from tests.waiting import wait_until
from workflow.access import people
from workflow.access.role import Role
from workflow.engine.cloudevent import CloudEvent
from workflow.recovery.bells import BellWish, push_keys, switch_on
from workflow.store.schema import subjects

PROMISES = 150
_KILLED_AT = 120
"""The message that has arrived, and is not answered, when the worker is killed."""
_OF_ONE = 15
"""Browsers of one person with a bell."""
_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)
_OPEN = {"pending", "published", "sending"}
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""What a killed worker had claimed is the store's to tell, for all channels alike: mails show it on both."""


def lapse_and_tell(
    installation: Installation, promises: Sequence[CloudEvent], killed: Sequence[object]
) -> None:
    """Let all of these lapse, with a worker until it is `killed`, and then with another to the end."""
    installation.send(*promises)
    installation.workers.start("--concurrency", "1")
    installation.wait(lambda: killed, what="the worker to be killed")
    installation.workers.start("--concurrency", "1")
    installation.wait(lambda: len(installation.moves("lapse")) == PROMISES, what="all promises to lapse")
    done = lambda: _OPEN.isdisjoint(one.state for one in installation.effects())  # noqa: E731
    installation.wait(done, what="all notices to be sent, or given to a person")


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
def test_a_worker_killed_among_mails_sends_none_twice_and_forgets_none(
    installation: Installation,
) -> None:
    killed = []

    def heard(number: int) -> None:
        if number == _KILLED_AT:
            installation.workers.kill_all()
            killed.append(number)

    with WireServer(smtp_talk(pipelining=True, heard=heard)) as server:
        installation.configure(channel="smtp", smtp_port=server.port, gather="PT0S")
        promises = [
            installation.promise(str(number), 3.0, customer={"email": f"c{number}@example.com"})
            for number in range(PROMISES)
        ]
        lapse_and_tell(installation, promises, killed)
        mails = Counter(found[1] for one in server.messages if (found := _MESSAGE_ID.search(one)))
        connections = server.connections

    assert set(mails.values()) == {1}, "no mail twice"
    states = Counter(one.state for one in installation.effects())
    assert set(states) == {"settled", "unknown"}
    assert 1 <= states["unknown"] <= pace.MOST, "what the killed worker had claimed for this moment"
    assert states["settled"] <= len(mails) <= states["settled"] + states["unknown"]
    assert connections < len(mails), "several went over one connection"


def kills_at(installation: Installation, killed: list[bool], answer: bytes) -> Talk:
    """Answers each request, but lets the worker be killed over one."""

    def talk(line: Line, server: WireServer) -> None:
        if read_request(line, server) is None:
            return
        if len(server.requests) == _KILLED_AT:
            installation.workers.kill_all()
            killed.append(True)
        else:
            line.say(answer)

    return talk


def each_once(installation: Installation, arrived: Counter[str], target: str) -> None:
    """None arrived twice, and what did not is with a person: as many as were claimed for that moment."""
    assert set(arrived.values()) == {1}, "none twice"
    told = [one for one in installation.effects() if one.target == target]
    states = Counter(one.state for one in told)
    assert len(told) == PROMISES and set(states) == {"settled", "unknown"}
    assert 1 <= states["unknown"] <= pace.MOST
    assert states["settled"] <= len(arrived) <= PROMISES


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
@on_postgresql
def test_a_worker_killed_among_text_messages_sends_none_twice_and_forgets_none(
    installation: Installation,
) -> None:
    """Several are on their way at the time."""
    killed: list[bool] = []
    talk = kills_at(installation, killed, http_answer(201, b'{"sid": "SM12", "status": "queued"}'))
    with WireServer(talk) as server:
        installation.configure(
            twilio_account_sid="AC1", twilio_auth_token="hush", twilio_from="+15005550006",
            twilio_url=server.url, gather="PT0S",
        )  # fmt: skip
        wishes = {"channels": ["sms"], "zone": "UTC", "quiet_hours": []}
        promises = [
            installation.promise(str(number), 3.0, customer={"phone": f"+4930901820{number:03}", **wishes})
            for number in range(PROMISES)
        ]
        lapse_and_tell(installation, promises, killed)
        each_once(installation, Counter(one.form["To"] for one in server.requests), "preferred")


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
@on_postgresql
@pytest.mark.parametrize("channel", ["webhook", "chat"])
def test_a_worker_killed_among_posts_sends_none_twice_and_forgets_none(
    installation: Installation, channel: str
) -> None:
    """Webhooks go several at once, words to a chat one by one."""
    killed: list[bool] = []
    with WireServer(kills_at(installation, killed, http_answer(200))) as server:
        installation.configure(
            webhook_secret=f"whsec_{b64encode(b'k' * 32).decode()}", webhook_hosts=server.url, gather="PT0S",
            apprise_chat=f"json://127.0.0.1:{server.port}/{{to}}",
        )  # fmt: skip
        wishes = {"channels": [channel], "zone": "UTC", "quiet_hours": []}
        address = {"webhook": "url", "chat": "chat"}[channel]
        place = {"webhook": f"{server.url}/", "chat": ""}[channel]
        promises = [
            installation.promise(str(number), 3.0, customer={address: f"{place}c{number}", **wishes})
            for number in range(PROMISES)
        ]
        lapse_and_tell(installation, promises, killed)
        each_once(installation, Counter(one.target for one in server.requests), "preferred")


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
def test_a_worker_killed_among_pushes_rings_no_browser_twice_and_forgets_none(
    sqlite_installation: Installation,
) -> None:
    """Browsers whose pages are closed, when somebody new waits. (Of the stores, mails tell.)"""
    installation = sqlite_installation
    killed: list[bool] = []
    with WireServer(kills_at(installation, killed, http_answer(201))) as server:
        installation.configure(
            push_contact="mailto:ops@shop.example", push_networks="127.0.0.0/8", gather="PT0S"
        )
        listening(installation, server.url)
        customer = {"phone": "+4930901820000", "zone": "UTC", "quiet_hours": []}
        asked = {"customer": customer, "about": "callback", "title": "t", "words": "w"}
        installation.send(installation.event("callback.request", "callback:C-1", asked))
        installation.workers.start("--concurrency", "1")
        installation.wait(lambda: killed, what="the worker to be killed")
        installation.workers.start("--concurrency", "1")

        installation.wait(
            lambda: are_over(installation, "push", PROMISES), what="all to ring, or to be given to a person"
        )
        each_once(installation, Counter(one.target for one in server.requests), "push")
        assert states_of_bells(installation) == {"ringing": PROMISES}, (
            "whichever may not have rung rings again"
        )


def listening(installation: Installation, url: str) -> None:
    """Browsers of some people, as many as there are promises elsewhere, each with a bell that is on."""
    runtime = installation.runtime
    now = runtime.clock.now()
    public = push_keys(runtime.store, now).public
    for person in range(PROMISES // _OF_ONE):
        asked = people.checked(f"agent{person}@shop.example", f"Agent {person}", [Role.AGENT], now)
        known = people.add(runtime.store, asked)
        for browser in range(_OF_ONE):
            address = new_browser(f"{url}/push/{person}-{browser}", public).address
            switch_on(runtime.engine, known, "a session", BellWish(address, public, "", None, "UTC", "en"))


def states_of_bells(installation: Installation) -> Counter[str]:
    """How many are in each state."""
    query = select(subjects.c.state).where(subjects.c.lifecycle == "bell")
    with installation.runtime.store.connect() as connection:
        return Counter(connection.execute(query).scalars())


def are_over(installation: Installation, target: str, count: int) -> bool:
    """Whether so many effects of a target are there, and none of them is still to be sent or in hand."""
    states = [one.state for one in installation.effects() if one.target == target]
    return len(states) == count and _OPEN.isdisjoint(states)


def killed_amid(installation: Installation, events: Sequence[CloudEvent], begun: Callable[[], bool]) -> None:
    """Have all of this told, with a worker until it has `begun`, which is killed, then with another."""
    installation.send(*events)
    installation.workers.start("--concurrency", "1")
    wait_until(begun, seconds=60, what="the first to be told", seen=installation.seen, every=0.002)
    installation.workers.kill_all()
    installation.workers.start("--concurrency", "1")

    installation.wait(
        lambda: are_over(installation, "preferred", len(events)),
        what="all notices to be sent, or given to a person",
    )


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
def test_a_worker_killed_among_calls_rings_nobody_twice_and_forgets_none(
    sqlite_installation: Installation,
) -> None:
    """Colleagues who have claimed a callback: their telephone rings first. (Of the stores, mails tell.)"""
    installation = sqlite_installation
    killed: list[bool] = []
    talk = kills_at(installation, killed, http_answer(201, b'{"sid": "CA12", "status": "queued"}'))
    with WireServer(talk) as server:
        installation.configure(
            twilio_account_sid="AC1", twilio_auth_token="hush", twilio_from="+15005550006",
            twilio_url=server.url, public_url="https://shop.example", gather="PT0S",
        )  # fmt: skip
        events = []
        for number in range(PROMISES):
            subject = f"callback:C-{number}"
            customer = {"phone": f"+4930901820{number:03}", "zone": "UTC", "quiet_hours": []}
            asked = {"customer": customer, "about": "callback", "title": "t", "words": "w"}
            claim = {"by": f"agent{number}@shop.example", "dial": f"+1500555{number:04}"}
            events.append(installation.event("callback.request", subject, asked))
            events.append(installation.event("callback.claim", subject, claim))
        installation.send(*events)
        installation.workers.start("--concurrency", "1")
        installation.wait(lambda: killed, what="the worker to be killed")
        installation.workers.start("--concurrency", "1")

        installation.wait(
            lambda: are_over(installation, "dial", PROMISES), what="all to ring, or to be given to a person"
        )
        each_once(installation, Counter(one.form["To"] for one in server.requests), "dial")


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
def test_a_worker_killed_while_people_are_asked_to_call_asks_for_no_call_twice(
    sqlite_installation: Installation,
) -> None:
    installation = sqlite_installation
    installation.configure(gather="PT0S")
    wishes = {"channels": ["live"], "zone": "UTC", "quiet_hours": []}
    promises = [
        installation.promise(str(number), 3.0, customer={"phone": f"+4930901820{number:03}", **wishes})
        for number in range(PROMISES)
    ]

    def calls() -> list[str]:
        with installation.runtime.store.connect() as connection:
            query = select(subjects.c.parent).where(subjects.c.lifecycle == "callback")
            return [*connection.execute(query).scalars()]

    killed_amid(installation, promises, lambda: len(calls()) > 0)
    told = [one for one in installation.effects() if one.target == "preferred"]
    settled = {one.key.split("/")[0] for one in told if one.state == "settled"}
    assert {one.state for one in told} <= {"settled", "unknown"}
    assert max(Counter(calls()).values()) == 1, "none is asked for twice"
    assert settled <= set(calls()), "and none that was said to be is missing"


@pytest.mark.exhaustive
@pytest.mark.timeout(180)
def test_a_worker_killed_while_it_records_records_none_twice_and_forgets_none(
    sqlite_installation: Installation,
) -> None:
    installation = sqlite_installation
    installation.configure(gather="PT0S")
    promises = [
        installation.promise(str(number), 3.0, customer={"email": f"c{number}@example.com"})
        for number in range(PROMISES)
    ]
    killed_amid(installation, promises, lambda: len(installation.notices()) > 0)
    told = [one for one in installation.effects() if one.target == "preferred"]
    settled = {one.key for one in told if one.state == "settled"}
    recorded = Counter(one["key"] for one in installation.notices() if one["channel"] != "live")
    assert {one.state for one in told} <= {"settled", "unknown"}
    assert set(recorded.values()) == {1}, "none twice"
    assert settled <= recorded.keys(), "and none that was said to be is missing"
