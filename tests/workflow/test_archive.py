"""Service alerts: written from the ledger alone, version by version, found by their words."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from tests.workflow.complaints import CASE, DOCUMENTED
from tests.workflow.interrupted import Interrupted
from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.errors import NotFound
from workflow.recovery.archive.length_words import length_in_words
from workflow.recovery.archive.markdown import escaped, html
from workflow.recovery.archive.search import Wanted, alert, search
from workflow.recovery.archive.snippet import snippet
from workflow.recovery.archive.words import asked, words
from workflow.recovery.archive.writing import write_alerts
from workflow.store import migrate, open_store, schema

CUSTOMER = {"name": "Jörg Weiß", "account": "A-77", "zone": "Europe/Berlin", "email": "joerg@example.org"}


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """On SQLite and on PostgreSQL."""
    migrate(database_url)
    store, clock = open_store(database_url), VirtualClock(NOW)
    registry = Registry(store)
    ours = [one for one in catalog_sources() if one[1] != "case.yaml"]
    registry.register([*ours, (CASE, None)], clock.now())
    yield World(store, Engine(store, registry, clock), clock)
    store.close()


def opened(world: World, number: int = 1, words: str = "My <b>modem</b> is dead | help *now*") -> str:
    key = f"case:C-{number}"
    world.post("case.open", key, {"customer": CUSTOMER, "words": words, "part": "line", "by": "Anna"})
    return key


def documented(world: World, key: str, **changes: Any) -> str:
    """Document a case; the idempotency key of the effect that asks for its alert."""
    told = {name: {**DOCUMENTED[name], **changes.get(name, {})} for name in ("what", "why", "different")}
    world.post("case.document", key, {**told, "by": "Anna"})
    with world.store.connect() as connection:
        return connection.execute(
            select(schema.outbox.c.key)
            .where(schema.outbox.c.kind == "task", schema.outbox.c.key.startswith(f"{key}/"))
            .order_by(schema.outbox.c.id.desc())
            .limit(1)
        ).scalar_one()


def write(world: World, key: str, **changes: Any) -> int:
    effect = documented(world, key, **changes)
    return write_alerts(world.store, world.engine.registry, [effect])[0].version


def whole_story(world: World) -> str:
    """A promise that lapses, a step, a hand-over, a plan; then what, why, different."""
    key = opened(world)
    due = (NOW + timedelta(hours=4)).isoformat()
    world.post("case.promise", key, {"words": "Somebody calls you", "due_at": due})
    world.post("case.step", key, {"step": "reboot the modem", "result": "still dark", "by": "Anna"})
    world.post("case.hand_over", key, {"to": "Bert", "by": "Anna", "reason": "knows lines"})
    world.post("case.agree", key, {"fix": "A new cable", "prevent": "Dispatch tells of delays"})
    world.move_to(NOW + timedelta(hours=5))
    world.clock.move_to(NOW + timedelta(hours=5))
    (promise,) = [one for one in subjects(world) if one.startswith("promise:")]
    world.post("promise.keep", promise, {"by": "Bert", "evidence": "call 7"})
    return key


def subjects(world: World) -> list[str]:
    with world.store.connect() as connection:
        return list(connection.execute(select(schema.subjects.c.key)).scalars())


def test_an_alert_tells_the_whole_case_from_the_ledger(world: World) -> None:
    key = whole_story(world)
    assert write(world, key) == 1
    found = alert(world.store, key)
    said = found.document
    assert (found.part, found.cause, said["took"]) == ("modem", "dispatch", "5 hours")
    assert said["customer"] == {"name": "Jörg Weiß", "account": "A-77"}
    assert said["opened"] == "Mon 2 Mar 2026, 11:00 (Europe/Berlin)"
    (promise,) = said["promises"]
    assert (promise["words"], promise["state"], promise["late"]) == ("Somebody calls you", "kept_late", True)
    assert promise["due"] == "Mon 2 Mar 2026, 15:00 (Europe/Berlin)"
    assert [one["step"] for one in said["steps"]] == ["reboot the modem"]
    assert [(one["from"], one["to"]) for one in said["hand_overs"]] == [("Anna", "Bert")]
    assert {one["answer"] for one in said["plan"]} == {"A new cable", "Dispatch tells of delays"}
    assert len(said["what"]) == 5 and len(said["why"]) == 6 and len(said["different"]) == 3
    assert {"Anna", "Bert"} <= set(said["participants"])
    assert "escalation" in {one["lifecycle"] for one in said["others"]}
    assert {"broken_promise", "news"} <= {one["about"] for one in said["notices"]}
    told = [(one["event"], one["state"]) for one in said["timeline"]]
    assert (told[0], told[-1]) == (("open", "acting"), ("document", "documented"))
    assert {("lapse", "lapsed"), ("keep", "kept late")} <= set(told)
    assert said["timeline"][-1]["details"] == {}, "its answers stand above, in full"
    assert "joerg@example.org" not in found.markdown and "regarding" not in found.markdown


def test_who_writes_late_writes_the_same(world: World) -> None:
    key = whole_story(world)
    effect = documented(world, key)
    at_once = write_alerts(world.store, world.engine.registry, [effect])[0]
    first = alert(world.store, key)
    with world.store.begin() as transaction:
        transaction.connection.execute(delete(schema.alerts))
        # Of those about which more was decided since, nothing is asked but their events.
        transaction.connection.execute(
            update(schema.subjects).values(data={"words": "forgotten"}, seq=schema.subjects.c.seq + 1)
        )
    world.clock.move_to(NOW + timedelta(days=30))
    world.post("case.reopen", key, {"reason": "dead again"})
    again = write_alerts(world.store, world.engine.registry, [effect])[0]
    assert (at_once, alert(world.store, key).document) == (again, first.document)


def test_the_same_decision_gives_one_version_and_a_reopened_case_the_next(world: World) -> None:
    key = opened(world)
    effect = documented(world, key)
    registry = world.engine.registry
    assert [write_alerts(world.store, registry, [effect])[0].new for _ in range(3)] == [True, False, False]
    world.post("case.reopen", key, {"reason": "dead again"})
    assert write(world, key, different={"process": "The cable is changed at once"}) == 2
    assert alert(world.store, key).versions == [1, 2]
    assert "Dispatch" not in str(alert(world.store, key, 1).document["plan"])
    assert "A delay of dispatch" in alert(world.store, key, 1).markdown
    assert "changed at once" in alert(world.store, key).markdown
    assert [one.version for one in search(world.store, Wanted()).items] == [2]
    assert [one.version for one in search(world.store, Wanted(every_version=True)).items] == [2, 1]
    every = Wanted("cable changed", every_version=True)
    assert [one.version for one in search(world.store, every).items] == [2]


def test_several_are_written_together_as_each_would_be_alone(world: World) -> None:
    told = whole_story(world)
    asked = [documented(world, told), *(documented(world, opened(world, number)) for number in (2, 3))]
    world.post("case.reopen", told, {"reason": "dead again"})
    asked.append(documented(world, told))
    together = write_alerts(world.store, world.engine.registry, asked)
    assert [(one.case, one.version) for one in together] == [
        (told, 1), ("case:C-2", 1), ("case:C-3", 1), (told, 2),
    ]  # fmt: skip
    before = [alert(world.store, one.case, one.version) for one in together]
    with world.store.begin() as transaction:
        transaction.connection.execute(delete(schema.alerts))
    alone = [write_alerts(world.store, world.engine.registry, [one])[0] for one in asked]
    after = [alert(world.store, one.case, one.version) for one in alone]
    assert [(one.document, one.markdown) for one in after] == [(one.document, one.markdown) for one in before]
    assert [one.case for one in search(world.store, Wanted("dispatch")).items][:1] == [told]


def test_many_workers_at_once_write_one_version_for_each_decision(world: World) -> None:
    key = opened(world)
    first = documented(world, key)
    world.post("case.reopen", key, {"reason": "dead again"})
    second = documented(world, key)
    with ThreadPoolExecutor(6) as pool:
        asked = [first, second] * 6
        done = list(pool.map(lambda one: write_alerts(world.store, world.engine.registry, [one])[0], asked))
    assert sorted(one.version for one in done if one.new) == [1, 2]
    assert len({(effect, one.version) for effect, one in zip(asked, done, strict=True)}) == 2
    assert len(search(world.store, Wanted("dispatch", every_version=True)).items) == 2


def test_what_another_worker_wrote_before_the_lock_is_not_written_again(world: World) -> None:
    effect = documented(world, opened(world))
    registry = world.engine.registry
    store = Interrupted(world.store, lambda: write_alerts(world.store, registry, [effect])[0])
    written = write_alerts(store, registry, [effect])[0]
    assert (written.version, written.new) == (1, False)
    assert len(search(world.store, Wanted("dispatch", every_version=True)).items) == 1


def test_what_people_said_is_text_in_markdown_and_in_html(world: World) -> None:
    key = opened(world, words="<script>alert(1)</script> | *now* [x](javascript:y) # 1. `z`\n> quoted")
    write(world, key, what={"answered": "a | b\n\n# no heading"})
    page = html(alert(world.store, key).markdown)
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt; | *now*" in page
    assert "<a " not in page and "<code>" not in page and page.count("<h1>") == 1
    assert "a | b # no heading" in page


def test_lengths_are_said_in_words() -> None:
    assert [length_in_words(one, "en") for one in ("PT1H", "P5D", "PT2M", 3)] == [
        "1 hour",
        "5 days",
        "2 minutes",
        3,
    ]
    assert length_in_words("P1W", "de") == "1 Woche" and length_in_words("in P1W", "de") == "in P1W"


def test_each_cell_of_a_table_names_its_column() -> None:
    page = html("| At | In \\| out |\n|---|---|\n| now | `x` |\n\n| b |\n|---|\n| c |\n")
    assert page.count('<table class="cards">') == 2
    assert '<td data-label="At">now</td>' in page and '<td data-label="In | out"><code>x</code></td>' in page
    assert '<td data-label="b">c</td>' in page


MEANINGFUL = (
    "1. one", "2) two", "- x", "+ x", "> x", "# x", "a_b_c", "**b**", "~~s~~", "&amp;", "<i>", "![x](y)",
    "\\*", "| a |", "===", "```",
)  # fmt: skip


@pytest.mark.parametrize("text", MEANINGFUL)
def test_a_text_comes_out_of_markdown_as_it_went_in(text: str) -> None:
    paragraph = html(escaped(text))
    letters = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert paragraph == f"<p>{letters}</p>\n"


def test_words_find_an_alert_by_their_beginnings_whatever_their_case_and_accents(world: World) -> None:
    key = opened(world, words="Le café-modem est tombé; Straße gesperrt")
    write(world, key)
    for question in ("CAFE", "modem tomb", "strasse", "straße", "disp wind", "reboot-once", "c-1"):
        assert [one.case for one in search(world.store, Wanted(question)).items] == [key], question
    for question in ("modems", "odem", "café nothing", "'; drop table alerts", '"', "& | !", "a:* & zz:*"):
        assert search(world.store, Wanted(question)).items == [], question


def test_cause_part_and_time_narrow_a_search(world: World) -> None:
    write(world, opened(world, 1))
    world.clock.move_to(NOW + timedelta(days=40))
    write(world, opened(world, 2), why={"cause": "training"}, what={"part": "bill"})

    def cases(**wanted: Any) -> list[str]:
        return [one.case for one in search(world.store, Wanted(**wanted)).items]

    assert cases() == ["case:C-2", "case:C-1"]
    assert cases(cause="dispatch") == ["case:C-1"] == cases(part="modem", words="window")
    assert cases(since=NOW + timedelta(days=1)) == ["case:C-2"]
    assert cases(until=NOW + timedelta(days=1)) == ["case:C-1"] == cases(case="case:C-1")
    assert cases(cause="dispatch", part="bill") == []


def test_pages_show_every_alert_once(world: World) -> None:
    for number in range(5):
        write(world, opened(world, number))
    found, cursor = [], None
    while True:
        page = search(world.store, Wanted("modem"), limit=2, cursor=cursor)
        found += [one.case for one in page.items]
        if (cursor := page.next) is None:
            break
    assert found == [f"case:C-{number}" for number in (4, 3, 2, 1, 0)]


def test_a_snippet_shows_the_line_with_the_words_and_where_they_stand() -> None:
    text = "Title\nWhy: " + "long " * 60 + "the Café window opened late " + "tail " * 80
    said, marks = snippet(text, asked("cafe opened"))
    assert said.startswith("… ") and said.endswith(" …") and len(said) < 320
    assert [said[start:end] for start, end in marks] == ["Café", "opened"]
    assert snippet(text, [])[0].startswith("Title")


def test_an_unknown_decision_or_alert_is_not_found(world: World) -> None:
    key = opened(world)
    for effect in (f"{key}/9/0", "case:C-9/1/0", "nonsense", f"{key}/x/0"):
        with pytest.raises(NotFound):
            write_alerts(world.store, world.engine.registry, [effect])
    with pytest.raises(NotFound, match="none of version 3"):
        alert(world.store, key, 3)
    with world.store.connect() as connection:
        assert connection.execute(select(func.count()).select_from(schema.alerts)).scalar() == 0


def test_different_text_words_stand_once_and_in_order() -> None:
    assert words("Ein Modem, EIN modem-Kabel: à la carte/1.5e3") == "ein modem kabel a la carte 1 5e3"
