"""`makegood check`: what is wrong with lifecycle definitions and routes, by file, line, field and rule."""

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
            help="YAML files of lifecycles or of routes in, directories of them, or names of the catalog's "
            "lifecycles.",
            metavar="FILES...",
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
    """Say what is wrong with lifecycles and routes: file, line, field, rule. Exit 1 if so.

    Where days would mean something else in the third edition, that is said and is no problem.

    What one of the files opens or tells, or a route becomes, may be of a lifecycle of another one, or of the
    catalog.
    """
    from state_machines.check import check as problems_of
    from state_machines.check import hours_by_the_day, readable
    from state_machines.errors import DefinitionError
    from workflow.cli.definition_files import definition_names, read_definition
    from workflow.hooks.checking import RoutesChecked
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
    routes = RoutesChecked.among(texts)
    texts = {file: text for file, text in texts.items() if file not in routes.files}
    known = readable(texts.values())
    for file, text in texts.items():
        if edition == _SECOND:
            _say_in_second(file, text)
        for line, message in hours_by_the_day(text):
            typer.echo(f"{file}:{line}: {message} [working-days]")
        found += problems_of(text, file, known)
    found += routes.problems(texts.values())
    for problem in found:
        typer.echo(str(problem))
    checked = _counted(len(names) - len(routes.files), len(routes.files))
    typer.echo(f"{checked}, {len(found) or 'no'} problem{'s' if len(found) != 1 else ''}", err=True)
    if found:
        raise typer.Exit(1)


def _counted(definitions: int, routes: int) -> str:
    """``2 definitions and 1 route checked``."""
    kinds = {"definition": definitions, "route": routes}
    said = [f"{number} {kind}{'s' if number != 1 else ''}" for kind, number in kinds.items() if number]
    return f"{' and '.join(said)} checked"


def _say_in_second(file: str, text: str) -> None:
    """What `makegood convert` would rewrite, and what it would leave to a person."""
    from state_machines.form.conversion import convert

    converted = convert(text)
    for line, message in sorted([*converted.rewritten, *converted.remarks]):
        typer.echo(f"{file}:{line}: {message} [second-edition]")
