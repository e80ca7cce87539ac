"""Who a customer is and what they wish, told with `decide` alone."""

from datetime import timedelta
from typing import Any

import pytest

from state_machines.catalog import load_catalog
from state_machines.decide import apply_decision, decide
from state_machines.decision import Event, Outcome
from state_machines.subject import Subject
from tests.state_machines.story_world import START, World, text_of
from workflow.recovery.contact.identities import fingerprint, identities

CRM, LISTENER, SHOP = "customer:C-7", "customer:mastodon-ada", "customer:web-31"
ADA = {"name": "Ada", "account": "C-7", "email": "Ada@Shop.example", "zone": "Europe/Berlin"}
HANDLE = [{"kind": "mastodon", "value": "@Ada"}]


def wrote(world: World, key: str, words: str = "It is broken", **more: Any) -> None:
    world.send(key, "reach_out", words=words, **more)


def cases(world: World) -> list[str]:
    return [key for key in world.subjects if key.startswith("case:")]


def words(world: World, case: str) -> list[str]:
    return [one["words"] for one in world.data(case)["contacts"]]


def holders(world: World, identity: str = "") -> list[str]:
    """Who is known by an identity."""
    return [one["customer"] for one in world.data(identity or NUMBER)["holders"]]


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("email", ["Ada@Shop.example", " ada@shop.EXAMPLE ", "mailto:ada@shop.example"]),
        ("phone", ["+49 30 123456", "0049 (0)30/123-456", "tel:+4930123456", "+49 (0) 30 12 34 56"]),
        (
            "email",
            [
                "Ada Roth <ada@shop.example>",
                "ADA@shop.example.",
                "<ada@shop.example>",
                "mailto:ada@shop.example?subject=x",
                "Ada@shop.example (Ada Roth)",
                "Ada Roth [mailto:ada@shop.example]",
                "Ada <mailto:ada@shop.example>",
                "'ada@shop.example';",
                "\u200bada@shop.example",
            ],
        ),
        ("email", ["ada@b\u00fccher.example", "Ada@xn--bcher-kva.example"]),
        ("mastodon", ["@Ada", "ada", " ADA "]),
    ],
)
def test_one_identity_has_one_fingerprint_however_it_is_spelt(kind: str, spellings: list[str]) -> None:
    assert len({fingerprint(kind, one) for one in spellings}) == 1
    assert fingerprint(kind, "somebody-else-12345") != fingerprint(kind, spellings[0])
    assert "ada" not in fingerprint(kind, spellings[0]) and "3012" not in fingerprint(kind, spellings[0])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("email", " "), ("phone", "no number"), ("phone", "12"), ("phone", "0000000000"), ("", "x")),
        *(
            ("account", "N/A"),
            ("account", "-"),
            ("account", "000"),
            ("account", "Unknown"),
            ("email", "none"),
            ("social", "@"),
        ),
    ],
)
def test_what_is_no_identity_has_no_fingerprint(kind: str, value: str) -> None:
    assert fingerprint(kind, value) == ""


def test_addresses_that_only_look_alike_are_two() -> None:
    for one, other in (
        ("ada@x.example", "ada+shop@x.example"),
        ("stra\u00dfe@x.example", "strasse@x.example"),
    ):
        assert fingerprint("email", one) != fingerprint("email", other)


def test_a_number_is_a_number_by_whatever_name_a_source_lists_it() -> None:
    listed = [
        {"kind": kind, "value": "+49 30 5550100"}
        for kind in ("Phone", "telephone", "mobile", "WhatsApp", "tel")
    ]
    (one,) = identities({"identities": listed, "phone": "0049 30 5550100"})
    assert (one["kind"], one["identifies"]) == ("phone", False)
    assert [
        one["identifies"] for one in identities({"identities": [{"kind": "E-Mail", "value": "a@b.example"}]})
    ] == [False]


def test_what_somebody_writes_opens_one_case_and_then_belongs_to_it() -> None:
    world = World()
    wrote(world, SHOP, email="ada@shop.example", channel="email", part="modem")
    assert world.state(SHOP) == "known"
    (case,) = cases(world)
    assert case == "case:web-31-1" == world.data(SHOP)["case"]
    assert world.data(case)["customer"]["key"] == SHOP
    wrote(world, SHOP, "Still broken", channel="email")
    assert cases(world) == [case] and words(world, case)[-1] == "Still broken"
    assert world.refused == []


def test_the_same_post_over_two_sources_is_one() -> None:
    world = World()
    for key in (LISTENER, SHOP, LISTENER):
        wrote(world, key, identities=HANDLE, source_id="post-1", channel="social", network="mastodon")
    (case,) = cases(world)
    assert len(words(world, case)) <= 1


def test_one_persons_posts_on_three_networks_are_one_case() -> None:
    world = World()
    for network in ("mastodon", "x", "insta"):
        wrote(
            world, f"customer:{network}-ada", f"from {network}", identities=HANDLE,
            channel="social", network=network, reach=100, source_id=f"{network}-1",
        )  # fmt: skip
        world.wait("PT10S")
    assert cases(world) == ["case:mastodon-ada-1"]
    assert words(world, cases(world)[0])[-2:] == ["from x", "from insta"]
    assert [world.state(f"customer:{one}-ada") for one in ("mastodon", "x", "insta")] == [
        "known",
        "merged",
        "merged",
    ]
    assert world.refused == []


def test_the_older_of_two_stays_and_hears_everything_that_the_younger_hears() -> None:
    world = World()
    world.send(CRM, "known", **ADA)
    world.wait("PT1H")
    wrote(world, LISTENER, identities=HANDLE, channel="social")
    assert cases(world) == ["case:mastodon-ada-1"]
    world.send(LISTENER, "known", account="c-7")  # now it shows who it is
    assert (world.state(LISTENER), world.data(LISTENER)["into"]) == ("merged", CRM)
    assert world.data(CRM)["case"] == "case:mastodon-ada-1", "the open case is theirs"
    assert world.data("case:mastodon-ada-1")["customer"]["name"] == "Ada", "and knows who it is for"
    wrote(world, LISTENER, "And another thing", identities=HANDLE)
    wrote(world, CRM, "By telephone")
    assert cases(world) == ["case:mastodon-ada-1"]
    assert words(world, "case:mastodon-ada-1")[-2:] == ["And another thing", "By telephone"]
    world.send(LISTENER, "opt_out", channel="sms")
    assert world.data(CRM)["customer"]["opted_out"] == ["sms"]
    assert world.data("case:mastodon-ada-1")["customer"]["opted_out"] == ["sms"]
    world.send(LISTENER, "case_closed", case="case:mastodon-ada-1")
    assert "case" not in world.data(CRM), "what its own case tells it, the older one hears"
    wrote(world, LISTENER, "A year later")
    assert world.data(CRM)["case"] == "case:C-7-1"
    assert world.refused == []


def test_who_is_known_by_two_others_shows_that_those_two_are_one() -> None:
    world = World()
    world.send(CRM, "known", account="C-7")
    world.wait("PT1M")
    world.send(SHOP, "known", identities=[{"kind": "phone", "value": "+49 30 123456", "identifies": True}])
    world.wait("PT1M")
    wrote(
        world,
        LISTENER,
        identities=[
            {"kind": "account", "value": "c-7"},
            {"kind": "phone", "value": "0049 30 123456", "identifies": True},
        ],
    )
    assert [world.state(key) for key in (CRM, SHOP, LISTENER)] == ["known", "merged", "merged"]
    assert world.data(SHOP)["into"] == CRM
    assert set(world.data(CRM)["merged"]) == {SHOP, LISTENER}
    assert cases(world) == ["case:C-7-1"]
    identity = f"identity:{fingerprint('phone', '+4930123456')}"
    assert holders(world, identity) == [CRM], "next time the answer is short"
    assert world.refused == []


def test_two_open_cases_of_one_person_know_of_each_other_and_the_next_knows_the_last() -> None:
    world = World()
    for key in (CRM, LISTENER):
        wrote(world, key)
        world.wait("PT1S")
    world.send(CRM, "merge", into=LISTENER, by="anna@shop.example")
    assert world.data("case:C-7-1")["related"] == ["case:mastodon-ada-1"]
    assert world.data("case:mastodon-ada-1")["related"] == ["case:C-7-1"]
    wrote(world, LISTENER, "which of them?")
    assert words(world, "case:C-7-1")[-1] == "which of them?", "what comes now belongs to the older one's"
    world.send(CRM, "case_closed", case="case:C-7-1")
    wrote(world, CRM, "Again")
    assert world.data(world.data(CRM)["case"])["related"] != []
    assert world.refused == []


def test_a_person_may_say_that_two_are_one_and_it_never_goes_round() -> None:
    for first, other in ((CRM, SHOP), (SHOP, CRM)):
        world = World()
        world.send(CRM, "known", name="Ada")
        world.wait("PT1S")
        world.send(SHOP, "known", name="Ada L.")
        world.send(first, "merge", into=other, by="anna@shop.example")
        world.send(other, "merge", into=first, by="anna@shop.example")
        assert (world.state(CRM), world.state(SHOP)) == ("known", "merged")
        assert world.data(CRM)["customer"]["name"] == "Ada"


def test_how_old_another_is_counts_only_when_that_one_says_it() -> None:
    """Else two could be sent into each other, and whatever they hear would go round for ever."""
    world, long_ago = World(), "2001-01-01T00:00:00Z"
    world.send(CRM, "known", name="Ada")
    world.wait("PT1S")
    world.send(SHOP, "known", name="Ada L.")
    world.send(CRM, "merge", into=SHOP, since=long_ago, by="anna@shop.example")
    assert (world.state(CRM), world.state(SHOP)) == ("known", "merged")
    world.send(SHOP, "merge", into="customer:none", since=long_ago, by="anna@shop.example")
    assert world.state(CRM) == "known"
    for forged in ("identity_answered", "take_over"):
        said = {
            "identity": "identity:x",
            "customer": SHOP,
            "since": long_ago,
            "profile": {},
            "identities": [],
        }
        said |= {"posts": [], "cases": [], "merged": []}
        assert world.send(CRM, forged, **said).outcome is Outcome.REFUSED
    assert world.send("identity:x", "claim", customer=CRM, since=long_ago).outcome is Outcome.REFUSED


def test_in_doubt_for_a_minute_it_goes_on_with_what_it_knows() -> None:
    lifecycle, data = load_catalog()["customer"], {"words": "It is broken", "email": "ada@shop.example"}
    event, doubtful = Event("reach_out", "e1", "/test", START, data), Subject(SHOP, "customer", 1)
    asked = decide(lifecycle, doubtful, event, START)
    assert (asked.dest, [effect.trigger for effect in asked.effects]) == ("identifying", ["claim"])
    (doubt,) = asked.timers_set
    assert doubt.due_at == START + timedelta(minutes=1)
    doubtful = apply_decision(doubtful, event, asked, START)
    ends = Event(
        "in_doubt_no_longer", "t", "/makegood/timers", doubt.due_at, timer="doubt", setting=doubt.setting
    )
    goes_on = decide(lifecycle, doubtful, ends, doubt.due_at)
    assert (goes_on.dest, [effect.to for effect in goes_on.effects]) == ("known", ["case:web-31-1"])


@pytest.mark.parametrize(
    ("trigger", "said", "knows"),
    [
        ("prefer", {"channels": ["sms"], "language": "de"}, {"channels": ["sms"], "language": "de"}),
        ("prefer", {"caps": {"per": "P1D", "most": 2}}, {"caps": {"per": "P1D", "most": 2}}),
        ("moved_zone", {"zone": "America/New_York"}, {"zone": "America/New_York"}),
        ("new_address", {"phone": "+1 212 555 0100"}, {"phone": "+1 212 555 0100"}),
        ("opt_out", {"channel": "sms"}, {"opted_out": ["sms"]}),
        ("opt_in", {"channel": "sms"}, {"opted_out": [], "consent": {"sms": True}}),
        ("known", {"email": ""}, {"email": ""}),
    ],
)
def test_what_they_wish_is_known_to_their_open_case_at_once(
    trigger: str, said: dict[str, Any], knows: dict[str, Any]
) -> None:
    world = World()
    world.send(CRM, "known", **ADA)
    wrote(world, CRM)
    world.send(CRM, trigger, **said)
    told = world.data("case:C-7-1")["customer"]
    assert knows.items() <= told.items()
    assert told == world.data(CRM)["customer"] and told["name"] == "Ada"
    assert world.refused == []


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("prefer", {"channels": ["email"]}),
        ("moved_zone", {"zone": "Europe/Berlin"}),
        ("opt_out", {"channel": "email"}),
        ("opt_in", {"channel": "email"}),
        ("new_address", {"url": "https://shop.example"}),
        ("new_address", {"email": "ada@shop.example"}),
    ],
)
def test_a_wish_may_be_the_first_thing_we_hear_of_somebody(trigger: str, said: dict[str, Any]) -> None:
    world = World()
    world.send(CRM, trigger, **said)
    assert world.state(CRM) == "known" and world.data(CRM)["customer"]["key"] == CRM
    assert world.data(CRM)["since"] == text_of(START)


def test_hours_that_nobody_can_read_are_refused_and_the_old_ones_stay() -> None:
    world = World()
    world.send(CRM, "known", **ADA, quiet_hours="21:00-08:00")
    assert world.send(CRM, "prefer", quiet_hours="after tea").outcome is Outcome.REFUSED
    assert world.send(CRM, "prefer", window="22:00-23:00").outcome is Outcome.REFUSED, (
        "nothing of the day is left"
    )
    assert world.data(CRM)["customer"]["quiet_hours"] == "21:00-08:00"


def test_an_identity_that_is_given_up_belongs_to_whoever_claims_it_next() -> None:
    world = World()
    world.send(CRM, "known", phone="+49 30 123456")
    identity = f"identity:{fingerprint('phone', '+4930123456')}"
    world.send(identity, "release", reason="the number was given to somebody else", by="anna@shop.example")
    world.send(SHOP, "known", phone="+49 30 123456")
    assert world.state(SHOP) == "known" and holders(world, identity) == [SHOP]


PHONE, NUMBER = "+49 30 123456", f"identity:{fingerprint('phone', '+4930123456')}"


def released(world: World) -> None:
    """The shop's customer had the number, and has it no longer."""
    world.send(SHOP, "known", phone=PHONE, name="Cy")
    world.wait("PT1M")
    wrote(world, SHOP)
    world.send(NUMBER, "release", reason="the number was given to somebody else", by="anna@shop.example")


def test_a_number_that_somebody_else_has_by_now_makes_nobody_one_with_them() -> None:
    world, other = World(), "customer:app-9"
    world.send(CRM, "known", **ADA)
    world.wait("PT1H")
    released(world)
    world.send(LISTENER, "known", phone=PHONE, name="Di")
    world.wait("PT1M")
    world.send(SHOP, "merge", into=CRM, by="anna@shop.example")
    assert (world.state(SHOP), holders(world)) == ("merged", [LISTENER])
    wrote(world, other, phone=PHONE)
    assert (world.state(other), world.data(other)["writes_for"]) == ("known", LISTENER), (
        "it is theirs, and not B's"
    )
    assert (world.state(CRM), world.state(LISTENER)) == ("known", "known")
    assert world.refused == []


def test_a_number_that_nobody_has_any_more_goes_along_with_nobody() -> None:
    world = World()
    world.send(CRM, "known", **ADA)
    world.wait("PT1H")
    released(world)
    world.send(SHOP, "merge", into=CRM, by="anna@shop.example")
    assert world.state(NUMBER) == "free"
    wrote(world, LISTENER, phone=PHONE)
    assert (world.state(LISTENER), holders(world)) == ("known", [LISTENER])
    assert world.refused == []


def test_whoever_had_a_number_is_not_called_by_it_any_more() -> None:
    world = World()
    released(world)
    assert world.data(SHOP)["identities"] == [] and world.data(SHOP)["customer"]["phone"] == ""
    assert world.data(cases(world)[0])["customer"]["phone"] == "", "their case knows it"
    assert world.refused == []


def test_whoever_had_a_number_and_has_another_one_is_called_by_that() -> None:
    world = World()
    world.send(SHOP, "known", phone=PHONE)
    world.send(SHOP, "new_address", phone="+49 30 777777")
    world.send(NUMBER, "release", by="anna@shop.example")
    assert world.data(SHOP)["customer"]["phone"] == "+49 30 777777"
    assert [one["key"] for one in world.data(SHOP)["identities"]] != [NUMBER]
    assert world.refused == []


def test_a_source_that_still_names_the_old_number_makes_no_one_person_of_two() -> None:
    world = World()
    released(world)
    world.send(LISTENER, "known", phone=PHONE, name="Di")
    world.wait("PT1M")
    world.send(SHOP, "known", phone=PHONE)
    assert (world.state(SHOP), world.state(LISTENER)) == ("known", "known")
    assert holders(world) == [LISTENER]
    assert world.refused == []


def test_identities_go_along_through_several_who_are_one() -> None:
    world = World()
    for key, said in ((CRM, ADA), (LISTENER, {"identities": HANDLE}), (SHOP, {"phone": PHONE})):
        world.send(key, "known", **said)
        world.wait("PT1M")
    world.send(SHOP, "merge", into=LISTENER, by="anna@shop.example")
    world.send(LISTENER, "merge", into=CRM, by="anna@shop.example")
    assert holders(world) == [CRM]
    assert world.data(CRM)["merged"] == [LISTENER, SHOP]
    assert world.refused == []


ONE, TWO = "customer:1", "customer:2"
SHARED = "+49 30 5550100"


def couple(**more: Any) -> World:
    """Ada and Ben behind one telephone, each with an account of their own."""
    world = World()
    world.send(ONE, "known", name="Ada", account="A-1", email="ada@home.example", phone=SHARED)
    world.wait("PT1M")
    world.send(TWO, "known", **{"name": "Ben", "account": "B-2", "email": "ben@home.example"}, phone=SHARED)
    return world


def likenesses(world: World) -> list[str]:
    return [key for key in world.subjects if key.startswith("likeness:")]


def test_two_people_behind_one_telephone_are_two_people() -> None:
    world = couple()
    assert (world.state(ONE), world.state(TWO)) == ("known", "known")
    assert likenesses(world) == [], "their accounts say that they are two, and nobody need be asked"
    wrote(world, TWO, "Your medical bill is wrong")
    assert world.data("case:2-1")["customer"]["email"] == "ben@home.example"
    world.send(TWO, "known", name="Benjamin", email="benjamin@home.example")
    assert world.data(ONE)["customer"]["name"] == "Ada"
    assert world.data(ONE)["customer"]["email"] == "ada@home.example"
    assert world.refused == []


def test_who_is_only_reached_alike_is_put_before_a_person_once() -> None:
    world = World()
    world.send("team:desk", "set", members=["zoe@shop.example"])
    world.send(ONE, "known", name="Ada", phone=SHARED)
    world.wait("PT1M")
    world.send(TWO, "known", name="A. L.", phone=SHARED)
    (pair,) = likenesses(world)
    assert world.state(pair) == "likely"
    (told,) = world.notices("nudge")
    assert told.notice.to == "zoe@shop.example"
    world.send(TWO, "known", name="A. L.", phone=SHARED, email="a@home.example")
    world.send(pair, "not_the_same", by="zoe@shop.example", reason="a couple")
    assert world.state(pair) == "different"
    world.send(ONE, "known", email="a@home.example")
    assert (world.state(pair), len(world.notices("nudge"))) == ("different", 1)
    assert (world.state(ONE), world.state(TWO)) == ("known", "known")
    assert world.refused == []


def test_what_a_person_has_merged_a_person_separates_and_both_are_as_they_were() -> None:
    world = World()
    world.send(ONE, "known", name="Ada", phone=SHARED, email="ada@home.example")
    world.wait("PT1M")
    wrote(world, ONE, "The line is dead")
    world.send(TWO, "known", name="Ben", phone=SHARED, language="de", opted_out=["sms"])
    wrote(world, TWO, "The bill is wrong", owner="anna@shop.example")
    (pair,) = likenesses(world)
    world.send(pair, "merge", by="zoe@shop.example", reason="one of the two is a nickname")
    assert (world.state(pair), world.state(TWO), world.data(TWO)["into"]) == ("same", "merged", ONE)
    assert world.data("case:2-1")["customer"]["name"] == "Ada"
    (record,) = world.data(ONE)["joined"]
    assert record["because"]["by"] == "zoe@shop.example" and record["profile"]["name"] == "Ben"
    assert record["cases"] == ["case:2-1"] and record["identities"][0]["kind"] == "phone"
    world.send(TWO, "known", email="ben@home.example")
    wrote(world, TWO, "And another thing")
    world.send("case:2-1", "word", words="It is corrected", by="anna@shop.example")
    world.wait("P1D")
    world.send(TWO, "separate", by="zoe@shop.example", reason="a couple")
    assert (world.state(ONE), world.state(TWO), world.state(pair)) == ("known", "known", "different")
    ada, ben = world.data(ONE)["customer"], world.data(TWO)["customer"]
    assert (ada["name"], ada["email"], ada.get("language"), ada.get("opted_out", [])) == (
        "Ada",
        "ada@home.example",
        None,
        [],
    )
    assert (ben["name"], ben["email"], ben["language"], ben["opted_out"]) == (
        "Ben", "ben@home.example", "de", ["sms"],
    )  # fmt: skip
    assert world.data(ONE)["open_cases"] == ["case:1-1"] == world.data(ONE)["cases"]
    assert world.data(TWO)["open_cases"] == ["case:2-1"] == world.data(TWO)["cases"]
    assert world.data("case:2-1")["customer"] == ben and world.data("case:1-1")["customer"] == ada
    told = [one for one in world.told if "is another customer's" in one.notice.title]
    assert [one.sender for one in told] == ["case:2-1"] and "It is corrected" in str(told[0].notice)
    number = f"identity:{fingerprint('phone', SHARED)}"
    assert sorted(holders(world, number)) == [ONE, TWO]
    assert holders(world, f"identity:{fingerprint('email', 'ben@home.example')}") == [TWO]
    world.send(TWO, "known", name="Benjamin")
    assert world.data("case:2-1")["customer"]["name"] == "Benjamin"
    assert world.data("case:1-1")["customer"]["name"] == "Ada" == world.data(ONE)["customer"]["name"]
    wrote(world, TWO, "Still wrong")
    assert words(world, "case:2-1")[-1] == "Still wrong"
    assert world.refused == []


def test_when_one_of_two_open_cases_closes_the_other_one_is_the_open_one() -> None:
    world = World()
    for key in (CRM, LISTENER):
        wrote(world, key)
        world.wait("PT1S")
    world.send(CRM, "merge", into=LISTENER, by="anna@shop.example")
    assert world.data(CRM)["open_cases"] == ["case:mastodon-ada-1", "case:C-7-1"]
    wrote(world, CRM, "About the second", case="case:mastodon-ada-1")
    assert words(world, "case:mastodon-ada-1")[-1] == "About the second"
    wrote(world, CRM, "And once more")
    assert words(world, "case:mastodon-ada-1")[-1] == "And once more", "what they wrote about last"
    world.send(CRM, "case_closed", case="case:mastodon-ada-1")
    assert world.data(CRM)["case"] == "case:C-7-1"
    wrote(world, LISTENER, "What of the first?")
    assert words(world, "case:C-7-1")[-1] == "What of the first?"
    assert cases(world) == ["case:C-7-1", "case:mastodon-ada-1"]
    assert world.refused == []


def test_a_letter_from_an_address_that_two_have_goes_to_neither() -> None:
    world, letter = World(), "customer:mail-77"
    world.send(ONE, "known", name="Ada", account="A-1", email="home@home.example")
    world.wait("PT1M")
    wrote(world, letter, email="home@home.example", source_id="m1", name="Somebody")
    assert (world.state(letter), cases(world)) == ("known", ["case:1-1"]), "one alone has it"
    assert world.data(ONE)["customer"]["name"] == "Ada"
    world.send(ONE, "case_closed", case="case:1-1")
    world.send(TWO, "known", name="Ben", account="B-2", email="home@home.example")
    wrote(world, letter, email="home@home.example", source_id="m2")
    assert cases(world) == ["case:1-1", "case:mail-77-1"]
    assert world.data("case:mail-77-1")["facts"] == {"who_it_may_be": [ONE, TWO]}
    assert world.refused == []


def chain() -> World:
    """Three, the third of whom is the second, who is the first: by what persons say."""
    world = World()
    for key, name in ((ONE, "Ada"), (TWO, "Ben"), ("customer:3", "Cy")):
        world.send(key, "known", name=name, account=name)
        wrote(world, key, f"{name} writes")
        world.wait("PT1M")
    return world


@pytest.mark.parametrize("first", ["the older two", "the younger two"])
def test_whoever_came_with_somebody_goes_along_with_them(first: str) -> None:
    world, cy = chain(), "customer:3"
    pairs = [(TWO, ONE), (cy, TWO)]
    for one, other in pairs if first == "the older two" else reversed(pairs):
        world.send(one, "merge", into=other, by="zoe@shop.example")
    assert [world.state(key) for key in (ONE, TWO, cy)] == ["known", "merged", "merged"]
    assert sorted(world.data(ONE)["merged"]) == [TWO, cy]
    world.send(TWO, "separate", by="zoe@shop.example", reason="they are not Ada")
    assert [world.state(key) for key in (ONE, TWO, cy)] == ["known", "known", "merged"]
    assert (world.data(cy)["into"], world.data(ONE)["merged"], world.data(TWO)["merged"]) == (TWO, [], [cy])
    assert world.data(ONE)["cases"] == ["case:1-1"]
    assert sorted(world.data(TWO)["cases"]) == ["case:2-1", "case:3-1"]
    assert [world.data(f"case:{n}-1")["customer"]["key"] for n in (1, 2, 3)] == [ONE, TWO, TWO]
    world.send(cy, "separate", by="zoe@shop.example", reason="nor are they Ben")
    assert [world.state(key) for key in (ONE, TWO, cy)] == ["known", "known", "known"]
    assert [world.data(f"case:{n}-1")["customer"]["name"] for n in (1, 2, 3)] == ["Ada", "Ben", "Cy"]
    assert world.refused == []


def test_the_last_of_a_chain_is_separated_through_the_one_between() -> None:
    world, cy = chain(), "customer:3"
    world.send(cy, "merge", into=TWO, by="zoe@shop.example")
    world.send(TWO, "merge", into=ONE, by="zoe@shop.example")
    wrote(world, cy, "Cy once more")
    world.send(ONE, "separate", customer=cy, by="zoe@shop.example", reason="somebody else")
    assert [world.state(key) for key in (ONE, TWO, cy)] == ["known", "merged", "known"]
    assert world.data(ONE)["merged"] == [TWO] == [one["customer"] for one in world.data(ONE)["joined"]]
    assert world.data(TWO)["merged"] == [] == world.data(TWO)["joined"]
    assert world.data("case:3-1")["customer"]["key"] == cy
    assert world.data(ONE)["customer"]["name"] == "Ada" and world.data(cy)["customer"]["name"] == "Cy"
    assert world.refused == []


def test_a_case_that_was_opened_while_they_were_one_goes_to_whoever_wrote_it() -> None:
    world = World()
    for key, name in ((ONE, "Ada"), (TWO, "Ben")):
        world.send(key, "known", name=name)
        world.wait("PT1M")
    world.send(TWO, "merge", into=ONE, by="zoe@shop.example")
    wrote(world, TWO, "Ben's line is dead")
    world.send(TWO, "separate", by="zoe@shop.example", reason="a couple")
    assert world.data("case:1-1")["customer"]["name"] == "Ben"
    assert (world.data(ONE)["cases"], world.data(TWO)["cases"]) == ([], ["case:1-1"])
    wrote(world, TWO, "Still dead")
    wrote(world, ONE, "My bill")
    assert words(world, "case:1-1")[-1] == "Still dead"
    assert world.data(ONE)["case"] == "case:1-2"
    assert world.data("case:1-2")["customer"]["name"] == "Ada"
    world.send(ONE, "known", language="de")
    assert world.data("case:1-1")["customer"].get("language") is None, "it is not Ada's any more"
    assert world.refused == []
