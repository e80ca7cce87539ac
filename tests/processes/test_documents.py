"""A documented case leaves its service alert behind, by the worker that its effect asks."""

from __future__ import annotations

from tests.processes.installation import Installation
from tests.workflow.complaints import DOCUMENTED
from workflow.recovery.archive.search import Wanted, alert, search

ANNA, BERT = ({"name": name, "email": f"{name.lower()}@shop.example"} for name in ("Anna", "Bert"))
CASE, PLAN = "case:C-7", "promise:C-7-plan-1"
LIFE = (
    (
        "open",
        {
            "customer": {"name": "Eva Klein", "email": "eva@example.org", "zone": "Europe/Berlin"},
            "words": "The line is dead",
            "owner": ANNA,
            "team": "field",
            "part": "line",
        },
    ),
    ("acknowledge", {"by": ANNA, "understood": "No dial tone since Monday"}),
    ("calm", {"by": ANNA}),
    ("hand_over", {"to": BERT, "by": ANNA, "reason": "knows lines"}),
    ("plan", {"fix": "A new cable", "prevent": "Cables are checked in spring", "by": BERT}),
    ("agree", {"by": BERT}),
    ("step", {"step": "reboot", "result": "nothing", "by": BERT}),
    ("deliver", {"by": BERT}),
    ("check_in_answered", {"ok": True, "words": "it works"}),
)
"""The catalog's case, from the first word until it works again."""


def test_the_catalogs_case_is_told_whole_and_found(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    installation.workers.start("--concurrency", "1").wait_ready()
    installation.send(*(installation.event(f"case.{trigger}", CASE, data) for trigger, data in LIFE))
    installation.wait(lambda: installation.state(PLAN) == "kept", what="the plan, and what it was about")
    installation.send(installation.event("case.document", CASE, {**DOCUMENTED, "by": BERT}))
    store = installation.runtime.store
    installation.wait(
        lambda: [move.outcome for move in installation.moves("alert_written")] == ["stayed"],
        what="the receipt of a service alert",
    )
    (written,) = [effect for effect in installation.effects() if effect.target == "makegood.documents.write"]
    assert (written.state, written.receipt["result"]["version"]) == ("settled", 1)
    told = alert(store, CASE).document
    assert (told["part"], told["causes"], told["owner"]) == ("modem", ["dispatch"], "Bert")
    assert {"Anna", "Bert"} <= set(told["participants"])
    assert [one["step"] for one in told["steps"]] == ["reboot"]
    assert [(one["from"], one["to"]) for one in told["hand_overs"]] == [("Anna", "Bert")]
    assert {one["answer"] for one in told["plan"]} == {"A new cable", "Cables are checked in spring"}
    plan = next(one for one in told["promises"] if one["promise"] == PLAN)
    assert (plan["state"], plan["late"], plan["to_customer"]) == ("kept", False, False)
    assert [one["words"] for one in told["check_ins"]] == ["it works"]
    assert all(told[name] for name in ("what", "why", "different", "notices", "timeline"))
    found = search(store, Wanted("cables spring", part="modem"))
    assert [one.case for one in found.items] == [CASE]
