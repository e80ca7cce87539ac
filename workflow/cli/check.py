"""`makegood check`: what is wrong with lifecycle definitions, by file, line, field and rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

_SECOND = 2

if TYPE_CHECKING:
    from state_machines.errors import Problem


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            help="YAML files, directories of them, or names of the catalog's lifecycles.", metavar="FILES..."
        ),
    ],
    edition: Annotated[
        int | None,
        typer.Option(
            "--edition",
            help="2: say how each line of the first edition is written in the second, besides.",
            min=1,
            max=2,
        ),
    ] = None,
) -> None:
    """Say what is wrong with lifecycle definitions: file, line, field, rule. Exit 1 if so.

    Where days would mean something else in the third edition, that is said and is no problem.

    What one of the files opens or tells may be a lifecycle of another one, or of the catalog.
    """
    from state_machines.check import check as problems_of
    from state_machines.check import hours_by_the_day, readable
    from state_machines.errors import DefinitionError
    from workflow.cli.definition_files import definition_names, read_definition
    from workflow.recovery import vocabulary

    vocabulary.register()
    texts: dict[str, str] = {}
    found: list[Problem] = []
    names = [one for name in files for one in definition_names(name)]
    if not names:
        raise typer.BadParameter(f"there is no definition in {', '.join(files)}", param_hint="FILES")
    for file in names:
        try:
            texts[file] = read_definition(file)
        except DefinitionError as error:
            found += error.problems
    known = readable(texts.values())
    for file, text in texts.items():
        if edition == _SECOND:
            _say_in_second(file, text)
        for line, message in hours_by_the_day(text):
            typer.echo(f"{file}:{line}: {message} [working-days]")
        found += problems_of(text, file, known)
    for problem in found:
        typer.echo(str(problem))
    checked = f"{len(names)} definition{'s' if len(names) != 1 else ''} checked"
    typer.echo(f"{checked}, {len(found) or 'no'} problem{'s' if len(found) != 1 else ''}", err=True)
    if found:
        raise typer.Exit(1)


def _say_in_second(file: str, text: str) -> None:
    """What `makegood convert` would rewrite, and what it would leave to a person."""
    from state_machines.form.conversion import convert

    converted = convert(text)
    for line, message in sorted([*converted.rewritten, *converted.remarks]):
        typer.echo(f"{file}:{line}: {message} [second-edition]")
