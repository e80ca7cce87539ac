"""The commands of docs/api.md are run as they stand, and do what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import NOON, House, open_house
from tests.api.deciding import deciding
from tests.examples.pages import blocks
from workflow.access import keys
from workflow.access.role import Role
from workflow.api.http.problems import Kind

PAGE = "api.md"
ALL = [line for block in blocks(PAGE, "sh") for line in block.replace("\n  ", " ").strip().splitlines()]
"""Its commands, each on one line."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door, and somebody who decides."""
    url = f"sqlite:///{tmp_path_factory.mktemp('page') / 'makegood.db'}"
    with open_house(url) as opened, deciding(opened.runtime.engine):
        yield opened


@pytest.fixture(scope="module")
def ran(house: House, tmp_path_factory: pytest.TempPathFactory, curl: str) -> dict[str, str]:
    """What each command writes, by the command, in the order of the page."""
    key = keys.create(house.runtime.store, Role.SYSTEM, "docs", NOON)
    environment = {**os.environ, "URL": str(house.http.base_url).rstrip("/"), "KEY": str(key)}
    environment["PATH"] = f"{Path(curl).parent}:{environment['PATH']}"
    directory, written = tmp_path_factory.mktemp("commands"), {}
    for number, command in enumerate(ALL):
        done = subprocess.run(
            ["sh", "-c", command], env=environment, cwd=directory, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, (command, done.stderr)
        written[f"{number}: {command}"] = done.stdout
    written["drawn"] = (directory / "promise.svg").read_text()
    return written


def of(ran: dict[str, str], part: str) -> list[str]:
    """What the commands wrote that hold this."""
    found = [text for command, text in ran.items() if part in command]
    assert found, part
    return found


def test_no_command_is_refused_but_where_the_page_says_so(ran: dict[str, str]) -> None:
    for command, text in ran.items():
        assert '"status":4' not in text.replace(" ", ""), (command, text)
        assert '"status":5' not in text.replace(" ", ""), (command, text)


def test_the_first_answer_is_as_shown(ran: dict[str, str]) -> None:
    (made,) = of(ran, "P-17/make")
    shown: dict[str, Any] = json.loads(blocks(PAGE, "json")[0])
    answer = json.loads(made)
    shown["event"]["id"] = answer["event"]["id"]
    assert answer == shown


def test_reads_and_triggers_are_conditional(ran: dict[str, str]) -> None:
    (unchanged,) = of(ran, "If-None-Match")
    assert unchanged.startswith("HTTP/1.1 304")
    (thanked,) = of(ran, "If-Match")
    assert thanked.startswith("HTTP/1.1 200") and 'etag: "2"' in thanked.lower()


def test_what_is_sent_again_is_a_duplicate(ran: dict[str, str]) -> None:
    first, again = (json.loads(text) for text in of(ran, "8e03978e"))
    assert (first["status"], again["status"]) == ("accepted", "duplicate")
    assert {**first, "status": ""} == {**again, "status": ""}
    assert first["state"] == "kept"


def test_a_job_is_moved_and_called_off(ran: dict[str, str]) -> None:
    states = [json.loads(text)["state"] for text in of(ran, "/v1/jobs")]
    assert states == ["scheduled", "scheduled", "cancelled"]


def test_what_is_asked_is_told(ran: dict[str, str]) -> None:
    (listed,) = of(ran, "open=true")
    assert json.loads(listed)["items"][0]["data"] == {
        "due_at": "2030-03-05T16:00:00Z",
        "owner": "ana@shop.example",
    }
    (possible,) = of(ran, "/possible")
    assert {one["trigger"]: one["verdict"] for one in json.loads(possible)["items"]}["keep"] != "no"
    (named,) = of(ran, "order-4711")
    assert "x-request-id: order-4711" in named.lower()
    assert "<svg" in ran["drawn"]


AT_NONE = {405, 500, 505}
"""To which no request for an operation leads: the document promises them nowhere."""


def test_the_document_says_what_each_operation_answers_and_the_page_what_none_does(house: House) -> None:
    document = house.http.get("/openapi.json", timeout=120).json()
    said = {
        int(status)
        for item in document["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
        if status >= "4"
    }
    assert {kind.status for kind in Kind} - said == AT_NONE
    assert said < {kind.status for kind in Kind}
    (sentence,) = (part for part in _page().split("\n\n") if part.startswith("`/openapi.json` says of each"))
    assert {int(word) for word in re.findall(r"\b[45]\d\d\b", sentence)} == AT_NONE


def test_the_page_names_every_status_that_is_a_problem() -> None:
    page = _page()
    rows = [row for row in page.splitlines() if row.startswith(("| 4", "| 5"))]
    told = {int(word) for row in rows for word in row.split("|")[1].replace(",", " ").split()}
    # The others end a connection, or are said of a request that has not come whole.
    assert {kind.status for kind in Kind} - told - {408, 414, 431, 500} == set()


def _page() -> str:
    return Path(__file__).parents[2].joinpath("docs", PAGE).read_text(encoding="utf-8")
