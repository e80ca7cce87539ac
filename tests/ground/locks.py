"""The locks of `requirements/`, read as pip reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).parents[2] / "requirements"


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: this version, where its marker holds, with one of these hashes."""

    name: str
    version: Version
    requirement: Requirement
    hashes: tuple[str, ...]

    def holds(self, environment: dict[str, str]) -> bool:
        """Whether it is installed there."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(environment)


def pins(lock: str) -> list[Pin]:
    """All lines of the lock of this name. Raises ValueError for a line that is no pin."""
    return list(_read((FOLDER / f"{lock}.txt").read_text(encoding="utf-8")))


def _read(text: str) -> Iterator[Pin]:
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        said, *hashes = re.split(r"\s--hash=", line)
        requirement = Requirement(said.strip())
        (exactly,) = requirement.specifier
        if exactly.operator != "==":
            raise ValueError(f"{requirement} is no pin")
        name = canonicalize_name(requirement.name)
        yield Pin(name, Version(exactly.version), requirement, tuple(one.strip() for one in hashes))
