"""Every command in the documentation is one: run for real where that can be done, else as far as it goes.

What is run is run in a copy of the repository's files, against an installation of this test's own: a
database, a broker, an API and a worker. What is not run is named in `NOT_RUN` with the reason, and it is
looked at all the same: the command has these options, the Makefile this target, the package this extra.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import httpx
import pytest

from tests.docs.commands import ROOT, Command, commands
from tests.processes.workers import WorkerProcess
from tests.servers import ValkeyServer
from tests.waiting import wait_until
from workflow.cli.commands import LINES, loaded
from workflow.embedded.ports import free_port
from workflow.settings import Settings, as_environment

ALL = commands()
STAYS = {"up", "demo", "api", "worker", "flower"}
"""Commands that run until they are ended; each has tests of its own."""
NOT_RUN = {
    r"^docs/howto/add-": "changes the source of a clone; tests/ground/test_howto.py follows one",
    r"^docs/howto/backup": "tests/processes/test_restore.py does all of it, to an installation of its own",
    r"^docs/howto/migrate": "there is one version of each here; tests/workflow/test_migration.py has two",
    r"Bearer mgtest_…": "a test key of the reader's own; tests/api/test_rehearsal.py makes one",
    r"^docs/howto/kubernetes": "needs a cluster; tests/deploy/test_kubernetes.py says what is held",
    r"^docs/first-lifecycle": "works on the files that the reader has written on the way",
    r"replay .*(LOG|incident_event_log\.csv|helpdesk\.xes\.gz)": "the log is the reader's, or to be fetched",
    r"python examples/": "judges what a replay of such a log has written",
    r"(repair|old)\.yaml|incidents\.csv|event\.json|oncall\.ics": "a file of the reader's own",
    r"--watch|/stream\?|makegood tail(?!.*--no-follow)": "stays until it is ended",
    r"makegood test scenarios/": "a folder of the reader's own",
    r"keys rotate 0f3a": "a key of the reader's own",
    r"/clock/advance": "a clock goes by itself here; tests/sandbox moves one",
    r": rabbitmqctl": "needs a node's administrator; tests/processes/test_rabbitmq.py has a node of its own",
    r": pip install": "installs, which CI does from the locks",
    r"docs/api\.md: curl ": "tests/api/test_api_page.py runs that page, on an installation of its own",
    r": np[mx] ": "tests/clients/test_typescript.py does it with the packages of a lock file",
    r": make ": "installs and starts things; CI runs these targets",
    r"makegood doctor": "says what is wrong with an installation of the reader's own",
    r"https?://[\w.]+\.example\b|://…|API_KEY=…": "an address or a key of the reader's own",
}
"""By what stands in a page and its command: why it is not run here."""
FOLDERS = ("examples", "docs")


def why_not(command: Command) -> str | None:
    """Why a command is not run here; None of one that is."""
    if command.program == "makegood" and command.words[1] in STAYS:
        return "it stays"
    said = f"{command.page}: {command.text}"
    return next((reason for form, reason in NOT_RUN.items() if re.search(form, said)), None)


RUN = [one for one in ALL if why_not(one) is None]


def test_every_reason_is_still_needed() -> None:
    said = [f"{one.page}: {one.text}" for one in ALL]
    assert [form for form in NOT_RUN if not any(re.search(form, one) for one in said)] == []
    assert len(RUN) >= 20


@pytest.mark.parametrize("command", [one for one in ALL if one.program == "makegood"], ids=str)
def test_a_command_of_ours_has_what_is_said_of_it(command: Command) -> None:
    _, name, *arguments = command.words
    assert name in LINES, f"there is no command {name}"
    found = loaded(name)
    context = click.Context(found, info_name=name)
    while isinstance(found, click.Group):
        word, found, arguments = found.resolve_command(context, arguments)
        assert found is not None, f"{name} has no {word}"
        context = click.Context(found, parent=context, info_name=word)
    found.make_parser(context).parse_args(list(arguments))


@pytest.mark.parametrize("command", [one for one in ALL if one.program == "make"], ids=str)
def test_make_has_that_target(command: Command) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert command.words[1] in targets


@pytest.mark.parametrize("command", [one for one in ALL if one.program == "pip"], ids=str)
def test_the_package_has_these_extras(command: Command) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(rf"{project['name']}\[([\w,]+)\]", command.words[-1])
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()


class Installation:
    """What a reader has who follows the pages."""

    def __init__(self, directory: Path, broker_url: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.database = directory / "makegood.db"
        settings = Settings(
            database_url=f"sqlite:///{self.database}",
            broker_url=broker_url,
            data_dir=directory / "data",
            lifecycles=ROOT / "examples" / "returns",
        )
        program = directory / "bin" / "makegood"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m workflow.cli "$@"\n')
        program.chmod(0o755)
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, directory / folder)
        (directory / "scenarios").mkdir()
        self.environment = {
            **os.environ,
            **as_environment(settings),
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "MAKEGOOD_API_URL": f"http://127.0.0.1:{self.port}",
            "URL": f"http://127.0.0.1:{self.port}",
        }

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """As typed into a shell; addresses are this installation's own."""
        typed = text.replace("localhost:8080", f"127.0.0.1:{self.port}").replace(
            "curl ", "curl --fail-with-body ", 1
        )
        return subprocess.run(
            ["sh", "-c", typed], cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip

    def wait_decided(self) -> None:
        """Until every event that was sent is decided, and what came of it."""

        def undecided() -> int:
            with closing(sqlite3.connect(self.database)) as connection:
                (found,) = connection.execute("select count(*) from inbox where dead_at is null").fetchone()
            return int(found)

        wait_until(lambda: not undecided(), seconds=60, what="everything to be decided", seen=undecided)

    def key(self) -> str:
        """One that may do everything."""
        made = self.run("makegood keys create --name reader --role operator")
        assert made.returncode == 0, made.stderr
        return made.stdout.split()[-1]


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, valkey_process: ValkeyServer, curl: str
) -> Iterator[Installation]:
    """Up, with a key in `KEY` and what the pages tell of: a promise and a return."""
    directory = tmp_path_factory.mktemp("reader")
    here = Installation(directory, valkey_process.url)
    assert here.run("makegood migrate").returncode == 0
    here.environment["KEY"] = here.environment["MAKEGOOD_API_KEY"] = here.key()
    started = []
    try:
        for name, ready in ((f"api --port {here.port}", ""), ("worker --concurrency 1", " ready.")):
            argv = [sys.executable, "-m", "workflow.cli", *name.split()]
            started.append(WorkerProcess(argv, here.environment, directory / f"{name[:3]}.log", ready=ready))
        started[1].wait_ready()
        wait_until(lambda: answers(f"http://127.0.0.1:{here.port}/readyz"), seconds=60, what="the API")
        yield here
    finally:
        for one in started:
            one.kill_group()


def answers(url: str) -> bool:
    """Whether it is there."""
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.exhaustive
@pytest.mark.timeout(500)
def test_what_can_be_run_does_what_it_is_shown_for(installation: Installation) -> None:
    """Page by page, one command after the other, as they are read."""
    failed = []
    for command in RUN:
        done = installation.run(command.text)
        if done.returncode != 0:
            failed.append(f"{command.page}: {command.text}\n{done.stdout[-500:]}\n{done.stderr[-500:]}")
        installation.wait_decided()
    assert failed == [], "\n\n".join(failed)
