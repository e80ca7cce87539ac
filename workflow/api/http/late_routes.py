"""Routes that are looked into with the first request for them.

The framework builds a validator for each parameter and each answer of a route when it is declared. There are
some hundred and sixty, and most processes serve a few: a start would wait half a second for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from workflow.api.http.target_text import refuse_broken_text


class LateRoute(APIRoute):
    """As the framework's, complete as soon as anybody asks for more than its path and its methods."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        name: str | None = None,
        methods: Iterable[str] | None = None,
        include_in_schema: bool = True,
        **options: Any,
    ) -> None:
        """As the framework's."""
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint.__name__ if name is None else name
        self.methods = {one.upper() for one in methods or ("GET",)}
        self.include_in_schema = include_in_schema
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._options = options
        self._begun = False

    def complete(self) -> None:
        """Look into the endpoint now. Raises what the framework raises of one that cannot be served."""
        known = dict(self.__dict__) | {"_begun": True}
        whole = APIRoute(
            self.path,
            self.endpoint,
            name=self.name,
            methods=self.methods,
            include_in_schema=self.include_in_schema,
            **self._options,
        )
        self.__dict__.update(whole.__dict__ | known)  # what was set since it was declared stays

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Raises InvalidQuery where what it asks for is no text."""
        refuse_broken_text(scope)
        await super().handle(scope, receive, send)

    def __getattr__(self, attribute: str) -> Any:
        """Only for what is not there yet."""
        if attribute.startswith("__") or self.__dict__.get("_begun", True):
            raise AttributeError(f"{type(self).__name__} has no {attribute!r}")
        self.complete()
        return getattr(self, attribute)


class LateRouter(APIRouter):
    """A router whose routes are `LateRoute`s; the arguments are those of the framework's."""

    def __init__(self, **options: Any) -> None:
        """As the framework's."""
        super().__init__(**{"route_class": LateRoute} | options)
