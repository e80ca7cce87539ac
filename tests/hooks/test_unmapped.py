"""What no route maps is kept, never lost: who looks at it sees why, and maps it again once the route was
mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from tests.api.conftest import NOON, House, open_house
from tests.hooks.shop import MENDED, SECRET, SHOP, delivery, shop_settings
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.hooks import unmapped
from workflow.hooks.condition import of_routes, of_unmapped
from workflow.store import schema

BEARER = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    """A database of either kind."""
    yield database_url


def post(house: House, body: dict[str, Any] | bytes, **headers: str) -> httpx.Response:
    """Post to the shop's route with its secret."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return house.http.post("/v1/hooks/shop", content=content, headers=BEARER | headers)


def listed(house: House, **asked: Any) -> list[dict[str, Any]]:
    """The unmapped, as an operator lists them."""
    answer = house.get("/v1/hooks/unmapped", Role.OPERATOR, **asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def act(house: House, number: int, verb: str, **body: Any) -> httpx.Response:
    """Retry or discard."""
    path = f"/v1/hooks/unmapped/{number}/{verb}"
    return house.http.post(path, headers=house.bearer(Role.OPERATOR), json=body or None)


def test_what_no_case_fits_is_kept_and_mapped_once_the_route_is_mended(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path)) as house:
        answer = post(house, delivery(7, "late", password="who wrote this"))
        assert answer.status_code == 202
        said = answer.json()
        assert (said["status"], said["reason"], said["events"]) == ("kept", "unmapped", [])
        (one,) = listed(house)
        assert (one["id"], one["route"], one["reason"], one["times"]) == (said["kept"], "shop", "unmapped", 1)
        assert one["problems"][0]["rule"] == "unmapped"
        assert "'nothing wrong', 'broken'" in one["problems"][0]["message"]
        assert "who wrote this" not in orjson.dumps(one).decode()
        again = act(house, one["id"], "retry")
        assert (again.status_code, again.json()["errors"][0]["rule"]) == (409, "unmapped")
        assert [each["id"] for each in listed(house)] == [one["id"]]
        shown = house.get(f"/v1/hooks/unmapped/{one['id']}", Role.OPERATOR).json()
        assert orjson.loads(shown["body"]) == delivery(7, "late", password="who wrote this")
        assert SECRET not in orjson.dumps(shown).decode()
    with open_house(url, **shop_settings(tmp_path, MENDED)) as house:
        (one,) = listed(house)
        done = act(house, one["id"], "retry")
        assert done.status_code == 200, done.text
        assert [each["subject"] for each in done.json()["events"]] == ["customer:shop-ines", "case:shop-7"]
        house.apply()
        found = house.get("/v1/subjects/case:shop-7").json()
        assert (found["state"], found["data"]["words"]) == ("listening", "The lid does not close.")
        with house.runtime.store.connect() as connection:
            actors = connection.scalars(
                select(schema.events.c.actor).where(schema.events.c.source == "/shop")
            )
            assert set(actors) == {"route:shop"}
        assert listed(house) == []
        (settled,) = listed(house, settled=True)
        assert (settled["outcome"], settled["settled_by"]) == ("retried", "operator:the tests' operator")
        gone = house.get(f"/v1/hooks/unmapped/{one['id']}", Role.OPERATOR).json()
        assert (gone["body"], gone["headers"]) == ("", {})
        assert act(house, one["id"], "retry").status_code == 409
        assert act(house, one["id"], "discard", reason="done").status_code == 409
        assert post(house, delivery(7, "late", password="who wrote this")).json()["status"] == "duplicate"


@pytest.mark.parametrize(
    ("body", "reason", "field", "rule"),
    [
        (b'{"kind": "broken"', "unreadable", "body", "json"),
        (b"\xff\xfe", "unreadable", "body", "utf-8"),
        (b'{"kind": "broken", "kind": "late"}', "unreadable", "body", "doubled-member"),
        (b"[" * 70 + b"]" * 70, "unreadable", "body", "depth"),
        (b"[1, 2]", "mapping", "cases[0].when", "expression"),
        (b'{"kind": "broken"}', "mapping", "id", "expression"),
        (orjson.dumps(delivery(1) | {"delivery": None}), "mapping", "id", "required"),
        (orjson.dumps(delivery(1) | {"at": "yesterday"}), "mapping", "time", "instant-form"),
        (orjson.dumps(delivery(1) | {"who": "two words"}), "mapping", "events[0].subject", "form"),
        (orjson.dumps(delivery(1) | {"words": 5}), "refused", "[1].data.words", "type"),
        (orjson.dumps(delivery(1) | {"words": "x" * 70_000}), "mapping", "events[1]", "size"),
    ],
)  # fmt: skip
def test_what_fails_is_kept_with_the_field_and_the_rule_and_becomes_no_half_event(
    shop: House, body: bytes, reason: str, field: str, rule: str
) -> None:
    before = shop.counts()
    answer = post(shop, body)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["reason"]) == ("kept", reason)
    kept = next(one for one in listed(shop) if one["id"] == answer.json()["kept"])
    assert (kept["problems"][0]["field"], kept["problems"][0]["rule"]) == (field, rule)
    after = shop.counts()
    assert after["unmapped"] == before["unmapped"] + 1
    assert after | {"unmapped": 0} == before | {"unmapped": 0}
    assert act(shop, kept["id"], "discard", reason="a test").status_code == 204


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with the shop's route."""
    directory = tmp_path_factory.mktemp("shop")
    with open_house(f"sqlite:///{directory / 'makegood.db'}", **shop_settings(directory)) as house:
        yield house


def test_the_very_same_is_kept_once_and_counted(shop: House) -> None:
    body = delivery(20, "unheard of")
    numbers = {post(shop, body).json()["kept"] for _ in range(3)}
    (number,) = numbers
    kept = next(one for one in listed(shop) if one["id"] == number)
    assert kept["times"] == 3
    other = post(shop, body, **{"X-Shop": "other"}).json()["kept"]
    assert other != number


def test_the_id_of_another_message_is_kept_and_changes_nothing(shop: House) -> None:
    assert post(shop, delivery(30)).json()["status"] == "accepted"
    shop.apply()
    other = post(shop, delivery(30) | {"words": "Something else entirely."}).json()
    assert (other["status"], other["reason"]) == ("kept", "other-event")
    kept = next(one for one in listed(shop) if one["id"] == other["kept"])
    assert kept["problems"][0]["rule"] == "other-content"
    shop.apply()
    assert shop.get("/v1/subjects/case:shop-30").json()["data"]["words"] == "The lid does not close."


def test_discarded_it_is_deleted_and_who_did_so_and_why_is_kept(shop: House) -> None:
    number = post(shop, delivery(40, "unheard of")).json()["kept"]
    assert act(shop, number, "discard").status_code in (400, 422)
    assert act(shop, number, "discard", reason="an old shop").status_code == 204
    settled = next(one for one in listed(shop, settled=True) if one["id"] == number)
    assert (settled["outcome"], settled["note"]) == ("discarded", "an old shop")
    assert settled["settled_by"] == "operator:the tests' operator"
    assert act(shop, 999_999, "retry").status_code == 404
    assert act(shop, 999_999, "discard", reason="x").status_code == 404


def test_only_who_runs_it_reads_what_messages_say(shop: House) -> None:
    number = post(shop, delivery(50, "unheard of")).json()["kept"]
    assert shop.get("/v1/hooks/unmapped", Role.AGENT).status_code == 403
    assert shop.get(f"/v1/hooks/unmapped/{number}", Role.SUPERVISOR).status_code == 403
    assert shop.http.get("/v1/hooks/unmapped").status_code == 401


def test_pages_and_routes_of_the_list(shop: House) -> None:
    for number in range(60, 65):
        post(shop, delivery(number, "unheard of"))
    first = shop.get("/v1/hooks/unmapped", Role.OPERATOR, limit=2).json()
    second = shop.get("/v1/hooks/unmapped", Role.OPERATOR, limit=2, cursor=first["next"]).json()
    assert [one["id"] for one in second["items"]] > [one["id"] for one in first["items"]]
    assert listed(shop, route="zendesk") == []
    assert shop.get("/v1/hooks/unmapped", Role.OPERATOR, routes="shop").status_code == 422


def test_while_there_is_no_room_the_sender_is_asked_to_come_again(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path, unmapped_bytes=1024)) as house:
        body = delivery(1, "unheard of", words="x" * 400)
        assert post(house, body).json()["status"] == "kept"
        full = post(house, delivery(2, "unheard of", words="x" * 800))
        assert (full.status_code, full.json()["errors"][0]["rule"]) == (429, "unmapped")
        assert 0 < int(full.headers["retry-after"]) < 60
        assert post(house, body).json()["status"] == "kept", "what is kept already needs no room"
        assert post(house, delivery(3)).json()["status"] == "accepted", "what is mapped needs none either"
        act(house, listed(house)[0]["id"], "discard", reason="seen")
        assert post(house, delivery(2, "unheard of", words="x" * 800)).json()["status"] == "kept"


def test_the_doctor_says_which_routes_are_open_and_what_waits(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path)) as house:
        settings, store = house.runtime.settings, house.runtime.store
        assert of_routes(settings, store) == (True, "open: shop")
        assert of_unmapped(store) == (True, "none waits")
        post(house, delivery(1, "unheard of"))
        assert of_unmapped(store) == (False, "1 of shop; GET /v1/hooks/unmapped says why")
        (tmp_path / "routes" / "shop.yaml").write_text(
            SHOP.replace("case.open", "case.opne"), encoding="utf-8"
        )
        well, words = of_routes(settings, store)
        assert not well and "shop.yaml:16" in words


def test_after_so_many_days_it_is_forgotten(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path)) as house:
        post(house, delivery(1, "unheard of"))
        store = house.runtime.store
        assert unmapped.prune(store, NOON) == 0
        assert len(listed(house)) == 1
        assert unmapped.prune(store, NOON + timedelta(seconds=1)) == 1
        assert listed(house) == []


def test_how_many_came_and_what_became_of_them_is_counted(shop: House) -> None:
    post(shop, delivery(70, "fine"))
    post(shop, delivery(71, "unheard of"))
    post(shop, delivery(72))
    shop.http.post("/v1/hooks/shop", content=b"{}")
    text = shop.http.get("/metrics").text
    for outcome in ("ignored", "kept", "accepted", "unsigned"):
        assert f'makegood_route_messages_total{{outcome="{outcome}",route="shop"}}' in text


def test_a_route_that_has_no_secret_is_closed(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path, SHOP)) as house:
        for path in ("/v1/hooks/zendesk", "/v1/hooks/none"):
            answer = house.http.post(path, content=b"{}", headers=BEARER)
            assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (404, "route")


def test_a_body_has_its_bound(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path, route_bytes=2048)) as house:
        assert post(house, delivery(1, words="x" * 1500)).json()["status"] == "accepted"
        long = post(house, delivery(2, words="x" * 2048))
        assert (long.status_code, long.json()["errors"][0]["rule"]) == (413, "size")
        chunks = (b" " * 1024 for _ in range(4))
        slow = house.http.post("/v1/hooks/shop", content=chunks, headers=BEARER)
        assert slow.status_code == 413
        assert listed(house) == []


def test_who_was_refused_is_in_the_audit_log(url: str, tmp_path: Path) -> None:
    with open_house(url, **shop_settings(tmp_path)) as house:
        house.http.post("/v1/hooks/shop", content=b"{}", headers={"Authorization": "Bearer guessed-secret"})

        def refused() -> list[Any]:
            return [
                one
                for one in house.get("/v1/audit", Role.OPERATOR, outcome="refused").json()["items"]
                if one["action"] == "POST /v1/hooks/{route}"
            ]

        wait_until(lambda: bool(refused()), seconds=60, what="the entry of the refusal")
        (entry,) = refused()
        assert (entry["target"], entry["reason"]) == ("/v1/hooks/shop", "signature")
