"""The command line: from an empty directory to an event sent, as a person would do it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.waiting import wait_until
from workflow.cli import main
from workflow.embedded.ports import free_port

COMMAND = [sys.executable, "-m", "workflow.cli"]
ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def makegood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process, in an installation of its own whose broker is down."""
    monkeypatch.setenv("MAKEGOOD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "redis://127.0.0.1:1/0")

    def run(*arguments: str, text: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["makegood", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def migrated(makegood: Command) -> Command:
    assert makegood("migrate").code == 0
    return makegood


@pytest.fixture
def address(migrated: Command) -> Iterator[str]:
    """Where `makegood api` listens, a process of its own; its end and its log are looked at, too."""
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "api", "--port", str(port)], env=os.environ, cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _ready(url), seconds=60, what="the API to be ready")
        yield url
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert all(json.loads(line)["level"] in ("info", "warning") for line in said.splitlines())


def test_from_nothing_to_an_event(migrated: Command, address: str) -> None:
    made = migrated("keys", "create", "--role", "system", "--name", "the shop").out
    key = made.strip()
    assert made == f"{key}\n" and key.startswith("mg_")
    refused = migrated("send", "promise.mkae", "promise:1", "--url", address, "--key", key)
    assert (refused.code, refused.out) == (1, "")
    assert "422" in refused.err and "[unknown-trigger]" in refused.err
    promise = {"words": "We call back", "owner": "ana@example.org", "due_at": "2026-07-01T15:00:00+02:00"}
    sent = (
        "send",
        "promise.make",
        "promise:P/17",
        "--data",
        "-",
        "--id",
        "1",
        "--url",
        address,
        "--key",
        key,
    )
    items = [json.loads(migrated(*sent, text=json.dumps(promise)).out) for _ in range(2)]
    assert [(item["subject"], item["status"]) for item in items] == [
        ("promise:P/17", "accepted"),
        ("promise:P/17", "duplicate"),
    ]
    other = migrated(*sent, text=json.dumps(promise | {"words": "We call back today"}))
    assert (other.code, other.out) == (1, "")
    assert "409" in other.err and "[other-content]" in other.err


def test_keys_are_listed_without_their_secret_and_revoked(migrated: Command) -> None:
    _, public, secret = (
        migrated("keys", "create", "--role", "desk", "--name", "ana").out.strip().split("_", 2)
    )
    line = migrated("keys", "list").out
    assert public in line and "ana" in line and "desk" in line and secret not in line
    assert "  -  " in line
    assert migrated("keys", "revoke", public).code == 0
    assert "  -  " not in migrated("keys", "list").out


def test_what_is_not_there_cannot_be_revoked(migrated: Command) -> None:
    failed = migrated("keys", "revoke", "nobody")
    assert (failed.code, failed.err) == (1, "makegood: key: there is none with the public part 'nobody'\n")


def test_doctor_names_what_is_wrong(migrated: Command) -> None:
    found = migrated("doctor")
    wrong = [line for line in found.out.splitlines() if line.startswith("WRONG")]
    assert (found.code, wrong) == (1, ["WRONG broker: redis://127.0.0.1:1/0 does not answer"])
    assert "ok    definitions: " in found.out and "promise 7" in found.out
    assert "ok    calendars: set: none; calendar:house is not set" in found.out


def test_doctor_finds_nothing_wrong_where_nothing_is(
    migrated: Command, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", valkey_url)
    found = migrated("doctor")
    password = httpx.URL(valkey_url).password
    assert found.code == 0, found.out
    assert password and password not in found.out


@pytest.mark.parametrize("arguments", [("create",), ("list",), ("revoke", "nobody")])
def test_without_a_schema_it_says_what_to_do(makegood: Command, arguments: tuple[str, ...]) -> None:
    failed = makegood("keys", *arguments)
    assert (failed.code, failed.out) == (1, "")
    assert "makegood migrate" in failed.err


def test_doctor_says_so_too(makegood: Command) -> None:
    found = makegood("doctor")
    assert found.code == 1
    assert "WRONG schema: is at nothing" in found.out and "makegood migrate" in found.out


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAKEGOOD_DATABASE_URL", "mysql://x"),
        ("MAKEGOOD_BROKER_URL", "http://x"),
        ("MAKEGOOD_API_PORT", "99999"),
    ],
)
def test_a_wrong_setting_is_named(
    makegood: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    failed = makegood("keys", "list")
    assert failed.code == 1 and variable in failed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("promise.make", "promise:1", "--data", "{"), "data: is not JSON"),
        (("promise.make", "promise:1", "--time", "2026-07-01T12:00:00"), "time:"),
        (("promise", "promise:1"), "type:"),
        (("promise.make", "promise:1"), "MAKEGOOD_API_KEY"),
        (("promise.make", "promise:1", "--key", "k", "--url", "http://127.0.0.1:1"), "cannot be reached"),
    ],
)
def test_send_says_what_is_wrong(makegood: Command, arguments: tuple[str, ...], words: str) -> None:
    failed = makegood("send", *arguments)
    assert (failed.code, failed.out) == (1, "")
    assert words in failed.err


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"n": 18446744073709551616}', "data.n"),
        ('{"n": NaN}', "is not JSON"),
        ('{"n": 1, "n": 2}', "twice"),
    ],
)
def test_what_would_not_be_kept_as_it_is_is_not_sent(makegood: Command, data: str, said: str) -> None:
    ended = makegood("send", "promise.make", "promise:P-1", "--data", data)
    assert ended.code != 0
    assert said in ended.err
