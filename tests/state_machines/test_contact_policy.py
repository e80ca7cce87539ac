"""The route of a notice: whatever a customer has said, it holds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state_machines.notices import channels
from state_machines.notices.topics import Topic, topic_of
from workflow.recovery.contact.channels import written
from workflow.recovery.contact.policy import Digest, Go, History, NoWay, Route, Wait, route
from workflow.recovery.contact.profile import contact_fault
from workflow.recovery.vocabulary import ABOUT

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA = {"name": "Ada", "email": "ada@shop.example", "phone": "+4930123456", "channels": ["sms", "email"]}
DAILY = {"caps": {"per": "P1D", "most": 2}}


def history(sent: Sequence[datetime], waiting: int = 0) -> History:
    """Of a customer to whom messages went at these instants, in order."""
    return History(lambda most: sent[-most:], waiting)


def routed(
    customer: Any,
    about: str = "news",
    channel: str = "preferred",
    sent: Sequence[datetime] = (),
    waiting: int = 0,
    **more: Any,
) -> Route:
    """At noon, for a customer with these particulars more."""
    to = {**customer, **more} if more else customer
    return route(topic_of({"about": about}), channel, to, NOON, history(sent, waiting))


@pytest.mark.parametrize(
    ("more", "channel", "tried"),
    [
        ({}, "preferred", ("sms", "email", "live")),
        ({}, "email", ("email", "sms", "live")),
        ({"channels": []}, "preferred", ("email", "sms", "live")),
        ({"channels": ["social", "email"]}, "preferred", ("email", "live")),
        ({"opted_out": ["sms"]}, "preferred", ("email", "live")),
        ({"opted_out": ["email"]}, "email", ("sms", "live")),
        ({"consent": {"sms": False}}, "preferred", ("email", "live")),
        ({"consent": {"sms": True}}, "preferred", ("sms", "email", "live")),
        ({"opted_out": ["live"]}, "preferred", ("sms", "email")),
        ({"opted_out": ["sms", "email"]}, "preferred", ("live",)),
        ({}, "live", ("live", "sms", "email")),
        ({"opted_out": ["live"]}, "live", ("sms", "email")),
        ({"opted_out": ["sms", "email"]}, "recording", ("recording",)),
    ],
)
def test_the_channels_in_the_order_the_customer_likes(
    more: dict[str, Any], channel: str, tried: tuple[str, ...]
) -> None:
    assert routed({**ADA, **more}, channel=channel) == Go(tried)


@pytest.mark.parametrize(
    ("to", "channel", "tried"),
    [
        ("ada@shop.example", "preferred", ("email",)),
        ("+49 30 123456", "preferred", ("sms",)),
        ("ada@shop.example", "email", ("email",)),
        ("+49 30 123456", "live", ("live",)),
    ],
)
def test_a_bare_address_has_one_channel(to: str, channel: str, tried: tuple[str, ...]) -> None:
    assert routed(to, channel=channel) == Go(tried)


def test_where_no_channel_is_usable_it_is_said() -> None:
    nobody = routed(ADA, opted_out=["sms", "email", "live"])
    assert isinstance(nobody, NoWay) and "preferred" in nobody.reason
    assert isinstance(routed({"name": "Ada"}), NoWay)


def test_wishes_that_nobody_can_read_keep_a_notice_from_going_out() -> None:
    assert routed(ADA, caps={"per": "soon", "most": 1}, channel="email") == NoWay(
        "to.caps.per: duration-form, so that nobody knows when to write"
    )


def test_a_colleague_is_never_called_instead() -> None:
    assert routed(ADA, about="nudge") == Go(("sms", "email"))
    assert isinstance(
        routed({"phone": "+4930123456"}, about="nudge", channel="email", opted_out=["sms"]), NoWay
    )


def test_a_cap_holds_what_is_not_urgent_until_the_oldest_message_is_old_enough() -> None:
    sent = [NOON - 30 * HOUR, NOON - 5 * HOUR, NOON - HOUR]
    wait = routed(ADA, **DAILY, sent=sent)
    assert wait == Wait(NOON + 19 * HOUR, "frequency cap of the recipient: 2 in P1D")
    assert isinstance(routed(ADA, **DAILY, sent=sent[:2]), Go)
    for urgent in ("broken_promise", "missed_appointment", "new_time"):
        assert isinstance(routed(ADA, about=urgent, **DAILY, sent=sent), Go)


def test_a_message_that_is_as_old_as_the_cap_is_long_counts_no_more() -> None:
    sent = [NOON - 24 * HOUR, NOON - HOUR]
    assert isinstance(routed(ADA, **DAILY, sent=sent), Go)
    younger = [NOON - 24 * HOUR + timedelta(microseconds=1), NOON - HOUR]
    assert isinstance(routed(ADA, **DAILY, sent=younger), Wait)


def test_a_cap_that_ends_in_the_night_holds_until_the_morning() -> None:
    hours = {"zone": "Europe/Berlin", "quiet_hours": "21:00-08:00"}
    wait = routed(ADA, **DAILY, **hours, sent=[NOON - 15 * HOUR, NOON - HOUR])
    assert isinstance(wait, Wait) and wait.until == datetime(2026, 3, 3, 7, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Mars/Base", "", None])
def test_in_a_zone_that_nobody_knows_it_is_quiet_at_any_time(zone: str | None) -> None:
    """At noon it is night for somebody: an unknown zone is no reason to write now."""
    wait = routed(ADA, about="broken_promise", zone=zone, quiet_hours="21:00-08:00")
    assert wait == Wait(NOON + timedelta(days=1), "quiet hours, and the recipient's zone is unknown")


def test_in_a_zone_that_nobody_knows_a_cap_holds_until_it_ends() -> None:
    wait = routed(ADA, **DAILY, zone="Mars/Base", sent=[NOON - 5 * HOUR, NOON - HOUR])
    assert wait == Wait(NOON + 19 * HOUR, "frequency cap of the recipient: 2 in P1D")


def test_what_waits_for_one_customer_goes_as_one_message_and_what_is_urgent_alone() -> None:
    assert routed(ADA, waiting=2) == Digest(("sms", "email", "live"))
    assert isinstance(routed(ADA, about="broken_promise", waiting=2), Go)


def test_a_call_is_not_held_up_by_quiet_hours_since_the_callback_keeps_to_them() -> None:
    night = {"zone": "UTC", "quiet_hours": "11:00-13:00", **DAILY}
    assert routed(ADA, channel="live", **night, sent=[NOON, NOON]) == Go(("live", "sms", "email"))


@pytest.mark.parametrize(
    ("wishes", "fault"),
    [
        ({"quiet_hours": "after tea"}, "quiet_hours"),
        ({"quiet_hours": "12:00-18:00", "window": "13:00-14:00"}, "quiet_hours"),
        ({"caps": {"per": "P1D", "most": 0}}, "caps.most"),
        ({"caps": {"per": "soon", "most": 1}}, "caps.per"),
        ({"caps": {"per": "P9999999D", "most": 1}}, "caps.per"),
        ({"zone": "Mars/Base"}, "zone"),
    ],
)
def test_wishes_that_nobody_can_read_are_named(wishes: dict[str, Any], fault: str) -> None:
    assert contact_fault({**ADA, **wishes}).startswith(fault)
    assert contact_fault(ADA) == ""


def _block(hours: tuple[int, int]) -> str:
    return f"{hours[0]:02}:00-{hours[1]:02}:00"


BLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1])
PLACES = st.lists(st.sampled_from([*written(), "live"]), max_size=4)
PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "email": st.just("ada@shop.example"),
        "phone": st.just("+4930123456"),
        "chat": st.just("@ada"),
        "social": st.just("@ada"),
        "channels": PLACES,
        "opted_out": PLACES,
        "consent": st.dictionaries(st.sampled_from([*written(), "live"]), st.booleans(), max_size=3),
        "zone": st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "", "Mars/Base"]),
        "quiet_hours": st.lists(BLOCKS.map(_block), max_size=2),
        "caps": st.fixed_dictionaries(
            {"per": st.sampled_from(["PT1H", "P1D", "P7D"]), "most": st.integers(1, 3)}
        ),
    },
)
INSTANTS = st.integers(0, 270 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
TOPICS = st.one_of(
    st.sampled_from(ABOUT),
    st.builds(Topic, st.just("recall"), colleagues=st.booleans(), urgent=st.booleans()),
)
AGES = st.lists(st.integers(1, 300), max_size=6)


@settings(deadline=None)
@given(PROFILES, TOPICS, st.sampled_from(["preferred", *channels.names()]), INSTANTS, AGES)
def test_never_in_quiet_hours_never_against_an_opt_out_never_beyond_a_cap(
    customer: dict[str, Any], topic: Topic, channel: str, now: datetime, ages: list[int]
) -> None:
    sent = sorted(now - hours * HOUR for hours in ages)
    found = route(topic, channel, customer, now, history(sent, waiting=1))
    if isinstance(found, Wait):
        assert found.until > now and found.reason
    if not isinstance(found, Go | Digest) or channel in ("recording", "dial"):
        return
    consent = customer.get("consent", {})
    for one in found.channels:
        assert one not in customer.get("opted_out", ())
        assert consent.get(one, True)
    is_written = found.channels[0] != "live"
    if is_written and (zone := customer.get("zone")) in (
        "Europe/Berlin",
        "Asia/Kathmandu",
        "America/St_Johns",
    ):
        hour = now.astimezone(ZoneInfo(zone)).hour
        for block in customer.get("quiet_hours", ()):
            first, last = int(block[:2]), int(block[6:8])
            assert not (first <= hour < last if first < last else hour >= first or hour < last)
    elif is_written:
        assert not customer.get("quiet_hours"), "where the zone is unknown it is quiet somewhere"
    if is_written and "caps" in customer and topic.may_wait:
        span = {"PT1H": HOUR, "P1D": 24 * HOUR, "P7D": 168 * HOUR}[customer["caps"]["per"]]
        assert sum(at > now - span for at in sent) < customer["caps"]["most"]
