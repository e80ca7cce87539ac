"""Flower asks for its password at every path, and not only on its pages.

Its own metrics name every task, worker and host, and are open to all; a password in letters that it cannot
compare is answered with its configuration.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import MutableSequence
from typing import Any

OPEN = r"/healthcheck"
"""The only path that is open: it says "OK" and nothing else."""


def close_pages() -> None:
    """Have Flower's handlers ask for the account first; before Flower starts, in its process."""
    from flower.urls import handlers, settings
    from tornado.routing import URLSpec
    from tornado.web import StaticFileHandler

    settings["static_handler_class"] = _closed(StaticFileHandler)  # Tornado puts one before all others

    found: MutableSequence[Any] = handlers
    for index, one in enumerate(found):
        if isinstance(one, URLSpec):
            found[index] = URLSpec(one.regex.pattern, _closed(one.handler_class), one.kwargs, one.name)
        elif one[0] != OPEN:
            found[index] = (one[0], _closed(one[1]), *one[2:])


def _closed(handler: Any) -> Any:
    from flower.views.auth import LoginHandler
    from flower.views.error import NotFoundErrorHandler

    if handler is not LoginHandler:
        return type(handler.__name__, (_Asking, handler), {})
    nothing = _closed(NotFoundErrorHandler)

    def login(*args: Any, **options: Any) -> Any:
        """Who logs in elsewhere has no account yet; where nobody does, there is no such page."""
        page = handler(*args, **options)
        return nothing(*args, **options) if isinstance(page, NotFoundErrorHandler) else page

    return type(
        handler.__name__, (handler,), {"__new__": lambda cls, *args, **options: login(*args, **options)}
    )


class _Asking:
    """What a handler does first: it lets those pass who know the account."""

    application: Any
    request: Any

    def prepare(self) -> Any:
        """Before any method of HTTP."""
        if self._is_known():
            return super().prepare()  # type: ignore[misc]  # of the handler that it is mixed with
        page: Any = self
        page.set_status(401)
        page.set_header("WWW-Authenticate", 'Basic realm="flower"')
        page.finish("Access denied")
        return None

    def _is_known(self) -> bool:
        options = self.application.options
        if options.basic_auth and not _says(
            self.request.headers.get("Authorization", ""), options.basic_auth
        ):
            return False
        # Who logs in elsewhere has a cookie; files such as the pages' style are open then.
        return not options.auth or not hasattr(self, "capp") or bool(getattr(self, "current_user", None))


def _says(header: str, accounts: list[str]) -> bool:
    """Whether an `Authorization` header gives one of these accounts, `user:password`."""
    scheme, _, said = header.partition(" ")
    try:
        given = b64decode(said.strip(), validate=True)
    except ValueError:
        return False
    fits = [hmac.compare_digest(account.encode(), given) for account in accounts]
    return scheme.lower() == "basic" and any(fits)
