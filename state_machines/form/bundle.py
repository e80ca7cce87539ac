"""A bundle: a definition and the words of its notices in other languages, stored and hashed as one text.

The text is a stream of YAML documents. The first is the definition; each further one begins with a line
``---``, in which a comment may name the file that it came from, and holds the words of one language::

    --- # loan.de.yaml
    language: de
    words:
      extended: {title: Verlängert, words: "Neu fällig: {{ due }}", sms: {words: "Neu: {{ due }}"}}

A template says its title and words (and the labels of a form) right away; what a channel says otherwise
stands under the name of the channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from state_machines.errors import DefinitionError, Problem
from state_machines.form.yaml_document import LARGEST, Lines, read_yaml

_SEPARATOR = re.compile(r"^---[ \t]*(?:#[ \t]*(?P<file>\S+)[^\n]*)?$", re.MULTILINE)
_DEFAULT = "default"
_SAID = frozenset({"title", "words", "labels"})


def bundle_text(definition: str, words: Mapping[str, str]) -> str:
    """The text of a bundle.

    Args:
        definition: its YAML.
        words: the texts of its files of words, by the names of the files.
    """
    parts = [definition.rstrip("\n") + "\n"]
    for file, text in sorted(words.items()):
        parts.append(f"--- # {file}\n{text.strip(chr(10))}\n")
    return "".join(parts) if words else definition


def read_bundle(text: str, file: str | None = None) -> tuple[Any, Lines]:
    """The document of a definition with all its words under `templates`, and where each field stands.

    Raises:
        DefinitionError: as `read_yaml`, or a document of words is not of the form.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        return read_yaml(text, file)  # which says so
    first, others = _parts(text)
    document, lines = read_yaml(first, file)
    for part, own_file, offset in others:
        _take(document, lines, part, own_file or file, 0 if own_file else offset)
    return document, lines


def _parts(text: str) -> tuple[str, list[tuple[str, str | None, int]]]:
    """The definition; then the further documents, each with the file it names and the line before it."""
    marks = [one for one in _SEPARATOR.finditer(text) if text[: one.start()].strip()]
    if not marks or not _has_content(text[: marks[0].start()]):
        return text, []
    ends = [one.start() for one in marks[1:]] + [len(text)]
    return text[: marks[0].start()], [
        (text[one.end() : end], one["file"], text.count("\n", 0, one.end()))
        for one, end in zip(marks, ends, strict=True)
    ]


def _has_content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _take(document: Any, lines: Lines, part: str, file: str | None, offset: int) -> None:
    value, own = read_yaml(part, file)
    problems: list[Problem] = []

    def problem(field: str, rule: str, message: str) -> None:
        line = own.of(field)
        problems.append(Problem(field, rule, message, line and line + offset, file))

    if not isinstance(value, dict) or not isinstance(document, dict):
        problem("", "type", "words are a mapping with `language` and `words`")
        raise DefinitionError(problems)
    for name in value.keys() - {"language", "words"}:
        problem(name, "unknown-field", f"{name!r} is no field of a file of words: language, words")
    language, words = value.get("language"), value.get("words")
    if not isinstance(language, str) or not isinstance(words, dict):
        missing = "language" if not isinstance(language, str) else "words"
        problem(missing, "required", f"{missing!r} is missing, or not of the form")
        raise DefinitionError(problems)
    templates = document.setdefault("templates", {})
    if not isinstance(templates, dict):
        return  # the form says so
    for name, said in words.items():
        languages = templates.setdefault(name, {})
        if isinstance(languages, dict):
            if language in languages:
                problem(
                    f"words.{name}", "doubled-words", f"the words of {name!r} in {language!r} stand twice"
                )
            languages[language] = _by_channel(said)
            _note_lines(lines, own, said, (name, language), offset, file)
    if problems:
        raise DefinitionError(problems)


def _by_channel(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    default = {name: value for name, value in said.items() if name in _SAID}
    return {**({_DEFAULT: default} if default else {}), **{k: v for k, v in said.items() if k not in _SAID}}


def _note_lines(
    lines: Lines, own: Lines, said: Any, place: tuple[str, str], offset: int, file: str | None
) -> None:
    name, language = place
    begin = f"templates.{name}.{language}"
    lines.take(begin, own, f"words.{name}", offset, file)
    for key, value in said.items() if isinstance(said, dict) else ():
        path = f"{begin}.{_DEFAULT}.{key}" if key in _SAID else f"{begin}.{key}"
        lines.take(path, own, f"words.{name}.{key}", offset, file)
        for inner in value if isinstance(value, dict) else ():
            lines.take(f"{path}.{inner}", own, f"words.{name}.{key}.{inner}", offset, file)
