"""What is installed is locked by version and hash, and fits pyproject.toml; where from is left open."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.ground.locks import FOLDER, Pin, pins

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = {"development": ["dev"], "image": ["channels", "postgresql"], "build": [], "supply-chain": []}
"""Each lock, and the extras that it is for; of the last two the project itself is no part."""
PLATFORMS = [
    {"python_version": version, "python_full_version": f"{version}.7", "sys_platform": system, "extra": ""}
    | {"platform_system": name, "implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for version, (system, name) in product(
        ("3.11", "3.12", "3.13"), (("linux", "Linux"), ("darwin", "Darwin"))
    )
]


def _required(extras: list[str]) -> Iterator[Requirement]:
    """The requirements of the project with these extras, those that extras name among themselves included."""
    project = PROJECT["project"]
    texts = list(project["dependencies"])
    waiting, seen = list(extras), set[str]()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for text in project["optional-dependencies"][extra]:
            requirement = Requirement(text)
            if requirement.name == project["name"]:
                waiting += requirement.extras
            else:
                texts.append(text)
    yield from map(Requirement, texts)


def _of(lock: str) -> list[Requirement]:
    if lock == "build":
        return [Requirement(text) for text in PROJECT["build-system"]["requires"]]
    if lock == "supply-chain":
        return [Requirement(text) for text in PROJECT["dependency-groups"][lock]]
    return list(_required(ASKED[lock]))


def _here(lock: str, environment: dict[str, str]) -> dict[str, Pin]:
    """What is installed on a platform, by name; no name has two versions there."""
    found: dict[str, Pin] = {}
    for pin in pins(lock):
        if pin.holds(environment):
            assert pin.name not in found, f"{pin.name} is there twice on {environment}"
            found[pin.name] = pin
    return found


@pytest.mark.parametrize("lock", ASKED)
@pytest.mark.parametrize(
    "environment", PLATFORMS, ids=lambda one: f"{one['python_version']}-{one['sys_platform']}"
)
def test_each_dependency_is_locked_at_a_version_that_is_admitted(
    lock: str, environment: dict[str, str]
) -> None:
    """Where this fails after a change of pyproject.toml: `make lock`."""
    locked, wrong = _here(lock, environment), []
    for requirement in _of(lock):
        if requirement.marker is not None and not requirement.marker.evaluate(environment):
            continue
        pin = locked.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            wrong.append((str(requirement), pin and str(pin.version)))
    assert wrong == []


@pytest.mark.parametrize("lock", ASKED)
def test_every_version_has_hashes(lock: str) -> None:
    bad = [pin.name for pin in pins(lock) if not pin.hashes or not all(map(_is_sha256, pin.hashes))]
    assert bad == []


def _is_sha256(text: str) -> bool:
    return re.fullmatch(r"sha256:[0-9a-f]{64}", text) is not None


@pytest.mark.parametrize("lock", ["image", "build"])
def test_what_runs_is_what_was_tested(lock: str) -> None:
    tested = {(pin.name, pin.version): set(pin.hashes) for pin in pins("development")}
    other = [pin.name for pin in pins(lock) if tested.get((pin.name, pin.version)) != set(pin.hashes)]
    assert other == []


def test_a_lock_names_no_index() -> None:
    """Whoever installs says where from; the hashes say what."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt")}
    assert set(texts) == {f"{lock}.txt" for lock in ASKED}
    assert [
        name for name, text in texts.items() if "://" in text or "--index" in text or "--find" in text
    ] == []


@pytest.mark.parametrize("folder", ["javascript", "typescript"])
def test_the_packages_of_tests_in_javascript_are_locked_too(folder: str) -> None:
    """By `integrity`, and without where they were fetched from."""
    lock = (ROOT / "tests" / "clients" / folder / "package-lock.json").read_text(encoding="utf-8")
    packages = yaml.safe_load(lock)["packages"]
    own = packages.pop("")
    assert set(own["dependencies"].values()) <= {
        packages[f"node_modules/{name}"]["version"] for name in own["dependencies"]
    }
    assert [
        name for name, one in packages.items() if not one.get("integrity", "").startswith("sha512-")
    ] == []
    assert [name for name, one in packages.items() if "resolved" in one] == []


DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_image_takes_nothing_without_a_hash() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", DOCKERFILE)
    assert len(installs) == 3
    assert [
        one for one in installs if "--require-hashes" not in one and "--no-index --no-deps" not in one
    ] == []


def test_images_are_named_by_digest() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    named = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    named += [one["image"] for one in compose["services"].values() if "build" not in one]
    assert len(named) == 5
    assert [one for one in named if not re.fullmatch(r"[^@:]+:[^@]+@sha256:[0-9a-f]{64}", one)] == []


def test_what_the_image_copies_is_sent_to_the_builder() -> None:
    """.dockerignore leaves out all that it does not name."""
    ignored, *kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored == "*"
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    ]
    assert [name for name in copied if f"!{name.split('/')[0]}" not in kept] == []
    assert all((ROOT / name).exists() for name in copied)
