"""A running API keeps its OpenAPI document: requests are made up from it, each answer is held against it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.api.running_api import ROOT, running_api
from workflow.access import keys
from workflow.access.keys import Role
from workflow.clock import SystemClock
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.store import Store

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
_LONGEST = 900.0
"""Seconds, for what never ends: on a machine that has much else to do it takes minutes."""


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a running API with the key of an operator, who may do everything."""
    directory = tmp_path_factory.mktemp("operated")
    with running_api(f"sqlite:///{directory / 'makegood.db'}", directory, processes=1) as api:
        key = keys.create(api.store, Role.OPERATOR, "tests", datetime.now(UTC))
        with api.client() as http, deciding(api.store):
            http.headers["Authorization"] = f"Bearer {key}"
            yield http


@contextmanager
def deciding(store: Store) -> Iterator[None]:
    """A worker that decides what comes in: whoever acts at the desk waits for that."""
    engine, over = Engine(store, Registry(store), SystemClock()), threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            engine.apply()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.timeout(_LONGEST + 60)
def test_every_answer_is_one_that_the_document_promises(operated: httpx.Client, tmp_path: Path) -> None:
    """By schemathesis: examples, the bounds of each schema, chance, and sequences of requests.

    The same requests each time, as long as the document is the same. It tells how to send one that failed.
    """
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    done = subprocess.run(
        [
            *(*command, str(operated.base_url.join("/openapi.json")), "--no-color"),
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *("--exclude-path", "/v1/changes/stream"),  # which does not end
        ],
        env={
            **os.environ,
            "API_KEY": operated.headers["Authorization"].removeprefix("Bearer "),
            "SCHEMATHESIS_HOOKS": "tests.api.beyond_schemas",
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,  # it leaves a directory behind
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert "No issues found" in done.stdout


def test_an_answer_is_promised_only_where_it_can_be_given(operated: httpx.Client) -> None:
    """What nothing is asked of cannot be wrong; where nothing is named nothing is missing."""
    document = operated.get("/openapi.json").json()
    without_cause = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            asked = {one["in"] for one in operation.get("parameters", ())}
            promised = operation["responses"].keys()
            if "422" in promised and not asked and "requestBody" not in operation:
                without_cause.append((method, path, 422))
            if "404" in promised and not asked & {"path", "query"} and "requestBody" not in operation:
                without_cause.append((method, path, 404))
            if "413" in promised and method == "get":
                without_cause.append((method, path, 413))
    assert without_cause == []
