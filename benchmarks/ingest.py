"""Events handed over: to makegood over HTTP, to the peers by their own calls."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any

from benchmarks.peers.environments import NotInstalled
from benchmarks.peers.peer import Kind, running
from benchmarks.rounds import Absent, Contestant, Reading
from benchmarks.session import Session
from benchmarks.stack import ROOT, Api

UNBOUNDED = {"MAKEGOOD_MAX_UNDECIDED": "1000000000"}
"""No worker runs, so nothing that is accepted is decided: the door must not close for that."""
_PATIENCE = 60.0


@dataclass(frozen=True)
class Posting:
    """How events are posted: on so many connections, so many in a request, for so many seconds."""

    connections: int
    batch: int
    seconds: float
    warm_up: float

    def to(self, api: Api, key: str) -> Reading:
        """Events accepted a second after a warm-up, and what that cost; raises RuntimeError if any was not.

        `cpu_us`: microseconds of the API's processes for each event; `p50` and `p99` of requests in ms.
        """
        self._post(api, key, self.warm_up)
        before = api.cpu_seconds()
        found = self._post(api, key, self.seconds)
        used = api.cpu_seconds() - before
        if set(found["statuses"]) != {"202"}:
            raise RuntimeError(f"the API answered {found['statuses']}")
        rate = float(found["events_per_second"])
        return {
            "rate": rate, "p50": found["p50_ms"], "p99": found["p99_ms"], "cores": used / self.seconds,
            "cpu_us": 1e6 * used / max(1.0, rate * self.seconds),
        }  # fmt: skip

    def _post(self, api: Api, key: str, seconds: float) -> dict[str, Any]:
        argv = [sys.executable, "-m", "benchmarks.http_load", api.url, key, "--seconds", str(seconds)]
        argv += ["--connections", str(self.connections), "--batch", str(self.batch)]
        done = subprocess.run(
            argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=seconds + _PATIENCE
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def peers(session: Session, batch: int, *kinds: Kind) -> dict[str, Contestant]:
    """One producer each, no worker; `batch` 1 is the ordinary call for one."""
    return {_label(kind, batch): partial(_peer, session, kind, batch) for kind in kinds}


def restate(session: Session, kind: Kind) -> dict[str, Contestant]:
    """Restate with 64 requests in flight; its service runs, since it must know to whom they go."""
    return {f"{kind.name}, 64 in flight": partial(_peer, session, kind, 2_000)}


def _label(kind: Kind, batch: int) -> str:
    return kind.name if batch == 1 else f"{kind.name}, {batch} together"


def _peer(session: Session, kind: Kind, batch: int) -> Reading:
    try:
        with (
            session.broker() as broker,
            running(kind, session.kept["peers_dir"], session.place(kind.name), broker.url,
                    session.server.port, work=False) as peer,
        ):  # fmt: skip
            for first, seconds in ((0, 0.3), (100_000_000, session.size(4.0, 0.5))):
                found = peer.call("ingest", first=first, seconds=seconds, batch=batch, start_at=time())
    except NotInstalled as error:
        raise Absent(f"not installed: {error}") from error
    return {"rate": found["done"] / (found["ended"] - found["begun"])}
