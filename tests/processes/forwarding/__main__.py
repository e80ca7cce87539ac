"""By hand: `python -m tests.processes.forwarding [CHANGES] [SUBJECTS] [KILLS] [SECONDS]`, on PostgreSQL.

Every so many seconds a worker is killed with all of its processes, so many times.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.processes.forwarding.playing import play
from tests.processes.installation import Installation
from tests.servers import PostgresServer, ValkeyServer


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _main(changes: int, subjects: int, kills: int, every: float) -> int:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for name in ("postgresql", "valkey", "here"):
            (place / name).mkdir()
        server, valkey = PostgresServer(place / "postgresql", durable=True), ValkeyServer(place / "valkey")
        server.start()
        valkey.start()
        try:
            url = server.url(server.create_database())
            with Installation(place / "here", valkey, url) as installation:
                played = play(installation, changes, subjects, kills, every, tell=_say)
        finally:
            valkey.stop()
            server.stop()
    for line in played.table():
        _say(line)
    faults = played.faults()
    for one in faults:
        _say(f"BROKEN {one}")
    return 1 if faults else 0


if __name__ == "__main__":
    asked = [*sys.argv[1:], *("100000", "1000", "8", "30")[len(sys.argv) - 1 :]]
    sys.exit(_main(int(asked[0]), int(asked[1]), int(asked[2]), float(asked[3])))
