"""The peers' own virtual environments, made on demand, so that nobody's dependencies meet.

Versions are pinned: those of the tables that the goals were taken from.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PINS: dict[str, tuple[str, ...]] = {
    "celery": ("celery[redis]==5.7.0", "psycopg[binary]==3.3.9"),
    "dbos": ("dbos==3.4.0", "psycopg[binary,pool]==3.3.9"),
    "procrastinate": ("procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9"),
    "restate": ("restate-sdk==1.3.0", "hypercorn==0.18.0"),
    "sampler": ("py-spy==0.4.3",),
}
RESTATE_SERVER = "@restatedev/restate-server@1.7.12"
ROOT = Path(__file__).parent.parent.parent
DEFAULT_DIRECTORY = ROOT / ".benchmarks"
_PATIENCE = 300.0


class NotInstalled(RuntimeError):
    """A peer cannot be had here; the message says why."""


def interpreter(peer: str, directory: Path | None) -> Path:
    """The Python in which a peer is installed; installs it the first time.

    Raises NotInstalled, also when `directory` is None: then nobody asked for peers.
    """
    if directory is None:
        raise NotInstalled("peers were not asked for")
    place = directory / peer
    python, done = place / "bin" / "python", place / "installed.txt"
    pins = "\n".join(PINS[peer])
    if not done.exists() or done.read_text() != pins:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            venv.create(place, clear=True, with_pip=True, symlinks=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotInstalled(f"no environment could be made in {place.name}: {error}") from error
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS[peer]])
        done.write_text(pins)
    return python


def restate_server(directory: Path) -> Path:
    """Restate's server, from its npm package; installs it the first time. Raises NotInstalled."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("npm is not on PATH")
    place = directory / "restate-server"
    found = _server_binary(place)
    if found is None:
        place.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
        _run([npm, "install", "--prefix", str(place), *quiet, RESTATE_SERVER])
        found = _server_binary(place)
    if found is None:
        raise NotInstalled(f"{RESTATE_SERVER} has no server for this machine")
    return found


def _server_binary(place: Path) -> Path | None:
    kinds = (place / "node_modules" / "@restatedev").glob("restate-server-*/bin/restate-server")
    return next((one for one in kinds if os.access(one, os.X_OK)), None)


def _run(argv: list[str]) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{Path(argv[0]).name} did not end: {type(error).__name__}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalled(f"{Path(argv[0]).name} failed: {said[-1] if said else done.returncode}")


def main() -> None:
    """Install everything beforehand, into the directory that is the first argument."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_DIRECTORY
    for peer in PINS:
        try:
            print(interpreter(peer, directory))
            if peer == "restate":
                print(restate_server(directory))
        except NotInstalled as error:
            print(f"{peer}: not installed: {error}")
