"""Definitions as files: ``loan.yaml``, and beside it the words of its notices, ``loan.de.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from state_machines.form.bundle import bundle_text


def bundle_of(file: Path, read: Callable[[Path], str]) -> str:
    """The text of the bundle of a definition: what `read` gives of its file, and of its files of words."""
    words = {one.name: read(one) for one in sorted(file.parent.glob(f"{file.stem}.*.yaml"))}
    return bundle_text(read(file), words)


def definitions_in(directory: Path) -> Iterator[Path]:
    """The files of definitions in a directory, by name; those of words belong to them.

    One may have a folder of its own with its words, as those of the catalog have: ``loan/loan.yaml``.
    """
    own = (file for file in directory.glob("*/*.yaml") if file.stem == file.parent.name)
    for file in sorted([*directory.glob("*.yaml"), *own], key=lambda one: one.name):
        holder, dot, _ = file.stem.rpartition(".")
        if not (dot and file.with_name(f"{holder}.yaml").exists()):
            yield file
