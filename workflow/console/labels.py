"""What lifecycles, states and triggers are called on a page.

Those of the catalog have words in the files of the languages; one's own have them in files beside their
definitions (`own_labels`); any other is called as its definition names it, with spaces. So a lifecycle has
its pages without a word written for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from workflow.console.own_labels import TEXT, own_labels
from workflow.console.reworded import CONDITION, reworded_of
from workflow.console.translations import ENGLISH, translations

Label = Callable[..., str]


@cache
def labels(language: str, own: Path | None = None) -> Label:
    """``label(kind, name, lifecycle)``: what something is called in this language.

    `kind` is one of ``lifecycle``, ``state``, ``trigger``, ``field``, ``channel``, ``role``. What a
    word means in one lifecycle alone stands in the file with that lifecycle as its
    context, ``state of promise``. `own` is the directory of the installation's own definitions.
    """
    known, named = translations(language), own_labels(own, language)

    def label(kind: str, name: str | None, lifecycle: str | None = None) -> str:
        if not name:
            return ""
        if text := named.get((name if kind == "lifecycle" else lifecycle or "", kind, name)):
            return text
        contexts = ([f"{kind} of {lifecycle}"] if lifecycle else []) + [kind]
        for context in contexts:
            if known.knows(context, name):
                return known.pgettext(context, name)
        return name.replace("_", " ")

    return label


@cache
def beginnings(language: str, own: Path | None = None) -> Callable[[str, str], str]:
    """``begun(lifecycle, trigger)``: what one begins by it: a new case; else both by their names."""
    known, label = translations(language), labels(language, own)

    def begun(lifecycle: str, trigger: str) -> str:
        if known.knows("begin", f"{lifecycle}.{trigger}"):
            return known.pgettext("begin", f"{lifecycle}.{trigger}")
        return f"{label('lifecycle', lifecycle)}: {label('trigger', trigger, lifecycle)}"

    return begun


@cache
def sentences(language: str, own: Path | None = None) -> Callable[[str | None, str], str]:
    """``told(text, lifecycle)``: a title or description in this language; empty where there is none."""
    named, known = own_labels(own, language), translations(language)
    otherwise = language == ENGLISH  # in which definitions are written

    def told(text: str | None, lifecycle: str) -> str:
        if not text:
            return ""
        if own_words := named.get((lifecycle, TEXT, text)):
            return own_words
        return known.pgettext(TEXT, text) if otherwise or known.knows(TEXT, text) else ""

    return told


@cache
def reasons(language: str, own: Path | None = None) -> Callable[[str, str], str]:
    """``why(reason, lifecycle)``: why it was refused; what a guard says in this language if there is such."""
    named, label = own_labels(own, language), labels(language, own)

    def why(reason: str, lifecycle: str) -> str:
        if own_words := named.get((lifecycle, TEXT, reason.partition(": ")[2])):
            return own_words
        if language == ENGLISH:
            return _without_rule(reason)
        return reworded_of(language, reason, lambda kind, name: label(kind, name, lifecycle))

    return why


def _without_rule(reason: str) -> str:
    """A reason in English without what stands around it for programs: by which rule, by which condition."""
    rule, _, text = reason.partition(": ")
    if rule == "guard":
        return CONDITION.sub("", text)
    if rule == "impossible-now":
        return text
    known = translations(ENGLISH)
    return f"{known.pgettext('rule', rule)}: {text}" if text and known.knows("rule", rule) else reason
