"""Who may come in, and as what."""

from __future__ import annotations

import pytest

from tests.api.conftest import NOON, House, order
from workflow.access import keyring as keyring_module
from workflow.access import keys
from workflow.access.keyring import Keyring
from workflow.access.role import Role
from workflow.clock import VirtualClock
from workflow.errors import NotFound

READABLE = ["/v1/subjects", "/v1/effects", "/v1/dead-letters"]
OPEN = ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"]


@pytest.mark.parametrize("path", OPEN)
def test_operation_needs_no_key(house: House, path: str) -> None:
    assert house.http.get(path).status_code == 200


@pytest.mark.parametrize("path", [*READABLE, "/v1/subjects/order:x"])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic bWc6eA==",
        "Bearer mg_",
        "Bearer mg_x_y",
        "Bearer ünknown",
        "Bearer mg__",
    ],
)
def test_without_a_good_key_nothing_is_read(house: House, path: str, header: str | None) -> None:
    response = house.http.get(path, headers={} if header is None else {"Authorization": header.encode()})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith('Bearer realm="makegood"')
    assert response.json()["errors"][0]["field"] == "authorization"


def test_without_a_key_nothing_is_stored(house: House) -> None:
    before = house.counts()
    headers = {"Content-Type": "application/cloudevents+json"}
    response = house.http.post("/v1/events", json=order("place", "anon", "anon-1", amount=5), headers=headers)
    assert response.status_code == 401
    assert house.counts() == before


def test_the_right_public_part_with_another_secret_is_nothing(house: House) -> None:
    prefix, public, _ = house.keys[Role.SYSTEM].split("_", 2)
    _, _, secret = house.keys[Role.DESK].split("_", 2)
    response = house.http.get("/v1/subjects", headers={"Authorization": f"Bearer {prefix}_{public}_{secret}"})
    assert response.status_code == 401


@pytest.mark.parametrize(("role", "status"), [(Role.SYSTEM, 202), (Role.OPERATOR, 202), (Role.DESK, 403)])
def test_who_may_send_events(house: House, role: Role, status: int) -> None:
    response = house.post(order("place", f"by-{role}", f"by-{role}", amount=5), role)
    assert response.status_code == status
    if status == 403:
        assert response.json()["errors"][0]["rule"] == "role"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(house: House, scheme: str) -> None:
    """RFC 9110, 11.1."""
    headers = {
        "Authorization": f"{scheme} {house.keys[Role.SYSTEM]}",
        "Content-Type": "application/cloudevents+json",
    }
    event = order("place", f"by-{scheme}", f"by-{scheme}", amount=5)
    assert house.http.post("/v1/events", json=event, headers=headers).status_code == 202


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reads_subjects(house: House, role: Role) -> None:
    assert house.get("/v1/subjects", role).status_code == 200


@pytest.mark.parametrize("path", ["/v1/effects", "/v1/dead-letters", "/v1/refusals"])
@pytest.mark.parametrize("role", list(Role))
def test_what_went_wrong_is_not_for_the_desk(house: House, path: str, role: Role) -> None:
    status = 403 if role in (Role.DESK, Role.AGENT) else 200
    assert house.get(path, role).status_code == status


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.DESK])
def test_only_an_operator_retries(house: House, role: Role) -> None:
    assert house.http.post("/v1/effects/1/retry", headers=house.bearer(role)).status_code == 403


def test_a_key_is_kept_as_a_digest_only(house: House) -> None:
    text = keys.create(house.runtime.store, Role.SYSTEM, "secret", NOON)
    secret = text.split("_", 2)[2]
    with house.runtime.store.connect() as connection:
        rows = connection.exec_driver_sql("select * from keys").all()
    assert text not in str(rows) and secret not in str(rows)
    found = keys.verify(house.runtime.store, text, NOON)
    assert found is not None and (found.role, found.name) == (Role.SYSTEM, "secret")


def test_a_revoked_key_is_forgotten(house: House) -> None:
    store = house.runtime.store
    text = keys.create(store, Role.SYSTEM, "short-lived", NOON)
    public = text.split("_", 2)[1]
    ring = Keyring(store, VirtualClock(NOON))
    assert ring.recall(text) is None
    assert ring.verify(text) is not None
    keys.revoke(store, public, NOON)
    assert keys.verify(store, text, NOON) is None
    assert ring.recall(text) is not None, "for some seconds a door may still believe in it"
    assert Keyring(store, VirtualClock(NOON)).verify(text) is None
    revoked = next(key for key in keys.listed(store) if key.id == public)
    assert revoked.revoked_at == NOON


def test_one_caller_verifies_a_key_anew_for_all(house: House) -> None:
    """So that a busy door does not send all who are inside to the database at the same moment."""
    store = house.runtime.store
    text = keys.create(store, Role.SYSTEM, "busy", NOON)

    class Short(Keyring):
        KEEP = Keyring._AHEAD  # due to be renewed as soon as it is known

    ring = Short(store, VirtualClock(NOON))
    assert ring.verify(text) is not None
    assert [ring.recall(text) is None for _ in range(4)] == [True, False, False, False]
    assert ring.verify(text) is not None
    assert ring.recall(text) is None, "and when that has expired, the next"
    keys.revoke(store, text.split("_", 2)[1], NOON)
    assert ring.verify(text) is None
    assert [ring.recall(text) for _ in range(2)] == [None, None]


def test_no_key_is_believed_for_longer_than_it_may_though_somebody_verifies_it_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = keys.create(house.runtime.store, Role.SYSTEM, "slow", NOON)
    at = [1000.0]
    monkeypatch.setattr(keyring_module, "monotonic", lambda: at[0])
    ring = Keyring(house.runtime.store, house.runtime.clock)
    assert ring.verify(text) is not None
    at[0] += Keyring.KEEP - 1
    assert [ring.recall(text) is None for _ in range(2)] == [True, False], "one is sent to verify it"
    at[0] += 1
    assert [ring.recall(text) for _ in range(2)] == [None, None], "and has not come back"


def test_what_is_not_there_cannot_be_revoked(house: House) -> None:
    with pytest.raises(NotFound):
        keys.revoke(house.runtime.store, "nobody", NOON)
