"""The identity provider at which people of this installation may sign in, and where it leads them back to."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request

from workflow.access.identity_provider import Client, IdentityProvider
from workflow.api.context import context_of
from workflow.api.http.origins import own_origin
from workflow.settings import Settings

RETURN = "/sign-in/return"
"""To be registered at the provider, under the address of this installation."""


def provider_of(settings: Settings) -> IdentityProvider | None:
    """The provider that is set; None: there is none."""
    if settings.sign_on_issuer is None:
        return None
    secret = settings.sign_on_client_secret
    client = Client(
        settings.sign_on_issuer, settings.sign_on_client_id, secret.get_secret_value() if secret else None
    )
    return _provider(client)


def here(request: Request) -> str:
    """Where this installation is for a browser: the address of the world, else that by which it asks."""
    public_url = context_of(request).runtime.settings.public_url
    return public_url or own_origin(request.headers, request.url.scheme, None) or ""


@cache
def _provider(client: Client) -> IdentityProvider:
    return IdentityProvider(client)
