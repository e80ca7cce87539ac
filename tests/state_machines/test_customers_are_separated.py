"""However merges, separations and words interleave: who is whom adds up, and each case is its customer's.

Subjects decide their own events in order, and among each other in any order at all, as on many workers.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.decision import EmitEvent
from tests.state_machines.test_customers_meet_in_any_order import PEOPLE, Crowd

ACTS = st.one_of(
    st.tuples(st.just("writes"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("is"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
    st.tuples(st.just("is not"), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)),
)


class Families(Crowd):
    """A crowd whose subjects hear what is said to all children of one."""

    def emitted(self, key: str, effect: EmitEvent) -> None:
        """What goes to children goes to each."""
        if effect.to == "children":
            for child in [one.key for one in self.subjects.values() if one.parent == key]:
                if child.startswith("case:"):
                    self.post(child, effect.trigger, effect.data, source="/makegood")
        else:
            super().emitted(key, effect)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(ACTS, st.booleans()), min_size=1, max_size=14), st.data())
def test_whoever_was_merged_and_separated_has_what_is_theirs(
    acts: list[tuple[tuple[str, str, str], bool]], data: st.DataObject
) -> None:
    crowd = Families(lambda keys: data.draw(st.sampled_from(keys)))
    for person in PEOPLE:
        crowd.post(f"customer:{person}", "known", {"name": person, "account": person})
        crowd.settle()
        crowd.now += timedelta(seconds=1)
    words: list[str] = []
    for number, ((act, one, other), settled) in enumerate(acts):
        key = f"customer:{one}"
        if act == "writes":
            words.append(f"{one} {number}")
            crowd.post(key, "reach_out", {"words": words[-1], "source_id": f"{number}"})
        elif act == "is":
            crowd.post(key, "merge", {"into": f"customer:{other}", "by": "zoe"})
        else:
            crowd.post(key, "separate", {"reason": "a couple", "by": "zoe"})
        if settled:
            crowd.settle()
            crowd.now += timedelta(seconds=1)
    crowd.settle()
    customers = {key: one.data for key, one in crowd.subjects.items() if key.startswith("customer:")}
    for key, known in customers.items():
        below = {one for one in customers if one != key and key in above(customers, one)}
        assert set(known["merged"]) == below == {one["customer"] for one in known["joined"]}
        if "into" not in known:
            assert known["customer"]["name"] == key.removeprefix("customer:"), "and its own name"
    cases = {key: one.data for key, one in crowd.subjects.items() if key.startswith("case:")}
    for key, case in cases.items():
        whose = case["customer"]["key"]
        assert "into" not in customers[whose] and key in customers[whose]["cases"]
        assert [
            one for one in customers if "into" not in customers[one] and key in customers[one]["cases"]
        ] == [whose]
    heard = {case["words"] for case in cases.values()}
    heard |= {each["words"] for case in cases.values() for each in case["contacts"]}
    assert sorted(heard) == sorted(words)


def above(customers: dict[str, Any], key: str) -> set[str]:
    """All whom this one turned out to be. Ends, since it always leads to an older one."""
    found: set[str] = set()
    while into := customers[key].get("into"):
        assert into not in found, "round"
        found.add(into)
        key = into
    return found
