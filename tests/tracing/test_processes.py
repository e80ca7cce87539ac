"""One trace from the POST to the notice, over real processes, both stores and both brokers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.processes.brokers import each_broker_and_store
from tests.processes.installation import Installation
from tests.tracing.collector import CollectedSpan, Collector, collecting
from tests.tracing.orders import sources
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.broker.app import celery_app
from workflow.broker.task_names import ACCEPT, KEY_HEADER, QUEUE
from workflow.embedded.ports import free_port
from workflow.store.schema import moves

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
STATE = "rojo=1,congo=t61"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
POST = '''
"""A code base of its own, which says what came with its task."""
import json
import os

from celery import Celery

app = Celery("post", broker=os.environ["BROKER"])


@app.task(name="post.label", bind=True)
def label(self, parcel):
    with open("headers.jsonl", "a") as file:
        names = ("traceparent", "tracestate")
        print(json.dumps({name: self.request.headers.get(name) for name in names}), file=file)
    return 1
'''


def started(installation: Installation, collector: Collector) -> str:
    """API, worker and the other code base; the address of the API."""
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir()
    for name, source in sources("webhook", "PT2S").items():
        (lifecycles / f"{name}.yaml").write_text(source)
    elsewhere = installation.directory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "post.py").write_text(POST)
    port = free_port()
    installation.configure(
        lifecycles=lifecycles,
        api_port=port,
        webhook_secret=SECRET,
        webhook_hosts=collector.url,
        subscription_networks="127.0.0.0/8",
    )
    argv = [sys.executable, "-m", "workflow.cli", "api"]
    installation.workers.start_command(argv, "startup complete", "api").wait_ready()
    installation.workers.start("--concurrency", "2").wait_ready()
    installation.workers.start_foreign(elsewhere, "post", "post").wait_ready()
    return f"http://127.0.0.1:{port}"


ONCE = {
    "POST /v1/events", "decide order.place", "decide parcel.pack", "decide order.packed",
    "decide parcel.arrive", "publish task",
}  # fmt: skip
"""Spans of which there is one each; each process exports its own, some time after what they are about."""


@pytest.mark.timeout(200)
@each_broker_and_store
def test_from_the_post_to_the_notice_it_is_one_trace(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        url = started(installation, collector)
        subscribe(installation, url, f"{collector.url}/changes")
        event = {
            "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.place", "subject": "order:1",
            "data": {"email": "ada@example.org", "url": f"{collector.url}/notices"},
        }  # fmt: skip
        headers = {
            "authorization": f"Bearer {installation.key()}",
            "content-type": "application/cloudevents+json",
            "traceparent": f"00-{TRACE}-{SPAN}-01",
            "tracestate": STATE,
            "x-request-id": "from-the-shop",
        }
        answer = httpx.post(f"{url}/v1/events", json=event, headers=headers, trust_env=False)
        assert answer.status_code == 202, answer.text
        wait_until(
            lambda: len(collector.named("send notice")) == 2 and len(collector.named("forward change")) >= 3,
            seconds=60, what="both notices and the changes", seen=lambda: collector.spans,
        )  # fmt: skip
        wait_until(
            lambda: {one.state for one in installation.effects()} == {"settled"}, seconds=60, what="settled"
        )
        wait_until(
            lambda: {one.name for one in collector.spans} >= ONCE,
            seconds=60, what="a span of each step", seen=lambda: collector.spans,
        )  # fmt: skip
        wait_until(
            lambda: told_of_changes(collector) <= {(one.trace, one.id) for one in forwarded(collector)},
            seconds=60, what="the span of each change that was told", seen=lambda: collector.spans,
        )  # fmt: skip
    _expect_one_trace(collector, installation.directory)


def _expect_one_trace(collector: Collector, directory: Path) -> None:
    (request,) = collector.named("POST /v1/events")
    (placed,) = collector.named("decide order.place")
    (packed,) = collector.named("decide parcel.pack")
    (news,) = collector.named("decide order.packed")
    (arrived,) = collector.named("decide parcel.arrive")
    (published,) = collector.named("publish task")
    first, second = sorted(collector.named("send notice"), key=lambda span: span.trace != TRACE)

    assert (request.trace, request.parent) == (TRACE, SPAN)
    assert request.attributes["makegood.request_id"] == "from-the-shop"
    for child, parent in (
        (placed, request), (packed, placed), (news, packed), (published, packed), (first, packed),
    ):  # fmt: skip
        assert (child.trace, child.parent) == (TRACE, parent.id), child.name
    assert (first.attributes["makegood.channel"], first.attributes["makegood.outcome"]) == (
        "webhook", "accepted",
    )  # fmt: skip
    # Who decides may be any process of the worker, or its scheduler; the request was served by another.
    assert request.service == "makegood-api"
    assert {placed.service, packed.service} <= {"makegood-worker", "makegood-scheduler"}

    assert (arrived.parent, arrived.links) == ("", [packed.id])
    assert arrived.trace != TRACE
    assert (second.trace, second.parent) == (arrived.trace, arrived.id)

    told = {name(path, headers) for path, headers in collector.webhooks if path == "/notices"}
    assert told == {(first.trace, first.id), (second.trace, second.id)}
    assert {span.parent for span in forwarded(collector)} >= {placed.id, packed.id}

    (label,) = [
        json.loads(line) for line in (directory / "elsewhere" / "headers.jsonl").read_text().splitlines()
    ]
    assert label["traceparent"] == f"00-{TRACE}-{published.id}-01"
    states = {
        headers.get("tracestate") for path, headers in collector.webhooks if name(path, headers)[0] == TRACE
    }
    assert (states, label["tracestate"]) == ({STATE}, STATE), "it goes along through SQL and the broker"
    (labelled,) = collector.named("decide parcel.labelled") or [None]
    if labelled is not None:  # where its receipt came before the parcel did
        assert (labelled.trace, labelled.parent) == (TRACE, packed.id)
    assert everybody(collector.spans).isdisjoint({"ada@example.org"})


def forwarded(collector: Collector) -> list[CollectedSpan]:
    """Spans of changes that were sent to the subscription."""
    return collector.named("forward change")


def told_of_changes(collector: Collector) -> set[tuple[str, str]]:
    """Trace and span of each that has arrived there; a span comes some time after what it is about."""
    return {name(path, headers) for path, headers in collector.webhooks if path == "/changes"}


def name(path: str, headers: dict[str, str]) -> tuple[str, str]:
    """The trace and the span that a webhook names."""
    _, trace, span, _ = headers["traceparent"].split("-")
    return trace, span


def everybody(spans: list[CollectedSpan]) -> set[str]:
    """Every value of every attribute."""
    return {value for span in spans for value in span.attributes.values()}


def subscribe(installation: Installation, url: str, receiver: str) -> None:
    """Have changes sent."""
    headers = {"authorization": f"Bearer {installation.key(Role.OPERATOR)}"}
    answer = httpx.post(f"{url}/v1/subscriptions", json={"url": receiver}, headers=headers, trust_env=False)
    assert answer.status_code == 201, answer.text


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_collector_that_is_not_there_holds_nothing_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    installation.workers.start("--concurrency", "1").wait_ready()
    installation.send(installation.promise("P-1", due_in=2))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the promise to lapse")
    installation.wait(installation.notices, what="a notice")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_events_over_the_broker_bring_the_trace_of_their_message(installation: Installation) -> None:
    installation.workers.start("--concurrency", "1").wait_ready()
    event = installation.promise("P-1", due_in=600)
    headers = {KEY_HEADER: installation.key(), "traceparent": f"00-{TRACE}-{SPAN}-01"}
    celery_app(installation.settings).send_task(ACCEPT, [[event.to_json()]], headers=headers, queue=QUEUE)
    installation.wait(lambda: installation.moves("make"), what="a promise")
    with installation.runtime.store.connect() as connection:
        assert connection.scalar(select(moves.c.traceparent)) == headers["traceparent"]
