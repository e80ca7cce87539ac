"""`makegood convert`: a definition of the first edition in the second, as far as that is safe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert(
    file: Annotated[str, typer.Argument(help="A YAML file of the first edition.", metavar="FILE")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to; standard output unless it is said.")
    ] = None,
) -> None:
    """Write a lifecycle of the first edition in the second; say what is left to do. Exit 1 if so."""
    from state_machines.definitions.lifecycle import load
    from state_machines.form import conversion
    from workflow.cli.definition_files import read_definition
    from workflow.errors import MakegoodError
    from workflow.recovery import vocabulary

    vocabulary.register()
    text = read_definition(file)
    load(text, file)  # what cannot be read is not converted
    converted = conversion.convert(text)
    if out is None:
        typer.echo(converted.text, nl=False)
    else:
        try:
            out.write_text(converted.text, encoding="utf-8")
        except OSError as error:
            raise MakegoodError(f"--out: {out} cannot be written: {error.strerror}") from None
    for remark in converted.remarks:
        typer.echo(f"{file}:{remark.line}: {remark.message}", err=True)
    said = f"{len(converted.rewritten)} places rewritten, {len(converted.remarks) or 'none'} left to do"
    typer.echo(said, err=True)
    if converted.remarks:
        raise typer.Exit(1)
