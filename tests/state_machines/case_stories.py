"""How far a case has come: the beginnings that stories about cases share."""

from typing import Any

from tests.state_machines.story_world import World

CASE = "case:C-1"
ANNA, BEN, DORA, ZOE = (f"{name}@shop.example" for name in ("anna", "ben", "dora", "zoe"))
CUSTOMER = {"name": "Chris", "email": "chris@home.example", "phone": "+49 30 1234", "zone": "Europe/Berlin"}
WHAT = {
    "part": "modem",
    "when": "since Monday",
    "tried": "He called twice.",
    "answered": "Reboot it.",
    "not_enough": "It had been rebooted.",
}
WHY = {
    "expectations": "None were agreed.",
    "checked_in": "No.",
    "answered_at_once": "No.",
    "verified": "No.",
    "over_promised": "Yes, a day.",
    "cause": "training",
}
DIFFERENT = {
    "process": "Dispatch says it when it is late.",
    "empowered": "The desk may book.",
    "right_people": "Yes.",
}


def opened(**more: Any) -> World:
    """Chris has told Ben of a dead line; Anna answers for it."""
    world = World()
    world.send(
        CASE, "open", **{"customer": CUSTOMER, "words": "The line is dead", "owner": ANNA, "by": BEN} | more
    )
    return world


def planning(**more: Any) -> World:
    """Chris is calm."""
    world = opened(**more)
    world.send(CASE, "acknowledge", by=ANNA, understood="Your line is dead since Monday.")
    world.send(CASE, "calm", by=ANNA)
    return world


def acting(**more: Any) -> World:
    """The plan with its two halves is agreed."""
    world = planning(**more)
    world.send(CASE, "plan", fix="A new modem", prevent="Dispatch says it when it is late", by=ANNA)
    world.send(CASE, "agree", by=ANNA)
    return world


def verified(**more: Any) -> World:
    """It is done, and works."""
    world = acting(**more)
    world.send(CASE, "deliver", by=ANNA, evidence="line test 12")
    world.send(CASE, "check_in_answered", ok=True, words="It works")
    return world


def documented(**more: Any) -> World:
    """And written down."""
    world = verified(**more)
    world.send(CASE, "document", what=WHAT, why=WHY, different=DIFFERENT, by=ANNA)
    return world
