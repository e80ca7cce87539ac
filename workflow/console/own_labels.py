"""What an installation's own lifecycles are called on pages: a file a language beside each definition.

Beside ``returns.yaml`` stand ``returns.de.po`` and ``returns.en.po``, in the form of gettext that Babel and
other tools edit. The context of an entry is what it names: ``lifecycle``, ``state``, ``trigger``, ``field``,
``value``; ``text`` is for sentences: descriptions, and what a guard says when it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from workflow.console.translations import LANGUAGES
from workflow.errors import SettingsError

TEXT = "text"
Named = Mapping[tuple[str, str, str], str]
"""By lifecycle, kind and name, what it is called."""


@cache
def own_labels(directory: Path | None, language: str) -> Named:
    """The labels that stand beside the definitions of a directory, or of folders in it.

    Raises SettingsError for a file that is none, with its name and line.
    """
    found: dict[tuple[str, str, str], str] = {}
    if directory is None or not directory.is_dir():
        return found
    ending = f".{language}.po"
    for file in sorted([*directory.glob(f"*{ending}"), *directory.glob(f"*/*{ending}")]):
        lifecycle = file.name.removesuffix(ending)
        try:
            with file.open("rb") as source:
                catalog = read_po(source, locale=language, abort_invalid=True)
        except (PoFileError, ValueError, OSError) as error:
            raise SettingsError(f"MAKEGOOD_LIFECYCLES: {file} is no file of labels: {error}") from None
        for one in catalog:
            if one.context and isinstance(one.id, str) and one.id and isinstance(one.string, str):
                found[lifecycle, one.context, one.id] = one.string
    return {key: text for key, text in found.items() if text}


def check_own_labels(directory: Path | None) -> None:
    """Read all of them once. Raises SettingsError as `own_labels`."""
    for language in LANGUAGES:
        own_labels(directory, language)
