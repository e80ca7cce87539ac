"""The API as processes: several behind one port, and what an end means, in good order or not."""

from __future__ import annotations

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx
import orjson
import psutil
import pytest
from sqlalchemy import select

from tests.api.holding import no_commits
from tests.api.running_api import RunningApi, running_api
from tests.supervisor.programs import runs
from tests.waiting import wait_until
from workflow.store import schema


def _stored(api: RunningApi) -> set[str]:
    with api.store.connect() as connection:
        return set(connection.execute(select(schema.events.c.event_id)).scalars())


def _busy(api: RunningApi) -> int:
    """How many connections its processes have accepted and not closed."""
    found = 0
    for pid in api.members() or {api.process.pid}:
        connections = psutil.Process(pid).net_connections(kind="tcp")
        found += sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == api.port for one in connections
        )
    return found


def test_one_that_dies_is_replaced_and_all_count_together(database_url: str, tmp_path: Path) -> None:
    with running_api(database_url, tmp_path, 2) as api:
        wait_until(lambda: len(api.members()) == 2, seconds=60, what="two processes")
        assert [api.post(f"before-{n}").status_code for n in range(10)] == [202] * 10
        first = api.members()
        victim = min(first)
        psutil.Process(victim).kill()
        wait_until(
            lambda: victim not in api.members() and len(api.members()) == 2,
            seconds=60,
            what="another process",
        )
        wait_until(api.answers, seconds=60, what="an answer")
        assert [api.post(f"after-{n}").status_code for n in range(10)] == [202] * 10
        for _ in range(4):  # whichever of them answers, what the dead one counted included
            assert 'makegood_events_total{answer="accepted"} 20.0' in api.http.get("/metrics").text
        members = api.members()
        api.process.terminate()
        assert api.process.wait(30) == 0
        assert not any(map(runs, members))
        assert len(_stored(api)) == 20


def test_they_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with running_api(f"sqlite:///{tmp_path / 'makegood.db'}", tmp_path, 2) as api:
        wait_until(lambda: len(api.members()) == 2, seconds=60, what="two processes")
        members = api.members()
        api.process.kill()
        api.process.wait()
        wait_until(lambda: not any(map(runs, members)), seconds=60, what="the processes to end")
        assert not api.answers()


@pytest.mark.exhaustive
def test_what_has_begun_is_finished_before_the_end(database_url: str, tmp_path: Path) -> None:
    for processes in (1, 2):
        with running_api(database_url, tmp_path, processes) as api, ThreadPoolExecutor(12) as pool:
            with no_commits(api.store):
                posts = [pool.submit(api.post, f"begun-{processes}-{n}") for n in range(12)]
                wait_until(lambda api=api: _busy(api) == 12, seconds=60, what="twelve requests")  # type: ignore[misc]
                api.process.send_signal(signal.SIGTERM)
                wait_until(lambda api=api: not api.answers(), seconds=60, what="the door to close")  # type: ignore[misc]
            answers = [post.result() for post in posts]
            assert [answer.status_code for answer in answers] == [202] * 12
            assert api.process.wait(30) == 0
            assert {f"begun-{processes}-{n}" for n in range(12)} <= _stored(api)


def test_killed_in_the_middle_nobody_was_told_of_what_is_not_stored(
    database_url: str, tmp_path: Path
) -> None:
    told: list[str] = []
    numbers = count()
    stopped = threading.Event()

    def send(api: RunningApi) -> None:
        while not stopped.is_set():
            identity = f"event-{next(numbers)}"
            try:
                if api.post(identity, f"promise:{identity}").status_code == 202:
                    told.append(identity)
            except httpx.TransportError:
                return

    with running_api(database_url, tmp_path, 1) as api:
        senders = [threading.Thread(target=send, args=(api,)) for _ in range(8)]
        for sender in senders:
            sender.start()
        wait_until(lambda: len(told) >= 50, seconds=60, what="fifty answers")
        api.process.kill()
        for sender in senders:
            sender.join(30)
        stopped.set()
        assert set(told) <= _stored(api)


def test_a_request_that_offers_another_protocol_keeps_its_body(database_url: str, tmp_path: Path) -> None:
    """As `curl --http2` sends a first event; in a process as operators start it."""
    offer = (
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
    )
    with running_api(database_url, tmp_path, 1) as api:
        body = orjson.dumps(
            {
                "specversion": "1.0",
                "id": "offered",
                "source": "/tests",
                "type": "promise.thanks",
                "subject": "promise:1",
                "data": {"words": "all of it"},
            }
        )
        head, _, _ = api.head(len(body)).rpartition(b"\r\n")
        with socket.create_connection((api.host, api.port), timeout=20) as connection:
            connection.sendall(head + offer + b"\r\n" + body)
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 202"), answer
        with api.store.connect() as stored:
            data = stored.execute(select(schema.events.c.data)).scalar_one()
        assert data == {"words": "all of it"}
