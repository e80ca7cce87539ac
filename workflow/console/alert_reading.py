"""A service alert in the language of whoever reads it: its own words and names; what people said stays."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from workflow.console.labels import labels
from workflow.console.reworded import reworded
from workflow.console.times import clock_text_in
from workflow.recovery.archive.length_words import length_in_words
from workflow.recovery.archive.markdown import Reading


@cache
def reading(language: str, own: Path | None) -> Reading:
    """How the document is said in this language, which is written in English."""
    label, reword = labels(language, own), reworded(language)

    def say(text: Any) -> Any:
        known = length_in_words(text, language)
        return reword(clock_text_in(known, language)) if isinstance(known, str) else known

    def name(kind: str, name: Any, lifecycle: str | None = None) -> str:
        of = lifecycle.partition(":")[0] if isinstance(lifecycle, str) else None
        parts = str(name).split(", ") if kind == "field" else [str(name)]
        return ", ".join(label(kind, part.replace(" ", "_"), of) for part in parts)

    return Reading(say, name)
