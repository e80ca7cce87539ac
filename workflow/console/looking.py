"""Who looks at a page with somebody: noted when it is shown, so that it is known without a script, too."""

from __future__ import annotations

from starlette.requests import Request

from workflow.access import presence
from workflow.access.presence import Looking
from workflow.api.browser import BY_ITSELF, people_now, remembered
from workflow.api.context import context_of


def seen_by(request: Request, subject: str) -> list[Looking]:
    """Who else looks at this subject; and note that whoever asks does, unless their page asks by itself."""
    store, now = context_of(request).runtime.store, people_now(request)
    me = remembered(request)
    if me is not None and BY_ITSELF not in request.headers:
        presence.note(store, subject, me.person, now)
    return presence.others(store, subject, me.person if me else None, now)
