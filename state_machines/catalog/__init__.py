"""The lifecycles that makegood ships with: data, one YAML file each."""

from functools import cache
from importlib.resources import files

from state_machines.definitions.lifecycle import Lifecycle, load

__all__ = ["NAMES", "load_catalog", "source"]

NAMES = (
    "appointment",
    "approval",
    "callback",
    "case",
    "customer",
    "delivery",
    "escalation",
    "identity",
    "job",
    "policy",
    "promise",
    "rotation",
    "team",
)


def source(name: str) -> str:
    """The YAML text of a lifecycle of the catalog.

    Raises:
        KeyError: the catalog has no lifecycle of this name.
    """
    if name not in NAMES:
        raise KeyError(f"the catalog has no lifecycle {name!r}; it has {', '.join(NAMES)}")
    return files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")


@cache
def load_catalog() -> dict[str, Lifecycle]:
    """Every lifecycle of the catalog by name, compiled once a process."""
    return {name: load(source(name), f"{name}.yaml") for name in NAMES}
