"""No change is missed and none comes twice, in whatever order transactions commit."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from tests.waiting import wait_until
from workflow.queries.changes import Change, ChangeFilter, changes
from workflow.store import open_store
from workflow.store.port import Changes, NewEvent, NewMove, Store, Transaction
from workflow.store.schema import moves, subjects
from workflow.store.watermark import Watermark

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
EVERYTHING = ChangeFilter()


def _subjects(store: Store, *keys: str) -> dict[str, int]:
    """Subjects that events have named, each with its row."""
    with store.begin() as transaction:
        transaction.accept(
            [NewEvent("/crm", key, key, key.partition(":")[0], 1, "any.make", NOW, {}, None) for key in keys],
            NOW,
        )
        query = select(subjects.c.key, subjects.c.id).where(subjects.c.key.in_(keys))
        return {key: row for key, row in transaction.connection.execute(query)}


def _move(row: int, seq: int, trigger: str = "keep", dest: str = "kept", team: str | None = None) -> NewMove:
    return NewMove(row, seq, None, "t", 1, NOW, trigger, "made", dest, "moved", None, 1, NOW, team)


def _write(transaction: Transaction, *written: NewMove) -> None:
    transaction.write(Changes(moves=list(written)), NOW)


@contextmanager
def _open(store: Store, *written: NewMove) -> Iterator[Transaction]:
    """A transaction that has written moves, and is committed at the end."""
    with store.begin() as transaction:
        _write(transaction, *written)
        yield transaction


def _seen(store: Store) -> int:
    """How many moves anybody could read now."""
    with store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(moves)) or 0


def _ids(found: list[Change]) -> list[str]:
    return [one.id for one in found]


@pytest.fixture
def postgres(migrated_postgres_url: str) -> Iterator[Store]:
    """PostgreSQL alone: only there do transactions commit in another order than they wrote."""
    store = open_store(migrated_postgres_url)
    yield store
    store.close()


def test_what_commits_later_with_an_earlier_row_is_not_missed(postgres: Store) -> None:
    rows, watermark = _subjects(postgres, "promise:A", "promise:B"), Watermark(postgres)
    with _open(postgres, _move(rows["promise:A"], 1)):
        with _open(postgres, _move(rows["promise:B"], 1)):
            pass
        assert _seen(postgres) == 1, "whoever went by what can be seen would go on behind it"
        waiting = changes(watermark, EVERYTHING)
        assert (waiting.items, waiting.last) == ([], 0)
    found = changes(watermark, EVERYTHING, after=waiting.last)
    assert _ids(found.items) == ["promise:A/1", "promise:B/1"]
    assert changes(watermark, EVERYTHING, after=found.last).items == []


def test_a_gap_that_nothing_fills_stops_nobody(postgres: Store) -> None:
    rows, watermark = _subjects(postgres, "promise:A", "promise:B", "promise:C"), Watermark(postgres)
    with pytest.raises(ZeroDivisionError), _open(postgres, _move(rows["promise:A"], 1)):
        with _open(postgres, _move(rows["promise:B"], 1)):
            pass
        assert changes(watermark, EVERYTHING).items == []
        raise ZeroDivisionError
    assert _ids(changes(watermark, EVERYTHING).items) == ["promise:B/1"]
    with _open(postgres, _move(rows["promise:C"], 1)):
        pass
    assert _ids(changes(watermark, EVERYTHING).items) == ["promise:B/1", "promise:C/1"]


def test_a_writer_that_goes_on_for_long_holds_back_what_follows_it_and_no_more(postgres: Store) -> None:
    rows, watermark = _subjects(postgres, "promise:A", "promise:B", "promise:C"), Watermark(postgres)
    with _open(postgres, _move(rows["promise:A"], 1)):
        pass
    assert _ids(changes(watermark, EVERYTHING).items) == ["promise:A/1"]
    with _open(postgres, _move(rows["promise:B"], 1)):
        for seq in range(1, 4):  # others come and go, and are never all gone at once
            with _open(postgres, _move(rows["promise:C"], seq)):
                changes(watermark, EVERYTHING)
        assert _ids(changes(watermark, EVERYTHING).items) == ["promise:A/1"]
    assert len(changes(watermark, EVERYTHING).items) == 5


def test_under_writers_that_never_pause_the_watermark_moves_on(postgres: Store) -> None:
    rows, watermark = _subjects(postgres, "promise:A", "promise:B"), Watermark(postgres)
    first = postgres.begin()
    _write(first.__enter__(), _move(rows["promise:A"], 1))
    reached = []
    for seq in range(1, 6):
        second = postgres.begin()
        key = "promise:B" if seq % 2 else "promise:A"
        _write(second.__enter__(), _move(rows[key], seq + 1))
        first.__exit__(None, None, None)  # at every moment somebody is writing
        first = second
        watermark.row()
        reached.append(len(changes(watermark, EVERYTHING).items))
    first.__exit__(None, None, None)
    assert reached[-1] >= 3
    assert reached == sorted(reached)


def test_only_who_writes_moves_is_waited_for(postgres: Store) -> None:
    rows, watermark = _subjects(postgres, "promise:A"), Watermark(postgres)
    with postgres.engine.begin() as other, postgres.engine.begin() as reading:
        other.execute(text("select pg_current_xact_id()"))
        other.execute(text("update subjects set parent = 'x' where key = 'promise:A'"))
        reading.execute(text("select count(*) from moves"))
        with postgres.engine.begin() as connection:
            connection.execute(
                moves.insert().values(
                    subject_id=rows["promise:A"], seq=1, trigger="keep", source="made", dest="kept",
                    outcome="moved", version=1, at=NOW,
                )
            )  # fmt: skip
        assert _ids(changes(watermark, EVERYTHING).items) == ["promise:A/1"]


def test_a_storm_of_writers_loses_nothing_and_keeps_each_subject_in_order(store: Store) -> None:
    """Eight writers commit in any order, every fifth gives up; three readers stop and go on meanwhile."""
    writers, each = 8, 40
    keys = [f"promise:S-{n}" for n in range(12)]
    rows = _subjects(store, *keys)
    seqs: dict[str, int] = defaultdict(int)
    locks = {key: threading.Lock() for key in keys}
    written: set[str] = set()
    done = threading.Event()
    watermarks = [Watermark(store) for _ in range(3)]
    read: list[list[str]] = [[] for _ in watermarks]

    def write(number: int) -> None:
        chance = random.Random(number)
        for _ in range(each):
            some = sorted(chance.sample(keys, 3))
            for key in some:  # as the engine holds the subjects that it decides about
                locks[key].acquire()
            try:
                with store.begin() as transaction:
                    mine = []
                    for key in some:
                        _write(transaction, _move(rows[key], seqs[key] + 1))
                        mine.append(key)
                    if chance.random() < 0.2:
                        raise ZeroDivisionError
                for key in mine:
                    seqs[key] += 1
                    written.add(f"{key}/{seqs[key]}")
            except ZeroDivisionError:
                pass
            finally:
                for key in some:
                    locks[key].release()

    def follow(number: int) -> None:
        after, last_round = 0, False
        while True:
            page = changes(watermarks[number], EVERYTHING, after=after, limit=7)
            read[number] += _ids(page.items)
            after = page.last
            if not page.items and not page.more:
                if last_round:
                    return
                last_round = done.is_set()

    with ThreadPoolExecutor(writers + len(watermarks)) as pool:
        readers = [pool.submit(follow, number) for number in range(len(watermarks))]
        for one in [pool.submit(write, number) for number in range(writers)]:
            one.result()
        wait_until(
            lambda: all(w.row() >= _newest(store) for w in watermarks), seconds=60, what="the watermark"
        )
        done.set()
        for one in readers:
            one.result()
    assert len(written) > writers * each
    for found in read:
        assert sorted(found) == sorted(written)
        for key in keys:
            mine = [int(one.rpartition("/")[2]) for one in found if one.startswith(f"{key}/")]
            assert mine == list(range(1, len(mine) + 1))


def _newest(store: Store) -> int:
    with store.connect() as connection:
        return connection.scalar(select(func.max(moves.c.id))) or 0


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (ChangeFilter(lifecycles=["case"]), ["case:C/1"]),
        (ChangeFilter(triggers=["keep", "close"]), ["promise:A/1", "case:C/1"]),
        (ChangeFilter(states=["broken"]), ["promise:A/2", "promise:B/1"]),
        (ChangeFilter(teams=["north"]), ["promise:A/1", "promise:B/1"]),
        (ChangeFilter(subject="promise:A"), ["promise:A/1", "promise:A/2"]),
        (ChangeFilter(subject="promise:\x00"), []),
        (ChangeFilter(outcomes=["refused"]), []),
        (ChangeFilter(lifecycles=["promise"], states=["broken"], teams=["north"]), ["promise:B/1"]),
        (ChangeFilter(), ["promise:A/1", "promise:A/2", "promise:B/1", "case:C/1"]),
    ],
)
def test_a_filter_means_the_same_in_the_store_and_in_memory(
    store: Store, wanted: ChangeFilter, ids: list[str]
) -> None:
    rows, watermark = _subjects(store, "promise:A", "promise:B", "case:C"), Watermark(store)
    with store.begin() as transaction:
        _write(
            transaction,
            _move(rows["promise:A"], 1, team="north"),
            _move(rows["promise:A"], 2, "lapse", "broken", "south"),
            _move(rows["promise:B"], 1, "lapse", "broken", "north"),
            _move(rows["case:C"], 1, "close", "closed"),
        )
    assert _ids(changes(watermark, wanted).items) == ids
    assert _ids([one for one in changes(watermark, EVERYTHING).items if wanted.fits(one)]) == ids
    paged, after, more = [], 0, True
    while more:
        page = changes(watermark, wanted, after=after, limit=1)
        paged, after, more = paged + _ids(page.items), page.last, page.more
    assert paged == ids
