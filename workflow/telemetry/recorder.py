"""Spans as OpenTelemetry records them. Imported only where traces are sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from workflow.telemetry.trace_context import HEADER, STATE, headers_of, trace_of
from workflow.telemetry.tracing import NAME, Side, Span

_PROPAGATOR = TraceContextTextMapPropagator()


class RecordedSpan:
    """One span of ours."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span, Context()))
        self.traceparent: str | None = trace_of(carrier.get(HEADER), carrier.get(STATE))

    def note(self, **attributes: Any) -> None:
        """Say more about it: attributes `makegood.<name>`; None says nothing."""
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(f"{NAME}.{name}", value)

    def rename(self, name: str) -> None:
        """Call it by another name, which is known now."""
        self._span.update_name(name)

    def fail(self, error: str) -> None:
        """Say that it failed, and why: never a person's name or words."""
        self._span.set_status(Status(StatusCode.ERROR, error))

    def end(self) -> None:
        """It is done, and stands: sent in the background."""
        self._span.end()


class Recorder:
    """Begins spans of one provider. Safe to use from several threads."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(NAME)

    def begin(self, name: str, parent: str | None, side: Side, links: Iterable[str]) -> Span:
        """A span that begins now; its parent may have ended long ago, in another process."""
        context = _read(parent)
        others = [Link(_named(one)) for one in dict.fromkeys(links)]
        return RecordedSpan(self._tracer.start_span(name, context, SpanKind[side.value], links=others))


def _read(traceparent: str | None) -> Context:
    """The context that it names; an empty one, where there is none or it names none."""
    if traceparent is None:
        return Context()
    return _PROPAGATOR.extract(headers_of(traceparent), Context())


def _named(traceparent: str) -> SpanContext:
    return trace.get_current_span(_read(traceparent)).get_span_context()
