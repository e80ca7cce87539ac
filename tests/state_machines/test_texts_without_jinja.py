"""What a text says is what Jinja says of it, whoever of the two renders it."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from state_machines.templates import Reader, reader_of
from state_machines.templates.language import read
from state_machines.templates.text import Text, Values

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = ("words", "due_at", "level", "list", "absent")
CONDITIONS = (
    *NAMES,
    "not words",
    "words and due_at",
    "not (words and level)",
    "level == 1",
    "words == 'Ada'",
)

_PLAIN = ["", " ", "Hello", "100 %", "%s", "\n\n", "\n  "]
_SAID = [*NAMES, "link.packet", "link.other", "due_at | due", "list | listed", "list | join(', ')"]
_LOOP = "{% for one in list %}{{ one }}{% endfor %}"
pieces = st.sampled_from([*_PLAIN, *("{{ " + one + " }}" for one in _SAID), _LOOP])


def _chosen(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    conditions = st.sampled_from(CONDITIONS)
    alone = st.builds("{{% if {} %}}{}{{% endif %}}".format, conditions, inner)
    more = st.builds(
        "{{% if {} %}}{}{{% elif {} %}}{}\n{{% else %}}\n{}{{% endif %}}\n".format,
        conditions, inner, conditions, inner, inner,
    )  # fmt: skip
    return alone | more | st.builds("{}{}".format, inner, inner)


texts = st.recursive(pieces, _chosen, max_leaves=12)
values = st.fixed_dictionaries(
    {
        "words": st.sampled_from(["", "Ada", " a b ", None, True, ["a"]]),
        "due_at": st.sampled_from([None, "2026-03-02T12:00:00Z", "soon"]),
        "level": st.sampled_from([0, 1, 1.5, False]),
        "list": st.sampled_from([[], ["a"], ["a", "b", "c"], None]),
    }
)


def _outcome(say: Any) -> str:
    try:
        return f"says {say()}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@given(texts, values)
def test_a_text_says_what_jinja_says(written: str, given_values: dict[str, Any]) -> None:
    if read(written).problems:
        return
    reader: Reader = reader_of({"zone": "Europe/Berlin"}, "en", NOW)
    links = {"packet": "{{link.packet}}"}
    ours = _outcome(lambda: Text(written).say(Values(given_values, links, reader)))
    assert ours == _outcome(lambda: Values(given_values, links, reader).by_jinja(written))


def test_choices_are_not_left_to_jinja() -> None:
    class Alone(Values):
        def by_jinja(self, text: str) -> str:
            raise AssertionError(text)

    reader = reader_of("ada@example.org", "en", NOW)
    said = Text("{% if level == 1 %}one{% elif not words %}nothing{% else %}{{ words }}{% endif %}.")
    given_values = ({"level": 1, "words": ""}, {"level": 2, "words": ""}, {"level": 2, "words": "Hello"})
    assert [said.say(Alone(one, {}, reader)) for one in given_values] == ["one.", "nothing.", "Hello."]
