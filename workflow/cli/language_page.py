"""Writes `docs/lifecycle-reference.md` from the form of definitions and what is registered for them.

``python -m workflow.cli.language_page``
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from state_machines.check import RULES
from state_machines.effects.links import MOST_CHOICES
from state_machines.expressions.bounded.run import MOST_BYTES, MOST_STEPS
from state_machines.expressions.functions import LANGUAGE
from state_machines.form import definition as form
from state_machines.form import effects, wording
from state_machines.form.fields import FORMATS, FieldDeclaration
from state_machines.form.guards import GuardDeclaration
from state_machines.form.macros import MOST_EFFECTS
from state_machines.form.short_fields import TYPES
from state_machines.form.yaml_document import LARGEST, MOST_NODES
from state_machines.notices.channels import Manner
from state_machines.notices.topics import Topic
from state_machines.templates.bounds import LONGEST_WORDS
from state_machines.templates.filters import FILTERS
from state_machines.templates.language import PLAIN_FILTERS
from state_machines.templates.template import LONGEST_TITLE
from state_machines.timeouts.kinds.table import KINDS
from state_machines.values.searched import SEARCHED_AS, SearchedAs
from state_machines.values.written import LONGEST_EXPRESSION
from workflow.cli.expression_tables import example_table, function_table, told, variable_table
from workflow.cli.form_tables import field_table, plain_table
from workflow.recovery import vocabulary
from workflow.recovery.contact import channels

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle-reference.md"
_HEAD = """\
# Lifecycles: the reference

Every field, verb, type, function and registered word of a definition, in the second edition of the
language. How they are used is told by [lifecycles.md](lifecycles.md), from ten lines to a whole
lifecycle.

This page is written by `python -m workflow.cli.language_page` from the code that reads definitions. A
field in **bold** must be there. An *expression* is [CEL](#expressions). A *value* is anything that JSON
has; in it a text that begins with `=` is an expression, and any other stands for itself. In a mapping or
a list of values, one that leads nowhere (`"=event.data.?by"`) is left out. A *name* is lower-case letters,
digits and `_`, a letter first, 63 at most. A *duration* is written as in ISO 8601, `PT4H` or `P7D`.
"""
_FIELD = """\
A field of the data of a subject or an event. Short: words, `text required personal`, each of them a
type, a format, `required` or `personal`. In a trigger a field without a type is declared as the data
declare the field of this name; the data of a trigger may also be a list of such names.
"""
_SEARCH = """\
By what a subject is found (`GET /v1/search`, [search.md](search.md)) follows from the types of its data.
Where that is not meant, `search` in the declaration of a field says as what it is searched.

| a field that is | is searched as |
|---|---|
| a `person` | `name`, `account`, `email`, `phone` of the object; a text as what it looks like |
| a `text` without a format, or `words` | words, but for what is a subject's key or an instant |
| a `text` in the format `email` | email |
| an object or a list whose parts are declared | what each part is |
| an `object`, a `list` or `any` that is `personal` | words, all texts in it; `name`, `email` as a person's |
| called `owner`, `team` or `due_at` (an instant) | owner, team, due |
| `people`, a choice (`enum`), anything else | never |

Which colleague did something (`by`, `closed_by`) and how somebody is reached (`channel`, `zone`, `ladder`) is
never searched unless the declaration says so. Of one subject, 8,000 characters are.

"""
_TIMEOUT = """\
One kind each. Entering one of its states from outside sets it, moving among them keeps it, leaving them
cancels it; one that is due in the past fires at once.
"""
_CHANNELS = """\
Over which a notice may go; also `preferred`, whichever the customer likes best and can be reached over. The
address is a field of the person's object."""
_SENT = """\
`share` and `copy` may stand beside `data`, which has the last word."""
_MACROS = """\
Effects or changes by name, with parameters, under `macros`.

| field | is | meaning |
|---|---|---|
| `with` | name, or a list of names | Its parameters. |
| `do` | [effect](#effect), or a list of [effects](#effect) | What it stands for; others may be in it. |
| `change` | [change](#change), or a list of [changes](#change) | The same, of changes. |
| `description` | text | What it is for. |

One without parameters may be its list alone, and one of a single effect needs no list. It is used by
its name where an effect or a change may stand: `ask`, with one parameter `tell: news`, with several
`tell: {about: news, template: ready}`. `when` and `each` may stand beside it. In it `=about` is what
was given; in an expression the parameter is a part of it.
"""
_CALENDAR = """\
Business hours. With one, days and weeks of a duration are working days, hours and minutes business time.
Without one a day is 24 hours, whatever the clocks do meanwhile.

| field | is | meaning |
|---|---|---|
| `zone` | text | The zone of its clocks, `Europe/Berlin`. Left out: the timeout says it. |
| `weekly` | blocks by day | `mon-fri: ["09:00-12:00", "13:00-17:00"]`; also `mon`, `tue,thu`. |
| `holidays` | object, or a list of them | `{country: DE, subdivision: BE}`: closed on public holidays. |
| `closed` | list of days | Closed although the week says otherwise. |
| `open` | blocks by day | Of this one day, in place of all else. |
"""
_GUARD = """\
A condition by name, under `guards`: `may_extend: data.extended < 2`. With a sentence, whoever is refused by
it is told that in place of the expression: in answers, in `/v1/refusals`, by dead letters
([refusals.md](refusals.md#listed)).

"""
_WORDS = """\
The words of notices stand beside the definition, one file a language: `loan.en.yaml`, `loan.de.yaml`.

| field | is | meaning |
|---|---|---|
| **`language`** | language, `de` or `pt-BR` | Of all words in the file. |
| **`words`** | wordings by name | What each template says. |

A template's `title`, `words` and `labels` are for every channel; what a channel says otherwise stands
under its name: `ready: {title: …, words: …, sms: {words: …}}`. Each of these is a wording:
"""
_EXPRESSIONS = """\
Expressions are [CEL](https://cel.dev), with its extensions for strings, mathematics and optional values.
`check` knows the declared fields: a wrong name, a type that does not fit, and a field that may be absent
and is read without `has(…)` or `.?` are found before anything runs.
"""
_MANNERS: Mapping[Manner, str] = {
    Manner.TEXT: "it is read",
    Manner.PERSON: "a person calls and says it",
    Manner.CONNECTS: "it connects two people",
    Manner.FILE: "it is kept in a file, and reaches nobody",
}


def language_page() -> str:
    """The page's text, Markdown: a section for each part of the form, then for each kind of word."""
    vocabulary.register()
    sections = _sections()
    contents = " · ".join(f"[{title}](#{_anchor(title)})" for title in sections)
    told_ones = (f"\n## {title}\n\n{text}" for title, text in sections.items())
    return f"{_HEAD}\n{contents}\n{''.join(told_ones)}"


def _sections() -> dict[str, str]:
    return {
        "Definition": field_table(form.Definition, left_out=["templates"])
        + "| `macros` | [macros](#macro) by name | Effects and changes by name. |\n",
        "Field": _fields(),
        "Types": _dictionary("type | is", TYPES),
        "Formats": "Forms of texts, for `format`.\n\n" + _dictionary("format | is", FORMATS),
        "Search": _SEARCH + "\n" + _dictionary("searched as | is", SEARCHED_AS),
        "Trigger": field_table(form.TriggerDeclaration),
        "State": field_table(form.StateDeclaration),
        "Transition": field_table(form.TransitionDeclaration, left_out=["set"]),
        "Guard": _GUARD + field_table(GuardDeclaration),
        "Change": "Verbs: one a change. In one mapping, or in a list, they are done in order.\n\n"
        + field_table(form.Change),
        "Macro": _MACROS,
        "Timeout": _timeouts(),
        "Calendar": _CALENDAR,
        "Effect": "One of `task`, `notice`, `emit`, `open`, or a [macro](#macro).\n\n"
        + field_table(effects.EffectDeclaration, left_out=["do"]),
        "Task": _of(effects.TaskCall, "See [tasks.md](tasks.md)."),
        "Notice": _of(effects.NoticeCall, "See [notices.md](notices.md)."),
        "Link": _of(effects.LinkCall, "See [notices.md](notices.md#with-a-link)."),
        "Emit": _of(effects.EmitCall, f"A relative that does not know the trigger is not meant. {_SENT}"),
        "Open": _of(effects.OpenCall, _SENT),
        "Retry": _of(effects.RetryDeclaration, "See [channels.md](channels.md#trying-again)."),
        "Topic": _of(wording.TopicDeclaration),
        "Wording": _WORDS + "\n" + field_table(wording.Wording),
        "Barometer": _of(form.BarometerDeclaration, "See [barometer.md](barometer.md)."),
        "Expressions": _EXPRESSIONS + "\n" + example_table(),
        "Variables": variable_table(),
        "Functions": "Besides CEL's own:\n\n" + function_table(LANGUAGE),
        "Functions of service recovery": function_table(vocabulary.FUNCTIONS),
        "Topics": _topics(),
        "Channels": _channels(),
        "Filters": _filters(),
        "Bounds": _bounds(),
        "What check asks": "Of a definition that can be read:\n\n" + _rules(),
    }


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _of(part: type[BaseModel], more: str = "") -> str:
    """A part by its own documentation, and its fields."""
    said = re.sub(r"``(.+?)``", r"`\1`", " ".join((part.__doc__ or "").split()))
    return f"{said} {more}".rstrip() + "\n\n" + field_table(part)


def _dictionary(head: str, words: Mapping[str, str]) -> str:
    return plain_table(head, [(f"`{name}`", meaning) for name, meaning in words.items()])


def _fields() -> str:
    types = ", ".join(f"`{name}`" for name in TYPES)
    searched = ", ".join(f"`{one.value}`" for one in SearchedAs)
    written = {"type": types, "search": searched}
    return f"{_FIELD}\n{field_table(FieldDeclaration, left_out=['meaning'], written=written)}"


def _timeouts() -> str:
    kinds = plain_table("kind | is due", [(f"`{kind.name}`", kind.summary) for kind in KINDS])
    return f"{_TIMEOUT}\n{kinds}\n{field_table(form.TimeoutDeclaration)}"


def _topics() -> str:
    rows = [
        (f"`{one.name}`", "colleagues" if one.colleagues else "a customer", ", ".join(_follows(one)) or "-")
        for one in vocabulary.ABOUT
    ]
    return (
        "What a notice may be `about` without declaring it. One that says nothing is about "
        f"`{vocabulary.NEWS}`.\n\n" + plain_table("topic | for | what follows", rows)
    )


def _follows(topic: Topic) -> list[str]:
    found = [f"`{topic.priority.name.lower()}`"] if topic.priority.name != "INFORM" else []
    return [*found, *(["urgent"] if topic.urgent else []), *(["by a person"] if topic.by_person else [])]


def _channels() -> str:
    rows = []
    for one in channels.CHANNELS:
        only = f"; about {', '.join(sorted(one.only_about))} alone" if one.only_about else ""
        rows.append(
            (f"`{one.name}`", _MANNERS[one.manner] + only, f"`{one.address}`" if one.address else "-")
        )
    return (
        f"{_CHANNELS} Without a channel it is `{channels.DEFAULT}`.\n\n"
        f"{plain_table('channel | how | address', rows)}"
    )


def _filters() -> str:
    rows = [(f"`{name}`", *told(one)) for name, one in FILTERS.items()]
    plain = ", ".join(f"`{name}`" for name in PLAIN_FILTERS)
    return (
        "Of values in words: `{{ due_at | day }}`, `{{ amount | money('EUR') }}`.\n\n"
        f"{plain_table('filter | gives | which is', rows)}\nAs in Jinja: {plain}.\n"
    )


def _bounds() -> str:
    rows = [
        ("a definition or a file of words", f"{LARGEST // 1024} KiB, {MOST_NODES:,} values"),
        ("all that macros stand for", f"{MOST_EFFECTS:,} effects and changes"),
        ("the text of an expression", f"{LONGEST_EXPRESSION} characters"),
        ("one evaluation", f"{MOST_STEPS:,} steps, {MOST_BYTES // 1024**2} MiB of texts, lists and objects"),
        ("choices of a link", f"{MOST_CHOICES}"),
        ("a rendered title", f"{LONGEST_TITLE} characters"),
        ("rendered words", f"{LONGEST_WORDS:,} characters"),
    ]
    return plain_table("of | at most", rows)


def _rules() -> str:
    return "".join(f"* {' '.join((rule.__doc__ or '').split()).replace('``', '`')}\n" for rule in RULES)


if __name__ == "__main__":
    PAGE.write_text(language_page(), encoding="utf-8")
