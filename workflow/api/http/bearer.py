"""API keys as bearer tokens (RFC 6750): who presents which, and what it permits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool

from workflow.access.keyring import Keyring
from workflow.access.principal import Principal
from workflow.access.role import Role
from workflow.api.http.key_bounds import KeyBounds
from workflow.api.http.problems import Kind, Refusal


def bearer_text(header: bytes | None) -> str:
    """The key that a header `Authorization` presents. Raises Refusal (401) when it presents none."""
    scheme, _, text = (header or b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise missing()
    return text


async def known_key(
    keyring: Keyring, bounds: KeyBounds, text: str, client: Sequence[Any] | None
) -> Principal:
    """Whose key this text is, presented by this client; its use is counted.

    Raises Refusal when it is wrong, revoked or expired (401), or comes too often (429).
    """
    key = keyring.recall(text)
    if key is None:
        key = await bounds.verified(text, client, lambda text: run_in_threadpool(keyring.verify, text))
    if key is None:
        raise _unauthenticated(
            "key",
            "this key is unknown, was revoked, or has expired",
            'Bearer realm="makegood", error="invalid_token"',
        )
    return bounds.use(key)


def permit(key: Principal, *roles: Role) -> None:
    """Raise Refusal (403) unless the key's role is one of these."""
    if key.role not in roles:
        wanted = " or ".join(roles)
        message = f"needs a key of role {wanted}; this one is of role {key.role}"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "role", message)


def missing() -> Refusal:
    """401 for who presents no key."""
    return _unauthenticated("required", "send 'Authorization: Bearer <key>'", 'Bearer realm="makegood"')


def _unauthenticated(rule: str, message: str, challenge: str) -> Refusal:
    return Refusal.of(Kind.UNAUTHENTICATED, "authorization", rule, message, WWW_Authenticate=challenge)
