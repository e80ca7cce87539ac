"""How a process of ours is started: quickly, and never with what lies in the current folder.

Many folders hold a `tasks.py` or a `workflow.py`. Python looks into the current folder first when it runs a
module (`-m`) or a text (`-c`), unless it is told not to (`-P`, `PYTHONSAFEPATH`).
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def module_command(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module by this very interpreter; nothing needs to be on PATH."""
    return (sys.executable, "-P", "-m", module, *arguments)


def import_environment() -> dict[str, str]:
    """Environment variables with which a process, and all that it starts, leaves the current folder out.

    `PYTHONPATH` keeps what it holds otherwise; where these packages run from a source tree that is not
    installed, that tree is added.
    """
    root = [] if "site-packages" in _ROOT.parts else [str(_ROOT)]
    given = _without_current_folder(os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(dict.fromkeys(root + given))}


def leave_out_current_folder() -> None:
    """Have this process, and all that it starts, import nothing from the current folder from now on.

    A source tree that is not installed stays on the path, even where it is the current folder.
    """
    os.environ.update(import_environment())
    sys.path[:] = _without_current_folder(sys.path)


def collect_seldom() -> None:
    """Have the garbage collector look when much is new: what is imported and compiled stays for good.

    With Python's own thresholds a start goes through all of it some hundred times, a tenth of its CPU. At
    the end it is not gone through once more: that would cost an API process most of a second.
    """
    gc.set_threshold(20_000, 10, 10)
    atexit.register(gc.freeze)


def _without_current_folder(entries: Iterable[str]) -> list[str]:
    """Entries of an import path, less the current folder; our own source tree stays."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed: nothing can be imported from it
        return [entry for entry in entries if entry]
    if here == _ROOT:
        return [entry or str(_ROOT) for entry in entries]
    return [entry for entry in entries if here / entry != here]
