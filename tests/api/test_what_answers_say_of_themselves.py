"""Headers and redirects: what an answer says besides what was asked."""

from __future__ import annotations

import pytest

from tests.api.conftest import House

PAGES = ["/docs", "/v1/subjects", "/healthz", "/l/none", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_each_header_is_said_once(house: House, path: str) -> None:
    names = [name.lower() for name, _ in house.http.get(path).headers.multi_items()]
    assert sorted(names) == sorted(set(names))
    assert {"x-content-type-options", "cache-control"} <= set(names)


def test_no_other_page_frames_the_documentation(house: House) -> None:
    policy = house.http.get("/docs").headers["content-security-policy"]
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy.split("; "))


@pytest.mark.parametrize("path", ["/v1/subjects/", "/v1/events/", "/healthz/", "/docs/"])
def test_nobody_is_sent_where_the_caller_says_we_live(house: House, path: str) -> None:
    answer = house.http.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code not in (301, 302, 303, 307, 308)
    assert "evil.example" not in str(answer.headers)
