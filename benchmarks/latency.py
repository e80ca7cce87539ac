"""From an event that is posted to somebody's Celery task that starts, through the real stack.

Beside it, in the same session, a bare Celery hop: the same task, sent straight to the same worker.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from time import sleep, time

import httpx
from celery import Celery

from benchmarks.figures import Figure, quantile
from benchmarks.meter import METER
from benchmarks.stores import Stores
from tests.servers import ValkeyServer
from tests.waiting import wait_until
from workflow.embedded.ports import free_port

COUNT, RATE = 1_000, 100
COLLEAGUE = """
import json, os, time
from celery import Celery
app = Celery("colleague", broker=os.environ["BROKER"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True,
  worker_prefetch_multiplier=1)
SINK = os.open(os.environ["SINK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

@app.task(name="bench.note")
def note(subject, posted):
    os.write(SINK, json.dumps([subject, (time.time() - posted) * 1000]).encode() + b"\\n")
"""


def event_to_task(stores: Stores, kind: str, runs: int) -> list[Figure]:
    """p50 and p99 in milliseconds at 100 events a second, and the bare hop's."""
    found: dict[str, list[float]] = {"makegood p50": [], "makegood p99": [], "bare p50": [], "bare p99": []}
    for _ in range(runs):
        place = Path(mkdtemp(dir=stores.directory))
        with _stack(place, stores.fresh(kind)) as (base, key, broker, sink):
            for name, samples in (("makegood", _through(base, key, sink)), ("bare", _straight(broker, sink))):
                found[f"{name} p50"].append(quantile(samples, 0.5))
                found[f"{name} p99"].append(quantile(samples, 0.99))
    bare = {share: median(found[f"bare {share}"]) for share in ("p50", "p99")}
    return [
        Figure(f"event to task, {kind}, {share}", "ms", found[f"makegood {share}"], bare=bare[share],
               ratio=median(a / b for a, b in zip(found[f"makegood {share}"], found[f"bare {share}"],
                 strict=True)),
               notes=f"{COUNT} events at {RATE}/s; bare: the same task sent straight to the same worker")
        for share in ("p50", "p99")
    ]  # fmt: skip


def _through(base: str, key: str, sink: Path) -> list[float]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    with httpx.Client(base_url=base, headers=headers) as http:

        def post(number: int) -> None:
            body = {"specversion": "1.0", "id": str(number), "source": "/bench", "type": "meter.read",
                    "subject": f"meter:{number}", "data": {"posted": time()}}  # fmt: skip
            http.post("/v1/events", content=json.dumps(body)).raise_for_status()

        return _paced(post, sink)


def _straight(broker: str, sink: Path) -> list[float]:
    with Celery("bare", broker=broker) as app:

        def send(number: int) -> None:
            app.send_task("bench.note", kwargs={"subject": "", "posted": time()}, queue="bench")

        return _paced(send, sink)


def _paced(send: object, sink: Path) -> list[float]:
    sink.write_text("")
    begun = time()
    for number in range(COUNT):
        sleep(max(0.0, begun + number / RATE - time()))
        send(number)  # type: ignore[operator]
    wait_until(lambda: sink.read_text().count("\n") >= COUNT, seconds=30, what="every task to start")
    samples = [json.loads(line)[1] for line in sink.read_text().splitlines()]
    return samples[COUNT // 10 :]  # the first tenth warms up


@contextmanager
def _stack(place: Path, url: str) -> Iterator[tuple[str, str, str, Path]]:
    """API, worker and a colleague's worker on a Valkey of their own; all ended at the end."""
    (place / "lifecycles").mkdir()
    (place / "lifecycles" / "meter.yaml").write_text(METER)
    (place / "colleague.py").write_text(COLLEAGUE)
    sink, port = place / "sink", free_port()
    broker_place = place / "broker"
    broker_place.mkdir()
    broker = ValkeyServer(broker_place)
    broker.start()
    env = os.environ | {
        "MAKEGOOD_DATABASE_URL": url, "MAKEGOOD_BROKER_URL": broker.url, "MAKEGOOD_DATA_DIR": str(place),
        "MAKEGOOD_LIFECYCLES": str(place / "lifecycles"), "BROKER": broker.url, "SINK": str(sink),
        "MAKEGOOD_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    here = [sys.executable, "-m", "workflow.cli"]
    root = Path(__file__).parent.parent
    key = subprocess.run([*here, "keys", "create", "--role", "system"], env=env, cwd=root, check=True,
                         capture_output=True, text=True).stdout.strip()  # fmt: skip
    commands = [
        (root, [*here, "api", "--host", "127.0.0.1", "--port", str(port)]),
        (root, [*here, "worker", "--concurrency", "2"]),
        (
            place,
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "colleague",
                "worker",
                "-c",
                "1",
                "-Q",
                "bench",
                "-l",
                "ERROR",
            ],
        ),
    ]
    log = (place / "log").open("wb")
    children = [subprocess.Popen(argv, cwd=cwd, env=env, stdout=log, stderr=log) for cwd, argv in commands]
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: _ready(base), seconds=60, what="the API to be ready")
        app = Celery(broker=broker.url)
        wait_until(
            lambda: len(app.control.ping(timeout=1) or []) >= 2, seconds=60, what="both workers to answer"
        )
        yield base, key, broker.url, sink
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
        broker.stop()
        log.close()


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
