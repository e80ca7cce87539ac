"""`makegood tail` and `makegood search`: the ledger and its subjects in a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import House, order
from tests.client.conftest import Command
from tests.client.unsteady import DROP, Unsteady
from workflow.access.role import Role

ROOT = Path(__file__).parents[2]


def _decide(house: House, *events: dict[str, object]) -> None:
    for one in events:
        assert house.post(one).status_code == 202
        house.apply()


def _now(house: House) -> str:
    found: str = house.get("/v1/changes", after="now").json()["next"]
    return found


@pytest.fixture
def start(house: House) -> str:
    """A cursor before three changes: an order is placed, shipped, and cannot be shipped again."""
    cursor = _now(house)
    _decide(
        house,
        order("place", f"tailed-{cursor}", f"t1-{cursor}", amount=5),
        order("ship", f"tailed-{cursor}", f"t2-{cursor}"),
        order("ship", f"tailed-{cursor}", f"t3-{cursor}"),
    )
    return cursor


def test_each_change_is_a_line(makegood: Command, start: str) -> None:
    said = makegood("tail", "--no-follow", "--after", start)
    assert said.code == 0, said.err
    subject, actor = f"order:tailed-{start}", "system:the tests' system"
    placed, shipped, refused = said.out.splitlines()
    assert placed == f"2026-07-01T12:00:00Z  {subject}  place  moved  initial -> placed  {actor}"
    assert shipped == f"2026-07-01T12:00:00Z  {subject}  ship  moved  placed -> shipped  {actor}"
    assert refused.startswith(
        f"2026-07-01T12:00:00Z  {subject}  ship  refused  in shipped  {actor}  impossible-now"
    )


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        (["--lifecycle", "order"], [1, 2, 3]),
        (["--lifecycle", "promise"], []),
        (["--lifecycle", "promise", "--lifecycle", "order", "--trigger", "ship"], [2, 3]),
        (["--state", "placed"], [1]),
        (["--outcome", "refused"], [3]),
        (["--team", "north"], []),
    ],
)
def test_filters_narrow_what_is_shown(
    makegood: Command, start: str, filters: list[str], seqs: list[int]
) -> None:
    said = makegood("tail", "--no-follow", "--json", "--after", start, *filters)
    assert [json.loads(line)["data"]["seq"] for line in said.out.splitlines()] == seqs
    of_subject = makegood(
        "tail", "--no-follow", "--json", "--after", "start", "--subject", f"order:tailed-{start}"
    )
    assert [json.loads(line)["id"][-2:] for line in of_subject.out.splitlines()] == ["/1", "/2", "/3"]


def test_what_is_wrong_is_said(makegood: Command) -> None:
    wrong = makegood("tail", "--after", "nothing")
    assert (wrong.code, wrong.out) == (1, "")
    assert "query.after" in wrong.err and "cursor" in wrong.err
    nobody = makegood("tail", "--key", "mg_no_body")
    assert (nobody.code, nobody.err.count("401")) == (1, 1)
    unknown = makegood("tail", "--no-follow", "--lifecycle", "Order!")
    assert unknown.code == 1 and "query.lifecycle" in unknown.err


@pytest.fixture
def following(house: House, unsteady: Unsteady, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that follows the API over connections that fail as the test says."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "workflow.cli",
            "tail",
            "--json",
            "--lifecycle",
            "order",
            "--after",
            _now(house),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MAKEGOOD_DATA_DIR": str(tmp_path / "data"),
            "MAKEGOOD_API_URL": unsteady.url,
            "MAKEGOOD_API_KEY": house.keys[Role.SYSTEM],
            "NO_PROXY": "127.0.0.1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_it_goes_on_after_every_interruption_and_says_where_it_ended(
    house: House, unsteady: Unsteady, following: subprocess.Popen[str]
) -> None:
    assert following.stdout is not None and following.stderr is not None
    for n in range(4):
        _decide(house, order("place", f"followed-{n}", f"followed-{n}", amount=5))
        assert json.loads(following.stdout.readline())["subject"] == f"order:followed-{n}"
        unsteady.faults.append(DROP)
        unsteady.cut()
    _decide(house, order("place", "followed-last", "followed-last", amount=5))
    assert json.loads(following.stdout.readline())["subject"] == "order:followed-last"
    following.send_signal(signal.SIGINT)
    assert following.wait(20) == 0
    said = following.stderr.read().splitlines()
    assert sum("the connection is lost; again in" in line for line in said) >= 8
    last = said[-1].removeprefix("makegood: go on with --after ")
    page = house.get("/v1/changes", after=last).json()
    assert (page["items"], said[-1] != last) == ([], True)


def test_subjects_are_found(house: House, makegood: Command) -> None:
    _decide(
        house,
        {
            "specversion": "1.0", "id": "found-1", "source": "/tests", "type": "promise.make",
            "subject": "promise:F-1",
            "data": {
                "words": "We bring the blue kettle", "owner": "ana@shop.example", "team": "north",
                "due_at": "2026-07-01T15:00:00Z", "customer": {"name": "Ada Lovelace"},
            },
        },
    )  # fmt: skip
    said = makegood("search", "Lovelace", "kettel", "--lifecycle", "promise", "--team", "north", "--open")
    assert said.code == 0, said.err
    assert said.out.startswith(
        "promise:F-1  made  Ada Lovelace  We bring the blue kettle  due 2026-07-01T15:00:00Z"
    )
    (found,) = makegood("search", "lovelace", "--json").out.splitlines()
    assert json.loads(found)["found"]["field"] == "name"
    assert makegood("search", "lovelace", "--ended").out == ""
    for n in range(2):
        _decide(house, order("place", f"many-{n}", f"many-{n}", amount=5))
    many = makegood("search", "--lifecycle", "order", "--state", "placed", "--limit", "1")
    assert (len(many.out.splitlines()), many.err) == (1, "There are more.\n")
    nothing = makegood("search")
    assert nothing.code == 1 and "nothing-asked" in nothing.err
