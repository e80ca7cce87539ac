"""Certificates for tests, made by openssl: one authority, and one server that it vouches for on loopback."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.servers.process import ServerMissing


class Certificates(NamedTuple):
    """Files in PEM: whom to trust, and what a server shows for 127.0.0.1, localhost and care.example."""

    authority: Path
    certificate: Path
    key: Path


NAMES = "IP:127.0.0.1,DNS:localhost,DNS:care.example"


def certificates(directory: Path, names: str = NAMES) -> Certificates:
    """New ones, good for a day, the server's for these `names`. Raises ServerMissing without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise ServerMissing("openssl is missing, which makes certificates for tests")

    def run(*arguments: str) -> None:
        done = subprocess.run([openssl, *arguments], cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("req", "-x509", *curve, "-keyout", "authority.key", "-out", "authority.pem", "-days", "1",
        "-subj", "/CN=authority of a test", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    run("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=care.example")
    (directory / "names").write_text(f"subjectAltName={names}\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-CAcreateserial", "-days", "1", "-extfile", "names", "-out", "server.pem")  # fmt: skip
    return Certificates(directory / "authority.pem", directory / "server.pem", directory / "server.key")
