"""`makegood send`: one event through the HTTP door."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

if TYPE_CHECKING:
    from makegood import Client
    from workflow.settings import Settings


def send(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="<lifecycle>.<trigger>, such as promise.make")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="<lifecycle>:<id>, such as promise:P-17")],
    data: Annotated[
        str, typer.Option(help="The event's data, a JSON object; '-' reads standard input.")
    ] = "{}",
    event_id: Annotated[
        str | None,
        typer.Option("--id", help="The event's id; the same event twice is a duplicate. Default: a new one."),
    ] = None,
    source: Annotated[str, typer.Option(help="Who says so.")] = "/makegood/cli",
    time: Annotated[
        str | None, typer.Option(help="When it happened, RFC 3339 with a zone. Default: when it is received.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Send one event; print what the API answered about it, as JSON."""
    import orjson

    from makegood import Event
    from workflow.engine.cloudevent import parse
    from workflow.settings import read_settings

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
    # What is wrong with it is said here, before anything is sent.
    right = parse(document)
    event = Event(kind, subject, right.data, source=source, id=right.id, time=right.time)
    with api_client(settings, url, key) as client:
        typer.echo(orjson.dumps(client.send(event)).decode())


def api_client(settings: Settings, url: str | None, key: str | None) -> Client:
    """A client of the API at this address and with this key, or else with what the settings say.

    A person waits for the answer: one attempt. Raises SettingsError when there is no key.
    """
    from makegood import Client

    return Client(url or _address(settings), key or _key(settings), attempts=1)


def patient_client(settings: Settings, url: str | None, key: str | None) -> Client:
    """The same for who waits until the API is there again, and hears that it is not. Never gives up."""
    from threading import Event

    from makegood import Client

    def wait(seconds: float) -> None:
        typer.echo(f"makegood: the connection is lost; again in {seconds:.1f} s", err=True)
        Event().wait(seconds)

    address = url or _address(settings)
    return Client(address, key or _key(settings), attempts=sys.maxsize, patience=3_600.0, wait=wait)


def _decoded(data: str) -> Any:
    from state_machines.errors import Problem
    from workflow.engine.exact_json import inside
    from workflow.engine.json_text import JsonTextError, decode
    from workflow.errors import InvalidEvent

    try:
        return decode(data.encode(errors="surrogateescape"))  # the bytes as they came on the command line
    except JsonTextError as error:
        field = inside("data", error.field) if error.field else "data"
        raise InvalidEvent([Problem(field, error.rule, error.message)]) from error


def _address(settings: Settings) -> str:
    return settings.api_url or f"http://{settings.api_host}:{settings.api_port}"


def _key(settings: Settings) -> str:
    from workflow.errors import SettingsError

    if settings.api_key is None:
        raise SettingsError(
            "MAKEGOOD_API_KEY: not set, and no --key given; make one: makegood keys create --role system"
        )
    return settings.api_key.get_secret_value()
