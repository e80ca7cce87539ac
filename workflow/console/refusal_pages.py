"""A refusal as a page, for whoever asks with a browser: whoever has not signed in is led there."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from workflow.api.http.negotiation import HTML, JSON, preferred
from workflow.api.http.problems import Kind, Refusal
from workflow.console.rendering import page
from workflow.console.translations import translations
from workflow.console.viewer import viewer_of

_SAFE = ("GET", "HEAD")
_FOR_PROGRAMS = ("/v1/events", "/v1/desk", "/healthz", "/readyz", "/metrics", "/openapi.json")


def shown(request: Request, refusal: Refusal) -> Response | None:
    """The page, or the way to sign in; None where a program asks."""
    path = request.url.path
    if preferred(request.headers.get("accept"), (JSON, HTML)) != HTML or path.startswith(_FOR_PROGRAMS):
        return None
    if refusal.kind is Kind.UNAUTHENTICATED and not request.headers.get("authorization"):
        return RedirectResponse(sign_in_path(request), 303, headers={"Cache-Control": "no-store"})
    heading, words = _said(refusal.kind, translations(viewer_of(request).language).gettext)
    answer = page(
        request,
        "error.html",
        status=refusal.kind.status,
        heading=heading,
        words=words,
        problems=[] if refusal.kind is Kind.NOT_FOUND else refusal.problems[:20],
    )
    answer.headers.update({name: value for name, value in refusal.headers.items() if name != "Content-Type"})
    return answer


def sign_in_path(request: Request) -> str:
    """Where somebody signs in who is to come back to this page; from a form, to the page that it stood on."""
    if request.method in _SAFE:
        query = f"?{request.url.query}" if request.url.query else ""
        back = f"{request.url.path}{query}"
        return "/sign-in" if back == "/" else f"/sign-in?next={quote(back, safe='/')}"
    referer = urlsplit(request.headers.get("referer", ""))
    same = referer.netloc == request.headers.get("host")
    return f"/sign-in?ended=yes&next={quote(referer.path if same else '/', safe='/')}"


def _said(kind: Kind, say: Callable[[str], str]) -> tuple[str, str]:
    match kind:
        case Kind.NOT_FOUND:
            return say("There is no such page"), say(
                "The address may have been cut off, or what it was about does not exist."
            )
        case Kind.FORBIDDEN:
            return say("This is not for you"), say("Your role does not permit it, or the form is too old.")
        case Kind.CONFLICT | Kind.OTHER_EVENT:
            return say("This is not possible now"), say("It is not in a state in which this can be done.")
        case Kind.BUSY | Kind.UNAVAILABLE | Kind.FULL:
            return say("Too much at once"), say("Please try again in a moment.")
        case Kind.INTERNAL:
            return say("The fault is ours"), say("It was logged. Nothing was half done.")
        case Kind.METHOD:
            return say("This page takes no form"), say("Open it from a link.")
        case _:
            return say("This is not right yet"), say("Something in what was sent breaks a rule.")
