"""`makegood route`: routes in, tried out on recorded messages before anybody posts to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rich.console import Console

    from workflow.hooks.message import Message
    from workflow.hooks.preview import MessagePreview
    from workflow.hooks.route import Route
    from workflow.settings import Settings

app = typer.Typer(help="Routes in: webhooks and mails of other systems as events.", no_args_is_help=True)


@app.callback()
def route() -> None:
    """Routes in: webhooks and mails of other systems as events."""


@app.command("list")
def list_routes() -> None:
    """List the routes that are here: those that ship, and your own; open are those that have a secret."""
    from workflow.cli.known_definitions import definitions_of
    from workflow.hooks.open_routes import READY, ready_names
    from workflow.hooks.route_file import read_route
    from workflow.hooks.secrets import route_secrets
    from workflow.settings import read_settings

    settings = read_settings()
    definitions = definitions_of(settings)
    secrets = route_secrets(settings.route_secrets)
    own = [] if settings.routes is None else sorted(settings.routes.glob("*.yaml"))
    found = {name: read_route(READY / f"{name}.yaml", definitions) for name in ready_names()}
    found |= {one.name: one for one in (read_route(file, definitions) for file in own)}
    for name, one in sorted(found.items()):
        typer.echo(f"{name:<16} {'open' if name in secrets else '-':<6} {one.form.title}")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="A route that ships, such as zendesk.")]) -> None:
    """Print a route that ships: the beginning of one of your own."""
    from workflow.hooks.open_routes import READY, ready_names

    if name not in ready_names():
        raise typer.BadParameter(
            f"there is no {name!r}; there are {', '.join(ready_names())}", param_hint="NAME"
        )
    typer.echo((READY / f"{name}.yaml").read_text(encoding="utf-8"), nl=False)


@app.command("test")
def test(
    file: Annotated[
        str, typer.Argument(help="The route: its file, or the name of one that ships.", metavar="FILE")
    ],
    payloads: Annotated[
        list[Path],
        typer.Argument(
            help="Messages in the order in which they come; each as it would be posted.",
            metavar="PAYLOAD...",
            exists=True,
            dir_okay=False,
        ),
    ],
    headers: Annotated[
        Path | None,
        typer.Option(
            help="Header fields of all of them, a line each (`X-GitHub-Event: issues`). What stands beside a "
            "message (`opened.json.headers`) counts before it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When they come in, RFC 3339. Default: now.", metavar="INSTANT")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what would come of messages: which case fits, which events they become, and what each would do.

    They are decided by a real engine with a store of its own, which is gone at the end. Exit code 1: one of
    them would be kept to be looked at, or one of its events refused.
    """
    import orjson
    from rich.console import Console

    from workflow.cli.known_definitions import definitions_of, own_sources
    from workflow.clock import clock_from
    from workflow.hooks.open_routes import READY, ready_names
    from workflow.hooks.preview import preview_engine, previewed
    from workflow.hooks.route_file import read_route
    from workflow.settings import read_settings

    settings = read_settings()
    path = READY / f"{file}.yaml" if file in ready_names() else Path(file)
    one = read_route(path, definitions_of(settings))
    now = clock_from(settings.clock).now() if at is None else _instant(at)
    found: list[tuple[Path, str, MessagePreview]] = []
    with preview_engine(own_sources(settings), now) as engine:
        for payload in payloads:
            message = _message(one, payload, headers, now, settings)
            signature = _signature(settings, one, message)
            found.append((payload, signature, previewed(engine, one, _plain(one, message))))
    if as_json:
        document = [
            {"payload": str(payload), "signature": signature, **preview.to_json()}
            for payload, signature, preview in found
        ]
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        console = Console()
        for payload, signature, preview in found:
            _show(console, payload, signature, preview)
    if not all(preview.is_well for _, _, preview in found):
        raise typer.Exit(1)


def _instant(text: str) -> datetime:
    from state_machines.values.instants import parse_instant
    from state_machines.values.time_errors import TimeError

    try:
        return parse_instant(text)
    except TimeError as error:
        raise typer.BadParameter(error.message, param_hint="--at") from None


def _message(one: Route, payload: Path, headers: Path | None, now: datetime, settings: Settings) -> Message:
    from workflow.hooks.message import Message

    beside = payload.with_name(f"{payload.name}.headers")
    said: dict[str, str] = {}
    for source in (headers, beside):
        if source is not None and source.exists():
            said |= _header_fields(source.read_text(encoding="utf-8"))
    url = f"{settings.public_url or ''}/v1/hooks/{one.name}"
    return Message(one.name, said, {}, payload.read_bytes(), now, url)


def _header_fields(text: str) -> Mapping[str, str]:
    """Of lines such as ``X-GitHub-Event: issues`` the fields, by their names in lower case."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {name.strip().lower(): said.strip() for name, _, said in pairs}


def _plain(one: Route, message: Message) -> Message:
    from workflow.hooks.signing import shown_by

    return message.without(*shown_by(one.form.signed))


def _signature(settings: Settings, one: Route, message: Message) -> str:
    """What would be said of its signature; ``not checked`` where this route has no secret here."""
    from workflow.hooks.reading import Unreadable
    from workflow.hooks.secrets import route_secrets
    from workflow.hooks.signing import Unsigned, check_signature

    secrets = route_secrets(settings.route_secrets).get(one.name)
    if secrets is None:
        return "not checked: no secret is set (MAKEGOOD_ROUTE_SECRETS)"
    try:
        check_signature(one.form.signed, secrets, message, message.received_at)
    except Unsigned as error:
        return f"wrong: {error.field}: {error.message} [{error.rule}]"
    except Unreadable as error:
        return f"wrong: {error.problem}"
    return "right"


def _show(console: Console, payload: Path, signature: str, preview: MessagePreview) -> None:
    from rich.table import Table

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"{payload}")
    say(f"  signature  {signature}")
    say(f"  case       {preview.case or 'none fits'}")
    if preview.ignored is not None:
        say(f"  ignored    {preview.ignored}")
    for problem in preview.problems:
        say(f"  kept       {preview.status}: {problem}")
    if preview.events:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2))
        for title in ("event", "subject", "door", "decided", "state"):
            table.add_column(title, overflow="fold")
        for one in preview.events:
            table.add_row(
                one.event.type, one.event.subject, one.verdict, one.outcome or "-", one.state or "-"
            )
        console.print(table, markup=False, highlight=False)
    for one in preview.events:
        for problem in one.problems:
            say(f"  {one.event.type}: {problem}")
        say(f"  {one.event.type}  {_data(one.event.data)}")
    say("")


def _data(data: Mapping[str, Any]) -> str:
    import orjson

    return orjson.dumps(data).decode()
