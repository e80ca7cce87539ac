"""A Restate server of this session: one process below a directory of its own, on loopback."""

import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

from tests.waiting import wait_until
from workflow.embedded.ports import free_port

HYPERCORN = "keep_alive_max_requests = 1000000000\n"


class RestateServer:
    """Started empty, and stopped with everything it kept; its log of changes is flushed as it comes."""

    def __init__(self, binary: Path, directory: Path) -> None:
        self._binary, self._directory = binary, directory
        self._ports = {name: free_port() for name in ("ingress", "admin", "node", "service")}
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """What the peer's own processes must know."""
        config = self._directory / "hypercorn.toml"
        config.write_text(HYPERCORN)
        ports = {f"BENCH_RESTATE_{name.upper()}": str(port) for name, port in self._ports.items()}
        return ports | {"BENCH_HYPERCORN": str(config)}

    def start(self) -> None:
        """Start it, empty; returns once it is healthy."""
        ingress, admin, node = (str(self._ports[name]) for name in ("ingress", "admin", "node"))
        env = os.environ | {
            "RESTATE_BASE_DIR": str(self._directory / "restate"),
            "RESTATE_BIND_IP": "127.0.0.1", "RESTATE_ADVERTISED_HOST": "127.0.0.1",
            "RESTATE_LISTEN_MODE": "tcp", "RESTATE_BIND_PORT": node,
            "RESTATE_INGRESS__BIND_PORT": ingress, "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_ADMIN__BIND_PORT": admin, "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
            "RESTATE_DEFAULT_NUM_PARTITIONS": "4", "RESTATE_LOG_FILTER": "warn",
            "RESTATE_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1",
        }  # fmt: skip
        with (self._directory / "restate.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, "--no-logo"], env=env, cwd=self._directory, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        wait_until(self._healthy, seconds=60, what="Restate to be healthy")

    def register(self) -> None:
        """Tell it of the service, once that listens."""
        wait_until(self._registered, seconds=30, what="Restate to find the service")

    def stop(self) -> None:
        """End it and remove what it kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None
        shutil.rmtree(self._directory / "restate", ignore_errors=True)

    def _healthy(self) -> bool:
        admin, ingress = self._ports["admin"], self._ports["ingress"]
        urls = (f"http://127.0.0.1:{admin}/health", f"http://127.0.0.1:{ingress}/restate/health")
        return all(_answers(url) for url in urls)

    def _registered(self) -> bool:
        body = b'{"uri": "http://127.0.0.1:%d", "force": true}' % self._ports["service"]
        url = f"http://127.0.0.1:{self._ports['admin']}/deployments"
        return _answers(urllib.request.Request(url, body, {"content-type": "application/json"}))


def _answers(request: str | urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(answer.status < 300)
    except OSError:
        return False
