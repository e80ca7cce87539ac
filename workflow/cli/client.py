"""`makegood client`: what programs need that speak to the API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from makegood.answers import LifecycleView

app = typer.Typer(help="A typed client for the lifecycles that there are.", no_args_is_help=True)


@app.callback()
def client() -> None:
    """A typed client for the lifecycles that there are."""


@app.command("generate")
def generate(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="YAML files of lifecycles, directories of them, or names of the catalog's. Default: the "
            "catalog, and the installation's own.",
            metavar="[DEFINITIONS...]",
        ),
    ] = None,
    lifecycle: Annotated[
        list[str] | None, typer.Option(help="Only this one; several are said one by one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to; standard output unless it is said.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Ask the API at this address for its lifecycles, and read no files.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="An API key, with --url. Default: MAKEGOOD_API_KEY.")
    ] = None,
) -> None:
    """Write a Python module with a class for each lifecycle, and a typed method for each trigger."""
    from makegood.generation.module import module_of
    from workflow.errors import MakegoodError

    if url is not None and files:
        raise typer.BadParameter("definitions come from files or from --url, not from both")
    views = _of_files(files or []) if url is None else _of_api(url, key, lifecycle or [])
    unknown = sorted(set(lifecycle or ()) - {one["name"] for one in views})
    if unknown:
        known = ", ".join(one["name"] for one in views)
        raise typer.BadParameter(f"there is no {unknown[0]!r}; there are {known}", param_hint="--lifecycle")
    wanted = [one for one in views if not lifecycle or one["name"] in lifecycle]
    text = module_of(sorted(wanted, key=lambda one: one["name"]))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MakegoodError(f"--out: {out} cannot be written: {error.strerror}") from None


def _of_files(files: Sequence[str]) -> list[LifecycleView]:
    """As the API would tell of them, were these definitions registered."""
    import orjson

    from state_machines import catalog
    from state_machines.definitions.lifecycle import load_new
    from workflow.api.resources.lifecycle_view import view_of
    from workflow.cli.definition_files import definition_names, read_definition
    from workflow.cli.known_definitions import own_sources
    from workflow.settings import read_settings

    own = own_sources(read_settings())
    sources: list[tuple[str, str | None]] = [
        (read_definition(name), name) for file in files for name in definition_names(file)
    ]
    if not files:
        sources = [*((catalog.source(name), name) for name in catalog.NAMES), *own]
    found = {}
    for text, file in sources:
        lifecycle = load_new(text, file)
        found[lifecycle.name] = orjson.loads(orjson.dumps(view_of(lifecycle, [lifecycle.version])))
    return list(found.values())


def _of_api(url: str, key: str | None, names: Sequence[str]) -> list[LifecycleView]:
    from workflow.cli.send import api_client
    from workflow.settings import read_settings

    with api_client(read_settings(), url, key) as client:
        lines = client.lifecycles()
        return [client.lifecycle(one["name"]) for one in lines if not names or one["name"] in names]
