"""`makegood customers`: who may be one person."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

app = typer.Typer(help="Customers: who may be one person.", no_args_is_help=True)


@app.callback()
def customers() -> None:
    """Customers: who may be one person."""


@app.command("likely")
def likely(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """List those of whom nobody has said yet whether they are one, the oldest first, and how to say it."""
    from workflow.cli.send import api_client
    from workflow.settings import read_settings

    with api_client(read_settings(), url, key) as client:
        page = client.ask(f"/v1/customers/likely?{urlencode({'limit': limit})}")
    for one in page["items"]:
        differ = "; their accounts differ" if one["accounts_differ"] else ""
        share = ", ".join(one["share"]) + differ
        typer.echo(f"{one['likeness']}  {_told(one['one'])}  {_told(one['other'])}  share {share}")
    if page["items"]:
        typer.echo(
            "One person: makegood send likeness.merge KEY. Two: makegood send likeness.not_the_same KEY"
        )
    if page["next"]:
        typer.echo("There are more.")


def _told(one: dict[str, Any]) -> str:
    name = one["known_as"].get("name")
    return f"{one['customer']} ({name})" if name else str(one["customer"])
