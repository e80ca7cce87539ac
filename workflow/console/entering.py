"""Somebody has shown who they are: their session begins, and their browser is led in."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from workflow.access import sessions
from workflow.access.audit import DONE, AuditEntry
from workflow.access.people import Person, address_of
from workflow.access.sessions import Session
from workflow.api.browser import limits_of, people_now
from workflow.api.context import context_of
from workflow.api.http.client_address import address_of as network_of
from workflow.api.http.session_cookie import give, token_in
from workflow.console.rendering import see_other

_LONGEST_PATH = 1_000


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody has signed in: their session and its token."""

    person: Person
    session: Session
    token: str


def begun(request: Request, person: Person) -> Entered:
    """A new session of somebody; the one that this browser had is over. Not for the event loop's thread."""
    runtime = context_of(request).runtime
    client = request.client.host if request.client else None
    browser = request.headers.get("user-agent", "")
    former = token_in(request, runtime.settings.public_url)
    with runtime.store.begin() as transaction:
        if former is not None:
            sessions.end_token(transaction, former, people_now(request))
        session, token = sessions.begin(
            transaction, person, people_now(request), limits_of(runtime.settings), client, browser
        )
    return Entered(person, session, token)


def led_in(request: Request, entered: Entered, path: str, done: str | None = None) -> Response:
    """Give the browser its token and lead it on; who signed in stands in the audit log."""
    note(request, entered.person.address, DONE, None, entered.session.id)
    answer = see_other(path, done=done)
    give(answer, request, entered.token, context_of(request).runtime.settings.public_url)
    return answer


def note(
    request: Request, address: str, outcome: str, reason: str | None, session: str | None = None
) -> None:
    """In the audit log: who signed in, or as whom somebody tried to."""
    context = context_of(request)
    actor = f"person:{address}" if outcome == DONE else None
    client = network_of(request.client) or None
    at = context.runtime.clock.now()
    context.audit.note(
        AuditEntry(at, actor, session, "sign in", address_of(address), outcome, reason, client)
    )


def own_path(text: str) -> str:
    """A path of this site; anything else is the first page."""
    fits = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= _LONGEST_PATH
    return text if fits and text.isprintable() and "\\" not in text else "/"
