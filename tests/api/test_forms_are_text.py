"""A form is read as it was sent, or refused with the field and the rule: at every door that takes one.

The pages are walked as the site has them; the doors of other systems are Twilio's, and routes in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr

from tests.api.conftest import House, open_house
from tests.api.signed_in import Browser, browser_of
from tests.hooks.signing import SECRETS
from workflow.access.role import Role
from workflow.console.site import PAGES

FORM = "application/x-www-form-urlencoded"
TWILIO = ("/v1/reports/twilio?effect=a", "/v1/calls/twilio/connect?effect=a", "/v1/hooks/twilio")


def forms() -> Iterator[str]:
    """Addresses at which pages take forms."""
    for router in PAGES:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if "POST" in route.methods:
                path = route.path
                for part in route.param_convertors:
                    path = path.replace(f"{{{part}:path}}", "case:1").replace(f"{{{part}}}", "1")
                yield path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door at which Twilio is set up, too."""
    settings: dict[str, Any] = {
        "public_url": "https://care.example",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr(SECRETS["twilio"]),
        "twilio_from": "+15005550006",
        "route_secrets": SecretStr(json.dumps({"twilio": SECRETS["twilio"]})),
        "failed_keys_per_minute": 0,
    }
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('forms') / 'makegood.db'}", **settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin(house: House) -> Browser:
    """Somebody who may everything."""
    return browser_of(house, "ada", *(role for role in Role if role.is_person))


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, field and rule."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["rule"]


def sent(admin: Browser, path: str, body: bytes, kind: str = FORM) -> httpx.Response:
    """A body at a page's address, by somebody who reads JSON."""
    headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    if path in TWILIO:
        headers["X-Twilio-Signature"] = "anybody's"
    return admin.http.post(path, content=body, headers=headers)


DOORS = [*forms(), *TWILIO]


def test_there_are_forms() -> None:
    assert len(DOORS) > 40 and {"/sign-in", "/l/1", "/line/claim"} < set(DOORS)


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"token=x&words=caf%E9", "body.words"),
        (b"token=x&words=caf\xe9", "body.words"),
        (b"words=%C3%28&token=x", "body.words"),
        (b"words=%ED%A0%80", "body.words"),
        (b"%ff=1", "body.\N{REPLACEMENT CHARACTER}"),
        (b"two+words=%ff", "body.two words"),
        (b"words=\xc3%a9", "body"),
    ],
)
def test_what_is_not_utf_8_is_named(house: House, admin: Browser, path: str, body: bytes, field: str) -> None:
    before = house.counts()
    assert refused(sent(admin, path, body)) == (400, field, "utf-8")
    assert house.counts() == before


@pytest.mark.parametrize("path", DOORS)
def test_more_fields_than_any_form_has_are_refused(house: House, admin: Browser, path: str) -> None:
    assert refused(sent(admin, path, b"&".join([b"a=1"] * 501))) == (400, "body", "fields")


@pytest.mark.parametrize("path", DOORS)
def test_another_kind_of_form_is_not_read_as_this_one(house: House, admin: Browser, path: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\nx\r\n--x--\r\n'
    answer = sent(admin, path, body, "multipart/form-data; boundary=x")
    assert refused(answer) == (415, "content-type", "form")


@pytest.mark.parametrize("path", list(forms()))
def test_what_no_database_keeps_is_named(house: House, admin: Browser, path: str) -> None:
    assert refused(sent(admin, path, b"token=x&words=a%00b")) == (422, "body.words", "nul")


def test_a_person_is_told_on_a_page(house: House, admin: Browser) -> None:
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    answer = admin.http.post("/sign-in", content=b"address=%ff", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "said", ["Zoë", "مريم", "\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}", "a b+c=é%ff"]
)
def test_any_script_is_text(house: House, said: str) -> None:
    answer = Browser(house).post("/sign-in", {"address": said, "password": "none of mine"})
    assert answer.status_code == 422
    assert f'value="{said}"' in answer.text
