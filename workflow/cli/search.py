"""`makegood search`: which subjects there are, by what they are known by and how they stand."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from makegood.answers import Found


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="A key, an account, a telephone number, an address, names, words: all of them."),
    ] = None,
    lifecycle: Annotated[list[str] | None, typer.Option(help="Only of this lifecycle, or of these.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only in this state, or in one of these.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only that this person answers for.")] = None,
    team: Annotated[str | None, typer.Option(help="Only of this team.")] = None,
    due_before: Annotated[
        str | None, typer.Option(help="Only due before this instant, or before this day (UTC) begins.")
    ] = None,
    at_risk: Annotated[
        bool, typer.Option("--at-risk", help="Only overdue, or that may not be done in time.")
    ] = False,
    open: Annotated[
        bool | None, typer.Option("--open/--ended", help="Only those that have not ended, or that have.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one a line.")] = False,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Find subjects of any lifecycle, by what they are known by and how they stand.

    Those that are named best come first; typing errors are forgiven.
    """
    import orjson

    from workflow.cli.send import api_client
    from workflow.settings import read_settings

    said = {"owner": owner, "team": team, "due_before": due_before, "at_risk": "true" if at_risk else None}
    said["open"] = None if open is None else str(open).lower()
    filters: dict[str, str | list[str]] = {name: value for name, value in said.items() if value is not None}
    filters |= {"lifecycle": lifecycle or [], "state": state or []}
    with api_client(read_settings(), url, key) as client:
        found = list(islice(client.search(" ".join(words or ()) or None, **filters), limit + 1))
    for one in found[:limit]:
        typer.echo(orjson.dumps(one).decode() if as_json else _line(one))
    if len(found) > limit:
        typer.echo("There are more.", err=True)


def _line(one: Found) -> str:
    due = f"due {one['due_at']}" if one["due_at"] and not one["closed_at"] else None
    said = [one["key"], one["state"], one["name"], one["title"], due, "at risk" if one["at_risk"] else None]
    return "  ".join(word for word in said if word)
