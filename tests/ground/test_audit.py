"""The audit of locked versions fails for what is known, and says what it could not ask."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from requirements.audit import Audit, code_of, read

ROOT = Path(__file__).parents[2]
REPORT = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "holed", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
        {"name": "abandoned", "version": "3.0", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
        {"name": "unknown", "skip_reason": "unknown (4.0) is not there"},
    ],
}
"""As pip-audit writes it."""


def test_a_report_is_read() -> None:
    assert read(REPORT) == Audit(
        3,
        ["holed 2.0: PYSEC-1, mended in 2.1", "abandoned 3.0: PYSEC-2, mended in no version yet"],
        ["unknown (4.0) is not there"],
    )


@pytest.mark.parametrize(
    ("result", "strict", "code"),
    [
        (Audit(1, [], []), True, 0),
        (Audit(1, ["holed"], []), False, 1),
        (Audit(1, ["holed"], ["unknown"]), True, 1),
        (Audit(1, [], ["unknown"]), False, 0),
        (Audit(1, [], ["unknown"]), True, 2),
    ],
)
def test_a_known_vulnerability_fails_and_a_missing_answer_where_it_is_strict(
    result: Audit, strict: bool, code: int
) -> None:
    assert code_of([Audit(5, [], []), result], strict) == code


def test_without_pip_audit_it_fails() -> None:
    """As Python sees it without any package."""
    command = [sys.executable, "-I", "-S", "requirements/audit.py", "requirements/development.txt"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "pip-audit is missing" in done.stderr) == (2, True)
