"""Templates to HTML, in the language of whoever looks. Whatever is put into one is escaped."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from workflow.api.browser import BY_ITSELF
from workflow.api.context import context_of
from workflow.api.http.origins import is_secure
from workflow.console.assets import asset_path
from workflow.console.compressed import compressed
from workflow.console.hints import topic
from workflow.console.inputs import TriggerForm
from workflow.console.labels import beginnings, labels, reasons, sentences
from workflow.console.periods import period_name
from workflow.console.reworded import reworded
from workflow.console.success import SUCCESS_COOKIE, success_of
from workflow.console.times import decimal, lasting, of_figure
from workflow.console.translations import ENGLISH, LANGUAGES, tongue, translations
from workflow.console.viewer import viewer_of
from workflow.recovery.links.urls import base_url

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing comes from elsewhere, and nothing that stands in a page itself runs or styles it."""
_NO_SCRIPT = _POLICY.replace("script-src 'self'; ", "").replace("connect-src 'self'; ", "")
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    known = translations(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        known.gettext, known.ngettext, newstyle=True, pgettext=known.pgettext
    )
    environment.filters["ticked"] = _ticked
    environment.filters["said"] = reworded(language)
    environment.filters["tongue"] = partial(tongue, language=language)
    environment.filters["decimal"] = partial(decimal, language=language)
    environment.filters["lasting"] = partial(lasting, language=language)
    environment.filters["of_figure"] = partial(of_figure, language=language)
    environment.filters["labelled"] = partial(_labelled, language)
    environment.filters["period"] = partial(period_name, language=language)
    environment.globals |= {
        "asset": asset_path,
        "label": labels(language),
        "language": language,
        "languages": LANGUAGES,
        "new_id": lambda: secrets.token_hex(12),
        "history_of": history_of,
        "path_of": path_of,
        "push_worker": "/bell-worker.js",
        "topic": topic,
    }
    return environment


_CODE = re.compile(r"`([^`\n]+)`")


def _labelled(language: str, names: Iterable[str], kind: str) -> list[tuple[str, str]]:
    """Each with what it is called."""
    return [(name, labels(language)(kind, name)) for name in names]


def _ticked(text: str) -> Markup:
    """A description of a definition: what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def path_of(key: str) -> str:
    """The page of a subject: a case's by its number, a call's or an escalation's as work, else by its key."""
    kind, _, name = key.partition(":")
    if kind == "case":
        return f"/cases/{quote(name, safe=':@')}"
    return f"/work/{quote(key, safe=':@')}" if kind in ("callback", "escalation") else history_of(key)


def history_of(key: str) -> str:
    """The page of any subject with its history, by its key."""
    return f"/subjects/{quote(key, safe=':@')}"


@lru_cache(2_048)
def _empty_inputs(language: str, own: Path | None, zone: str, lifecycle: str, form: TriggerForm) -> Markup:
    """The fields of a form in which nothing was said yet: a case has twenty of them, always the same."""
    said = {"me": _Reader(zone), "label": labels(language, own), "told": sentences(language, own)}
    module = _environment(language).get_template("inputs.html").make_module(said)
    return Markup(module.inputs(form, form.trigger, {}, [], lifecycle))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Reader:
    """What fields say of whoever reads them."""

    zone: str


def rendered(template: str, language: str = ENGLISH, **values: Any) -> str:
    """The HTML of a template, such as ``packet.html``.

    Raises jinja2.UndefinedError for a value that the template needs and was not given.
    """
    return _environment(language).get_template(template).render(**values)


def page(
    request: Request, template: str, *, at: str | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of the console for whoever looks, with headers that let nothing run but our own script.

    Where it answers a form, `at` is the address at which it is opened: there it is looked at anew while it is
    open, and there one is led back to. Without one that is the address of the request.

    An open page that asks by itself gets its content alone, without a frame, and takes no success from its
    reader.
    """
    me = viewer_of(request)
    bare = BY_ITSELF in request.headers
    done = "" if bare else success_of(request)
    settings = context_of(request).runtime.settings
    own, place = settings.lifecycles, f"{base_url(settings)}{at or me.path}"
    named = {
        "label": labels(me.language, own),
        "told": sentences(me.language, own),
        "why": reasons(me.language, own),
        "begun": beginnings(me.language, own),
        "empty_inputs": partial(_empty_inputs, me.language, own, me.zone),
    }
    answers = at if request.method != "GET" else None
    html = rendered(
        template, me.language, me=me, done=done, bare=bare, at=answers, page_address=place, **named, **values
    )
    answer = HTMLResponse(html, status_code=status, headers=_headers(request))
    if done:
        answer.delete_cookie(SUCCESS_COOKIE, path="/", httponly=True, samesite="strict")
    return compressed(request, answer)


def page_for_anybody(
    request: Request, template: str, language: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page outside of the console, for whoever holds its link: no script, and nobody learns the link."""
    html = rendered(template, language, **values)
    headers = _headers(request) | {"Content-Security-Policy": _NO_SCRIPT, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(html, status_code=status, headers=headers)


def _headers(request: Request) -> dict[str, str]:
    public = context_of(request).runtime.settings.public_url
    secure = is_secure(request.headers, request.url.scheme, public)
    return _HEADERS | (_OVER_TLS if secure else {})


def see_other(path: str, *, done: str | None = None) -> RedirectResponse:
    """Lead a browser on after a form (303); the next page says what was done, by a word of `success`."""
    answer = RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})
    if done is not None:
        answer.set_cookie(SUCCESS_COOKIE, done, max_age=60, path="/", httponly=True, samesite="strict")
    return answer
