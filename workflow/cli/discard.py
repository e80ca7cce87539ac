"""`makegood discard`: drop an event that is not decided, through the HTTP door."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer


def discard(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The event's source, such as /crm.")],
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The event's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An operator's API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Drop an event that waits or whose decision failed; print what became of it, as JSON."""
    import orjson

    from workflow.cli.send import api_client
    from workflow.settings import read_settings

    path = f"/v1/events/{quote(source, safe='')}/{quote(event_id, safe='')}/discard"
    with api_client(read_settings(), url, key) as client:
        typer.echo(orjson.dumps(client.ask(path, {"reason": reason})).decode())
