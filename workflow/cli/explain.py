"""`makegood explain`: how a deadline came about, step by step."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    subject: Annotated[str, typer.Argument(help="<lifecycle>:<id>, such as promise:P-17")],
    timer: Annotated[str | None, typer.Argument(help="Only this timer; else all it has or had.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="IANA zone to tell the times in; else the customer's.")
    ] = None,
) -> None:
    """Say how each deadline of a subject came about. Reads the database, needs no API."""
    from workflow.engine.registry import Registry
    from workflow.explanation import explain as explanation_of
    from workflow.recovery import vocabulary
    from workflow.settings import read_settings
    from workflow.store import open_store

    settings = read_settings()
    vocabulary.register(settings)
    store = open_store(settings.database)
    try:
        typer.echo(explanation_of(store, Registry(store), subject, timer, zone).text())
    finally:
        store.close()
