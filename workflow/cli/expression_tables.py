"""What expressions see and what they may call, as tables in Markdown; examples with what they really give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from state_machines.decision import Event
from state_machines.expressions import compile_expression
from state_machines.expressions.environment import FIXED, MEANINGS
from state_machines.expressions.functions import Function
from state_machines.expressions.scope import Scope
from state_machines.expressions.view import View
from state_machines.subject import Subject
from workflow.cli.form_tables import plain_table

_DOC = re.compile(r"``(?P<example>.+?)``(?:: (?P<meaning>.*))?", re.DOTALL)
_KINDS: Mapping[str, str] = {
    "string": "text",
    "timestamp": "instant",
    "duration": "duration",
    "length": "length of time or its text",
    "bool": "true or false",
    "map": "object",
    "list": "list",
    "strings": "list of texts",
    "json": "anything",
    "int": "whole number",
    "dyn": "anything",
}
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
"""When the examples are evaluated, a Thursday."""
DATA: Mapping[str, Any] = {
    "customer": {"name": "Ada", "zone": "Europe/Berlin"},
    "due_at": "2026-03-06T12:00:00Z",
    "amount": 12.5,
    "tries": 2,
    "tags": ["new", "urgent"],
    "lines": [{"what": "bell", "price": 4}, {"what": "tyre", "price": 20}],
}
"""What the subject of the examples knows. `due_at` is declared an instant."""
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("data.tries + 1", "the sum"),
    ("double(data.amount) * 1.5", "a `number` may be whole or not; to count with it, make it a double"),
    ("data.tries >= 2 && data.amount < 20.0", "both hold; `||`: one of them; `!`: not"),
    ("data.tries == 2 ? 'again' : 'first'", "one or the other"),
    ("has(data.phone)", "whether it is there"),
    ("data.?phone.orValue('none')", "what is there, or something else"),
    ("data.?customer.?name.orValue('')", "the same, two steps down"),
    ("'Dear ' + data.customer.name", "two texts as one"),
    ("string(data.tries) + ' tries'", "a number as a text"),
    ("size(data.tags)", "how many; of a text, how many characters"),
    ("'urgent' in data.tags", "whether it is one of them"),
    ("data.lines.map(one, one.what)", "a list made of each"),
    ("data.lines.filter(one, one.price > 10)", "those of which it holds"),
    ("data.lines.exists(one, one.price > 10)", "whether it holds of one; `all`: of each"),
    ("data.tags[0]", "the first"),
    ("data.customer.name.startsWith('A')", "how a text begins; `endsWith`, `contains`"),
    ("'a-b'.split('-')", "a text as a list; `join` goes back"),
    ("'Ada'.lowerAscii()", "in small letters; `upperAscii`, `trim`, `replace`"),
    ("'A-17'.matches('^[A-Z]-[0-9]+$')", "whether a text is of this form, by a regular expression (RE2)"),
    ("data.due_at - now", "how long from one instant to another"),
    ("now + duration('90m')", "an instant later; hours, minutes and seconds"),
    ("now + iso_duration('P2D')", "an instant later, by a duration as ISO 8601 writes it"),
    ("data.due_at < now", "whether it has passed"),
    (
        "now.getDayOfWeek('Europe/Berlin')",
        "the day of the week in a zone, 0 is Sunday; `getHours`, `getDate`",
    ),
    ("math.greatest(data.amount, 20.0)", "the greater; `math.least`"),
    ("{'high': 1, 'low': 3}[?'high'].orValue(2)", "looked up in a table, or something else"),
    ("{'name': data.customer.name, ?'phone': data.?phone}", "an object; what leads nowhere is left out"),
)
"""What people write most, and what it is."""


def variable_table() -> str:
    """Every variable, its type and what it is."""
    rows = [(f"`{name}`", _kind_of(name), meaning) for name, meaning in MEANINGS.items()]
    return plain_table("variable | is | meaning", rows)


def example_table() -> str:
    """Each example with what it gives."""
    rows = [(f"`{_cell(text)}`", f"`{_cell(given(text))}`", meaning) for text, meaning in EXAMPLES]
    return plain_table("expression | gives | which is", rows)


def given(text: str, data: Mapping[str, Any] = DATA) -> str:
    """What an expression gives of these data, as JSON."""
    scope = Scope(instants=frozenset({"data.due_at"}))
    view = View(Subject("order:17", "order", 1), Event("pay", "1", "/shop", NOW), {}, data, NOW)
    value = compile_expression(text, "example", scope).evaluate_json(view)
    return json.dumps(value, ensure_ascii=False)


def function_table(functions: Iterable[Function]) -> str:
    """Each function as it is called, with what it takes, what it gives and what that is."""
    rows = []
    for one in functions:
        example, meaning = told(one.implementation)
        takes = ", ".join(_KINDS[kind] for kind in one.takes)
        rows.append((f"`{example}`", f"{takes} → {_KINDS[one.gives]}", meaning))
    return plain_table("function | from → to | gives", rows)


def told(implementation: Callable[..., Any]) -> tuple[str, str]:
    """An example of a call, or of what comes of it, and its meaning: with these its documentation begins.

    Raises:
        ValueError: it begins otherwise.
    """
    first, *_ = (implementation.__doc__ or "").strip().partition("\n\n")
    match = _DOC.match(" ".join(first.split()))
    if match is None:
        raise ValueError(f"{implementation.__name__}: its documentation begins with no example in ``")
    meaning, *_ = (match["meaning"] or "").partition(" Raises ")
    return match["example"], meaning.replace("``", "`").strip()


def _kind_of(name: str) -> str:
    if name == "item":
        return "anything"
    kind = FIXED.get(name)
    return "object" if kind is None else _KINDS.get(str(kind).rpartition(".")[2].lower(), str(kind))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
