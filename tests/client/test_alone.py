"""The package `makegood` stands on httpx alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_loads_nothing_but_httpx() -> None:
    program = (
        f"import json, sys; sys.path.insert(0, {str(ROOT)!r}); import httpx; before = set(sys.modules);"
        "import makegood; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    said = subprocess.run([sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True)
    packages = {name.partition(".")[0] for name in json.loads(said.stdout)}
    assert packages - set(sys.stdlib_module_names) == {"makegood"}
