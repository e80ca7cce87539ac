"""`makegood draw`: what a lifecycle looks like."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """What can be drawn."""

    MERMAID = "mermaid"
    SVG = "svg"


def draw(
    file: Annotated[
        str,
        typer.Argument(help="A YAML file, or the name of one of the catalog's lifecycles.", metavar="FILE"),
    ],
    format: Annotated[
        Format | None, typer.Option("--format", "-f", help="As text for Mermaid, or as an SVG.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to; standard output unless it is said.")
    ] = None,
) -> None:
    """Draw a lifecycle. Without --format: an SVG if that is how OUT ends, else text for Mermaid."""
    from state_machines.definitions.lifecycle import load
    from state_machines.diagram import mermaid, svg
    from workflow.cli.definition_files import read_definition
    from workflow.errors import MakegoodError
    from workflow.recovery import vocabulary

    vocabulary.register()
    drawn_as = format or (Format.SVG if out is not None and out.suffix == ".svg" else Format.MERMAID)
    definition = load(read_definition(file), file).definition
    text = svg(definition) if drawn_as is Format.SVG else mermaid(definition)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MakegoodError(f"--out: {out} cannot be written: {error.strerror}") from None
