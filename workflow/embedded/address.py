"""The address of a data directory's embedded broker: how commands beside `makegood up` find it."""

from __future__ import annotations

from pathlib import Path

from workflow.embedded.ports import LOOPBACK


def configuration_file(data_dir: Path) -> Path:
    """The embedded broker's configuration, which holds its port and password."""
    return data_dir / "broker" / "broker.conf"


def embedded_url(data_dir: Path) -> str | None:
    """The URL of the broker that `makegood up` configured below `data_dir`; None when it never did.

    Whether that broker runs now is another question.
    """
    configuration = configuration_file(data_dir)
    if not configuration.is_file():
        return None
    lines = configuration.read_text(encoding="utf-8").splitlines()
    options = dict(line.partition(" ")[::2] for line in lines)
    if "port" not in options:
        return None
    account = f":{options['requirepass']}@" if "requirepass" in options else ""
    return f"redis://{account}{LOOPBACK}:{options['port']}/0"
