"""Which request is being served: known wherever its work is done, in the event loop and in threads alike."""

from __future__ import annotations

from contextvars import ContextVar, Token

_CURRENT: ContextVar[str | None] = ContextVar("makegood_request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that is being served here; None outside of requests."""
    return _CURRENT.get()


def enter_request(request_id: str) -> Token[str | None]:
    """From here on this request is served; the token is for `leave_request`."""
    return _CURRENT.set(request_id)


def leave_request(token: Token[str | None]) -> None:
    """It has been served."""
    _CURRENT.reset(token)
