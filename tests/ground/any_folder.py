"""An installation of the wheel somewhere else, and a folder full of modules that nobody may import."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

OURS = ("tasks", "workflow", "state_machines", "makegood")
"""Names of our packages, which any folder may have, too."""
OF_CELERY = ("celeryconfig", "flowerconfig")
"""What Celery and Flower look for in the current folder."""
OF_OTHERS = ("redis", "celery", "kombu", "httpx", "typer", "click", "orjson", "socket", "signal", "struct")
"""What ours import: to be imported from here, a name need not be ours."""

TRAP = """\
import os, pathlib, traceback
stack = "".join(traceback.format_stack())
pathlib.Path(__file__).with_suffix(f".{os.getpid()}.imported").write_text(stack)
raise SystemExit("wrong module imported")
"""


class Installed:
    """Commands of the wheel, installed in an environment of its own, run in the folder of traps."""

    def __init__(self, directory: Path) -> None:
        """Build the wheel, install it, lay the traps. What it depends on is taken from this environment."""
        self.folder = directory / "shop"
        self._program = _install(directory)
        self.folder.mkdir()
        (self.folder / "state_machines").mkdir()
        traps = [*(f"{name}.py" for name in (*OURS, *OF_CELERY, *OF_OTHERS)), "state_machines/__init__.py"]
        for trap in traps:
            (self.folder / trap).write_text(TRAP, encoding="utf-8")

    def run(self, env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [self._program, *arguments],
            cwd=self.folder,
            env=self._environment(env),
            capture_output=True,
            text=True,
            timeout=90,
        )

    def start(self, env: Mapping[str, str], log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on; what it says goes to `log`."""
        with log.open("wb") as said:
            return subprocess.Popen(
                [self._program, *arguments],
                cwd=self.folder,
                env=self._environment(env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def imported(self) -> dict[str, str]:
        """The traps that somebody has imported, and from where."""
        return {path.name: path.read_text() for path in self.folder.rglob("*.imported")}

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """As in a shop's own shell: nothing of this test run, and the variables that Celery's users set."""
        plain = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MAKEGOOD"))
        }
        celery = {
            "APP": "tasks",
            "CELERY_BROKER_URL": "redis://127.0.0.1:2/0",
            "CELERY_CONFIG_MODULE": "celeryconfig",
            "CELERY_RESULT_BACKEND": "tasks:Backend",
            "DJANGO_SETTINGS_MODULE": "tasks",
        }
        return {**plain, **celery, **env}


def _install(directory: Path) -> str:
    """Path of the program `makegood`."""
    python = [sys.executable, "-m"]
    build = [*python, "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = directory.glob("makegood-*.whl")
    place = directory / "venv"
    subprocess.run([*python, "venv", "--without-pip", str(place)], check=True, capture_output=True)
    interpreter = place / "bin" / "python"
    pip = [*python, "pip", "--python", str(interpreter), "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, capture_output=True)
    purelib = subprocess.run(
        [interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    # A path in a .pth file is no site directory: an editable install of ours there is not found through it.
    (Path(purelib) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return str(place / "bin" / "makegood")
