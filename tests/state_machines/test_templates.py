"""What a notice says by a template: in its reader's language and zone, complete, or not at all."""

from datetime import UTC, datetime
from typing import Any

import pytest

from state_machines.check import check
from state_machines.decision import SendNotice
from state_machines.definitions.lifecycle import load
from state_machines.errors import DecisionError, DefinitionError
from state_machines.form.wording import Wording
from state_machines.templates import Template
from state_machines.templates.language import read
from tests.state_machines.life import Life

VISIT = """
lifecycle: visit
version: 1
data:
  customer: {required: true, personal: true}
triggers:
  plan:
    data:
      customer: {required: true}
      window: {type: object, required: true}
      what: {type: string, required: true}
      note: {type: string}
  pick: {data: {window: {type: object}, calm: {type: integer}}}
language: en
templates:
  sorry:
    en:
      default:
        title: About your visit
        words: |-
          What went wrong: {{ what }}. We come {{ window | window }}.
          {% if note %}
          {{ note }}
          {% endif %}
      sms: {words: "{{ what }}: {{ window | window }}{% if note %} {{ note }}{% endif %}"}
    de:
      default:
        title: Zu Ihrem Termin
        words: >-
          Was nicht geklappt hat: {{ what }}. Wir kommen {{ window | window }}. {{ note if note else '' }}
      sms: {words: "{{ what }}: {{ window | window }}{% if note %} {{ note }}{% endif %}"}
states: [planned, {name: over, final: true}]
transitions:
  - trigger: plan
    source: initial
    dest: planned
    set: {customer: =event.data.customer}
    effects:
      - notice:
          to: =data.customer
          channel: preferred
          about: apology
          template: sorry
          values: {what: =event.data.what, window: =event.data.window, note: "=event.data.?note.orValue('')"}
  - {trigger: pick, source: planned, dest: over}
"""

WINDOW = {"from": "2026-07-07T08:00:00Z", "to": "2026-07-07T10:00:00Z"}


def told(customer: Any, **data: Any) -> SendNotice:
    """The notice that a planned visit sends."""
    decision = Life(VISIT).happens(
        "plan", **{"customer": customer, "window": WINDOW, "what": "nobody came"} | data
    )
    (notice,) = decision.effects
    assert isinstance(notice, SendNotice)
    return notice


def problems(old: str, new: str) -> list[tuple[str, str]]:
    """What is wrong once a piece of the definition is another."""
    text = VISIT.replace(old, new)
    assert text != VISIT
    found = check(text, "visit.yaml")
    assert all(one.line is not None and one.file == "visit.yaml" for one in found)
    with pytest.raises(DefinitionError):
        load(text)
    return [(one.field, one.rule) for one in found]


def test_the_visit_is_sound() -> None:
    assert check(VISIT, "visit.yaml") == []


@pytest.mark.parametrize(
    ("customer", "words"),
    [
        ({"language": "en", "zone": "Europe/Berlin"}, "Tuesday 7 July, 10:00 to 12:00"),
        ({"language": "de", "zone": "Europe/Berlin"}, "Dienstag, 7. Juli, 10:00 bis 12:00"),
        ({"language": "de_at", "zone": "Europe/Vienna"}, "Dienstag, 7. Juli, 10:00 bis 12:00"),
        ({"language": "en-US", "zone": "America/New_York"}, "Tuesday, July 7, 4:00 AM to 6:00 AM"),
        ({"language": "fi", "zone": "Asia/Kathmandu"}, "Tuesday 7 July, 13:45 to 15:45"),
        ({"language": "de"}, "Dienstag, 7. Juli, 08:00 bis 10:00 UTC"),
        ({"zone": "Nowhere/Else"}, "Tuesday 7 July, 08:00 to 10:00 UTC"),
        ("anna@customer.example", "Tuesday 7 July, 08:00 to 10:00 UTC"),
    ],
)
def test_everybody_reads_their_own_language_and_their_own_clock(customer: Any, words: str) -> None:
    assert words in told(customer).words


def test_a_channel_with_words_of_its_own_says_those_and_has_the_title_of_the_others() -> None:
    notice = told({"language": "de", "zone": "Europe/Berlin"})
    assert notice.title == "Zu Ihrem Termin"
    assert notice.variants == {
        "sms": {"title": "Zu Ihrem Termin", "words": "nobody came: Dienstag, 7. Juli, 10:00 bis 12:00"}
    }


def test_what_is_not_given_leaves_no_trace() -> None:
    assert told("a@b.example").words.endswith("UTC.")
    assert told("a@b.example", note="Mind the dog.").words.endswith("UTC.\nMind the dog.")


@pytest.mark.parametrize(
    "words",
    [
        "{% for a in items %}{% for b in items %}{{ b }}{% endfor %}{% endfor %}",
        "{% for a in items %}{% for b in items %} {% endfor %}{% endfor %}",
        "{% for a in items %}{{ long }}{% endfor %}",
        "{% for a in items %}{% for b in items %}{% endfor %}{% endfor %}done",
        "{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}done",
        "{% for a in object %}{% for b in object %}{% endfor %}{% endfor %}done",
        "{% for a in items %}{% if loop.last and 'x' in items or 1 in many %}{% endif %}{% endfor %}",
        "{% for a in items %}{% if many == same %}{% endif %}{% endfor %}done",
        "{% for a in items %}{% if items | join(', ') == 'x' %}{% endif %}{% endfor %}done",
        "{% if items | join(long) == 'x' %}{% endif %}done",
        "{% if long | replace('x', long) == 'x' %}{% endif %}done",
        "{% if " + " ~ ".join(["long"] * 500) + " == 'x' %}{% endif %}done",
        "{% if " + " + ".join(["long"] * 30) + " == 'x' %}{% endif %}done",
    ],
)
def test_a_template_that_says_without_end_is_stopped(words: str) -> None:
    endless = Template("endless", "en", {"en": {"default": Wording(title="Endless", words=words)}})
    items, many = list(range(3_000)), list(range(100_000, 0, -1))
    values = {
        "items": items, "long": "x" * 60_000, "object": {str(one): one for one in items}, "many": many,
        "same": list(many),
    }  # fmt: skip
    with pytest.raises(DecisionError) as refused:
        endless.say("a@b.example", values, {}, datetime(2026, 7, 1, tzinfo=UTC), "here")
    assert refused.value.problem.rule == "too-long"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{% for a in items %}{{ loop.index ~ a }}/{{ loop.length }}{{ '' if loop.last else ' ' }}{% endfor %}",  # noqa: E501
         "1a/3 2b/3 3c/3"),
        ("{{ items | join(' and ') | replace('and', 'or') }}", "a or b or c"),
        ("{{ 'aaaa' | replace('a', 'b', 2) }}", "bbaa"),
        ("{% for a in items if a != 'b' %}{{ a ~ '!' + a }}{% else %}none{% endfor %}", "a!ac!c"),
        ("{% if 'b' in items and items | length == 3 %}yes{% endif %}", "yes"),
    ],
)  # fmt: skip
def test_what_is_counted_says_the_same(words: str, said: str) -> None:
    template = Template("counted", "en", {"en": {"default": Wording(title="Counted", words=words)}})
    now = datetime(2026, 7, 1, tzinfo=UTC)
    found = template.say("a@b.example", {"items": ["a", "b", "c"]}, {}, now, "here")
    assert found.words == said


def test_what_customers_write_is_never_a_template() -> None:
    assert "{{ 7 * 7 }} <b>{% x %}" in told("a@b.example", what="{{ 7 * 7 }} <b>{% x %}").words


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"what": " "}, "no-what"),
        ({"window": {"from": "2026-07-07T08:00:00Z"}}, "template"),
        ({"window": {"from": "soon", "to": "later"}}, "template"),
        ({"what": "x" * 100_001}, "too-long"),
    ],
)
def test_a_message_with_a_hole_is_never_sent(data: dict[str, Any], rule: str) -> None:
    with pytest.raises(DecisionError) as refused:
        told("a@b.example", **data)
    assert refused.value.problem.rule == rule


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("template: sorry", "template: sory", ("template", "unknown-template")),
        ("what: =event.data.what, ", "", ("values", "missing-value")),
        ("values: {what", "values: {who: Anna, what", ("values.who", "unused-value")),
        ("note: \"=event.data.?note.orValue('')\"", "note: ''", None),
        ("what: =event.data.what", "what: \"=event.data.?note.orValue('')\"", ("values.what", "hole")),
        ("template: sorry", "template: sorry\n          title: Sorry", ("title", "two-wordings")),
    ],
)
def test_a_notice_that_does_not_fit_its_template_is_found(
    old: str, new: str, finding: tuple[str, str] | None
) -> None:
    if finding is None:
        assert check(VISIT.replace(old, new)) == []
        return
    field, rule = finding
    assert (f"transitions[0].effects[0].notice.{field}", rule) in problems(old, new)


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ("went wrong: {{ what }}.", "went wrong: {{ what }.", "en.default.words", "template-syntax"),
        ("{{ what }}.", "{{ what.upper() }}.", "en.default.words", "template-part"),
        ("{{ what }}.", "{{ what.__class__ }}.", "en.default.words", "template-part"),
        ("{{ what }}.", "{{ what | random }}.", "en.default.words", "unknown-filter"),
        ("{{ what }}.", "{% include 'x' %}{{ what }}.", "en.default.words", "template-part"),
        ("{{ what }}.", "{% set x = what %}{{ what }}.", "en.default.words", "template-part"),
        ("{{ what }}.", "{{ what * 100000 }}.", "en.default.words", "template-part"),
        ("language: en\n", "language: fr\n", "", "template-language"),
        ("  sms: {words: \"{{ what }}: {{ window | window }}{% if note %} {{ note }}{% endif %}\"}\nstates",
         "\nstates", "de", "template-channel"),
        ("        title: Zu Ihrem Termin\n", "", "de.default", "template-default"),
        ("      sms:", "      pigeon:", "en.pigeon", "unknown-channel"),
        ("Was nicht geklappt hat: {{ what }}. ", "Leider. ", "", "no-what"),
    ],
)  # fmt: skip
def test_a_template_that_could_fail_a_reader_is_found(old: str, new: str, field: str, rule: str) -> None:
    found = problems(old, new)
    if rule == "no-what":
        assert ("transitions[0].effects[0].notice.template", rule) in found
    else:
        assert (f"templates.sorry.{field}".rstrip("."), rule) in found


def test_a_value_is_asked_for_before_it_is_said_when_it_may_be_nothing() -> None:
    found = problems("{{ note if note else '' }}", "{{ note }}")
    assert found == [("transitions[0].effects[0].notice.values.note", "hole")]


def test_a_template_that_nobody_uses_is_found() -> None:
    spare = "templates:\n  spare: {en: {default: {title: A, words: B}}}\n"
    assert problems("templates:\n", spare) == [("templates.spare", "unused-template")]


LINKED = VISIT.replace(
    "We come {{ window | window }}.", "We come {{ window | window }}. {{ link.pick }}"
).replace("Wir kommen {{ window | window }}.", "Wir kommen {{ window | window }}. {{ link.pick }}").replace(
    "{% endif %}\"}", "{% endif %} {{ link.pick }}\"}"
).replace(
    "about: apology",
    """about: apology
          links:
            pick:
              trigger: pick
              choices: "=[event.data.window].map(w, {'from': w.from, 'to': w.to, 'data': {'window': w}})"
              ask: {calm: {type: integer, minimum: 1, maximum: 5}}
              expires: P2D
              template: page""",
).replace(
    "templates:\n",
    """templates:
  page:
    en: {default: {title: Pick a time, words: "{{ what }}", labels: {calm: 'How calm are you?'}}}
    de: {default: {title: Suchen Sie aus, words: "{{ what }}", labels: {calm: 'Wie ruhig sind Sie?'}}}
""",
)  # fmt: skip


def test_a_link_is_decided_with_its_notice_and_reads_as_its_reader_does() -> None:
    assert check(LINKED, "visit.yaml") == []
    customer = {"language": "de", "zone": "Europe/Berlin"}
    decision = Life(LINKED).happens("plan", customer=customer, window=WINDOW, what="niemand kam")
    (notice,) = decision.effects
    assert isinstance(notice, SendNotice)
    assert "{{link.pick}}" in notice.words and "{{link.pick}}" in notice.variants["sms"]["words"]
    assert notice.links == {
        "pick": {
            "trigger": "pick",
            "title": "Suchen Sie aus",
            "words": "niemand kam",
            "language": "de",
            "expires_at": "2026-07-03T12:00:00Z",
            "choices": [{"label": "Dienstag, 7. Juli, 10:00 bis 12:00", "data": {"window": WINDOW}}],
            "ask": {"calm": {"type": "integer", "minimum": 1.0, "maximum": 5.0}},
            "labels": {"calm": "Wie ruhig sind Sie?"},
        }
    }


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ("pick:\n              trigger: pick", "pick:\n              trigger: pack",
         "links.pick.trigger", "unknown-trigger"),
        ("ask: {calm", "ask: {fury", "links.pick.ask.fury", "link-field"),
        ("ask: {calm: {type: integer", "ask: {calm: {type: object", "links.pick.ask.calm.type", "link-field"),
        ("{calm: 'Wie ruhig sind Sie?'}", "{}", "links.pick.ask.calm", "missing-label"),
        ("expires: P2D", "expires: P2X", "links.pick.expires", "duration-form"),
        ("Wir kommen {{ window | window }}. {{ link.pick }}", "Wir kommen {{ window | window }}.",
         "links.pick", "unused-link"),
        ("Wir kommen {{ window | window }}.", "Wir kommen {{ link.pack }} {{ window | window }}.",
         "links", "unknown-link"),
    ],
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_found(old: str, new: str, field: str, rule: str) -> None:
    text = LINKED.replace(old, new)
    assert text != LINKED
    found = [(one.field, one.rule) for one in check(text, "visit.yaml")]
    assert (f"transitions[0].effects[0].notice.{field}", rule) in found


@pytest.mark.parametrize("words", [" + ".join(["a"] * 60), "not " * 60 + "a", "-" * 400 + "1"])
def test_a_template_that_nests_without_end_is_refused(words: str) -> None:
    found = read("{% if " + words + " %}{% endif %}")
    assert [rule for rule, _ in found.problems] == ["template-part"]
