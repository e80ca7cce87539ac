"""The desk: a fair line, one call for one person, and honest answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import httpx
import pytest

from tests.api.conftest import NOON, House, open_house
from tests.api.deciding import deciding
from tests.waiting import wait_until
from workflow.access.bounds import Bounds
from workflow.access.keys import Role, create
from workflow.queries.event_outcomes import event_outcome
from workflow.store.port import PENDING

BERLIN = {"zone": "Europe/Berlin", "quiet_hours": "20:00-08:00"}
_NUMBERS = count(1)


def asked(house: House, type_: str, subject: str, **data: Any) -> None:
    """An event, and it is decided: here, or by one of those that work meanwhile and has it in hand."""
    id = f"e{next(_NUMBERS)}"
    event = {
        "specversion": "1.0", "id": id, "source": "/tests", "type": type_,
        "subject": subject, "time": "2026-07-01T11:59:00Z", "data": data,
    }  # fmt: skip
    assert house.post(event).status_code == 202
    house.apply()

    def is_decided() -> bool:
        found = event_outcome(house.runtime.store, "/tests", id)
        return found is not None and found.outcome != PENDING

    wait_until(is_decided, seconds=60, what=f"{type_} of {subject} to be decided")


def call(house: House, name: str, desk: str, **more: Any) -> str:
    """A call for the line of one test's desk."""
    key = f"callback:{desk}-{name}"
    customer = {"name": "Chris", "phone": "+49 30 1234"} | more.pop("customer", {})
    asked(house, "callback.request", key, customer=customer, words="Say sorry", desk=desk, **more)
    return key


def working(house: House) -> AbstractContextManager[None]:
    """Three workers that decide what comes in."""
    return deciding(house.runtime.engine, workers=3)


def post(house: House, path: str, **body: Any) -> httpx.Response:
    """Something that a person of the desk does."""
    return house.http.post(f"/v1/desk/{path}", json=body, headers=house.bearer(Role.DESK))


def keys_of(answer: httpx.Response) -> list[str]:
    """The keys in a line."""
    assert answer.status_code == 200, answer.text
    return [item["key"].partition("-")[2] for item in answer.json()["items"]]


def test_the_line_goes_by_what_was_promised_and_holds_only_what_can_be_done_now(house: House) -> None:
    soon, later = "2026-07-01T12:05:00Z", "2026-07-01T14:00:00+02:00"
    call(house, "unpromised", "fair")
    call(house, "expected", "fair", due_at="2026-07-01T12:30:00Z")
    call(house, "promised", "fair", promise_due_at=soon)
    call(house, "overdue", "fair", promise_due_at=later)
    call(house, "asleep", "fair", customer={"zone": "America/Los_Angeles", "quiet_hours": "20:00-08:00"})
    call(house, "opted-out", "fair", customer={"opted_out": ["live"]})
    asked(
        house,
        "escalation.open",
        "escalation:fair-ladder",
        words="w",
        desk="fair",
        promise_due_at="2026-07-01T10:00:00Z",
    )
    line = house.get("/v1/desk/line", Role.DESK, desk="fair")
    assert keys_of(line) == ["ladder", "overdue", "promised", "unpromised", "expected"]
    assert keys_of(house.get("/v1/desk/line", Role.DESK, desk="fair", kind="callback", limit=1)) == [
        "overdue"
    ]


def test_skills_and_language_choose_who_may_take_it(house: House) -> None:
    call(house, "german", "skilled", language="de", skills=["billing"])
    call(house, "anybody", "skilled")
    for wishes, keys in (
        ({}, ["german", "anybody"]),
        ({"language": ["en"]}, ["anybody"]),
        ({"language": ["en", "de"], "skill": ["law", "billing"]}, ["german", "anybody"]),
        ({"skill": ["law"]}, ["anybody"]),
    ):
        assert keys_of(house.get("/v1/desk/line", Role.DESK, desk="skilled", **wishes)) == keys


def test_of_twenty_agents_at_once_each_call_goes_to_one(house: House) -> None:
    calls = {call(house, str(number), "race") for number in range(5)}
    with working(house), ThreadPoolExecutor(20) as crowd:
        answers = list(
            crowd.map(lambda n: post(house, "claim", by=f"agent-{n}", desk="race", patience=10), range(20))
        )
    got = [answer.json() for answer in answers if answer.json().get("outcome") == "claimed"]
    assert sorted(one["item"]["key"] for one in got) == sorted(calls), "each once, and none is left lying"
    assert {answer.json().get("outcome") for answer in answers} <= {"claimed", "empty"}
    for one in got:
        known = house.get(f"/v1/subjects/{one['item']['key']}").json()
        assert known["data"]["claimed_by"] == one["item"]["held_by"]


def test_a_race_for_one_named_call_has_one_winner_and_tells_the_others(house: House) -> None:
    key = call(house, "one", "named")
    with working(house), ThreadPoolExecutor(8) as crowd:
        answers = list(
            crowd.map(lambda n: post(house, "claim", by=f"agent-{n}", subject=key, patience=10), range(8))
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert lost["errors"][0]["rule"] == "not-possible-now" and key in lost["errors"][0]["message"]


def test_what_is_not_decided_yet_is_said_to_be_so_and_asked_again_it_is_one_wish(house: House) -> None:
    call(house, "slow", "patient")
    wish = {"by": "emil", "desk": "patient", "id": "wish-1", "patience": 0}
    first = post(house, "claim", **wish)
    assert (first.status_code, first.json()["outcome"]) == (202, "undecided")
    house.apply()
    for _ in range(2):
        again = post(house, "claim", **wish)
        assert (again.status_code, again.json()["outcome"], again.json()["item"]["held_by"]) == (
            200,
            "claimed",
            "emil",
        )
    assert post(house, "claim", **(wish | {"id": "wish-2"})).json()["outcome"] == "empty"


def test_something_else_under_the_id_of_a_former_act_is_an_error(house: House) -> None:
    key = call(house, "again", "again")
    said = {"by": "ana", "outcome": "no_answer", "note": "the machine", "id": "act-1"}
    with working(house):
        post(house, "claim", by="ana", subject=key)
        first, again = (post(house, f"callbacks/{key}/outcome", **said) for _ in range(2))
        other = post(house, f"callbacks/{key}/outcome", **said | {"note": "nobody"})
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert [(one["field"], one["rule"]) for one in other.json()["errors"]] == [("id", "other-content")]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"outcome": "reached", "result": "settled"}, "reached"),
        ({"outcome": "customer_calls"}, "customer_called"),
        ({"outcome": "no_answer", "note": "mailbox"}, "resting"),
        ({"outcome": "busy"}, "resting"),
        ({"outcome": "wrong_number"}, "resting"),
        ({"outcome": "asked_later", "at": "2026-07-01T18:00:00+02:00"}, "resting"),
    ],
)
def test_how_a_call_went_is_said_in_one_place(house: House, said: dict[str, Any], state: str) -> None:
    key = call(house, said["outcome"], "outcomes", customer=BERLIN)
    with working(house):
        claimed = post(house, "claim", by="emil", subject=key).json()
        assert (claimed["outcome"], claimed["item"]["number"]) == ("claimed", "+49 30 1234")
        answer = post(house, f"callbacks/{key}/outcome", by="emil", **said)
        assert (answer.json()["outcome"], answer.json()["item"]["state"]) == ("done", state), answer.text
        if state == "resting":
            return
        twice = post(house, f"callbacks/{key}/outcome", by="emil", outcome="busy")
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (409, "subject")


def test_escalations_are_taken_on_given_away_and_settled_from_the_line(house: House) -> None:
    key = "escalation:ladders-1"
    asked(house, "escalation.open", key, words="w", desk="ladders")
    with working(house):
        claimed = post(house, "claim", by="emil", desk="ladders").json()
        assert (claimed["item"]["key"], claimed["item"]["state"]) == (key, "acknowledged")
        given = post(house, f"escalations/{key}/outcome", by="emil", outcome="reassigned", to="dora")
        assert given.json()["item"]["state"] == "reassigned"
        refused = post(house, f"escalations/{key}/outcome", by="dora", outcome="refused", reason="on a train")
        assert refused.json()["item"]["state"] == "notified"
        settled = post(house, f"escalations/{key}/outcome", by="dora", outcome="resolved", result="by hand")
        assert settled.json()["item"]["state"] == "resolved"


def test_any_desk_with_the_number_of_a_case_can_act_on_it(house: House) -> None:
    asked(
        house, "case.open", "case:D-1", customer={"name": "Chris"}, words="No line", owner="anna@shop.example"
    )
    with working(house):
        told = post(house, "cases/D-1/tell_fact", by="emil", fact="modem", value="rebooted")
        assert (told.status_code, told.json()["outcome"], told.json()["subject"]) == (200, "done", "case:D-1")
        assert house.get("/v1/subjects/case:D-1").json()["data"]["facts"]["modem"] == "rebooted"
        early = post(house, "cases/D-1/deliver", by="emil")
        assert (early.status_code, early.json()["errors"][0]["rule"]) == (409, "not-possible-now")


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("claim", {}, 422, "body.by"),
        ("claim", {"by": ""}, 422, "body.by"),
        ("claim", {"by": {}}, 422, "body.by"),
        ("claim", {"by": "emil", "patience": True}, 422, "body.patience"),
        ("cases/nowhere/word", {"by": 5, "words": "w"}, 422, "body.by"),
        ("claim", {"by": "emil", "skils": []}, 422, "body.skils"),
        ("claim", {"by": "emil", "dial": "call me"}, 422, "body.dial"),
        ("claim", {"by": "emil", "subject": "callback:nowhere"}, 404, "path"),
        ("claim", {"by": "emil", "subject": "promise:P-1"}, 404, "path"),
        ("callbacks/nowhere/outcome", {"by": "emil", "outcome": "busy"}, 404, "path"),
        ("callbacks/escalation:x/outcome", {"by": "emil", "outcome": "busy"}, 404, "path"),
        ("callbacks/nowhere/outcome", {"by": "emil", "outcome": "voicemail_drop"}, 422, "body.outcome"),
        ("callbacks/nowhere/outcome", {"by": "emil", "outcome": "asked_later"}, 422, "body"),
        ("escalations/nowhere/outcome", {"by": "emil", "outcome": "reassigned"}, 422, "body"),
        ("cases/nowhere/word", {"by": "emil", "words": "w"}, 404, "path"),
        ("cases/nowhere/word", {"words": "w"}, 422, "body.by"),
        ("cases/nowhere/policy_answer", {"by": "emil"}, 422, "path.trigger"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(
    house: House, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = post(house, path, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text


def test_who_claims_it_may_have_their_own_telephone_ring_first(house: House) -> None:
    key = call(house, "x", "dialling")
    with working(house):
        claimed = post(house, "claim", by="emil", subject=key, dial="+49 30 99999")
    assert claimed.json()["outcome"] == "claimed"
    moves = house.get(f"/v1/subjects/{key}").json()["timeline"]
    (dialled,) = [effect for move in moves for effect in move["effects"]]
    assert (dialled["target"], dialled["payload"]["to"]["phone"]) == ("dial", "+49 30 99999")
    assert dialled["payload"]["context"]["customer_phone"] == "+49 30 1234"


def test_without_a_telephone_service_nobody_is_told_that_it_rings(tmp_path: Any) -> None:
    with open_house(f"sqlite:///{tmp_path / 'makegood.db'}", channel="smtp") as house:
        call(house, "x", "dial")
        answer = post(house, "claim", by="emil", dial="+49 30 99999")
        assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (422, "not-configured")
        assert house.get("/v1/desk/items/callback:dial-x", Role.DESK).json()["held_by"] is None
        assert house.runtime.clock.now() == NOON


def test_the_number_of_a_case_may_have_a_slash(house: House) -> None:
    asked(
        house,
        "case.open",
        "case:2026/17",
        customer={"name": "Chris"},
        words="No line",
        owner="ana@shop.example",
    )
    with working(house):
        answer = post(house, "cases/2026/17/acknowledge", by="ana@shop.example", understood="No line at all")
    assert answer.status_code == 200, answer.text
    assert house.get("/v1/cases/2026/17/packet").json()["number"] == "2026/17"
    page = {**house.bearer(), "Accept": "text/html"}
    assert "2026/17" in house.http.get("/v1/cases/2026/17/packet", headers=page).text


def test_a_key_acts_on_nothing_that_it_may_not_read(house: House) -> None:
    """The answer to a claim shows whom to call."""
    key = call(house, "unseen", "unseen")
    bounds = Bounds(reads=("order",))
    text = create(house.runtime.store, Role.DESK, "orders", NOON, bounds=bounds)
    said = {"by": "emil", "subject": key, "patience": 0}
    answer = house.http.post("/v1/desk/claim", json=said, headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (403, "reads")
    assert house.get(f"/v1/desk/items/{key}", Role.DESK).json()["held_by"] is None
