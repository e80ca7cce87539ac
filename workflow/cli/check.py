"""`makegood check`: what is wrong with lifecycle definitions, by file, line, field and rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from state_machines.errors import Problem
    from state_machines.form.definition import Definition


def check(
    files: Annotated[
        list[str],
        typer.Argument(help="YAML files, or names of the catalog's lifecycles.", metavar="FILES..."),
    ],
) -> None:
    """Say what is wrong with lifecycle definitions: file, line, field, rule. Exit 1 if so.

    What one of the files opens or tells may be a lifecycle of another one, or of the catalog.
    """
    from state_machines.check import check as problems_of
    from state_machines.errors import DefinitionError
    from workflow.cli.definition_files import read_definition
    from workflow.recovery import vocabulary

    vocabulary.register()
    texts: dict[str, str] = {}
    found: list[Problem] = []
    for file in files:
        try:
            texts[file] = read_definition(file)
        except DefinitionError as error:
            found += error.problems
    known = dict(_definitions(texts))
    for file, text in texts.items():
        found += problems_of(text, file, known)
    for problem in found:
        typer.echo(str(problem))
    checked = f"{len(files)} definition{'s' if len(files) > 1 else ''} checked"
    typer.echo(f"{checked}, {len(found) or 'no'} problem{'s' if len(found) != 1 else ''}", err=True)
    if found:
        raise typer.Exit(1)


def _definitions(texts: Mapping[str, str]) -> Iterator[tuple[str, Definition]]:
    """Those that can be read, by the name of their lifecycle; the others are complained of elsewhere."""
    from state_machines.errors import DefinitionError
    from state_machines.form.source import parse

    for text in texts.values():
        try:
            definition, _ = parse(text)
        except DefinitionError:
            continue
        yield definition.lifecycle, definition
