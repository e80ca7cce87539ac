"""What is given up says so, and goes on as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tests.api.conftest import House
from workflow.access.role import Role
from workflow.api.http.deprecation import Deprecation
from workflow.api.routes.policies import BY_CASE

PROMISE = {"customer": "tom@example.org", "words": "My parcel is lost", "channel": "email"}


def test_the_headers_are_those_of_the_standards() -> None:
    said = Deprecation(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "/v1/new")
    assert dict(said.fields()) == {
        b"deprecation": b"@1767225600",
        b"sunset": b"Fri, 01 Jan 2027 00:00:00 GMT",
        b"link": b'</v1/new>; rel="successor-version", </docs>; rel="deprecation"',
    }
    stays = Deprecation(datetime(2026, 1, 1, tzinfo=UTC), None, "/v1/new")
    assert b"sunset" not in dict(stays.fields())


def test_policies_of_a_case_are_asked_for_elsewhere_and_still_here(house: House) -> None:
    house.http.post("/v1/cases/deprecated/open", json=PROMISE, headers=house.bearer())
    house.apply()
    old = house.get("/v1/policies", case="case:deprecated")
    new = house.get("/v1/policies/fitting", case="case:deprecated")
    assert (old.status_code, old.json()) == (200, new.json())
    assert old.headers["Deprecation"] == f"@{int(BY_CASE.since.timestamp())}"
    assert parsedate_to_datetime(old.headers["Sunset"]) == BY_CASE.sunset
    assert '</v1/policies/fitting>; rel="successor-version"' in old.headers["Link"]
    assert not {"Deprecation", "Sunset", "Link"} & {*new.headers}


def test_without_a_case_it_is_the_list_of_policies(house: House) -> None:
    policy = {
        "title": "Late",
        "text": "We pay the postage",
        "eligible": "true",
        "grants": [],
        "owner": "ana@shop.example",
    }
    made = house.http.post("/v1/policies/late/set", json=policy, headers=house.bearer(Role.OPERATOR))
    assert made.status_code == 202, made.text
    house.apply()
    listed = house.get("/v1/policies")
    assert "Deprecation" not in listed.headers
    assert [one["id"] for one in listed.json()["items"]] == ["late"]
