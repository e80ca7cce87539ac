"""The lifecycles that makegood ships with: data, a folder each, with a definition and its words."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.form.bundle import bundle_text

__all__ = ["NAMES", "load_catalog", "place_of", "source"]

NAMES = (
    "appointment",
    "approval",
    "bell",
    "calendar",
    "callback",
    "case",
    "customer",
    "delivery",
    "escalation",
    "identity",
    "incident",
    "job",
    "likeness",
    "membership",
    "policy",
    "promise",
    "rotation",
    "team",
)


_VERSION = re.compile(r"^version: (\d+)$", re.MULTILINE)


@cache
def source(name: str) -> str:
    """The text of the bundle of a lifecycle of the catalog: its definition, and its words by language.

    Raises:
        KeyError: the catalog has no lifecycle of this name.
    """
    if name not in NAMES:
        raise KeyError(f"the catalog has no lifecycle {name!r}; it has {', '.join(NAMES)}")
    folder = files(__package__).joinpath(name)
    texts = {
        one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".yaml")
    }
    return bundle_text(texts.pop(f"{name}.yaml"), texts)


def place_of(text: str) -> tuple[str, int] | None:
    """The name and the version of this text if it is one of the catalog's: it is not compiled for it."""
    return _places().get(text)


@cache
def _places() -> Mapping[str, tuple[str, int]]:
    return {source(name): (name, _version(source(name))) for name in NAMES}


def _version(text: str) -> int:
    found = _VERSION.search(text)
    assert found is not None, "a definition of the catalog says its version in a line of its own"
    return int(found[1])


@cache
def load_catalog() -> dict[str, Lifecycle]:
    """Every lifecycle of the catalog by name, compiled once a process."""
    return {name: load(source(name), f"{name}.yaml") for name in NAMES}
