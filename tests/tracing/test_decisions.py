"""The spans of decisions: whose trace each belongs to, on both stores; and what is kept without any span."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import run

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import select

from tests.tracing.orders import sources
from tests.workflow.world import NOW, World
from workflow.engine.cloudevent import parse
from workflow.engine.fan_out import FanOut
from workflow.maintenance.doctor import examine
from workflow.settings import Settings
from workflow.store.schema import events, moves
from workflow.telemetry import tracing
from workflow.telemetry.trace_context import headers_of, trace_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
STATE = "rojo=1,congo=t61"
IN_STATE = f"{TRACEPARENT} {STATE}"
DATA = {"email": "ada@example.org", "url": "http://127.0.0.1:1/"}


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    """What is sent, as it is sent."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.record_with(provider)
    yield exporter
    tracing.record_with(None)


@pytest.fixture
def shop(world: World) -> World:
    """With orders and parcels."""
    world.engine.registry.register([(source, None) for source in sources().values()], NOW)
    return world


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """The spans; each name once."""
    spans = exporter.get_finished_spans()
    found = {span.name: span for span in spans}
    assert len(found) == len(spans)
    return found


def identity(span: ReadableSpan) -> tuple[str, str]:
    """Its trace and itself."""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"


def parent(span: ReadableSpan) -> str | None:
    """The span that it came from."""
    return None if span.parent is None else f"{span.parent.span_id:016x}"


def ledger(world: World) -> list[tuple[str, str | None]]:
    """(trigger, traceparent) of all decisions."""
    with world.store.connect() as connection:
        return [*connection.execute(select(moves.c.trigger, moves.c.traceparent).order_by(moves.c.id))]  # type: ignore[misc]


def test_what_an_event_leads_to_is_one_trace(shop: World, recorded: InMemorySpanExporter) -> None:
    shop.post("order.place", "order:1", DATA, traceparent=TRACEPARENT)
    spans = by_name(recorded)
    placed, packed, news = (
        spans[f"decide {name}"] for name in ("order.place", "parcel.pack", "order.packed")
    )
    assert {identity(span)[0] for span in spans.values()} == {TRACE}
    assert (parent(placed), parent(packed), parent(news)) == (SPAN, identity(placed)[1], identity(packed)[1])
    assert dict(placed.attributes or {}) == {
        "makegood.subject": "order:1", "makegood.type": "order.place", "makegood.outcome": "moved",
        "makegood.state": "placed", "makegood.seq": 1,
    }  # fmt: skip
    own = f"00-{TRACE}-{identity(packed)[1]}-01"
    assert {effect.payload["traceparent"] for effect in shop.effects()} == {own}
    assert ("pack", own) in ledger(shop)


def test_a_timer_begins_a_trace_that_is_linked_to_the_decision_that_set_it(
    shop: World, recorded: InMemorySpanExporter
) -> None:
    shop.post("order.place", "order:1", DATA, traceparent=TRACEPARENT)
    packed = by_name(recorded)["decide parcel.pack"]
    recorded.clear()
    shop.advance(timedelta(days=4))
    (arrived,) = recorded.get_finished_spans()
    assert (arrived.name, parent(arrived)) == ("decide parcel.arrive", None)
    assert identity(arrived)[0] != TRACE
    assert [link.context.span_id for link in arrived.links] == [packed.context.span_id]
    assert shop.effects()[-1].payload["traceparent"].split("-")[1] == identity(arrived)[0]


def test_where_nothing_is_recorded_what_came_is_handed_on_as_it_is(shop: World) -> None:
    shop.post("order.place", "order:1", DATA, traceparent=TRACEPARENT)
    assert {effect.payload["traceparent"] for effect in shop.effects()} == {TRACEPARENT}
    assert {traceparent for _, traceparent in ledger(shop)} == {TRACEPARENT}
    shop.advance(timedelta(days=4))
    assert ledger(shop)[-1] == ("arrive", None)


def test_the_state_of_a_trace_goes_along_whether_spans_are_recorded_or_not(
    shop: World, recorded: InMemorySpanExporter
) -> None:
    shop.post("order.place", "order:1", DATA, traceparent=IN_STATE)
    assert all(trace is not None and trace.endswith(f"-01 {STATE}") for _, trace in ledger(shop))
    tracing.record_with(None)
    shop.post("order.place", "order:2", DATA, traceparent=IN_STATE)
    assert {trace for _, trace in ledger(shop)[-3:]} == {IN_STATE}


def test_an_event_brings_the_state_of_its_trace() -> None:
    said = {"specversion": "1.0", "id": "1", "source": "/s", "type": "order.place", "subject": "order:1"}
    event = parse(said | {"data": {}, "traceparent": TRACEPARENT, "tracestate": STATE})
    assert event.traceparent == IN_STATE
    assert parse(event.to_json()) == event
    unusual = parse(said | {"traceparent": TRACEPARENT, "tracestate": "rojo"})
    assert unusual.traceparent == TRACEPARENT, "an ill-formed state is left out, and the parent stays"


def test_a_span_of_ours_keeps_the_state_of_its_trace(shop: World, recorded: InMemorySpanExporter) -> None:
    shop.post("order.place", "order:1", DATA, traceparent=IN_STATE)
    packed = by_name(recorded)["decide parcel.pack"]
    assert packed.context.trace_state.to_header() == STATE
    (trace,) = {effect.payload["traceparent"] for effect in shop.effects()}
    assert headers_of(trace) == {
        "traceparent": f"00-{TRACE}-{identity(packed)[1]}-01",
        "tracestate": STATE,
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("congo=t61rcWkgMzE", "congo=t61rcWkgMzE"),
        (" rojo=00f067aa0ba902b7 ,\tcongo=t61 ,", "rojo=00f067aa0ba902b7,congo=t61"),
        ("fw529a3039@dt=FfV", "fw529a3039@dt=FfV"),
        ("a=1,a=2", None),
        ("A=1", None),
        ("a", None),
        ("a=", None),
        ("a=\u00fc", None),
        (",".join(f"k{n}=1" for n in range(33)), None),
        (f"new=1,old={'x' * 250},older={'x' * 250},oldest=1", f"new=1,old={'x' * 250}"),
        ("", None),
        (17, None),
        (None, None),
    ],
)
def test_a_state_is_kept_as_w3c_has_it(said: object, kept: str | None) -> None:
    assert headers_of(trace_of(TRACEPARENT, said)).get("tracestate") == kept
    assert trace_of("no trace", said) is None


def test_without_a_trace_nothing_is_kept(shop: World) -> None:
    shop.post("order.place", "order:1", DATA)
    shop.advance(timedelta(days=4))
    assert {traceparent for _, traceparent in ledger(shop)} == {None}
    with shop.store.connect() as connection:
        assert set(connection.scalars(select(events.c.traceparent))) == {None}
    assert not any("traceparent" in effect.payload for effect in shop.effects())


def test_a_decision_that_failed_says_so_and_nothing_of_what_it_was_about(
    shop: World, recorded: InMemorySpanExporter
) -> None:
    shop.post("lamp.press", "lamp:1", {"level": 1})
    shop.post("lamp.fail", "lamp:1")
    failed = by_name(recorded)["decide lamp.fail"]
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.status.description and "nowhere" not in failed.status.description


def test_what_is_rolled_back_is_told_by_no_span(
    shop: World, recorded: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.engine.accept([shop.event("order.place", "order:1", DATA)])
    real, broken = FanOut.send, [True]

    def send(self: FanOut, *args: object) -> int:
        if broken:
            broken.clear()
            raise RuntimeError("it could not be written")
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(FanOut, "send", send)
    shop.settle()
    names = [span.name for span in recorded.get_finished_spans()]
    assert names.count("decide order.place") == 1


@pytest.mark.parametrize(
    "said", ["", "00-1-2-01", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", 7, TRACEPARENT.upper()]
)
def test_what_is_no_traceparent_is_left_out_and_refuses_nothing(said: object) -> None:
    document = {"specversion": "1.0", "id": "1", "source": "/t", "type": "order.place", "subject": "order:1",
                "data": {}, "traceparent": said}  # fmt: skip
    assert parse(document).traceparent is None
    assert parse({**document, "traceparent": TRACEPARENT}).to_json()["traceparent"] == TRACEPARENT


def test_the_same_event_in_another_trace_is_a_duplicate(shop: World) -> None:
    first = shop.event("order.place", "order:1", DATA, traceparent=TRACEPARENT)
    shop.engine.accept([first])
    (again,) = shop.engine.accept([first._replace(traceparent=TRACEPARENT.replace("b7", "c8"))])
    assert again.status == "duplicate"


def test_a_process_that_sends_no_traces_imports_nothing_of_them() -> None:
    program = (
        "import sys; from workflow.telemetry import tracing;"
        "import workflow.engine.engine, tasks.sending.sender;"
        "tracing.configure('api'); tracing.begin('x', None).end();"
        "sys.exit(any(name.startswith('opentelemetry.sdk') or name == 'workflow.telemetry.recorder'"
        " for name in sys.modules))"
    )
    done = run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_environment_says_whether_traces_are_sent(
    environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*tracing.ENDPOINTS, "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tracing.is_wanted() is wanted


@pytest.mark.parametrize("installed", [True, False])
def test_the_doctor_says_where_traces_go_and_whether_anything_sends_them(
    installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://name:hush@collector.internal:4318")
    if not installed:
        monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'none.db'}", data_dir=tmp_path)
    (found,) = (one for one in examine(settings) if one.name == "traces")
    assert found.well is installed
    assert "collector.internal" in found.words and "hush" not in found.words
