"""For which site a browser may make passkeys here."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from workflow.access.passkeys import Site
from workflow.api.context import context_of
from workflow.api.http.origins import own_origin


def site_of(request: Request) -> Site | None:
    """The site of this page. None: the page is on no secure address, or on one without a name.

    A browser makes passkeys for names alone: on this machine for ``localhost``, not for ``127.0.0.1``.
    """
    origin = _origin(request)
    host = urlsplit(origin or "").hostname or ""
    if origin is None or _is_number(host):
        return None
    return Site(host, origin)


def named_instead(request: Request) -> str | None:
    """Where the same page has a name for passkeys; None where it has one already, or has none anywhere."""
    at = urlsplit(_origin(request) or "")
    if not at.hostname or not _is_number(at.hostname):
        return None
    return f"http://localhost:{at.port or 80}{request.url.path}"


def _origin(request: Request) -> str | None:
    public_url = context_of(request).runtime.settings.public_url
    return own_origin(request.headers, request.url.scheme, public_url)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
