"""The second edition is read aloud: expressions are short, and what is named is used."""

from collections.abc import Iterator

from state_machines.check.document import Document, Finding
from state_machines.check.sites import sites
from state_machines.compilation.named_expressions import named_texts, words_of
from state_machines.expressions.references import tokens
from state_machines.values.written import LONGEST_EXPRESSION


def unreadable_expressions(document: Document) -> Iterator[Finding]:
    """An expression is short; what it consists of has names under `let` and `guards`."""
    if document.definition.edition < 2:
        return
    for field, text in texts(document):
        if len(text) > LONGEST_EXPRESSION:
            message = (
                f"has {len(text)} characters, {LONGEST_EXPRESSION} at most; name parts of it under `let`"
            )
            yield Finding(field, "long-expression", message)
        if _binds(text):
            message = "cel.bind is not used in the second edition; name the value under `let`"
            yield Finding(field, "bind", message)


def missing_languages(document: Document) -> Iterator[Finding]:
    """What notices say is said in every language that the definition speaks."""
    templates = document.definition.templates
    spoken = sorted({language for wordings in templates.values() for language in wordings})
    for name, wordings in templates.items():
        missing = [language for language in spoken if language not in wordings]
        if missing and document.definition.edition > 1:
            message = f"has no words in {', '.join(map(repr, missing))}, which others here have"
            yield Finding(f"templates.{name}", "template-language", message)


def unused_names(document: Document) -> Iterator[Finding]:
    """A named expression is used by another one, or as a condition."""
    used = {field: words_of(text) for field, text in texts(document)}
    for own in named_texts(document.definition):
        name = own.partition(".")[2]
        if not any(name in words for field, words in used.items() if field != own):
            yield Finding(own, "unused-name", f"nothing here uses {name!r}")


def texts(document: Document) -> Iterator[tuple[str, str]]:
    """Every expression of a definition, named ones too, and where it stands."""
    for site in sites(document):
        yield site.field, site.text
    for field, text in named_texts(document.definition).items():
        yield field, text.removeprefix("=")


def _binds(text: str) -> bool:
    words = tokens(text)
    return any(
        [one.text for one in words[place : place + 3]] == ["cel", ".", "bind"] for place in range(len(words))
    )
