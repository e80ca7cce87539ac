"""Names are words that a stranger knows: plain English, the field's own, or explained in the glossary.

Every word in the name of a module or of a public class is in `plain_words.txt` or has a row in the glossary.
Words that were given up stay out of all identifiers.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("state_machines", "workflow", "tasks")
PLAIN = Path(__file__).with_name("plain_words.txt")
GLOSSARY = ROOT / "docs" / "glossary.md"
_ROW = re.compile(r"^\| (\*\*.+?\*\*) \| (.+) \|$", re.MULTILINE)
_TERM = re.compile(r"\*\*(.+?)\*\*")
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "er", "r")

RETIRED: dict[str, tuple[str, ...]] = {
    "admission": (),
    "bell": (
        "tasks/channels/push.py",
        "tasks/scheduler/sweep.py",
        "workflow/access/",
        "workflow/console/",
        "workflow/recovery/",
        "workflow/store/",
    ),
    "bookkeeping": (),
    "companion": (),
    "consequence": (),
    "crew": (),
    "deaf": (),
    "door": (),
    "ear": (),
    "errand": (),
    "examination": (),
    "faults": (),
    "hands": (),
    "intake": (),
    "mute": (),
    "parcel": (),
    "pressure": (),
    "rang": (),
    "reception": (),
    "ring": (),
    "rounds": (),
    "seat": (),
    "shift": ("workflow/recovery/rotations/", "workflow/cli/rotation.py", "workflow/console/duty_preview.py"),
    "taking": (),
    "urgency": (),
    "visitor": (),
}
"""Words that named something by a picture, and where one of them may stand: there it is the plain word."""


def words(name: str) -> list[str]:
    """The words of a name in any style, in lower case: `HTTPMetrics`, `http_metrics`, `MAX_BYTES`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_form_of(word: str, base: str) -> bool:
    """Whether `word` is `base` or one of its regular forms: plural, past, participle, agent."""
    forms = {base + ending for ending in _ENDINGS}
    forms |= {base[:-1] + ending for ending in ("ing", "ion", "ies", "ied") if base[-1] in "ey"}
    forms |= {base + base[-1] + ending for ending in ("ed", "er", "ing")}
    return word in forms


def covered(word: str, bases: Iterable[str]) -> bool:
    """Whether one of these words is its base form."""
    return any(is_form_of(word, base) for base in bases)


@cache
def sources() -> list[tuple[str, ast.Module]]:
    """Path and syntax of every module; revisions of the schema are history and keep their names."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in paths
        if "migrations/versions" not in path.as_posix()
    ]


def public_names(path: str, tree: ast.Module) -> set[str]:
    """A module's own name and its packages', and the names of its public classes.

    A story of the demonstration is a module with the title of its story, which is a sentence and no role.
    """
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    modules = {part for part in path.removesuffix(".py").split("/") if not part.startswith(("__", "story_"))}
    return modules | {name for name in classes if not name.startswith("_")}


def identifiers(path: str, tree: ast.Module) -> set[str]:
    """Every name in a module: of modules, classes, functions, arguments, attributes and variables."""
    found = set(path.removesuffix(".py").split("/"))
    for node in ast.walk(tree):
        values = (getattr(node, field, None) for field in ("name", "id", "attr", "arg", "asname"))
        found.update(value for value in values if isinstance(value, str))
    return found


def plain_words(text: str) -> list[str]:
    """The words of the list, without its comments."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def terms(glossary: str) -> list[str]:
    """The terms of the glossary; a row may have several that are explained together."""
    return [term for row, _ in _ROW.findall(glossary) for term in _TERM.findall(row)]


def words_of_term(term: str) -> set[str]:
    """The words of a term, and the term itself, which may be one word in a name: `PostgreSQL`."""
    return {term.lower(), *words(term)}


def unknown_words(names: Iterable[str], plain: Iterable[str], glossary: Iterable[str]) -> set[str]:
    """The words of these names that are neither plain nor in the glossary."""
    bases = {*plain, *(word for term in glossary for word in words_of_term(term))}
    return {word for name in names for word in words(name) if not covered(word, bases)}


def retired_words(path: str, names: Iterable[str]) -> set[tuple[str, str]]:
    """(word, name) of every word in these names that was given up and may not stand at this path."""
    return {
        (base, name)
        for name in names
        for word in words(name)
        for base, places in RETIRED.items()
        if word in (base, f"{base}s") and not any(path.startswith(place) for place in places)
    }


def test_every_word_of_a_module_or_public_class_is_plain_or_in_the_glossary() -> None:
    names = {name for path, tree in sources() for name in public_names(path, tree)}
    plain, known = plain_words(PLAIN.read_text()), terms(GLOSSARY.read_text(encoding="utf-8"))
    assert unknown_words(names, plain, known) == set(), (
        "give each a row in docs/glossary.md, or a plainer name"
    )


def test_no_plain_word_is_listed_for_nothing_or_twice() -> None:
    """The list stays as small as the names need it."""
    plain = plain_words(PLAIN.read_text())
    used = {word for path, tree in sources() for name in public_names(path, tree) for word in words(name)}
    assert [word for word, times in Counter(plain).items() if times > 1] == []
    assert [base for base in plain if not any(is_form_of(word, base) for word in used)] == []


def test_no_word_is_plain_and_in_the_glossary() -> None:
    known = {part for term in terms(GLOSSARY.read_text(encoding="utf-8")) for part in words_of_term(term)}
    assert set(plain_words(PLAIN.read_text())) & known == set()


def test_each_term_has_one_row() -> None:
    found = Counter(term.lower() for term in terms(GLOSSARY.read_text(encoding="utf-8")))
    assert [term for term, times in found.items() if times > 1] == []


def test_words_that_were_given_up_stay_out_of_names() -> None:
    found = {(path, *hit) for path, tree in sources() for hit in retired_words(path, identifiers(path, tree))}
    assert found == set()


def test_no_place_is_left_open_to_a_retired_word_for_nothing() -> None:
    names = [
        (path, {word for name in identifiers(path, tree) for word in words(name)}) for path, tree in sources()
    ]
    unused = [
        (base, place)
        for base, places in RETIRED.items()
        for place in places
        if not any(path.startswith(place) and found & {base, f"{base}s"} for path, found in names)
    ]
    assert unused == []


def test_no_retired_word_is_a_term() -> None:
    known = {part for term in terms(GLOSSARY.read_text(encoding="utf-8")) for part in words(term)}
    assert known & {word for word, places in RETIRED.items() if not places} == set()


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("class Zwischenruf: ...", "zwischenruf"),
        ("class EventsGrommet: ...", "grommet"),
        ("class HTTPGrommets: ...", "grommets"),
    ],
)
def test_a_word_that_nobody_knows_would_be_found(source: str, word: str) -> None:
    names = public_names("tasks/pool/run_loop.py", ast.parse(source))
    plain, known = plain_words(PLAIN.read_text()), terms(GLOSSARY.read_text(encoding="utf-8"))
    assert unknown_words(names, plain, known) == {word}


def test_a_module_that_nobody_knows_would_be_found() -> None:
    assert unknown_words(public_names("tasks/grommet.py", ast.parse("")), ["task"], []) == {"grommet"}


@pytest.mark.parametrize(
    ("path", "source", "hit"),
    [
        ("tasks/pool/run_loop.py", "class Shift: ...", ("shift", "Shift")),
        ("tasks/pool/seats.py", "", ("seat", "seats")),
        ("workflow/broker/notifier.py", "def ring(bell_at: str) -> None: ...", ("bell", "bell_at")),
        ("workflow/engine/turns.py", "MOST_ROUNDS = 3", ("rounds", "MOST_ROUNDS")),
        ("workflow/api/app.py", "self.reception.close()", ("reception", "reception")),
        ("workflow/api/app.py", "from elsewhere import thing as companion", ("companion", "companion")),
    ],
)
def test_a_retired_word_would_be_found(path: str, source: str, hit: tuple[str, str]) -> None:
    assert hit in retired_words(path, identifiers(path, ast.parse(source)))


def test_a_shift_of_a_rotation_is_a_plain_word() -> None:
    assert retired_words("workflow/recovery/rotations/rotation.py", {"Shift", "shifts"}) == set()
