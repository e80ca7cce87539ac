"""`makegood mail`: a mail that a mail server hands over, through the HTTP door.

The exit codes are those of sysexits.h, which mail servers know: 75 keeps the mail and tries again, the others
give it back to its sender or to the postmaster.
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

TRY_AGAIN = 75
"""EX_TEMPFAIL: the API is not there, or busy."""
NOT_TAKEN = 65
"""EX_DATAERR: the mail itself was refused, such as one that is too long."""
NOT_SET_UP = 78
"""EX_CONFIG: the route has no secret here, or another one than the API's."""
_SECONDS = 30.0


def mail(
    route: Annotated[str, typer.Option(help="The route that maps it.")] = "mail",
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
) -> None:
    """Post the mail on standard input to its route: for the pipe of a mail server.

    It presents the secret of that route in MAKEGOOD_ROUTE_SECRETS. An alias of Postfix: `care: "|makegood
    mail"`. Exit code 75: try again later.
    """
    import httpx

    from workflow.hooks.secrets import route_secrets
    from workflow.settings import read_settings

    settings = read_settings()
    secrets = route_secrets(settings.route_secrets).get(route)
    if secrets is None:
        _end(f"MAKEGOOD_ROUTE_SECRETS has no secret of the route {route!r}", NOT_SET_UP)
    address = url or settings.api_url or f"http://{settings.api_host}:{settings.api_port}"
    head = {"Authorization": f"Bearer {secrets[0]}", "Content-Type": "message/rfc822"}
    try:
        answer = httpx.post(
            f"{address}/v1/hooks/{route}", content=sys.stdin.buffer.read(), headers=head, timeout=_SECONDS
        )
    except httpx.HTTPError as error:
        _end(f"{address} does not answer: {type(error).__name__}", TRY_AGAIN)
    if answer.is_success:
        typer.echo(answer.text)
        return
    said = f"{address} answered {answer.status_code}: {answer.text[:500]}"
    if answer.status_code in (401, 403, 404):
        _end(said, NOT_SET_UP)
    later = answer.status_code in (408, 429) or answer.is_server_error
    _end(said, TRY_AGAIN if later else NOT_TAKEN)


def _end(message: str, code: int) -> NoReturn:
    typer.echo(f"makegood: {message}", err=True)
    raise typer.Exit(code)
