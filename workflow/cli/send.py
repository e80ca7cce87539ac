"""`makegood send`: one event through the HTTP door."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer

from state_machines.errors import Problem
from workflow.client import Client
from workflow.clock import clock_from
from workflow.engine.cloudevent import parse
from workflow.errors import InvalidEvent, SettingsError
from workflow.settings import Settings, read_settings


def send(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="<lifecycle>.<trigger>, such as promise.make")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="<lifecycle>:<id>, such as promise:P-17")],
    data: Annotated[
        str, typer.Option(help="The event's data, a JSON object; '-' reads standard input.")
    ] = "{}",
    event_id: Annotated[
        str | None,
        typer.Option("--id", help="The event's id; the same twice is a duplicate. Default: a new one."),
    ] = None,
    source: Annotated[str, typer.Option(help="Who says so.")] = "/makegood/cli",
    time: Annotated[
        str | None, typer.Option(help="When it happened, RFC 3339 with a zone. Default: now.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Send one event; print what the API answered about it, as JSON."""
    settings = read_settings()
    document = {
        "specversion": "1.0",
        "id": event_id or str(uuid4()),
        "source": source,
        "type": kind,
        "subject": subject,
        "time": time,
        "data": _decoded(sys.stdin.read() if data == "-" else data),
    }
    event = parse(document, received_at=clock_from(settings.clock).now())
    with door_client(settings, url, key) as client:
        typer.echo(orjson.dumps(client.send(event)).decode())


def door_client(settings: Settings, url: str | None, key: str | None) -> Client:
    """A client of the API at this address and with this key, or else with what the settings say.

    Raises SettingsError when there is no key.
    """
    return Client(url or _address(settings), key or _key(settings))


def _decoded(data: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent([Problem("data", "json", f"is not JSON: {error}")]) from error


def _address(settings: Settings) -> str:
    return settings.api_url or f"http://{settings.api_host}:{settings.api_port}"


def _key(settings: Settings) -> str:
    if settings.api_key is None:
        raise SettingsError(
            "MAKEGOOD_API_KEY: not set, and no --key given; make one: makegood keys create --role system"
        )
    return settings.api_key.get_secret_value()
