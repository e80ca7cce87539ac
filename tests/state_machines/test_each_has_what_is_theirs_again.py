"""Whoever was merged and separated is known as if they had never been: wishes, words, addresses that rest.

The same acts are played in a world with merges and in one without. What is said of a key is its own in both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.short_run import examples
from tests.state_machines.test_customers_are_separated import Families
from workflow.recovery.contact.resting import address_mark, rests

WHO = ("ada", "bo", "cy")
ADDRESSES = {
    "ada": {"email": "ada@home.example", "phone": "+49 30 5550100"},
    "bo": {"email": "bo@home.example", "phone": "+49 30 5550111"},
    "cy": {"email": "cy@home.example", "phone": "+49 30 5550177"},
}
CHANNELS = st.sampled_from(("sms", "email"))
KNOWN = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from(("en", "it")),
        "zone": st.just("Europe/Paris"),
        "opted_out": st.sampled_from(([], ["sms"], ["email"])),
        "consent": st.sampled_from(({"sms": False}, {"email": True})),
        "as_of": st.integers(-3, 3),
    },
)
LIKES = st.fixed_dictionaries({"channels": st.sampled_from((["sms"], ["email"]))})
WORDS = st.one_of(
    st.tuples(st.just("prefer"), st.fixed_dictionaries({"language": st.sampled_from(("de", "fr"))})),
    st.tuples(st.just("prefer"), LIKES),
    st.tuples(st.just("moved_zone"), st.fixed_dictionaries({"zone": st.sampled_from(("Asia/Tokyo", "UTC"))})),
    st.tuples(st.just("new_address"), st.fixed_dictionaries({"chat": st.sampled_from(("a", "b"))})),
    st.tuples(st.sampled_from(("opt_out", "opt_in")), st.fixed_dictionaries({"channel": CHANNELS})),
    st.tuples(st.just("known"), KNOWN),
    st.tuples(st.just("fails"), st.sampled_from(("email", "sms", "live"))),
)
PERSON = st.sampled_from(WHO)
ACTS = st.one_of(
    st.tuples(PERSON, WORDS),
    st.tuples(st.just("merge"), st.tuples(PERSON, PERSON)),
    st.tuples(st.just("separate"), st.tuples(PERSON, st.just(""))),
)


class Town(Families):
    """A crowd in which each act is done before the next."""

    def say(self, who: str, trigger: str, said: Any) -> None:
        """One act, and all that follows."""
        key = f"customer:{who}"
        if trigger == "fails":
            mark = address_mark(ADDRESSES[who], said)
            self.post(
                key, "address_failed", {"channel": said, "mark": mark, "code": "5.1.1"}, source="/makegood"
            )
        else:
            said = dict(said)
            if "as_of" in said:
                said["as_of"] = (self.now + timedelta(minutes=said["as_of"])).isoformat()
            self.post(key, trigger, said)
        self.settle()


def town_of_three(pick: Callable[[list[str]], str]) -> Town:
    town = Town(pick)
    for who in WHO:
        town.say(who, "known", {"name": who, "account": who, **ADDRESSES[who]})
        town.now += timedelta(minutes=1)
    return town


def what_is_theirs(town: Town, who: str) -> dict[str, Any]:
    data = town.subjects[f"customer:{who}"].data
    profile = {
        name: value
        for name, value in data["customer"].items()
        if name not in ("resting", "consent", "opted_out")
    }
    refused = {one for one in data["customer"].get("opted_out", ())}
    consent = data["customer"].get("consent") or {}
    return {
        "profile": profile,
        "refused": refused,
        "consent": consent,
        "told": data["told"],
        "consents": data["consents"],
    }


def part_all(town: Town) -> None:
    """Until nobody is one with another: who came by somebody goes along with them at first."""
    while merged := [who for who in WHO if "into" in town.subjects[f"customer:{who}"].data]:
        town.say(merged[0], "separate", {"reason": "a couple", "by": "zoe"})
        town.now += timedelta(minutes=1)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_after_all_are_separated_each_is_who_they_would_have_been(
    acts: list[tuple[str, Any]], random: Random
) -> None:
    together, apart = town_of_three(random.choice), town_of_three(lambda keys: keys[0])
    for act, said in acts:
        if act == "merge":
            together.say(said[0], "merge", {"into": f"customer:{said[1]}", "by": "zoe"})
        elif act == "separate":
            together.say(said[0], "separate", {"reason": "a couple", "by": "zoe"})
        else:
            together.say(act, *said)
            apart.say(act, *said)
        together.now = apart.now = together.now + timedelta(minutes=1)
    part_all(together)
    for who in WHO:
        assert what_is_theirs(together, who) == what_is_theirs(apart, who)
        rested, rest = (town.subjects[f"customer:{who}"].data["customer"] for town in (apart, together))
        assert all(rests(rest, one) for one in ("email", "sms", "live") if rests(rested, one))
