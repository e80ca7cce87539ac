"""An OpenID Connect provider: where people are sent to sign in, and what it says of whoever comes back.

What it publishes of itself is asked for once an hour, its keys again when it signs with one that is new. An
ID token counts if it is signed by it, for us, now, and for this sign-in.

The libraries are loaded with the first sign-in: a start of the API does not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx

from workflow.clock import monotonic
from workflow.errors import MakegoodError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet
    from joserfc.jwt import Token

SCOPE = "openid email profile"
_SECONDS = 10
_REMEMBERED = 3_600.0
_LEEWAY = 60
"""Seconds by which its clock may differ from ours."""
_SIGNED_BY = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures with a key of its own; none that who knows our secret could make."""
_LONGEST = 1_000_000


class ProviderError(MakegoodError):
    """The provider did not do its part; `rule` says which, for the audit log."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to a provider: as whom it knows us, by which secret."""

    issuer: str
    id: str
    secret: str | None


class IdentityProvider:
    """One provider, and what is known of it. Its methods speak over the network: not for the event loop."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._known: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._until = 0.0

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is sent to sign in and come `back` from. Raises ProviderError."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        url: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"),
            client_id=self.client.id,
            response_type="code",
            redirect_uri=back,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return url

    def sign_out_address(self, back: str) -> str | None:
        """Where a browser is sent to sign out there, too; None where the provider has no such page."""
        try:
            if "end_session_endpoint" not in self._metadata():
                return None
            page = self._endpoint("end_session_endpoint")
        except ProviderError:
            return None
        joint = "&" if "?" in page else "?"
        return (
            f"{page}{joint}client_id={quote(self.client.id)}&post_logout_redirect_uri={quote(back, safe='')}"
        )

    def check_issuer(self, said: str | None) -> None:
        """Who has answered must be who was asked (RFC 9207). Raises ProviderError."""
        promised = self._metadata().get("authorization_response_iss_parameter_supported") is True
        if said != self.client.issuer and (said is not None or promised):
            raise ProviderError("issuer", "another provider has answered")

    def claims(self, code: str, back: str, nonce: str, verifier: str, now: datetime) -> Mapping[str, Any]:
        """What the provider says of whom it has given this code. Raises ProviderError."""
        tokens = self._tokens(code, back, verifier)
        said = self._verified(tokens, nonce, now)
        if "userinfo_endpoint" not in self._metadata():
            return said
        headers = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        more = self._asked("GET", self._endpoint("userinfo_endpoint"), headers=headers)
        if more.get("sub") != said["sub"]:
            raise ProviderError("subject", "what it says of somebody is about somebody else")
        return more | said

    def _tokens(self, code: str, back: str, verifier: str) -> dict[str, Any]:
        fields = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier,
        }  # fmt: skip
        methods = self._metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth, secret = None, self.client.secret
        if secret is None:
            fields["client_id"] = self.client.id
        elif "client_secret_basic" in methods:
            auth = (quote(self.client.id, safe=""), quote(secret, safe=""))
        else:
            fields |= {"client_id": self.client.id, "client_secret": secret}
        return self._asked("POST", self._endpoint("token_endpoint"), data=fields, auth=auth)

    def _verified(self, tokens: Mapping[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise ProviderError("token", "it gave no ID token")
        try:
            token = self._decoded(text)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.client.issuer},
                    "aud": {"essential": True, "value": self.client.id},
                },
                {
                    "nonce": nonce,
                    "client_id": self.client.id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderError("token", f"its ID token does not hold: {type(error).__name__}") from None
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ProviderError("token", "its ID token names nobody")
        return dict(claims)

    def _decoded(self, text: str) -> Token:
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            return jwt.decode(text, self._key_set(), algorithms=list(_SIGNED_BY))
        except (JoseError, ValueError):  # signed with a key that is new, it may be
            self._keys = None
            return jwt.decode(text, self._key_set(), algorithms=list(_SIGNED_BY))

    def _key_set(self) -> KeySet:
        from joserfc.jwk import KeySet

        if self._keys is None:
            found = self._asked("GET", self._endpoint("jwks_uri"))
            self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
        return self._keys

    def _metadata(self) -> dict[str, Any]:
        """What the provider publishes of itself (OpenID Connect Discovery)."""
        if monotonic() >= self._until:
            place = f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = self._asked("GET", place)
            if found.get("issuer") != self.client.issuer:
                raise ProviderError("issuer", "it calls itself by another name than MAKEGOOD_SIGN_ON_ISSUER")
            self._known, self._keys, self._until = found, None, monotonic() + _REMEMBERED
        return self._known

    def _endpoint(self, name: str) -> str:
        """One of its addresses: over TLS, unless the provider itself is on this machine without."""
        found = self._metadata().get(name)
        schemes = {"https", urlsplit(self.client.issuer).scheme}
        if not isinstance(found, str) or urlsplit(found).scheme not in schemes:
            raise ProviderError("discovery", f"it names no {name}, or one without TLS")
        return found

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        headers = {"Accept": "application/json"} | (more.pop("headers", None) or {})
        try:
            answer = httpx.request(method, url, headers=headers, timeout=_SECONDS, **more)
            if answer.status_code != 200 or len(answer.content) > _LONGEST:
                raise ProviderError("answer", f"{urlsplit(url).path} was answered with {answer.status_code}")
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderError("unreachable", f"it could not be asked: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise ProviderError("answer", "it answered something else than was asked")
        return found
