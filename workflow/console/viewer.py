"""For whom a page is made: who they are, their language, their clock, and what their forms must hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from starlette.requests import Request

from workflow.access.people import Person
from workflow.access.principal import Principal
from workflow.access.role import AT_DESK, OVERSEEING, Role
from workflow.access.sessions import Session
from workflow.api.browser import SignedIn, form_token, limits_of, people_now, remembered, shown_row
from workflow.api.context import context_of
from workflow.api.http.accountability import remembered_holder
from workflow.api.http.masked_token import masked
from workflow.clock import SandboxClock
from workflow.console.times import Moment, moment
from workflow.console.translations import LANGUAGES, chosen_language
from workflow.recovery.bells import push_keys


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever looks at a page.

    Attributes:
        holder: as whom they speak; None: nobody has signed in.
        person, session: of whoever has signed in; None: nobody, or a program with a key.
        language, zone: of the page.
        now: the engine's present instant, UTC.
        session_ends: when their session ends if it is not used again, UTC.
        session_left: seconds until then, by the clock of sessions; 0 without one.
        path: of the page.
        form_token: what their forms hold; empty where nobody has signed in.
        push_key: by which push services know this house, where bells may ring in closed browsers and somebody
            has signed in at the desk; else empty.
        push_for, push_in: by which a browser knows again whose bell it has, and in which session it said so;
            neither can be read out of it.
        plays: whether this is a sandbox, which has a page of its own.
        shown: the row of the ledger behind which the page may lack something; None: not known.
    """

    holder: Principal | None
    person: Person | None
    session: Session | None
    language: str
    zone: str
    now: datetime
    session_ends: datetime | None
    session_left: int
    path: str
    form_token: str
    push_key: str = ""
    push_for: str = ""
    push_in: str = ""
    plays: bool = False
    shown: int | None = None

    @property
    def at_desk(self) -> bool:
        """Whether they may act at the desk."""
        return self.holder is not None and self.holder.role in AT_DESK

    @property
    def oversees(self) -> bool:
        """Whether they answer for others."""
        return self.holder is not None and self.holder.role in OVERSEEING

    @property
    def operates(self) -> bool:
        """Whether they run the installation."""
        return self.holder is not None and self.holder.operates

    @property
    def administers(self) -> bool:
        """Whether they decide who may come in."""
        return self.holder is not None and self.holder.role is Role.ADMIN

    def moment(self, at: datetime | str, whose: str | None = None) -> Moment:
        """An instant as they read it; `whose` is the zone of whom it is about."""
        return moment(at, self.now, self.language, self.zone, whose)


def viewer_of(request: Request) -> Viewer:
    """For whom the page is that answers this request. May ask the store; not for the event loop's thread."""
    runtime = context_of(request).runtime
    holder: Principal | None = remembered_holder(request.scope)
    found: SignedIn | None = remembered(request)
    person = found.person if found else None
    if holder is None and found is not None:  # a page for everybody, which need not know who looks
        holder = found.holder
    asked = request.headers.get("accept-language")
    language = person.language if person and person.language in LANGUAGES else None
    token = found.form_token if found else form_token(runtime, holder) if holder else ""
    ends = found.session.ends_at(limits_of(runtime.settings)) if found else None
    return Viewer(
        holder=holder,
        person=person,
        session=found.session if found else None,
        language=language or chosen_language(asked, runtime.settings.language),
        zone=(person.zone if person else None) or runtime.settings.zone or "UTC",
        now=runtime.clock.now(),
        session_ends=ends,
        session_left=int((ends - people_now(request)).total_seconds()) if ends else 0,
        path=request.url.path,
        form_token=masked(token),
        push_key=_push_key(request, found),
        push_for=_mark(person.id) if person else "",
        push_in=_mark(found.session.id) if found else "",
        plays=isinstance(runtime.clock, SandboxClock),
        shown=shown_row(request),
    )


def _push_key(request: Request, found: SignedIn | None) -> str:
    runtime = context_of(request).runtime
    if found is None or runtime.settings.push_contact is None or found.holder.role not in AT_DESK:
        return ""
    return push_keys(runtime.store, people_now(request)).public


def _mark(id: str) -> str:
    return sha256(f"bell/{id}".encode()).hexdigest()[:16]
