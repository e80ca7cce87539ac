"""The cookie by which a browser is known again that went to an identity provider to sign in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workflow.api.http.origins import is_secure

_SECURE, _PLAIN = "__Host-makegood-sign-on", "makegood-sign-on"


def sign_on_in(request: Request, public_url: str | None) -> str:
    """What the browser holds; empty: nothing."""
    return request.cookies.get(_name(request, public_url), "")


def give_sign_on(
    response: Response, request: Request, value: str, seconds: int, public_url: str | None
) -> None:
    """Have the browser hold a value for so long: it comes along when the provider leads it back (`Lax`)."""
    secure = is_secure(request.headers, request.url.scheme, public_url)
    name = _name(request, public_url)
    response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def take_back_sign_on(response: Response, request: Request, public_url: str | None) -> None:
    """Have the browser forget it."""
    secure = is_secure(request.headers, request.url.scheme, public_url)
    response.delete_cookie(_name(request, public_url), path="/", secure=secure, httponly=True, samesite="lax")


def _name(request: Request, public_url: str | None) -> str:
    return _SECURE if is_secure(request.headers, request.url.scheme, public_url) else _PLAIN
