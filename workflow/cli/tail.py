"""`makegood tail`: what the ledger records, in a terminal, as it goes on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from makegood.changes import Change, ChangeFilter
    from makegood.following import Changes, ChangeStream

_WORDS = {"moved": typer.colors.GREEN, "refused": typer.colors.RED}


def tail(
    lifecycle: Annotated[list[str] | None, typer.Option(help="Only of this lifecycle, or of these.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only of this subject, such as promise:P-17.")] = None,
    trigger: Annotated[list[str] | None, typer.Option(help="Only by this trigger, or these.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="Only what led to this state, or stayed in it; or to these.")
    ] = None,
    team: Annotated[
        list[str] | None, typer.Option(help="Only of subjects of this team, or of these.")
    ] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Only moved, stayed or refused.")] = None,
    after: Annotated[
        str, typer.Option(help="A cursor to go on from; 'start': from the beginning of the ledger.")
    ] = "now",
    follow: Annotated[
        bool, typer.Option(help="Stay for what comes; without it, end with what is there.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Each change as a CloudEvent, one a line.")] = False,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Follow what the ledger records, whatever interrupts the connection. Ctrl-C ends it, and says where."""
    import orjson

    from workflow.cli.send import patient_client
    from workflow.settings import read_settings

    chosen = {"lifecycle": lifecycle, "trigger": trigger, "state": state, "team": team, "outcome": outcome}
    wanted: ChangeFilter = {name: said for name, said in chosen.items() if said}  # type: ignore[assignment]
    if subject is not None:
        wanted["subject"] = subject
    start = None if after == "start" else after
    with patient_client(read_settings(), url, key) as client:
        changes: Changes | ChangeStream = (
            client.stream(start, **wanted) if follow else client.changes(start, **wanted)
        )
        try:
            for change in changes:
                typer.echo(orjson.dumps(change).decode() if as_json else _line(change))
                sys.stdout.flush()
        except KeyboardInterrupt:
            typer.echo(f"makegood: go on with --after {changes.cursor}", err=True)


def _line(change: Change) -> str:
    """One line for a person: when, what, by which trigger, and what came of it."""
    data = change["data"]
    before, after = data["state"]["before"], data["state"]["after"]
    outcome = typer.style(data["outcome"], fg=_WORDS.get(data["outcome"]))
    came = f"{before} -> {after}" if data["outcome"] == "moved" else f"in {after}"
    why = f"  {data['reason']}" if data["reason"] else ""
    who = (data["event"] or {}).get("actor")
    by = f"timer {data['timer']['name']}" if data["timer"] is not None else who or "makegood"
    return f"{change['time']}  {change['subject']}  {data['trigger']}  {outcome}  {came}  {by}{why}"
