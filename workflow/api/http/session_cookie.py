"""The cookie that holds the token of a session, and nothing else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workflow.api.http.origins import is_loopback, is_secure

_SECURE, _PLAIN = "__Host-makegood", "makegood"


def token_in(request: Request, public_url: str | None) -> str | None:
    """The token that the browser has, from the cookie that it may have here; None: none.

    A cookie without TLS is one for this machine alone.
    """
    if is_secure(request.headers, request.url.scheme, public_url):
        return request.cookies.get(_SECURE)
    return request.cookies.get(_PLAIN) if is_loopback(request.headers) else None


def may_have_cookie(request: Request, public_url: str | None) -> bool:
    """Whether somebody may sign in from where they are: over TLS, or on this machine."""
    return is_secure(request.headers, request.url.scheme, public_url) or is_loopback(request.headers)


def give(response: Response, request: Request, token: str, public_url: str | None) -> None:
    """Have the browser keep a token for as long as it runs; the session ends by SQL, not by the cookie."""
    secure = is_secure(request.headers, request.url.scheme, public_url)
    response.set_cookie(
        _SECURE if secure else _PLAIN, token, path="/", secure=secure, httponly=True, samesite="lax"
    )


def take_back(response: Response, request: Request, public_url: str | None) -> None:
    """Have the browser forget it."""
    secure = is_secure(request.headers, request.url.scheme, public_url)
    response.delete_cookie(
        _SECURE if secure else _PLAIN, path="/", secure=secure, httponly=True, samesite="lax"
    )
