"""The access log: one line a request, which says what operators ask for and names nobody."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes.workers import WorkerProcess
from tests.servers.migrated_files import migrated
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.keys import Role
from workflow.embedded.ports import free_port
from workflow.settings import Settings, as_environment
from workflow.store import open_store


def lines(log: Path) -> list[dict[str, Any]]:
    """What the API has said about requests."""
    said = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [one for one in said if one.get("event") == "request"]


@pytest.mark.parametrize("every", [True, False])
def test_each_request_has_a_line_if_that_is_wished(tmp_path: Path, every: bool) -> None:
    url, port = f"sqlite:///{tmp_path / 'makegood.db'}", free_port()
    migrated(url)
    store = open_store(url)
    text = keys.create(store, Role.OPERATOR, "ops", datetime.now(UTC))
    key = keys.verify(store, text, datetime.now(UTC))
    assert key is not None
    store.close()
    settings = Settings(
        database_url=url, data_dir=tmp_path, broker_url="memory://", api_port=port, access_log=every
    )
    argv, log = [sys.executable, "-m", "workflow.cli", "api"], tmp_path / "api.log"
    api = WorkerProcess(argv, as_environment(settings), log, ready="startup complete")
    try:
        api.wait_ready()
        headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/cloudevents+json"}
        event = {"specversion": "1.0", "id": "1", "source": "/t", "type": "promise.thanks",
                 "subject": "promise:of-ada"}  # fmt: skip
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
            posted = http.post("/v1/events", content=json.dumps(event), headers=headers)
            found = http.get("/v1/subjects/promise:nobody?secret=hush", headers=headers)
            refused = http.get("/v1/refusals")
            expected = [
                ("POST", "/v1/events", 202, len(posted.content), key.id),
                ("GET", "/v1/subjects/{key:path}", 422, len(found.content), key.id),
                ("GET", "/v1/refusals", 401, len(refused.content), None),
            ]
        told = lambda: [  # noqa: E731
            (one["method"], one["route"], one["status"], one["bytes"], one["key"]) for one in lines(log)
        ]
        if every:
            wait_until(lambda: len(told()) >= 3, seconds=60, what="lines", seen=told)
        assert told() == (expected if every else [])
        if every:
            ids = [one.headers["X-Request-Id"] for one in (posted, found, refused)]
            assert [one["request_id"] for one in lines(log)] == ids
        assert all(one["milliseconds"] >= 0 and one["level"] == "info" for one in lines(log))
        said = log.read_text()
        assert not [secret for secret in (text, "of-ada", "nobody", "hush") if secret in said]
    finally:
        api.kill_group()
