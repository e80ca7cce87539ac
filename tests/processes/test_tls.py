"""TLS to PostgreSQL and to the broker, with real certificates: who is not vouched for is not used.

The servers of the wheels are built without it, so it ends right before them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes.installation import CUSTOMER, Installation
from tests.servers import ValkeyServer
from tests.servers.certificates import Certificates, certificates
from tests.servers.process import ServerMissing
from tests.servers.tls_front import tls_front
from workflow.settings import as_environment


@pytest.fixture
def made(tmp_path: Path, missing: Callable[[str], None]) -> Certificates:
    """Certificates for loopback."""
    try:
        return certificates(tmp_path)
    except ServerMissing as error:
        missing(str(error))
        raise


@pytest.mark.exhaustive
@pytest.mark.timeout(200)
def test_everything_goes_over_tls_and_to_whom_it_should(
    made: Certificates, migrated_postgres_url: str, valkey_server: ValkeyServer, tmp_path: Path
) -> None:
    broker, server = urlsplit(valkey_server.url), urlsplit(migrated_postgres_url)
    with (
        tls_front(broker.port or 0, made) as port,
        tls_front(server.port or 0, made, postgres=True) as database_port,
    ):
        plain = migrated_postgres_url.replace(f":{server.port}/", f":{database_port}/")
        database = f"{plain}?sslmode=verify-full&sslrootcert={made.authority}"
        trusted = f"?ssl_cert_reqs=required&ssl_ca_certs={made.authority}"
        url = f"rediss://:{broker.password}@localhost:{port}/0{trusted}"
        with Installation(tmp_path, valkey_server, database) as installation:
            installation.configure(broker_url=url)
            installation.workers.start("--concurrency", "1").wait_ready()
            installation.send(installation.promise("P-1", due_in=3, customer=CUSTOMER))
            installation.wait(
                lambda: installation.state("promise:P-1") == "lapsed", what="the promise to lapse"
            )
            installation.wait(installation.notices, what="a notice, which came over the broker")
            # The certificate names nobody of this name, and another authority vouches for nobody here.
            other = certificates(tmp_path_of(tmp_path, "other"))
            elsewhere = database.replace("@127.0.0.1:", "@elsewhere.example:") + "&hostaddr=127.0.0.1"
            theirs, ours = str(other.authority), str(made.authority)
            for changed, what in (
                ({"database_url": elsewhere}, "database"),
                ({"database_url": database.replace(ours, theirs)}, "database"),
                ({"broker_url": url.replace(ours, theirs)}, "broker"),
            ):
                done = run_doctor(installation, **changed)
                wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
                assert done.returncode == 1 and any(what in line for line in wrong), done.stdout
            right = run_doctor(installation).stdout.splitlines()
            assert not [line for line in right if "WRONG" in line and "answer" in line], right


def tmp_path_of(parent: Path, name: str) -> Path:
    """A folder below."""
    (parent / name).mkdir()
    return parent / name


def run_doctor(installation: Installation, **changed: str) -> subprocess.CompletedProcess[str]:
    """`makegood doctor` with other settings."""
    settings = installation.settings.model_copy(update=changed)
    return subprocess.run(
        [sys.executable, "-m", "workflow.cli", "doctor"],
        env={**os.environ, **as_environment(settings), "COLUMNS": "400"},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
