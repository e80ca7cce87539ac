"""Where a request comes from, as its browser says: whether over TLS, and whether from a page of ours."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from workflow.api.http.problems import Kind, Refusal


def is_secure(headers: Headers, scheme: str, public_url: str | None) -> bool:
    """Whether the browser is at the other end of TLS: ours, or of what stands before `public_url`."""
    if scheme == "https":
        return True
    at = urlsplit(public_url or "")
    return at.scheme == "https" and headers.get("host", "").lower() == at.netloc.lower()


def is_loopback(headers: Headers) -> bool:
    """Whether the browser is on this machine, as the name says by which it asks."""
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_origin(headers: Headers, scheme: str, public_url: str | None) -> str | None:
    """Scheme, name and port of the page that a browser asks for here, as it writes them itself.

    That is the address of the world, or one of this machine; None: neither, so that nothing is bound to it.
    """
    if is_secure(headers, scheme, public_url):
        at = urlsplit(public_url or "")
        return f"{at.scheme}://{at.netloc.lower()}" if at.scheme == "https" else None
    return f"http://{headers.get('host', '').lower()}" if is_loopback(headers) else None


def refuse_other_sites(headers: Headers, public_url: str | None) -> None:
    """Raise Refusal (403) for a request that changes something and that a page of another site has sent.

    A browser says so itself (Fetch Metadata; older ones by `Origin` alone). A program says neither.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site not in (None, "same-origin", "none") or (
        origin is not None and site != "same-origin" and not _is_ours(origin, headers, public_url)
    ):
        message = "this was sent by a page of another site"
        raise Refusal.of(Kind.FORBIDDEN, "origin", "other-site", message)


def _is_ours(origin: str, headers: Headers, public_url: str | None) -> bool:
    hosts = {_host(f"//{headers.get('host', '')}")} | ({_host(public_url)} if public_url else set())
    return _host(origin) in hosts


def _host(url: str) -> tuple[str, int | None]:
    """Name and port; None: the port that a browser leaves out."""
    at = urlsplit(url)
    try:
        port = at.port
    except ValueError:
        port = -1
    return (at.hostname or "", None if port in (80, 443) else port)
