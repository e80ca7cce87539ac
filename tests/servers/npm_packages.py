"""Packages from npm that tests need, installed once for each state of their lock file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path


def npm_packages(folder: Path, cache: Path, missing: Callable[[str], None]) -> Path:
    """The directory with the packages of the `package-lock.json` of a folder.

    Args:
        cache: where they are kept from run to run.
        missing: is told what is not there; it does not return then.
    """
    lock = (folder / "package-lock.json").read_bytes()
    installed = cache / hashlib.sha256(lock).hexdigest()[:16]
    if not installed.exists():
        npm = shutil.which("npm")
        if npm is None:
            missing("npm is missing, and what a test needs is installed with it: install npm")
        _install(str(npm), folder, installed, missing)
    return installed / "node_modules"


def _install(npm: str, folder: Path, installed: Path, missing: Callable[[str], None]) -> None:
    """Install beside, then move: test processes that begin at once find all of it or nothing."""
    beside = installed.with_name(f"{installed.name}.{os.getpid()}")
    beside.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, beside / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=beside, capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        shutil.rmtree(beside)
        missing(f"npm could not install what a test needs: {done.stderr[-1_000:]}")
    try:
        beside.rename(installed)
    except OSError:  # another test process was first
        shutil.rmtree(beside)
