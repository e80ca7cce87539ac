"""The contract of claims: who goes first, what comes along, and what is given away at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from state_machines.decision import RunTask, SendNotice
from state_machines.notices.topics import Priority, Topic, topic_named
from state_machines.subject import Timer
from tests.contracts.standing import standing
from workflow.store import migrate, open_store
from workflow.store.port import Changes, Dispatch, NewEffect, NewEvent, NewMove, Store, Version
from workflow.store.schema import events, moves, subjects

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=120)


def opened(store: Store, *keys: str) -> dict[str, int]:
    """Subjects whose first event is out of the way, each with its row."""
    with store.begin() as transaction:
        transaction.accept([event(key, key) for key in keys], NOW)
        transaction.claim_events(len(keys))
    with store.connect() as connection:
        return {key: row for key, row in connection.execute(select(subjects.c.key, subjects.c.id))}


def event(name: str, subject: str, **changes: Any) -> NewEvent:
    lifecycle = subject.partition(":")[0]
    new = NewEvent("/crm", name, subject, lifecycle, 1, f"{lifecycle}.make", NOW, {}, None)
    return new._replace(**changes)


def due(store: Store, row: int, seconds: int, name: str = "lapse") -> None:
    timer = Timer(name, 1, NOW, NOW + seconds * SECOND)
    with store.begin() as transaction:
        changes = Changes(subjects=standing(store, [row]), timers_set={(row, name): timer})
        transaction.write(changes, NOW)


def accepted(store: Store, seconds: int, *new: NewEvent) -> None:
    with store.begin() as transaction:
        transaction.accept(new, NOW + seconds * SECOND)


def effect(row: int, number: int, kind: str = "notice", about: str = "news") -> NewEffect:
    priority = Priority.ACT if kind == "task" else topic_named(about).priority
    return NewEffect(row, f"promise:A/1/{number}", kind, "email", None, priority, {"about": about})


def test_a_flood_of_one_lifecycle_leaves_room_for_another(store: Store) -> None:
    flood = [f"promise:{number}" for number in range(30)]
    rows = opened(store, *flood, "callback:B")
    for number, key in enumerate(flood):
        due(store, rows[key], number)
    due(store, rows["callback:B"], 40)
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 10)
    claimed = [claim.subjects[work.subject_row].key for work in claim.work]
    assert claimed == [*flood[:5], "callback:B"]
    assert claim.full, "one has had its share, so more is likely to wait"


def test_a_lifecycle_that_waits_alone_has_the_whole_batch(store: Store) -> None:
    keys = [f"promise:{number}" for number in range(8)]
    rows = opened(store, *keys, "callback:B")
    for number, key in enumerate(keys):
        due(store, rows[key], number)
    due(store, rows["callback:B"], 1000)
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 6)
    assert [claim.subjects[work.subject_row].key for work in claim.work] == keys[:6]
    assert (claim.full, claim.next_due) == (True, NOW + 1000 * SECOND)
    with store.begin() as transaction:
        rest = transaction.claim_timers(NOW + 60 * SECOND, 9)
    assert (len(rest.work), rest.full) == (8, False)


def test_events_that_came_in_time_are_decided_before_the_timer_and_later_ones_wait(store: Store) -> None:
    rows = opened(store, "promise:A", "promise:B")
    due(store, rows["promise:A"], 10, "warn")
    due(store, rows["promise:A"], 20)
    due(store, rows["promise:B"], 15)
    accepted(store, 5, event("in time", "promise:A"))
    accepted(store, 10, event("at the last moment", "promise:A"))
    accepted(store, 12, event("between", "promise:A"), event("of another", "promise:C"))
    accepted(store, 25, event("too late", "promise:A"))
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 10)
        claimed = [work.event.timer or work.event.id for work in claim.work]
    assert claimed == ["in time", "at the last moment", "warn", "between", "lapse", "lapse"]
    with store.begin() as transaction:
        left = transaction.claim_events(10)
    assert [work.event.id for work in left.work] == ["of another", "too late"]


def test_events_accepted_by_a_clock_that_is_behind_keep_their_order(store: Store) -> None:
    """Doors may disagree about the time by a little; the events of a subject are decided as accepted."""
    row = opened(store, "promise:A")["promise:A"]
    due(store, row, 10)
    accepted(store, 12, event("first", "promise:A"))
    accepted(store, 9, event("second", "promise:A"))
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 10)
    assert [work.event.timer or work.event.id for work in claim.work] == ["lapse", "first", "second"]


def test_a_dead_letter_holds_up_no_timer(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    accepted(store, 1, event("poison", "promise:A"))
    with store.begin() as transaction:
        (work,) = transaction.claim_events(1).work
        assert work.event_row is not None
        transaction.write(Changes(dead_events=[(work.event_row, row, "it failed")]), NOW)
    due(store, row, 10)
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 10)
    assert [work.event.timer for work in claim.work] == ["lapse"]


@pytest.mark.parametrize(("tasks", "given"), [(1, True), (2, True), (3, False)])
def test_notices_and_few_tasks_are_given_away_at_once_and_many_tasks_wait_for_the_relay(
    store: Store, tasks: int, given: bool
) -> None:
    row = opened(store, "promise:A")["promise:A"]
    kinds = ["task"] * tasks + ["notice"] * 4
    changes = Changes(
        subjects=standing(store, [row]),
        effects=[effect(row, number, kind) for number, kind in enumerate(kinds)],
    )
    with store.begin() as transaction:
        given_away = transaction.write(changes, NOW, Dispatch("a token", LEASE, 2), last=True)
    with store.begin() as transaction:
        waiting = transaction.claim_effects(NOW, NOW + LEASE, "another token", 10)
        later = transaction.claim_effects(NOW + LEASE, NOW + 2 * LEASE, "a third token", 10)
    if not given:
        assert (given_away, len(waiting)) == ([], len(kinds))
        return
    assert waiting == [], "somebody has them"
    assert [(one.key, one.attempts, one.token) for one in given_away] == [
        (f"promise:A/1/{number}", int(kind == "task"), "a token") for number, kind in enumerate(kinds)
    ]
    assert [(one.id, one.subject, one.payload) for one in later] == [
        (one.id, one.subject, one.payload) for one in given_away
    ], "as a relay would have claimed them, and claimed again once the lease is over"


def test_the_most_urgent_effects_are_claimed_first(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    abouts = ["news", "thanks", "apology", "news", "escalation", "broken_promise"]
    changes = Changes(
        subjects=standing(store, [row]),
        effects=[effect(row, number, about=about) for number, about in enumerate(abouts)],
    )
    with store.begin() as transaction:
        transaction.write(changes, NOW)
    with store.begin() as transaction:
        first = transaction.claim_effects(NOW, NOW + LEASE, "t", 3)
        rest = transaction.claim_effects(NOW, NOW + LEASE, "u", 3)
    assert {one.payload["about"] for one in first} == {"apology", "escalation", "broken_promise"}
    assert {one.payload["about"] for one in rest} == {"news", "thanks"}


def test_what_is_urgent_is_claimed_before_what_has_waited_longer(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    abouts = ["news", "thanks", "apology", "broken_promise", "escalation", "callback"]
    for number, about in enumerate(abouts):  # the less urgent, the longer it waits
        with store.begin() as transaction:
            transaction.write(Changes(effects=[effect(row, number, about=about)]), NOW + number * SECOND)
    claimed = []
    for token in "tuvwxy":
        with store.begin() as transaction:
            (one,) = transaction.claim_effects(NOW + 60 * SECOND, NOW + LEASE, token, 1)
            claimed.append(one.payload["about"])
    assert claimed == ["escalation", "callback", "apology", "broken_promise", "news", "thanks"]


def test_what_a_person_must_do_is_more_urgent_than_what_a_customer_waits_for() -> None:
    def notice(channel: str, about: str, topic: Topic | None = None) -> Priority:
        return SendNotice(channel, "ada@example.org", about, "", "", topic=topic).priority

    assert RunTask("billing.refund").priority == Priority.ACT
    assert notice("live", "thanks") == Priority.ACT
    assert notice("email", "apology") == Priority.ANSWER
    assert notice("email", "reminder") == Priority.INFORM
    assert notice("email", "recall", Topic("recall", priority=Priority.ACT)) == Priority.ACT


def test_a_subject_is_marked_closed_while_it_is_in_a_final_state(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    subject = standing(store, [row])[row]._replace(changed_at=NOW + SECOND)
    for closed, expected in (({row}, NOW + SECOND), (set(), None)):
        with store.begin() as transaction:
            transaction.write(Changes(subjects={row: subject}, closed=closed), NOW)
        with store.connect() as connection:
            found = connection.execute(select(subjects.c.closed_at).where(subjects.c.id == row)).scalar_one()
        assert found == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=6))
def test_any_text_comes_back_as_it_was(store: Store, texts: list[str]) -> None:
    """Backslashes, quotes, braces, line ends, the word NULL: whatever a column may hold, and in JSON too."""
    awkward = [*texts, "NULL", "null", "", "{a,b}", 'say "no"', "back\\slash\n\ttab", "\x01\x1f\x7f", "ü🙂"]
    with store.begin() as transaction:
        source = f"/{len(transaction.connection.execute(select(events.c.id)).fetchall())}"
        new = [
            event(f"{place} {text}", "promise:A", source=source, data={text: [text, None]}, parent=text)
            for place, text in enumerate(awkward)
        ]
        added = transaction.accept(new, NOW)
        reasons = [(place, text) for place, text in enumerate(awkward)]
        row = transaction.connection.execute(select(subjects.c.id)).scalar_one()
        before = transaction.connection.execute(select(moves.c.id)).fetchall()
        transaction.write(
            Changes(
                moves=[
                    NewMove(
                        row, len(before) + n, None, None, None, None, "t", "a", "b", "refused", text, 1, NOW
                    )
                    for n, text in reasons
                ]
            ),
            NOW,
        )
        found = transaction.connection.execute(
            select(events.c.event_id, events.c.data, events.c.parent)
            .where(events.c.source == source)
            .order_by(events.c.id)
        ).fetchall()
        said = transaction.connection.execute(
            select(moves.c.reason).where(moves.c.seq >= len(before)).order_by(moves.c.seq)
        ).scalars()
        assert added == {(source, one.event_id) for one in new}
        assert [tuple(one) for one in found] == [(one.event_id, one.data, one.parent) for one in new]
        assert list(said) == awkward


def test_an_event_accepted_at_the_very_instant_of_the_timer_is_in_time(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    due(store, row, 10)
    accepted(store, 10, event("at the last moment", "promise:A"))
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 10)
    assert [work.event.timer or work.event.id for work in claim.work] == ["at the last moment", "lapse"]


def test_a_timer_that_is_due_now_is_not_the_next_one(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    due(store, row, 10, "warn")
    due(store, row, 25)
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 10 * SECOND, 10)
    assert ([work.event.timer for work in claim.work], claim.next_due) == (["warn"], NOW + 25 * SECOND)


def test_two_claims_of_effects_at_once_share_none_and_neither_waits(postgres_url: str) -> None:
    """PostgreSQL only: SQLite has one writer, so there is no second claim at once."""
    migrate(postgres_url)
    store = open_store(postgres_url)
    row = opened(store, "promise:A")["promise:A"]
    with store.begin() as transaction:
        transaction.write(Changes(effects=[effect(row, number) for number in range(4)]), NOW)
    with store.begin() as one:
        first = one.claim_effects(NOW, NOW + LEASE, "t", 2)
        with store.begin() as other:
            other.connection.execute(text("set local lock_timeout = '5s'"))
            second = other.claim_effects(NOW, NOW + LEASE, "u", 4)
    assert (len(first), len(second)) == (2, 2)
    assert not {one.id for one in first} & {one.id for one in second}
    store.close()


@pytest.mark.parametrize("from_outside", [False, True])
def test_events_of_a_version_that_is_left_to_others_take_no_place_and_stay(
    store: Store, *, from_outside: bool
) -> None:
    newer = [event(f"n{number}", f"promise:N{number}", version=2) for number in range(4)]
    accepted(store, 0, *newer, event("o", "promise:O"))
    left = [Version("promise", 2), Version("callback", 1)]
    with store.begin() as transaction:
        claim = transaction.claim_events(1, from_outside=from_outside, leaving=left)
        assert [claim.subjects[one.subject_row].key for one in claim.work] == ["promise:O"]
    with store.begin() as transaction:
        assert transaction.claim_events(10, from_outside=from_outside, leaving=left).work == []
        assert len(transaction.claim_events(10, from_outside=from_outside).work) == len(newer)


def test_timers_of_a_version_that_is_left_to_others_take_no_place_and_stay(store: Store) -> None:
    rows = opened(store, "promise:N", "promise:O", "callback:C")
    with store.begin() as transaction:
        change = update(subjects).where(subjects.c.key == "promise:N").values(version=2)
        transaction.connection.execute(change)
    for seconds, row in enumerate(rows.values()):
        due(store, row, seconds)
    left = [Version("promise", 2)]
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW + 60 * SECOND, 2, leaving=left)
        assert {claim.subjects[one.subject_row].key for one in claim.work} == {"promise:O", "callback:C"}
    with store.begin() as transaction:
        assert len(transaction.claim_timers(NOW + 60 * SECOND, 10).work) == len(rows)
