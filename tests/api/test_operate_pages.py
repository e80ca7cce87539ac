"""What operators see and do: what waits, what was given up by cause and all of it, sends nobody knows of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from tests.api.conftest import NOON, House, open_house, order
from tests.api.signed_in import Browser, Forms, browser_of
from workflow.access.role import Role
from workflow.broker.client import Broker
from workflow.clock import VirtualClock
from workflow.maintenance.cause_batches import retry_all
from workflow.maintenance.causes import causes, counted
from workflow.maintenance.given_up import Cause, GivenUp
from workflow.store import schema


@pytest.fixture(scope="module")
def operator(house: House) -> Browser:
    """An operator's browser."""
    return browser_of(house, "opal", Role.OPERATOR)


@pytest.fixture
def dead(house: House) -> Iterator[list[int]]:
    """Three events that were given up for one cause and one for another, about subjects of their own."""
    rows = []
    for number in range(4):
        name = f"dead-{len(house.runtime.store.dialect)}-{number}-{_next()}"
        assert house.post(order("place", name, name, amount=5)).status_code == 202
        with house.runtime.store.begin() as transaction:
            event = schema.events.c
            row = transaction.connection.scalar(select(event.id).where(event.event_id == name))
            error = "definition-fault: <b>no</b> field" if number < 3 else f"other-fault: {name}"
            change = update(schema.inbox).where(schema.inbox.c.event_id == row)
            transaction.connection.execute(change.values(dead_at=NOON, error=error))
        rows.append(row)
    yield rows
    with house.runtime.store.begin() as transaction:
        transaction.connection.execute(schema.inbox.delete())


_COUNT = iter(range(1_000_000))


def _next() -> int:
    return next(_COUNT)


def batch(act: str, **more: str) -> dict[str, str]:
    """The parameters of a batch."""
    return {"kind": "event", "what": "order.place", "word": "definition-fault", "act": act} | more


def waiting(house: House) -> dict[int, bool]:
    """What is in the inbox: by row, whether it is dead."""
    with house.runtime.store.connect() as connection:
        rows = connection.execute(select(schema.inbox.c.event_id, schema.inbox.c.dead_at))
        return {row.event_id: row.dead_at is not None for row in rows}


def test_causes_are_counted_with_a_sample(operator: Browser, dead: list[int]) -> None:
    page = operator.get("/operate").text
    assert "3 \u00d7 definition-fault" in page and "1 \u00d7 other-fault" in page
    assert "<b>no</b>" not in page and "&lt;b&gt;no" in page


def test_all_of_one_cause_is_tried_again_and_the_page_says_how_many(
    house: House, operator: Browser, dead: list[int]
) -> None:
    asked = operator.http.get("/operate/batch", params=batch("retry")).text
    assert '<p class="big">3</p>' in asked and asked.count("data-row") == 3
    form = Forms(asked).to("/operate/batch")
    assert waiting(house)[dead[0]], "looking does nothing"
    done = operator.post("/operate/batch", form)
    assert (done.status_code, done.headers["location"]) == (303, "/operate")
    assert "3 done." in operator.get("/operate").text
    assert [waiting(house)[row] for row in dead] == [False, False, False, True]
    house.apply()
    assert list(waiting(house)) == [dead[3]]


def test_all_of_one_cause_is_dropped_with_a_reason_on_the_record(
    house: House, operator: Browser, dead: list[int]
) -> None:
    form = Forms(operator.http.get("/operate/batch", params=batch("drop")).text).to("/operate/batch")
    without = operator.post("/operate/batch", form)
    assert without.status_code == 422 and "Say why it is dropped." in without.text
    assert operator.post("/operate/batch", form | {"reason": "A test of theirs"}).status_code == 303
    assert list(waiting(house)) == [dead[3]]
    found = schema.discards.c
    with house.runtime.store.connect() as connection:
        rows = connection.execute(
            select(found.reason, found.discarded_by).where(found.event_id.in_(dead))
        ).all()
    assert rows == [("A test of theirs", "person:opal@desk.example")] * 3


def test_what_somebody_else_has_seen_to_is_counted_as_such(
    house: House, dead: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three that were found, one is retried by another meanwhile."""
    from workflow.maintenance import cause_batches as module

    really: Any = module.retry_event

    def raced(store: Any, row: int) -> None:
        if row == dead[0]:
            really(store, dead[1])
        really(store, row)

    monkeypatch.setattr(module, "retry_event", raced)
    cause = Cause(GivenUp.EVENT, "order.place", "definition-fault")
    result = retry_all(house.runtime.store, cause, NOON)
    assert (result.done, result.gone, result.left) == (2, 1, False)


def test_more_than_the_bound_is_said_to_be_more(house: House, dead: list[int]) -> None:
    found = causes(house.runtime.store, most=2)
    assert found.more and sum(one.count for one in found.items) == 2
    assert not causes(house.runtime.store).more


def test_one_cause_is_counted_among_the_oldest_and_it_is_said_when_there_are_more(
    house: House, operator: Browser, dead: list[int]
) -> None:
    store, cause = house.runtime.store, Cause(GivenUp.EVENT, "order.place", "definition-fault")
    whole, some = counted(store, cause, samples=2), counted(store, cause, samples=9, most=2)
    assert (whole.count, whole.more, len(whole.samples)) == (3, False, 2)
    assert (some.count, some.more, len(some.samples)) == (2, True, 2)
    assert whole.samples == some.samples
    other = counted(store, Cause(GivenUp.EVENT, "order.place", "other-fault"), samples=1)
    assert [one.error for one in other.samples] == [f"other-fault: {_name_of(house, dead[3])}"]


def _name_of(house: House, row: int) -> str:
    event = schema.events.c
    with house.runtime.store.connect() as connection:
        return str(connection.scalar(select(event.event_id).where(event.id == row)))


def test_what_an_operator_cannot_do_to_a_kind_is_refused(operator: Browser, dead: list[int]) -> None:
    form = Forms(operator.http.get("/operate/batch", params=batch("drop")).text).to("/operate/batch")
    refused = operator.post("/operate/batch", form | {"kind": "effect", "reason": "x"})
    assert refused.status_code == 422
    assert operator.post("/operate/batch", {"token": form["token"]}).status_code == 422


@pytest.mark.parametrize(
    ("listeners", "late", "said"), [(2, False, "<b>2</b>"), (0, False, "at rest"), (0, True, "<b>0</b>")]
)
def test_processes_that_listen_for_no_work_are_at_rest(
    tmp_path: Path, listeners: int, late: bool, said: str
) -> None:
    workers = SimpleNamespace(
        wake=lambda task, subjects=(): True, reachable=lambda: True, listeners=lambda: listeners,
        close=lambda: None,
    )  # fmt: skip
    with open_house(f"sqlite:///{tmp_path / 'rest.db'}", cast(Broker, workers)) as house:
        if late:
            assert house.post(order("place", "late", "late", amount=5)).status_code == 202
            cast(VirtualClock, house.runtime.clock).move_to(NOON + timedelta(minutes=2))
        page = browser_of(house, "opal", Role.OPERATOR).get("/operate").text
        assert said in page and ("at rest" in page) == (said == "at rest")


def test_a_send_of_unknown_outcome_is_decided_once(house: House, operator: Browser) -> None:
    assert house.post(order("place", "sent", "sent", amount=5)).status_code == 202
    house.apply()
    with house.runtime.store.begin() as transaction:
        outbox = schema.outbox
        subject = select(schema.subjects.c.id).where(schema.subjects.c.key == "order:sent").scalar_subquery()
        row = {"subject_id": subject, "kind": "notice", "target": "email", "payload": {"to": "a@b.example"},
               "priority": 1, "state": "unknown", "attempts": 1, "created_at": NOON,
               "error": "no answer"}  # fmt: skip
        made = [
            transaction.connection.execute(
                outbox.insert().values(**row, key=f"order:sent/9/{n}")
            ).inserted_primary_key
            for n in range(2)
        ]
    first, second = (key[0] for key in made)
    assert operator.get("/operate").text.count("It did not: send it again") == 2
    form = operator.forms("/operate").to(f"/operate/effects/{first}")
    unsaid = operator.post(f"/operate/effects/{first}", form | {"decision": "happened"})
    assert unsaid.status_code == 422 and f'aria-describedby="wrong-{first}-note"' in unsaid.text
    note = {"decision": "happened", "note": "They have it"}
    assert operator.post(f"/operate/effects/{first}", form | note).status_code == 303
    assert operator.post(f"/operate/effects/{second}", form | {"decision": "again"}).status_code == 303
    with house.runtime.store.connect() as connection:
        states = dict(
            connection.execute(
                select(outbox.c.id, outbox.c.state).where(outbox.c.id.in_([first, second]))
            ).all()
        )
        receipt = connection.scalar(select(outbox.c.receipt).where(outbox.c.id == first))
    assert states == {first: "settled", second: "pending"}
    assert receipt == {"note": "They have it", "by": "person:opal@desk.example"}
    late = operator.post(f"/operate/effects/{first}", form | note)
    assert late.status_code == 303 and "Somebody else was quicker" in operator.get("/operate").text


def test_why_something_was_refused_is_said_in_words(house: House, operator: Browser) -> None:
    for number in "12":
        assert house.post(order("place", "again", f"again-{number}", amount=5)).status_code == 202
        house.apply()
    page = operator.get("/operate").text
    assert ": not possible then</h3>" in page
    page = operator.http.get("/operate", headers={"Accept-Language": "de"}).text
    assert ": war gerade nicht möglich</h3>" in page
