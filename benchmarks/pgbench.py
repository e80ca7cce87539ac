"""pgbench -N: PostgreSQL's own measure of small write transactions, with the binaries that the server has."""

from __future__ import annotations

import re
import subprocess

from benchmarks.rounds import Reading
from benchmarks.session import Session
from tests.servers.postgres import postgres_binaries

CLIENTS, SCALE = 16, 10


def transactions(session: Session) -> Reading:
    """Transactions a second of 16 clients: an update, a select and an insert each; prepared statements."""
    if "pgbench" not in session.kept:
        session.kept["pgbench"] = session.database()
        _run(session, "-i", "-q", "-s", str(SCALE))
    seconds = session.size(5, 1)
    said = _run(session, "-N", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds))
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench told no tps: {said[-400:]}")
    return {"rate": float(found[1])}


def _run(session: Session, *options: str) -> str:
    program = postgres_binaries() / "pgbench"
    address = ("-h", "127.0.0.1", "-p", str(session.server.port), "-U", "postgres")
    argv = [str(program), *address, *options, session.kept["pgbench"]]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout
