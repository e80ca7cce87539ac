"""The page behind a signed link: ``/l/{token}``, without a login.

Looking changes nothing (mail scanners follow every link they see); only the form's POST answers. There is
no session and no cookie, so no other site can make a browser answer in somebody's name: whoever posts here
holds the link itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.request_body import read_form
from workflow.console.rendering import page_for_anybody
from workflow.errors import InvalidEvent, NotFound, NotPermitted
from workflow.recovery.authority.link_holder import actor_of, with_authority
from workflow.recovery.links import (
    Expired,
    Forged,
    Question,
    answer,
    link_secret,
    question_behind,
    verified,
)
from workflow.recovery.links.answering import choices_left, is_open, objection
from workflow.recovery.links.form import CHOICE, Incomplete, answer_data, answer_text, asked_by
from workflow.recovery.links.phrases import Phrases, phrases, phrases_for

router = LateRouter(include_in_schema=False)

_MOST_FIELDS = 60
_RULE = re.compile(r"^[a-z-]+: | \[[a-z_-]+\]")
"""What of a reason is for programs: the rule before it, and the names of guards behind its sentences."""
_BUTTON = "send"
"""The label by which a page says what its one button does."""


@router.get("/l/{token}")
async def get_link(request: Request, token: str) -> Response:
    """What is asked; or, once it was answered, expired or settled, that in words."""
    return await run_in_threadpool(_shown, request, token)


@router.post("/l/{token}")
async def post_link(request: Request, token: str) -> Response:
    """Take the answer. A second one is told what the first was."""
    form = await read_form(request, _MOST_FIELDS)
    context_of(request).backpressure.check()
    return await run_in_threadpool(_answered, request, token, dict(form))


def _shown(request: Request, token: str) -> Response:
    found = _found(request, token)
    if isinstance(found, Response):
        return found
    speech = phrases(str(found.link["language"]))
    if found.answered is not None:
        return _already(request, found, speech, 200)
    runtime = context_of(request).runtime
    left = choices_left(runtime, found)
    if not is_open(runtime, found) or (found.link.get("choices") and not left):
        return _said(request, speech, speech.over_title, speech.over, 410)
    return _asked(request, found, speech, left, {}, [], 200)


def _answered(request: Request, token: str, form: Mapping[str, str]) -> Response:
    found = _found(request, token)
    if isinstance(found, Response):
        return found
    context, speech = context_of(request), phrases(str(found.link["language"]))
    runtime = context.runtime
    if found.answered is not None:
        return _already(request, found, speech, 409)
    if not is_open(runtime, found):
        return _said(request, speech, speech.over_title, speech.over, 410)
    try:
        now = runtime.clock.now()
        said = answer_data(found.link, form)
        data = with_authority(runtime.store, found.subject.key, found.link, said, now)
        reason = objection(runtime, found, data)
        if reason is not None:
            why = _RULE.sub("", reason)
            late = speech.late if found.link.get("choices") else speech.refused.format(reason=why)
            return _said(request, speech, speech.late_title, late, 409)
        first = answer(runtime.engine, found, data, now, actor_of(found.link))
    except NotPermitted as error:
        why = "; ".join(one.message for one in error.problems)
        return _said(request, speech, speech.late_title, speech.refused.format(reason=why), 403)
    except (Incomplete, InvalidEvent) as error:
        return _asked(request, found, speech, choices_left(runtime, found), form, error.problems, 422)
    if not first:  # another one came between our look and our answer
        return _shown_again(request, token, speech)
    context.wake([found.subject.key])
    return _said(request, speech, speech.thanks_title, speech.thanks, 200)


def _found(request: Request, token: str) -> Question | Response:
    """What the link asks, or the page that says why it asks nothing."""
    runtime = context_of(request).runtime
    speech = phrases_for(request.headers.get("accept-language"))
    try:
        which = verified(link_secret(runtime.settings), token, runtime.clock.now())
        return question_behind(runtime, which)
    except Expired:
        return _said(request, speech, speech.expired_title, speech.expired, 410)
    except (Forged, NotFound):
        return _said(request, speech, speech.unknown_title, speech.unknown, 404)


def _shown_again(request: Request, token: str, speech: Phrases) -> Response:
    context = context_of(request)
    which = verified(link_secret(context.runtime.settings), token, context.runtime.clock.now())
    return _already(request, question_behind(context.runtime, which), speech, 409)


def _asked(
    request: Request,
    found: Question,
    speech: Phrases,
    choices: Mapping[int, Mapping[str, Any]],
    form: Mapping[str, str],
    problems: list[Problem],
    status: int,
) -> Response:
    wrong = {one.field.removeprefix("data.").partition(".")[0] for one in problems}
    return page_for_anybody(
        request, "link.html", speech.language, status=status, say=speech, heading=found.link["title"],
        words=found.link["words"], button=found.link.get("labels", {}).get(_BUTTON, speech.send),
        choices=choices,
        fields=asked_by(found.link, speech.yes, speech.no), given=form, wrong=wrong, choice=CHOICE,
    )  # fmt: skip


def _already(request: Request, found: Question, speech: Phrases, status: int) -> Response:
    assert found.answered is not None and found.answered.data is not None
    told = _told(found.link, found.answered.data, speech)
    return _said(request, speech, speech.already_title, speech.already, status, told)


def _told(link: Mapping[str, Any], data: Mapping[str, Any], speech: Phrases) -> list[tuple[str, str]]:
    """A given answer in the words of the page."""
    chosen = [one["label"] for one in link.get("choices", []) if one["data"].items() <= data.items()]
    said = [("", str(label)) for label in chosen[:1]]
    for name, declared in link.get("ask", {}).items():
        if name in data:
            text = answer_text(link, name, data[name], speech.yes, speech.no)
            said.append((link.get("labels", {}).get(name) or declared.get("description") or name, text))
    return said


def _said(
    request: Request,
    speech: Phrases,
    title: str,
    words: str,
    status: int,
    told: list[tuple[str, str]] | None = None,
) -> Response:
    return page_for_anybody(
        request,
        "link_answer.html",
        speech.language,
        status=status,
        heading=title,
        words=words,
        told=told or [],
    )
