"""Definitions as files: what a person names on a command line, a path or a lifecycle of the catalog."""

from pathlib import Path

from state_machines import catalog
from state_machines.errors import DefinitionError, Problem
from state_machines.form.yaml_document import LARGEST
from workflow.engine.definition_files import bundle_of, definitions_in

__all__ = ["definition_names", "read_definition"]


def definition_names(name: str) -> list[str]:
    """What a name on the command line stands for: the definitions in a directory, or itself."""
    path = Path(name)
    return [str(file) for file in definitions_in(path)] if path.is_dir() else [name]


def read_definition(name: str) -> str:
    """The text of a definition's bundle: with the words that stand beside its file.

    Args:
        name: path of a YAML file; or, where there is no such file, a lifecycle of the catalog.

    Raises:
        DefinitionError: with one problem, its rule being ``no-file``, ``too-large`` or ``utf-8``.
    """
    path = Path(name)
    if not path.exists() and name in catalog.NAMES:
        return catalog.source(name)
    return bundle_of(path, _text)


def _text(path: Path) -> str:
    name = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        known = ", ".join(catalog.NAMES)
        message = f"cannot be read: {error.strerror}; it is no lifecycle of the catalog ({known}) either"
        raise DefinitionError([Problem("document", "no-file", message, None, name)]) from None
    if len(content) > LARGEST:
        message = f"a definition has at most {LARGEST // 1024} KiB"
        raise DefinitionError([Problem("document", "too-large", message, None, name)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{content[error.start]:02X} at offset {error.start}"
        raise DefinitionError([Problem("document", "utf-8", message, line, name)]) from None
