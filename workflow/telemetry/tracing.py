"""Traces: spans of what this process does, sent by OpenTelemetry to where the environment says.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`) is set: then nothing of
OpenTelemetry is imported, no span is made, and what events bring of others' traces is handed on as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import structlog

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NAME = "makegood"

log = structlog.get_logger(__name__)


class Side(Enum):
    """What a span stands for, seen from its process; the values are the names of OpenTelemetry's kinds."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"


class Span(Protocol):
    """Something that is done, from its beginning to its end. One that is never ended is never sent."""

    @property
    def traceparent(self) -> str | None:
        """By which whatever follows from it names it; None: there is no trace."""

    def note(self, **attributes: Any) -> None:
        """Say more about it: attributes `makegood.<name>`; None says nothing."""

    def rename(self, name: str) -> None:
        """Call it by another name, which is known now."""

    def fail(self, error: str) -> None:
        """Say that it failed, and why: never a person's name or words."""

    def end(self) -> None:
        """It is done, and stands: sent in the background."""


class Carried(NamedTuple):
    """No span of ours: what follows names the one of whoever asked, if there is one."""

    traceparent: str | None = None

    def note(self, **attributes: Any) -> None:
        """Nothing is kept."""

    def rename(self, name: str) -> None:
        """Nothing is kept."""

    def fail(self, error: str) -> None:
        """Nothing is kept."""

    def end(self) -> None:
        """Nothing is sent."""


NOTHING = Carried()


class _Recorder(Protocol):
    def begin(self, name: str, parent: str | None, side: Side, links: Iterable[str]) -> Span: ...


_recorder: _Recorder | None = None
_provider: TracerProvider | None = None


def is_wanted() -> bool:
    """Whether the environment says where spans are to go."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(os.environ.get(name) for name in ENDPOINTS)


def destination() -> str:
    """To which host spans are to go, for people: of an address that is wanted, never its credentials."""
    address = next(filter(None, (os.environ.get(name) for name in reversed(ENDPOINTS))), "")
    return urlsplit(address).hostname or "an address without a host"


def is_installed() -> bool:
    """Whether what sends spans is there."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError:
        return False
    return True


def configure(process: str) -> None:
    """Have this process send its spans, if that is wanted; to be called once in each, after a fork.

    Args:
        process: what it is, such as `api`: part of the service's name, unless `OTEL_SERVICE_NAME` says one.
    """
    if not is_wanted():
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces are sent: makegood[otel] is not installed")
        return
    own = {"service.version": version(NAME)}
    said = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not os.environ.get("OTEL_SERVICE_NAME") and f"{SERVICE_NAME}=" not in said:
        own[SERVICE_NAME] = f"{NAME}-{process}"
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    record_with(provider)


def record_with(provider: TracerProvider | None) -> None:
    """Have spans recorded by this provider from now on; None: by nobody."""
    global _recorder, _provider
    _provider = provider
    if provider is None:
        _recorder = None
        return
    from workflow.telemetry.recorder import Recorder

    _recorder = Recorder(provider)


def shutdown() -> None:
    """Send what has not been sent yet, for some seconds at most; nothing is recorded any more."""
    provider = _provider
    record_with(None)
    if provider is not None:
        provider.shutdown()


def is_on() -> bool:
    """Whether spans are recorded."""
    return _recorder is not None


def begin(
    name: str, parent: str | None = None, side: Side = Side.INTERNAL, links: Iterable[str] = ()
) -> Span:
    """A span that begins now.

    Args:
        name: one of few: never with a key in it.
        parent: the `traceparent` of what caused it; None: it begins a trace.
        links: those of others that it has to do with.
    """
    if _recorder is None:
        return NOTHING if parent is None else Carried(parent)
    return _recorder.begin(name, parent, side, links)
