"""`makegood incidents`: which there are, and which cases are theirs."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

app = typer.Typer(help="Incidents, and the cases that are theirs.", no_args_is_help=True)

Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")]
Url = Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")]
Key = Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")]


@app.command("list")
def list_incidents(
    state: Annotated[
        list[str] | None, typer.Option(help="Only in this state: open, planned, solved, ended.")
    ] = None,
    limit: Most = 100,
    url: Url = None,
    key: Key = None,
) -> None:
    """List incidents, the oldest first: how many cases each has, and how many promises are broken in them."""
    for one in _page("/v1/incidents", state, limit, url, key):
        counts = f"cases {one['cases']}, broken promises {one['broken']}"
        typer.echo(f"{one['incident']}  {one['state']}  {counts}  {one['words']}")


@app.command("cases")
def list_cases(
    incident: Annotated[str, typer.Argument(help="Its key, or its id alone.")],
    state: Annotated[list[str] | None, typer.Option(help="Only those joined, left, settled.")] = None,
    limit: Most = 100,
    url: Url = None,
    key: Key = None,
) -> None:
    """List the cases of an incident in the order in which they were joined."""
    path = f"/v1/incidents/{quote(incident, safe=':@')}/cases"
    for one in _page(path, state, limit, url, key):
        typer.echo(
            f"{one['case']}  {one['state']}  case {one['case_state']}  {one['customer']}  {one['owner']}"
        )


def _page(path: str, state: list[str] | None, limit: int, url: str | None, key: str | None) -> list[Any]:
    from workflow.cli.send import api_client
    from workflow.settings import read_settings

    query = urlencode([("limit", limit), *(("state", one) for one in state or ())])
    with api_client(read_settings(), url, key) as client:
        page = client.ask(f"{path}?{query}")
    if page["next"]:
        typer.echo("There are more.", err=True)
    items: list[Any] = page["items"]
    return items
