"""Headers that say one thing: of two that differ nobody can know which was meant."""

from __future__ import annotations

from starlette.datastructures import Headers

from workflow.api.http.problems import Kind, Refusal


def single_header(headers: Headers, name: str) -> str | None:
    """What a header says; None where it is not there. Raises Refusal (422) where it is there twice."""
    said = headers.getlist(name)
    if len(said) > 1:
        raise Refusal.of(Kind.INVALID, name, "single", "must be there once")
    return said[0] if said else None
