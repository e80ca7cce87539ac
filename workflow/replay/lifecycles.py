"""The lifecycles that a log is replayed through: those given, and those of the catalog that a map names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from state_machines.definitions.lifecycle import Lifecycle, load, load_new
from state_machines.errors import DefinitionError, Problem
from workflow.engine.definition_files import bundle_of
from workflow.engine.definition_sources import catalog_sources
from workflow.replay.refusal import ReplayRefused
from workflow.replay.yaml_text import decoded

Source = tuple[str, str | None]
"""The text of a definition with its words, and its file."""


@dataclass(slots=True)
class Lifecycles:
    """Compiled definitions by name.

    Attributes:
        first: the name of the one that a map speaks of unless it says; None where none was given.
        sources: the texts of those given, by name.
        compiled: those given, and those of the catalog that were asked for.
    """

    first: str | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    compiled: dict[str, Lifecycle] = field(default_factory=dict)

    def find(self, name: str | None) -> Lifecycle | None:
        """The one of this name (None: the first one), given or of the catalog; None where there is none."""
        name = self.first if name is None else name
        if name is not None and name not in self.compiled:
            for text, file in catalog_sources():
                if file == f"{name}.yaml":
                    self.compiled[name] = load(text, file)
        return None if name is None else self.compiled.get(name)

    def name_of(self, name: str | None) -> str:
        """The name of the one that a checked map means."""
        found = self.find(name)
        if found is None:
            raise LookupError(f"no lifecycle {name!r}")
        return found.name

    def named(self, name: str) -> Lifecycle:
        """The one of a name that `name_of` has given."""
        return self.compiled[name]


def read_lifecycles(paths: Sequence[Path], own: Iterable[Source] = ()) -> Lifecycles:
    """The definitions in files, each with its words, and those of the installation's own of other names.

    Raises:
        ReplayRefused: a file cannot be read or is no definition, or two have the same name.
    """
    found = Lifecycles()
    for path in paths:
        text = _text_of(path)
        lifecycle = _compiled(text, str(path))
        if lifecycle.name in found.compiled:
            message = f"another file has the lifecycle {lifecycle.name!r} already"
            raise ReplayRefused([Problem("lifecycle", "doubled-lifecycle", message, None, str(path))])
        found.first = found.first or lifecycle.name
        found.compiled[lifecycle.name] = lifecycle
        found.sources[lifecycle.name] = (text, str(path))
    for text, file in own:
        lifecycle = _compiled(text, file)
        if lifecycle.name not in found.compiled:
            found.compiled[lifecycle.name] = lifecycle
            found.sources[lifecycle.name] = (text, file)
    return found


def _text_of(path: Path) -> str:
    try:
        return bundle_of(path, lambda file: decoded(file.read_bytes(), str(file)))
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ReplayRefused([Problem("lifecycle", "readable", message, None, str(path))]) from None
    except DefinitionError as error:
        raise ReplayRefused(error.problems) from None


def _compiled(text: str, file: str | None) -> Lifecycle:
    try:
        return load_new(text, file)
    except DefinitionError as error:
        raise ReplayRefused(error.problems) from None
