"""The outage by hand: `python -m tests.processes.outage [CUSTOMERS] [SECONDS]`, on PostgreSQL.

The quarter of an hour is three times as long as the reports come in: of 300 seconds, it is one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.processes.installation import Installation
from tests.processes.outage.figures import table
from tests.processes.outage.playing import play
from tests.processes.outage.rules import broken
from tests.servers import PostgresServer, ValkeyServer


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _main(customers: int, seconds: float) -> int:
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
                installation.configure(sweep_seconds=5.0, lease_seconds=120.0)  # the product's own
                played = play(installation, customers, seconds, tell=_say)
        finally:
            valkey.stop()
            server.stop()
    sys.stdout.write("\n".join(table(played)) + "\n")
    faults = broken(played.outage)
    sys.stdout.writelines(f"BROKEN {one}\n" for one in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    asked = [*sys.argv[1:], *("200", "30")[len(sys.argv) - 1 :]]
    sys.exit(_main(int(asked[0]), float(asked[1])))
