"""Every command works in a folder with a `tasks.py` and a `workflow.py` of its own, and imports neither."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.api.test_rotation_command import CALENDAR
from tests.ground.any_folder import ROOT, Installed
from tests.waiting import wait_until
from workflow.embedded.ports import free_port
from workflow.supervisor.checks import http_ok
from workflow.supervisor.guard import Guard

INCIDENTS = ROOT / "examples" / "incidents"
PROMISE = {"words": "We call", "owner": "ana@example.org", "due_at": "2030-01-01T12:00:00Z"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed once."""
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An installation of its own, whose broker is down unless it is embedded."""
    return {"MAKEGOOD_DATA_DIR": str(tmp_path / "data"), "MAKEGOOD_LOG_LEVEL": "INFO"}


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Ends what a test that failed left behind."""
    guard = Guard(grace=10.0)
    try:
        yield guard
    finally:
        guard.close()


@pytest.mark.exhaustive
def test_every_command_that_ends_by_itself(installed: Installed, env: dict[str, str], tmp_path: Path) -> None:
    down = env | {"MAKEGOOD_BROKER_URL": "redis://127.0.0.1:1/0"}
    assert installed.run(down, "migrate").returncode == 0
    calendar = tmp_path / "duty.ics"
    calendar.write_text(CALENDAR, encoding="utf-8")
    out = {name: str(tmp_path / name) for name in ("report.json", "moves.jsonl", "promise.svg")}
    # Each with its exit code, and with words that only it can say.
    expected: dict[tuple[str, ...], tuple[int, str]] = {
        ("--help",): (0, "Promises kept"),
        ("check", "promise"): (0, "1 definition checked, no problems"),
        ("draw", "promise", "--out", out["promise.svg"]): (0, ""),
        ("keys", "create"): (0, "mg_"),
        ("keys", "list"): (0, ""),
        ("doctor",): (1, "WRONG broker: redis://127.0.0.1:1/0 does not answer"),
        ("explain", "promise:nobody"): (1, "makegood: "),
        ("health", "api", "--url", "http://127.0.0.1:1"): (1, "api: does not answer as it should"),
        ("health", "worker"): (1, "worker: does not answer as it should"),
        ("send", "promise.make", "promise:1", "--key", "k", "--url", "http://127.0.0.1:1"): (
            1, "cannot be reached",
        ),
        ("rotation", "import", str(calendar), "--id", "shop", "--zone", "UTC", "--person",
         "Ada=ada@shop.example", "--dry-run"): (0, "rotation:shop: "),
        ("replay", str(INCIDENTS / "excerpt.csv"), "--lifecycle", str(INCIDENTS / "lifecycle.yaml"), "--map",
         str(INCIDENTS / "map.yaml"), "--report", out["report.json"], "--moves", out["moves.jsonl"]): (
            0, "moves",
        ),
    }  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda arguments: installed.run(down, *arguments), expected))
    for (arguments, (code, words)), done in zip(expected.items(), ended, strict=True):
        said = done.stdout + done.stderr
        assert done.returncode == code and words in said, f"{arguments}: {done.returncode} {said}"
    assert installed.imported() == {}


@pytest.mark.exhaustive
def test_every_command_that_stays(
    installed: Installed, env: dict[str, str], tmp_path: Path, guard: Guard
) -> None:
    ports = {name: free_port() for name in ("API", "FLOWER", "api", "flower")}
    env |= {f"MAKEGOOD_{name}_PORT": str(ports[name]) for name in ("API", "FLOWER")}
    running: dict[str, subprocess.Popen[bytes]] = {}

    def start(name: str, *arguments: str) -> None:
        running[name] = installed.start(env, tmp_path / f"{name}.log", *arguments)
        guard.add(running[name].pid)

    def log(name: str) -> str:
        return (tmp_path / f"{name}.log").read_text(errors="replace")

    def wait_for(name: str, words: str) -> None:
        wait_until(
            lambda: words in log(name) or running[name].poll() is not None,
            seconds=90,
            what=f"{name}: {words}",
        )
        assert words in log(name), log(name)

    start("up", "up", "--concurrency", "1")
    wait_for("up", "makegood is up")
    # Beside what it supervises, each once more as a person starts it; they find broker and store through it.
    start("api", "api", "--port", str(ports["api"]), "--processes", "2")
    start("worker", "worker", "--concurrency", "1", "--name", "second")
    start("flower", "flower", "--port", str(ports["flower"]))
    wait_for("worker", " ready.")
    for name, path in (("api", "readyz"), ("flower", "healthcheck")):
        answers = http_ok(f"http://127.0.0.1:{ports[name]}/{path}")
        wait_until(lambda answers=answers: answers(), seconds=90, what=f"{name} to answer")  # type: ignore[misc]
    asked = (
        ("worker", "--name", "second"),
        ("api", "--url", f"http://127.0.0.1:{ports['api']}"),
        ("flower", "--url", f"http://127.0.0.1:{ports['flower']}"),
    )
    for question in asked:
        well = installed.run(env, "health", *question)
        assert well.returncode == 0, f"{question}: {well.stderr}"
    key = installed.run(env, "keys", "create").stdout.strip()
    sent = installed.run(
        env, "send", "promise.make", "promise:1", "--key", key, "--data", json.dumps(PROMISE)
    )
    assert json.loads(sent.stdout)["status"] == "accepted", sent.stderr
    where = f"http://127.0.0.1:{ports['api']}/v1/subjects/promise:1"
    wait_until(
        lambda: httpx.get(where, headers={"Authorization": f"Bearer {key}"}).json()["state"] == "made",
        seconds=60,
        what="a worker to decide it",
    )
    for process in reversed(running.values()):
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    codes = {name: process.returncode for name, process in running.items()}
    assert codes == dict.fromkeys(running, 0), {name: log(name)[-1500:] for name in running}
    assert installed.imported() == {}


def test_the_demonstration_starts(
    installed: Installed, env: dict[str, str], tmp_path: Path, guard: Guard
) -> None:
    log = tmp_path / "demo.log"
    demo = installed.start(env, log, "demo")
    guard.add(demo.pid)
    begun = re.compile("^migrate +done", re.MULTILINE)
    wait_until(
        lambda: begun.search(log.read_text()) or demo.poll() is not None, seconds=90, what="the migration"
    )
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=60) == 130, log.read_text()
    assert installed.imported() == {}
