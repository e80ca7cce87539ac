"""`makegood api` as processes of their own, which can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil

from tests.servers.migrated_files import migrated
from tests.servers.process import die_with_parent
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.keys import Role
from workflow.embedded.ports import free_port
from workflow.settings import Settings, as_environment
from workflow.store import Store, open_store

ROOT = Path(__file__).parents[2]


class RunningApi:
    """A running `makegood api` with its store and a key."""

    host = "127.0.0.1"

    def __init__(self, process: subprocess.Popen[bytes], port: int, store: Store, key: str) -> None:
        self.process = process
        self.port = port
        self.url = f"http://{self.host}:{port}"
        self.store = store
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
        self.http = httpx.Client(
            base_url=self.url, timeout=30, limits=httpx.Limits(max_keepalive_connections=0)
        )
        """Each request over a connection of its own, so that any of the processes may answer it."""

    def post(self, identity: str, subject: str = "promise:1") -> httpx.Response:
        """Post an event."""
        event = {
            "specversion": "1.0",
            "id": identity,
            "source": "/tests",
            "type": "promise.thanks",
            "subject": subject,
        }
        return self.http.post("/v1/events", json=event, headers=self._headers)

    def client(self) -> httpx.Client:
        """A client of its own with the key of a system, and no content type."""
        headers = {"Authorization": self._headers["Authorization"]}
        return httpx.Client(base_url=self.url, timeout=30, headers=headers)

    def head(self, length: int) -> bytes:
        """The head of a request with an event of so many bytes."""
        headers = self._headers | {"Host": self.host, "Content-Length": str(length)}
        lines = ["POST /v1/events HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode()

    def answers(self) -> bool:
        """Whether anybody answers."""
        try:
            return self.http.get("/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def members(self) -> set[int]:
        """Process ids of those that serve."""
        children = psutil.Process(self.process.pid).children()
        return {child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE}


@contextmanager
def running_api(
    url: str, directory: Path, processes: int, *, log: Path | None = None
) -> Iterator[RunningApi]:
    """Start it, wait until it serves, and see to it that nothing is left of it; `log` gets what it writes."""
    migrated(url)
    store = open_store(url)
    key = keys.create(store, Role.SYSTEM, "tests", datetime.now(UTC))
    port = free_port()
    settings = Settings(database_url=url, data_dir=directory, broker_url="memory://", api_port=port)
    written = None if log is None else log.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "workflow.cli", "api", "--processes", str(processes)],
        env={**os.environ, **as_environment(settings)},
        cwd=ROOT,
        start_new_session=True,
        stdout=written,
        stderr=written,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    opened = RunningApi(process, port, store, key)
    try:
        wait_until(opened.answers, seconds=60, what="the API to answer")
        yield opened
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        opened.http.close()
        store.close()
        if written is not None:
            written.close()
