"""Pages and assets go out compressed to whoever takes that, and nothing secret can be measured by it."""

from __future__ import annotations

import gzip
import re

import pytest

from tests.api.conftest import House
from tests.api.signed_in import browser_of
from workflow.access.role import Role
from workflow.api.http.masked_token import masked, unmasked
from workflow.console.assets import asset_path, assets


def raw(house: House, path: str, accepts: str, cookie: str | None) -> tuple[bytes, str | None, str | None]:
    """The body as it came, its coding, and by what it varies."""
    headers = {"Accept": "text/html", "Accept-Encoding": accepts} | ({"Cookie": cookie} if cookie else {})
    with house.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        body = b"".join(answer.iter_raw())
        assert int(answer.headers["Content-Length"]) == len(body)
        return body, answer.headers.get("Content-Encoding"), answer.headers.get("Vary")


@pytest.mark.parametrize("path", ["/", "/assets"])
def test_who_takes_gzip_gets_it_and_nobody_else(house: House, path: str) -> None:
    browser = browser_of(house, f"gzip{len(path)}", Role.AGENT)
    cookie = f"makegood={browser.http.cookies['makegood']}"
    where = asset_path("console.css") if path == "/assets" else path
    small, coding, varies = raw(house, where, "gzip, br;q=0.5", cookie)
    assert (coding, varies) == ("gzip", "Accept-Encoding")
    large, coding, varies = raw(house, where, "br, gzip;q=0", cookie)
    assert (coding, varies) == (None, "Accept-Encoding")
    assert len(small) < len(large) / 2
    if path == "/assets":
        assert gzip.decompress(small) == large == assets()["console.css"].body


def test_a_forms_token_is_another_text_each_time_and_counts_as_often_as_it_is_shown(house: House) -> None:
    browser = browser_of(house, "masked", Role.AGENT)
    shown = [re.findall(r'data-token="([0-9a-f]+)"', browser.get("/").text)[0] for _ in range(2)]
    assert shown[0] != shown[1] and unmasked(shown[0]) == unmasked(shown[1])
    for token in shown:
        assert browser.post("/live/session", {"token": token}).status_code == 200
    for wrong in (unmasked(shown[0]), shown[0][2:], f"00{shown[0][2:]}", "zz", "", masked("guessed")):
        assert browser.post("/live/session", {"token": wrong}).status_code == 403, wrong


def test_a_mask_comes_off_and_what_is_none_is_nothing() -> None:
    assert unmasked(masked("secret")) == "secret" and unmasked(masked("")) == ""
    assert [unmasked(one) for one in ("abc", "no digits", "00ff", "0ü")] == ["", "", "", ""]
