"""The contract of a store, kept by SQLite and by PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from state_machines.subject import Timer
from tests.contracts.standing import standing
from workflow.store import head, migrate, open_store, revision
from workflow.store.keys import key_is
from workflow.store.port import Changes, EffectUpdate, NewEffect, NewEvent, NewMove, Store
from workflow.store.schema import events, inbox, metadata, moves, outbox, subjects, timers

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def new_event(number: int, subject: str = "promise:A", **changes: Any) -> NewEvent:
    event = NewEvent("/crm", f"e{number}", subject, "promise", 1, "promise.make", NOW, {"n": number}, None)
    return event._replace(**changes)


def accept(store: Store, *new: NewEvent) -> set[tuple[str, str]]:
    with store.begin() as transaction:
        return transaction.accept(new, NOW)


def count(store: Store, table: Any) -> int:
    with store.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def opened(store: Store, *keys: str) -> dict[str, int]:
    """Subjects in state `made`, each with its row."""
    accept(store, *(new_event(number, key) for number, key in enumerate(keys)))
    with store.begin() as transaction:
        claim = transaction.claim_events(1000)
        changes = Changes(
            subjects={
                row: subject._replace(state="made", seq=1, opened_at=NOW, changed_at=NOW)
                for row, subject in claim.subjects.items()
            }
        )
        transaction.write(changes, NOW)
    return {subject.key: row for row, subject in claim.subjects.items()}


def set_timers(store: Store, *placed: tuple[int, Timer]) -> None:
    changes = Changes(
        subjects=standing(store, [row for row, _ in placed]),
        timers_set={(row, timer.name): timer for row, timer in placed},
    )
    with store.begin() as transaction:
        transaction.write(changes, NOW)


def timer(name: str, seconds: int | None, setting: int = 1, **changes: Any) -> Timer:
    due = None if seconds is None else NOW + timedelta(seconds=seconds)
    return Timer(name, setting, NOW, due)._replace(**changes)


def test_migration_leads_to_the_newest_schema_and_may_run_twice(store: Store, database_url: str) -> None:
    migrate(database_url)
    assert revision(store) == head()


def test_any_text_can_be_looked_for_as_a_key(store: Store) -> None:
    accept(store, new_event(1))
    with store.connect() as connection:
        keys = [
            connection.execute(select(subjects.c.key).where(key_is(subjects.c.key, key))).scalars().all()
            for key in ("promise:A", "promise:B", "promise:A\x00", "\x00")
        ]
    assert keys == [["promise:A"], [], [], []]


def full_text(name: str | None) -> bool:
    """The indexes of the archive's words and of subjects: of a form that each database has for itself."""
    own = ("alerts_words", "ix_alerts_words", "search_terms_index", "ix_search_terms")
    return (name or "").startswith(own)


def test_migrations_and_tables_say_the_same(store: Store) -> None:
    with store.connect() as connection:
        told = {"compare_type": False, "include_name": lambda name, kind, within: not full_text(name)}
        context = MigrationContext.configure(connection, opts=told)
        assert compare_metadata(context, metadata) == []


def test_the_same_source_and_id_is_one_event(store: Store) -> None:
    assert accept(store, new_event(1), new_event(2)) == {("/crm", "e1"), ("/crm", "e2")}
    assert accept(store, new_event(2), new_event(3)) == {("/crm", "e3")}
    assert count(store, events) == count(store, inbox) == 3


def test_a_rolled_back_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.begin() as transaction:
        transaction.accept([new_event(1)], NOW)
        raise RuntimeError
    assert [count(store, table) for table in (events, inbox, subjects)] == [0, 0, 0]


def test_events_are_claimed_in_the_order_of_acceptance_and_once(store: Store) -> None:
    order = [7, 3, 9, 1]
    accept(store, *(new_event(number) for number in order))
    with store.begin() as transaction:
        first = transaction.claim_events(3)
    with store.begin() as transaction:
        second = transaction.claim_events(3)
    with store.begin() as transaction:
        third = transaction.claim_events(3)
    assert [work.event.data["n"] for work in first.work + second.work] == order
    assert third.work == []


def test_what_came_from_outside_is_claimed_before_what_decisions_led_to(store: Store) -> None:
    """And with all that came to its subject before it, as far as the limit goes, so that the order holds."""
    sent = {"hops": 3}
    accept(
        store,
        *(new_event(number, f"promise:{number}", **sent) for number in range(5)),
        new_event(5, "promise:B", **sent),
        new_event(6, "promise:B", **sent),
        new_event(7, "promise:B"),
        new_event(8, "promise:B", **sent),
        new_event(9, "promise:C"),
    )

    def claimed(limit: int, **how: bool) -> list[int]:
        with store.begin() as transaction:
            return [work.event.data["n"] for work in transaction.claim_events(limit, **how).work]

    assert claimed(2, from_outside=True) == [5, 6], "B's own order holds, and so does the limit"
    assert claimed(2, from_outside=True) == [7, 8], "C's is the last of two, and B's others came before"
    assert claimed(2, from_outside=True) == [9]
    assert claimed(2, from_outside=True) == []
    assert claimed(10) == [0, 1, 2, 3, 4]


def test_a_dead_letter_from_outside_is_not_claimed_again(store: Store) -> None:
    accept(store, new_event(1))
    with store.begin() as transaction:
        (work,) = transaction.claim_events(1, from_outside=True).work
        transaction.write(Changes(dead_events=[(work.event_row, work.subject_row, "broken")]), NOW)
    with store.begin() as transaction:
        assert transaction.claim_events(1, from_outside=True).work == []


def test_a_claim_that_rolls_back_gives_its_events_back(store: Store) -> None:
    accept(store, new_event(1))
    with pytest.raises(RuntimeError), store.begin() as transaction:
        assert len(transaction.claim_events(10).work) == 1
        raise RuntimeError
    with store.begin() as transaction:
        assert len(transaction.claim_events(10).work) == 1


def test_a_claimed_event_comes_with_its_subject_as_stored(store: Store) -> None:
    accept(store, new_event(1, data={"words": "we call — 你好"}, parent="promise:Z"))
    with store.begin() as transaction:
        claim = transaction.claim_events(1)
    (work,) = claim.work
    subject = claim.subjects[work.subject_row]
    assert work.event.trigger == "make"
    assert work.event.data == {"words": "we call — 你好"}
    assert (work.event.parent, work.event.time) == ("promise:Z", NOW)
    assert (subject.key, subject.state, subject.seq, subject.version) == ("promise:A", "initial", 0, 1)


def test_only_due_timers_are_claimed_the_longest_due_first(store: Store) -> None:
    row = opened(store, "promise:A", "promise:B")
    set_timers(
        store,
        (row["promise:A"], timer("warn", -5)),
        (row["promise:A"], timer("lapse", -9)),
        (row["promise:B"], timer("lapse", 1)),
        (row["promise:B"], timer("warn", 0)),
    )
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW, 10)
    assert [(work.event.timer, work.due_at) for work in claim.work] == [
        ("lapse", NOW - timedelta(seconds=9)),
        ("warn", NOW - timedelta(seconds=5)),
        ("warn", NOW),
    ]


def test_a_paused_timer_is_never_due_and_keeps_budget_and_pauses(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    pauses = ((NOW - timedelta(hours=2), NOW - timedelta(hours=1)), (NOW, None))
    paused = timer("lapse", None, budget=timedelta(hours=3), pauses=pauses)
    set_timers(store, (row, paused))
    accept(store, new_event(50))
    with store.begin() as transaction:
        assert transaction.claim_timers(NOW + timedelta(days=999), 10).work == []
        assert transaction.claim_events(1).subjects[row].timers == {"lapse": paused}


def test_a_newer_setting_replaces_a_timer_of_the_same_name(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    set_timers(store, (row, timer("lapse", -5, setting=1)))
    set_timers(store, (row, timer("lapse", 60, setting=2)))
    with store.begin() as transaction:
        assert transaction.claim_timers(NOW, 10).work == []
        (work,) = transaction.claim_timers(NOW + timedelta(hours=1), 10).work
    assert work.event.setting == 2


def test_a_cancelled_timer_is_gone(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    set_timers(store, (row, timer("lapse", -5)))
    with store.begin() as transaction:
        transaction.write(Changes(timers_cancelled={(row, "lapse")}), NOW)
    assert count(store, timers) == 0


def test_dead_letters_are_out_of_the_way_and_kept(store: Store) -> None:
    row = opened(store, "promise:A")["promise:A"]
    set_timers(store, (row, timer("lapse", -5)))
    accept(store, new_event(60))
    with store.begin() as transaction:
        (work,) = transaction.claim_events(10).work
        assert work.event_row is not None
        changes = Changes(
            dead_events=[(work.event_row, row, "broken guard")], dead_timers=[(row, "lapse", "broken")]
        )
        transaction.write(changes, NOW)
    with store.begin() as transaction:
        assert transaction.claim_events(10).work == []
        assert transaction.claim_timers(NOW, 10).work == []
        (outcome,) = transaction.known_events([("/crm", "e60")])
    assert (outcome.outcome, outcome.reason) == ("dead", "broken guard")
    assert (count(store, inbox), count(store, timers)) == (1, 1)


def test_the_first_outcome_is_told(store: Store) -> None:
    accept(store, new_event(1), new_event(2))
    with store.begin() as transaction:
        work = transaction.claim_events(1).work
        move = NewMove(
            work[0].subject_row,
            1,
            work[0].event_row,
            None,
            None,
            None,
            "make",
            "initial",
            "made",
            "refused",
            "guard: no",
            1,
            NOW,
        )
        transaction.write(Changes(moves=[move]), NOW)
        told = {one.event_id: one for one in transaction.known_events([("/crm", "e1"), ("/crm", "e2")])}
    assert (told["e1"].outcome, told["e1"].reason, told["e1"].subject) == (
        "refused",
        "guard: no",
        "promise:A",
    )
    assert told["e2"].outcome == "pending"
    assert count(store, moves) == 1


def test_children_are_found_from_the_moment_they_are_addressed(store: Store) -> None:
    accept(store, new_event(1, "promise:A"), new_event(2, "promise:B", parent="promise:A"))
    with store.begin() as transaction:
        assert transaction.children(["promise:A", "promise:B"]) == [("promise:A", "promise:B")]


def effects(store: Store, number: int) -> int:
    row = opened(store, "promise:A")["promise:A"]
    with store.begin() as transaction:
        new = [
            NewEffect(row, f"promise:A/1/{n}", "notice", "email", None, 2, {"to": "a@b.c", "n": n})
            for n in range(number)
        ]
        transaction.write(Changes(effects=new), NOW)
    return row


LEASE = NOW + timedelta(minutes=2)


def test_an_effect_is_claimed_once_until_its_lease_runs_out(store: Store) -> None:
    effects(store, 3)
    with store.begin() as transaction:
        first = transaction.claim_effects(NOW, LEASE, "token-1", 2)
        second = transaction.claim_effects(NOW, LEASE, "token-2", 10)
        none = transaction.claim_effects(NOW, LEASE, "token-3", 10)
        again = transaction.claim_effects(LEASE, LEASE + timedelta(minutes=2), "token-4", 10)
    assert [effect.payload["n"] for effect in first + second] == [0, 1, 2]
    assert none == []
    assert [effect.token for effect in again] == ["token-4"] * 3
    assert {effect.subject for effect in again} == {"promise:A"}


def test_a_message_with_an_old_token_or_a_doubled_one_takes_nothing(store: Store) -> None:
    effects(store, 2)
    with store.begin() as transaction:
        ids = [effect.id for effect in transaction.claim_effects(NOW, LEASE, "token-1", 10)]
        assert transaction.begin_effects(ids, "token-0", LEASE) == []
        assert [effect.id for effect in transaction.begin_effects(ids, "token-1", LEASE)] == ids
        assert transaction.begin_effects(ids, "token-1", LEASE) == []


def test_a_notice_is_attempted_when_its_send_begins_and_a_task_when_it_is_published(store: Store) -> None:
    row = effects(store, 1)
    with store.begin() as transaction:
        task = NewEffect(row, "promise:A/2/0", "task", "billing.refund", "billing", 0, {"args": []})
        transaction.write(Changes(effects=[task]), NOW)
    with store.begin() as transaction:
        claimed = transaction.claim_effects(NOW, LEASE, "token-1", 10)
        begun = transaction.begin_effects([effect.id for effect in claimed], "token-1", LEASE)
        assert {effect.kind: effect.attempts for effect in claimed} == {"notice": 0, "task": 1}
        assert {effect.kind: effect.attempts for effect in begun} == {"notice": 1, "task": 2}


def test_what_is_being_sent_is_never_claimed_again(store: Store) -> None:
    effects(store, 1)
    with store.begin() as transaction:
        (effect,) = transaction.claim_effects(NOW, LEASE, "token-1", 10)
        transaction.begin_effects([effect.id], "token-1", LEASE)
        assert (
            transaction.claim_effects(LEASE + timedelta(days=1), LEASE + timedelta(days=2), "token-2", 10)
            == []
        )


def test_a_settled_effect_keeps_its_receipt(store: Store) -> None:
    effects(store, 1)
    with store.begin() as transaction:
        (effect,) = transaction.claim_effects(NOW, LEASE, "token-1", 10)
        transaction.update_effects([EffectUpdate(effect.id, "settled", None, NOW, {"message_id": "m1"})])
    with store.connect() as connection:
        row = connection.execute(select(outbox)).one()
    assert (row.state, row.due_at, row.settled_at, row.receipt) == (
        "settled",
        None,
        NOW,
        {"message_id": "m1"},
    )


def test_two_claims_at_once_never_share_a_subject(postgres_url: str) -> None:
    """PostgreSQL only: SQLite has one writer, so there is no second claim at once."""
    migrate(postgres_url)
    store = open_store(postgres_url)
    accept(store, *(new_event(number, f"promise:{number % 3}") for number in range(9)))
    with store.begin() as one:
        first = one.claim_events(4)
        with store.begin() as other:
            second = other.claim_events(9)
    keys = [{claim.subjects[work.subject_row].key for work in claim.work} for claim in (first, second)]
    assert keys[0] & keys[1] == set()
    assert keys[0] == {"promise:0", "promise:1", "promise:2"}
    with store.begin() as last:
        assert len(last.claim_events(9).work) == 5
    store.close()


def test_a_timer_cancelled_under_a_claim_is_not_fired(postgres_url: str) -> None:
    """The claim reads the timers of its subjects again once it holds them."""
    migrate(postgres_url)
    store = open_store(postgres_url)
    row = opened(store, "promise:A")["promise:A"]
    set_timers(store, (row, timer("lapse", -5)))
    with store.begin() as holder:
        holder.connection.execute(select(subjects.c.id).with_for_update())
        with store.begin() as other:
            assert other.claim_timers(NOW, 5).work == []
        holder.write(Changes(timers_cancelled={(row, "lapse")}), NOW)
    with store.begin() as later:
        assert later.claim_timers(NOW, 5).work == []
    store.close()
