"""Where definitions come from: the catalog that ships, and the installation's own files."""

from collections.abc import Sequence
from pathlib import Path

from state_machines import catalog
from state_machines.definitions.lifecycle import load
from state_machines.errors import DefinitionError, Problem
from workflow.engine.definition_files import bundle_of, definitions_in
from workflow.errors import SettingsError


def catalog_sources() -> list[tuple[str, str | None]]:
    """The definitions that ship."""
    return [(catalog.source(name), f"{name}.yaml") for name in catalog.NAMES]


def with_catalog(sources: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """These definitions after those of the catalog, but for lifecycles of the same names.

    Raises DefinitionError when one of them is no definition.
    """
    own = {f"{load(text, file).name}.yaml" for text, file in sources}
    return [*(one for one in catalog_sources() if one[1] not in own), *sources]


def file_sources(directory: Path | None) -> list[tuple[str, str | None]]:
    """The installation's own definitions: every ``*.yaml`` in `directory`, each with its words, by name.

    Raises:
        SettingsError: there is no such directory.
        DefinitionError: a file is no text.
    """
    if directory is None:
        return []
    if not directory.is_dir():
        raise SettingsError(f"MAKEGOOD_LIFECYCLES: {directory} is no directory")
    return [(bundle_of(file, _text), str(file)) for file in definitions_in(directory)]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: {error.reason} at byte {error.start}"
        raise DefinitionError([Problem("document", "encoding", message, file=str(file))]) from None
