"""SIGHUP: who has no terminal goes on, and who has one ends in good order with it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.running_api import ROOT, RunningApi, running_api
from tests.servers.migrated_files import migrated
from tests.waiting import wait_until
from workflow.embedded.ports import free_port
from workflow.settings import Settings, as_environment
from workflow.store import open_store


@pytest.fixture(autouse=True)
def not_under_nohup() -> Iterator[None]:
    """What is started hears the signal, although `nohup make test` has these tests ignore it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("processes", [1, 2])
def test_without_a_terminal_it_goes_on_and_says_what_is_to_be_done(tmp_path: Path, processes: int) -> None:
    log = tmp_path / "api.log"
    with running_api(f"sqlite:///{tmp_path / 'makegood.db'}", tmp_path, processes, log=log) as api:
        os.killpg(api.process.pid, signal.SIGHUP)
        wait_until(lambda: "SIGHUP changes nothing" in log.read_text(), seconds=60, what="it to say so")
        wait_until(api.answers, seconds=60, what="an answer")
        assert api.post("after").status_code == 202
        assert api.process.poll() is None
        assert "died" not in log.read_text()


@pytest.mark.parametrize("processes", [1, 2])
def test_it_ends_in_good_order_with_its_terminal(tmp_path: Path, processes: int) -> None:
    url, port = f"sqlite:///{tmp_path / 'makegood.db'}", free_port()
    migrated(url)
    settings = Settings(database_url=url, data_dir=tmp_path, broker_url="memory://", api_port=port)
    master, slave = pty.openpty()
    with (tmp_path / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "workflow.cli", "api", "--processes", str(processes)],
            env={**os.environ, **as_environment(settings)},
            cwd=ROOT,
            stdin=slave,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
    os.close(slave)
    store = open_store(url)
    try:
        api = RunningApi(process, port, store, "none")
        wait_until(api.answers, seconds=60, what="the API to answer")
        os.close(master)
        assert process.wait(60) == 0
        api.http.close()
    finally:
        store.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
