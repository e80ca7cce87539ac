"""Whether a locked version has a known vulnerability: `python requirements/audit.py LOCK...`.

It asks the advisories of PyPI, through pip-audit. Ends with 1 for a vulnerability that is known. That nobody
could be asked about a version is said and ends with 0, since without a network nothing is found out; with
`--strict` it ends with 2. So it does without pip-audit itself: `make audit` installs it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found out about the versions of a lock.

    Attributes:
        asked: how many versions there is an answer about.
        found: a line for each known vulnerability.
        unasked: a line for each version that there is no answer about, or one for all of them.
    """

    asked: int
    found: list[str]
    unasked: list[str]


def audit(lock: Path) -> Audit:
    """Ask about all versions of a lock that this Python would install."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--requirement",
        str(lock),
        "--require-hashes",
        "--disable-pip",
    ]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True
    )
    try:
        return read(json.loads(done.stdout))
    except ValueError:  # it broke off: without a network it tells its reason and no JSON
        reason = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        return Audit(0, [], [f"all of {lock}: {reason}"])


def read(report: dict[str, Any]) -> Audit:
    """What pip-audit's report says."""
    found, unasked, asked = [], [], 0
    for one in report["dependencies"]:
        if "skip_reason" in one:
            unasked.append(one["skip_reason"])
            continue
        asked += 1
        for known in one["vulns"]:
            mended = ", ".join(known["fix_versions"]) or "no version yet"
            found.append(f"{one['name']} {one['version']}: {known['id']}, mended in {mended}")
    return Audit(asked, found, unasked)


def told(lock: Path, result: Audit) -> None:
    """Print it."""
    for line in result.found:
        print(f"VULNERABLE: {line}")
    print(f"{lock}: {result.asked} versions asked about, {len(result.found)} known vulnerabilities")
    if result.unasked:
        print(f"NOT AUDITED: {len(result.unasked)} answers are missing. The first: {result.unasked[0]}")


def code_of(results: Sequence[Audit], strict: bool) -> int:
    """The exit code: 1 for a vulnerability, 2 for a missing answer where it is `strict`, else 0."""
    if any(result.found for result in results):
        return 1
    return 2 if strict and any(result.unasked for result in results) else 0


if __name__ == "__main__":
    if find_spec("pip_audit") is None:
        print("pip-audit is missing: `make audit` installs it", file=sys.stderr)
        sys.exit(2)
    locks = [Path(name) for name in sys.argv[1:] if name != "--strict"]
    results = [audit(lock) for lock in locks]
    for lock, result in zip(locks, results, strict=True):
        told(lock, result)
    sys.exit(code_of(results, "--strict" in sys.argv))
