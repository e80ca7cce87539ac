"""Real workers for tests: the command that `makegood worker` runs, as process groups that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.servers.process import die_with_parent
from tests.waiting import wait_until
from workflow.settings import Settings, as_environment

ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """One process group and its log."""

    def __init__(
        self, argv: list[str], env: Mapping[str, str], log: Path, *, cwd: Path = ROOT, ready: str = " ready."
    ) -> None:
        self.log = log
        self._ready = ready
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                env={**os.environ, "PYTHONWARNINGS": "ignore", **env},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        self._offset = log.stat().st_size

    @property
    def pid(self) -> int:
        """Process id of the worker itself, and of its group."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Until it says that it consumes."""
        wait_until(self._says_ready, seconds=60, what=f"a worker to be ready ({self.log})")

    def _says_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the worker ended:\n{self.log.read_text()[-4000:]}")
        return self._ready in self.log.read_text()

    def kill_group(self) -> None:
        """SIGKILL to all of it at once: worker, pool, scheduler."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self._process.wait(timeout=30)

    def kill_worker(self) -> None:
        """SIGKILL to the worker alone."""
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait(timeout=30)

    def signal(self, number: int) -> None:
        """To the worker alone."""
        os.kill(self.pid, number)

    def wait_ended(self, seconds: float) -> int:
        """Its exit code (negative: by that signal)."""
        return self._process.wait(timeout=seconds)

    def group(self) -> list[int]:
        """Process ids of the group that still run (not those that wait to be buried)."""
        alive = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.pid and fields[0] != "Z":
                alive.append(int(stat.parent.name))
        return alive


class Workers:
    """Starts workers of one installation."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self.settings = settings
        self._directory = directory
        self._started: list[WorkerProcess] = []

    def start(self, *arguments: str) -> WorkerProcess:
        """One more `makegood worker`; does not wait for it."""
        argv = [sys.executable, "-m", "workflow.cli", "worker", *arguments]
        log = self._directory / f"worker-{len(self._started)}.log"
        return self._keep(WorkerProcess(argv, as_environment(self.settings), log))

    def start_api(self) -> str:
        """`makegood api`; does not wait for it. Its address."""
        argv = [sys.executable, "-m", "workflow.cli", "api", "--processes", "1"]
        log = self._directory / f"api-{len(self._started)}.log"
        self._keep(WorkerProcess(argv, as_environment(self.settings), log))
        return f"http://127.0.0.1:{self.settings.api_port}"

    def start_foreign(self, directory: Path, module: str, queue: str) -> WorkerProcess:
        """A Celery worker of another code base, with nothing of ours on its path."""
        argv = [sys.executable, "-m", "celery", "-A", module, "worker", "-c", "1", "--queues", queue,
                "--hostname", f"{module}@%h", "--loglevel", "INFO", "--task-events"]  # fmt: skip
        log = self._directory / f"{module}-{len(self._started)}.log"
        env = {"BROKER": self.settings.broker_url or ""}
        return self._keep(WorkerProcess(argv, env, log, cwd=directory))

    def start_command(self, argv: list[str], ready: str, name: str) -> WorkerProcess:
        """Another program in the environment of our workers."""
        log = self._directory / f"{name}.log"
        return self._keep(WorkerProcess(argv, as_environment(self.settings), log, ready=ready))

    def kill_all(self) -> None:
        """SIGKILL to every process of every worker."""
        for worker in self._started:
            worker.kill_group()

    def _keep(self, worker: WorkerProcess) -> WorkerProcess:
        self._started.append(worker)
        return worker
