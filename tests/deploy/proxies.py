"""The shipped configurations of reverse proxies, with this machine's ports and paths."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[2] / "deploy"


class Ports(NamedTuple):
    """Where the API listens, and where the proxy is to, with TLS and without."""

    api: int
    tls: int
    plain: int


class Proxy(NamedTuple):
    """One of them.

    Attributes:
        package: of Debian, that has it.
        written: writes its configuration into a directory that has `server.pem` and `server.key`.
        arguments: with which it is started, in that directory.
    """

    name: str
    package: str
    written: Callable[[Path, Ports], None]
    arguments: Callable[[Path], Sequence[str]]

    def program(self) -> str | None:
        """Where it is; None: it is not installed."""
        return shutil.which(self.name, path=f"{os.environ['PATH']}:/usr/sbin")


def _replaced(text: str, *changes: tuple[str, str]) -> str:
    for shipped, here in changes:
        assert shipped in text
        text = text.replace(shipped, here)
    return text


def _nginx(directory: Path, ports: Ports) -> None:
    """What is shipped, and what stands around it in nginx.conf."""
    text = _replaced(
        (FOLDER / "nginx" / "makegood.conf").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{ports.api}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{ports.tls} ssl"),
        ("listen 80", f"listen 127.0.0.1:{ports.plain}"),
        ("/etc/nginx/care.example.pem", str(directory / "server.pem")),
        ("/etc/nginx/care.example.key", str(directory / "server.key")),
        ("/etc/nginx/", f"{directory}/"),
    )
    (directory / "makegood.conf").write_text(text)
    shutil.copy(FOLDER / "nginx" / "makegood-headers.conf", directory)
    temporary = "".join(
        f"{name}_temp_path {directory}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log; worker_processes 1;"
        f"events {{}} http {{ access_log off; {temporary} include {directory}/makegood.conf; }}"
    )


def _caddy(directory: Path, ports: Ports) -> None:
    """What is shipped, for a name that this machine has, with a certificate instead of an authority's."""
    options = (
        "grace_period 1s", "admin off", f"http_port {ports.plain}", f"https_port {ports.tls}",
        f"storage file_system {directory}/caddy",
    )  # fmt: skip
    text = _replaced(
        (FOLDER / "caddy" / "Caddyfile").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{ports.api}"),
        ("\ncare.example {", f"\nlocalhost {{\n\ttls {directory}/server.pem {directory}/server.key"),
        ("\tgrace_period 10s\n", "".join(f"\t{one}\n" for one in options)),
    )
    (directory / "Caddyfile").write_text(text)


def _haproxy(directory: Path, ports: Ports) -> None:
    """What is shipped, with certificate and key in one file, as it wants them."""
    both = directory / "both.pem"
    both.touch(mode=0o600)
    both.write_text((directory / "server.pem").read_text() + (directory / "server.key").read_text())
    text = _replaced(
        (FOLDER / "haproxy" / "makegood.cfg").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{ports.api}"),
        ("bind :443", f"bind 127.0.0.1:{ports.tls}"),
        ("bind :80", f"bind 127.0.0.1:{ports.plain}"),
        ("/etc/haproxy/care.example.pem", str(both)),
    )
    (directory / "makegood.cfg").write_text(text)


NGINX = Proxy(
    "nginx",
    "nginx-light",
    _nginx,
    lambda directory: ("-c", f"{directory}/nginx.conf", "-p", str(directory)),
)
CADDY = Proxy(
    "caddy",
    "caddy",
    _caddy,
    lambda directory: ("run", "--config", f"{directory}/Caddyfile"),
)
HAPROXY = Proxy(
    "haproxy",
    "haproxy",
    _haproxy,
    lambda directory: ("-db", "-f", f"{directory}/makegood.cfg"),
)
