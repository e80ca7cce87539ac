"""A running API keeps its OpenAPI document: requests are made up from it, each answer is held against it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.api.alike_operations import unlike
from tests.api.deciding import deciding
from tests.api.described_operations import Operations
from tests.api.example_requests import examples, place, send
from tests.api.running_api import ROOT, running_api
from workflow.access import keys
from workflow.access.keys import Role
from workflow.api.resources.collections import PLURALS
from workflow.clock import SystemClock
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
_LONGEST = 900.0
"""Seconds, for what never ends: on a machine that has much else to do it takes minutes."""
MADE = {name: rf"{name}_.+|(get|create)_{name}|list_{plural}" for name, plural in PLURALS.items()}
"""By lifecycle, the operations that are made of its definition."""
ENDLESS = "stream_changes"
"""What does not end has tests of its own."""
ALL_ELSE = ("--exclude-operation-id-regex", f"^({'|'.join(MADE.values())}|{ENDLESS})$")
SHARE = 0.25
"""Of all that is led to, what is asked for by a link in a run of this length: half, as a rule."""


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a running API with the key of an operator, who may do everything."""
    directory = tmp_path_factory.mktemp("operated")
    with running_api(f"sqlite:///{directory / 'makegood.db'}", directory, processes=1) as api:
        engine = Engine(api.store, Registry(api.store), SystemClock())
        key = keys.create(api.store, Role.OPERATOR, "tests", datetime.now(UTC))
        with api.client() as http, deciding(engine):
            http.headers["Authorization"] = f"Bearer {key}"
            http.get("/openapi.json", timeout=_LONGEST)  # written now: nobody waits so long for it as we do
            yield http


@pytest.mark.timeout(_LONGEST + 60)
@pytest.mark.parametrize(
    "phases", ["examples", pytest.param("coverage,fuzzing", marks=pytest.mark.exhaustive)]
)
def test_every_answer_is_one_that_the_document_promises(
    operated: httpx.Client, tmp_path: Path, phases: str
) -> None:
    """Of all operations but those that are made of definitions.

    The same requests each time, as long as the document is the same. It tells how to send one that failed.
    """
    _hold(operated, tmp_path, "--phases", phases, *ALL_ELSE)


@pytest.mark.exhaustive
@pytest.mark.timeout(_LONGEST + 60)
def test_sequences_go_on_by_the_links_of_answers(operated: httpx.Client, tmp_path: Path) -> None:
    """Each example has been sent before, so that there is something. What is led to is there, and is read."""
    key = operated.headers["Authorization"].removeprefix("Bearer ")
    document = operated.get("/openapi.json").json()
    for one in sorted(examples(document), key=place):
        if one.operation != ENDLESS and one.method != "delete":
            send(operated, one, key)
    followed = _hold(operated, tmp_path, "--phases", "stateful", *ALL_ELSE)
    led_to = _led_to(document, re.compile(ALL_ELSE[1]))
    asked = {one.operation for one in followed}
    read = {one.operation for one in followed if one.status == 200}
    assert asked <= led_to
    assert len(asked) >= SHARE * len(led_to), f"never asked for: {sorted(led_to - asked)}"
    assert len(read) >= len(asked) / 3, f"never read: {sorted(asked - read)}"


@pytest.mark.exhaustive
@pytest.mark.timeout(_LONGEST + 60)
def test_every_answer_about_lifecycles_is_one_that_the_document_promises(
    operated: httpx.Client, tmp_path: Path
) -> None:
    """Of each kind of operation that is made of definitions: what is asked alike is answered alike."""
    document = operated.get("/openapi.json").json()
    made = re.compile("|".join(MADE.values()))
    kinds = unlike(document, [name for name in Operations(document).said if made.fullmatch(name)])
    chosen = ("--include-operation-id-regex", f"^({'|'.join(kinds)})$")
    _hold(operated, tmp_path, "--phases", "examples,coverage,fuzzing", *chosen)


@pytest.mark.sampled
@pytest.mark.timeout(_LONGEST + 60)
@pytest.mark.parametrize("lifecycle", sorted(MADE))
def test_every_answer_in_the_life_of_a_subject_is_one_that_the_document_promises(
    operated: httpx.Client, tmp_path: Path, lifecycle: str
) -> None:
    """One is made, read, and moved on by the links of the answers."""
    chosen = ("--include-operation-id-regex", f"^({MADE[lifecycle]})$")
    _hold(operated, tmp_path, "--phases", "stateful", *chosen)


class Followed(NamedTuple):
    """A request that was made up from an answer, by a link."""

    operation: str
    status: int
    link: str


def _led_to(document: dict[str, Any], left_out: re.Pattern[str]) -> set[str]:
    """That to which a link leads, among the operations that are not left out."""
    operations = Operations(document)
    chosen = {name for name in operations.said if not left_out.search(name)}
    return {
        link["operationId"]
        for name in chosen
        for link in operations.links(name)
        if link["operationId"] in chosen
    }


def _hold(operated: httpx.Client, directory: Path, *chosen: str) -> list[Followed]:
    """By schemathesis: examples, the bounds of each schema, chance, and sequences of requests.

    What was asked because an answer led to it.
    """
    noted = directory / "followed.tsv"
    noted.touch()
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    done = subprocess.run(
        [
            *(*command, str(operated.base_url.join("/openapi.json")), "--no-color"),
            *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
            *chosen,
        ],
        env={
            **os.environ,
            "API_KEY": operated.headers["Authorization"].removeprefix("Bearer "),
            "SCHEMATHESIS_HOOKS": "tests.api.beyond_schemas",
            "LINKS_FOLLOWED": str(noted),
            "PYTHONPATH": str(ROOT),
        },
        cwd=directory,  # it leaves a directory behind
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )
    _, _, wrong = done.stdout.partition(" FAILURES ")
    assert done.returncode == 0, wrong[:10_000] + done.stdout[-5_000:] + done.stderr[-2_000:]
    assert "No issues found" in done.stdout
    lines = noted.read_text(encoding="utf-8").splitlines()
    return [Followed(name, int(status), link) for name, status, link in (one.split("\t") for one in lines)]


def test_an_answer_is_promised_only_where_it_can_be_given(operated: httpx.Client) -> None:
    """What nothing is asked of cannot be wrong; where nothing is named nothing is missing."""
    document = operated.get("/openapi.json").json()
    without_cause = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = [_meant(document, one) for one in operation.get("parameters", ())]
            asked = {one["in"] for one in parameters}
            promised = operation["responses"].keys()
            if "422" in promised and not asked and "requestBody" not in operation:
                without_cause.append((method, path, 422))
            if "404" in promised and not asked & {"path", "query"} and "requestBody" not in operation:
                without_cause.append((method, path, 404))
            if "413" in promised and method == "get":
                without_cause.append((method, path, 413))
    assert without_cause == []


def _meant(document: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """What is written once and referred to."""
    if "$ref" not in one:
        return one
    kind, name = one["$ref"].split("/")[-2:]
    found: dict[str, Any] = document["components"][kind][name]
    return found
