"""What happened, why, and what we do differently.

Where each demand of the story is shown:

* as it is performed: `test_from_the_charge_to_the_figures`
* no case is documented without the three answers: `test_without_the_three_answers_nothing_is_documented`
* check-ins during the work and shortly after delivery, with answers: `test_check_ins_are_answered_and_kept`
* care, help, trust after the recovery; a low answer reopens: `test_a_low_answer_reopens`
* causes come from a list that can grow; which of them recur, where promises lapse, which desk sends customers
  round, over any period, down to the cases: `test_the_barometer_shows_what_recurs_down_to_the_cases`
"""

from typing import Any

from tests.stories.conftest import Perform
from tests.stories.front_door import Story
from tests.stories.recovery import DIFFERENT, WHAT, WHY, calm_and_planned, child, document
from workflow.demo.stories import story_4_what_why_different as script

AGENT, OWNER, LEAD = "anna@desk.example", "owner@shop.example", "lead@shop.example"
MIA = "mia@example.org"
CUSTOMER = {"name": "Mia", "email": MIA, "phone": "+4930222", "zone": "Europe/Berlin"}
CASE = "case:mia-1"
LADDER = [{"people": [LEAD], "within": "PT8H"}]


def opened(story: Story, case: str = CASE, **changes: Any) -> None:
    """Anna takes it down."""
    data = {
        "customer": CUSTOMER, "words": "Nobody came, and nobody called.", "channel": "phone", "owner": OWNER,
        "team": "field", "ladder": LADDER, "part": "dsl-line", "by": AGENT,
    }  # fmt: skip
    story.post("case.open", case, data | changes)
    story.told((changes.get("owner", OWNER), "hand_over"))


def verified(story: Story, case: str = CASE) -> Any:
    """Put right, and the customer says so; gives the notice with the survey."""
    calm_and_planned(story, case, AGENT)
    story.post("case.deliver", case, {"by": OWNER, "evidence": "it works"})
    story.told((MIA, "news"))
    story.after(hours=4)
    story.told((MIA, "check_in"))
    story.post("case.check_in_answered", case, {"ok": True, "words": "It does."})
    assert story.state(case) == "verified"
    (survey,) = story.told((MIA, "survey"))
    return survey


def test_from_the_charge_to_the_figures(perform: Perform) -> None:
    perform(script.STORY)


def _without(answers: dict[str, Any], name: str) -> dict[str, Any]:
    return {one: said for one, said in answers.items() if one != name}


LEFT_OUT = [
    *((one, None) for one in ("what", "why", "different")),
    *(("what", one) for one in WHAT),
    *(("why", one) for one in WHY),
    *(("different", one) for one in DIFFERENT),
]


def test_without_the_three_answers_nothing_is_documented(story: Story) -> None:
    opened(story)
    verified(story)
    for answer, part in LEFT_OUT:
        data = document(OWNER)
        left = data[answer] if part is None else _without(data[answer], part)
        short = _without(data, answer) if part is None else data | {answer: left}
        problem = story.declined("case.document", CASE, short)
        missing = f"data.{answer}" if part is None else f"data.{answer}.{part}"
        assert [(one["field"], one["rule"]) for one in problem["errors"]] == [(missing, "required")]
        assert story.state(CASE) == "verified"
    story.post("case.document", CASE, document(OWNER))
    assert story.state(CASE) == "documented"
    story.told((AGENT, "ended"), (OWNER, "ended"))


def test_check_ins_are_answered_and_kept(story: Story) -> None:
    opened(story)
    calm_and_planned(story, CASE, AGENT)
    story.post("case.check_in", CASE)
    story.told((MIA, "check_in"))
    story.post("case.check_in_answered", CASE, {"ok": True, "words": "So far, so good."})
    assert story.state(CASE) == "acting"

    story.post("case.deliver", CASE, {"by": OWNER})
    story.told((MIA, "news"))
    story.after(hours=4)
    story.told((MIA, "check_in"))
    story.post("case.check_in_answered", CASE, {"ok": False, "words": "It was dead again after an hour."})
    assert story.state(CASE) == "acting"
    story.told((OWNER, "nudge"))
    assert [(one["ok"], one["words"]) for one in story.data(CASE)["check_ins"]] == [
        (True, "So far, so good."),
        (False, "It was dead again after an hour."),
    ]
    assert "kept" in {one["state"] for one in promises(story, CASE, "check_in")}


def promises(story: Story, case: str, kind: str) -> list[dict[str, Any]]:
    """All promises of a kind that a case has made to itself."""
    children = story.get("/v1/subjects", parent=case, lifecycle="promise")["items"]
    return [one for one in children if one["data"].get("kind") == kind]


def test_a_low_answer_reopens(story: Story) -> None:
    opened(story)
    survey = verified(story)
    answers = {"care": "5", "help": "5", "trust": "2", "words": "Not again, please."}
    assert story.follow(survey, **answers).status_code == 200
    assert story.state(CASE) == "planning"
    story.told((OWNER, "nudge"))
    assert child(story, CASE, "plan-2")["state"] == "made"
    # The link has been used: nobody answers twice.
    assert story.follow(survey, **answers | {"trust": "5"}).status_code == 409
    assert story.data(CASE)["surveys"][0]["trust"] == 2


def test_the_barometer_shows_what_recurs_down_to_the_cases(story: Story) -> None:
    cases = [f"case:mia-{number}" for number in (1, 2, 3)]
    for case in cases:
        opened(story, case)
        verified(story, case)
        story.after(days=1)
        cause = "no window agreed" if case != cases[2] else "a box struck by lightning"  # new to the list
        story.post("case.document", case, document(OWNER, why=WHY | {"cause": cause}))
        story.told((AGENT, "ended"), (OWNER, "ended"))

    # One case goes round and round, and nobody speaks to its customer: its promise lapses.
    opened(story, "case:round-1", team="billing")
    for to in ("bo@desk.example", "cy@desk.example", "di@desk.example"):
        story.post("case.hand_over", "case:round-1", {"to": to, "by": AGENT, "reason": "not ours"})
        story.told((to, "hand_over"))
    story.after(hours=1)
    story.told(("di@desk.example", "nudge"), (LEAD, "escalation"))

    causes = groups(story, "causes")
    assert (causes["no window agreed"]["subjects"], causes["a box struck by lightning"]["subjects"]) == (2, 1)
    assert behind(story, causes["no window agreed"]) == set(cases[:2])

    lapses = groups(story, "promises", by="team", until="2026-04-01")
    assert (lapses["field"]["numbers"]["lapsed"], lapses["billing"]["numbers"]["lapsed"]) == (0, 1)
    assert behind(story, lapses["billing"]) >= {"promise:round-1-first_word"}
    summary = groups(story, "hand_overs")
    assert (summary["billing"]["numbers"]["many"], summary["field"]["numbers"]["many"]) == (1, 0)
    assert behind(story, summary["billing"]) == {"case:round-1"}

    before = story.get("/v1/barometer/causes", until="2026-03-01")
    assert before["all"]["subjects"] == 0
    chart = story.http.get("/barometer/causes", headers={"Accept": "text/html"})
    assert chart.status_code == 200
    assert "<svg" in chart.text


def groups(story: Story, figure: str, **wanted: Any) -> dict[str, Any]:
    """What the barometer says, by group."""
    found = story.get(f"/v1/barometer/{figure}", **wanted)["groups"]
    return {one["name"]: one for one in found}


def behind(story: Story, group: dict[str, Any]) -> set[str]:
    """The subjects that a bar stands for."""
    return {one["subject"] for one in story.get(group["link"])["items"]}
