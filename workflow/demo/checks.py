"""What several stories check of their endings, each seen from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo

from state_machines.calendars.quiet_hours import QuietHours, next_allowed
from state_machines.values.instants import parse_instant, zone
from workflow.demo.scene import Scene
from workflow.maintenance.check_result import CheckResult

Check = Callable[[Scene], Iterator[CheckResult]]


def lapsed_on_time(name: str) -> Check:
    """The first promise of this name lapsed once, by its own timer, and not before its deadline."""

    def check(scene: Scene) -> Iterator[CheckResult]:
        promise = scene.named(name)[0]
        due = parse_instant(promise["data"]["due_at"])
        lapses = [entry for entry in promise["timeline"] if entry["trigger"] == "lapse"]
        fired = [parse_instant(entry["at"]) for entry in lapses]
        by_timer = all(entry["cause"] == "timer" for entry in lapses)
        words = f"due {_hour(due)} UTC, lapsed {', '.join(map(_hour, fired)) or 'never'}"
        well = len(lapses) == 1 and by_timer and fired[0] >= due
        yield CheckResult("lapse", well, words + ("" if by_timer else ", and not by its timer"))

    return check


def hours_kept(name: str) -> Check:
    """Nobody claimed a call of this name outside of the customer's window or in their quiet hours."""

    def check(scene: Scene) -> Iterator[CheckResult]:
        for callback in scene.named(name):
            customer = callback["data"]["customer"]
            here = zone(customer["zone"])
            wishes = QuietHours.parse(customer.get("quiet_hours"), customer.get("window"))
            claims = [parse_instant(one["at"]) for one in callback["timeline"] if one["to"] == "claimed"]
            outside = [_hour(at, here) for at in claims if next_allowed(at, wishes, customer["zone"]) != at]
            words = f"called at {', '.join(_hour(at, here) for at in claims) or 'no time'}"
            words += f"; the customer's hours: {', '.join(customer.get('window', ['any']))}"
            yield CheckResult(
                "hours", not outside, words + (f"; outside of them: {outside}" if outside else "")
            )

    return check


def _hour(at: datetime, here: tzinfo = UTC) -> str:
    return at.astimezone(here).strftime("%H:%M")
