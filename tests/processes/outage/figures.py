"""The table of an outage: what each heard, how often and how soon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import quantiles

from tests.processes.outage.playing import Played
from tests.processes.outage.records import CALL, Message
from tests.processes.outage.rules import ON_ITS_WAY, Outage


def table(played: Played) -> list[str]:
    """Its lines."""
    outage, records = played.outage, played.outage.records
    minutes = outage.interval.total_seconds() / 60
    unit = "" if minutes == 15 else f" (a quarter of an hour was played in {minutes * 60:g} s)"
    cpu = ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in sorted(played.cpu.items()))
    return [
        f"{len(outage.callers)} customers reported within {played.seconds:.0f} s{unit}, "
        f"{played.lasted:.0f} s in all",
        f"cases {_number(outage, 'case/')}, joined {len(records.joined)}, of another matter "
        f"{sum(not one.is_of_the_outage for one in outage.callers)}",
        *_first_words(outage),
        *_colleagues(outage),
        f"alerts {len(records.alerts)}, ladders {_number(outage, 'escalation/')}, of them open "
        f"{_number(outage, 'escalation/') - records.states.get('escalation/resolved', 0)}",
        f"dead or unknown {len(records.given_up)}, refused {len(records.refused)}, left {len(records.left)}",
        f"CPU: {cpu}",
    ]


def _number(outage: Outage, prefix: str) -> int:
    return sum(count for state, count in outage.records.states.items() if state.startswith(prefix))


def _first_words(outage: Outage) -> list[str]:
    seconds, waiting, in_time = [], 0, 0
    for one in outage.callers:
        at = outage.first_word(one)
        if at is None:
            waiting += outage.waits(one)
            continue
        in_time += at <= outage.due(one)
        if one.is_of_the_outage:
            seconds.append((at - outage.may_be_told(one)).total_seconds())
    cuts = quantiles(seconds, n=100)
    return [
        f"first word in time {in_time + waiting} of {len(outage.callers)} ({waiting} wait for their hours)",
        f"seconds from the report (or their hours) to the incident's word: p50 {cuts[49]:.1f}, "
        f"p95 {cuts[94]:.1f}, p99 {cuts[98]:.1f}, most {max(seconds):.1f}",
        f"messages to customers {sum(len(found) for found in outage.to_customers().values())}",
    ]


def _colleagues(outage: Outage) -> list[str]:
    heads = ("messages (notices)", "shortest gap", "most of a topic", "most")
    said, gap, topic, most = heads
    lines = ["", f"{'colleague':24} {'channel':8} {said:64} {gap:>13} {topic:>16} {most:>5}"]
    for (address, channel), messages in outage.to_colleagues().items():
        kinds = Counter(one.about for one in messages)
        notices = Counter(one.about for one in messages for _ in one.of)
        said = ", ".join(f"{kind} {number} ({notices[kind]})" for kind, number in sorted(kinds.items()))
        if channel == CALL:
            said += " (calls)"
        gap = _shortest_gap(messages)
        topic = max(_most([one for one in messages if one.about == kind], outage.interval) for kind in kinds)
        lines.append(
            f"{address:24} {channel:8} {said:64} {'' if gap is None else f'{gap:.1f} s':>13} {topic:>16}"
            f" {_most(messages, outage.interval):>5}"
        )
    return [*lines, ""]


def _shortest_gap(messages: Sequence[Message]) -> float | None:
    """Seconds between two messages about one topic, at least."""
    by_topic: dict[str, list[Message]] = {}
    for one in messages:
        by_topic.setdefault(one.about, []).append(one)
    gaps = [
        (after.at - before.at).total_seconds()
        for found in by_topic.values()
        for before, after in pairwise(found)
    ]
    return min(gaps, default=None)


def _most(messages: Sequence[Message], interval: timedelta) -> int:
    """How many there are in any interval, at most; it is counted from when one was taken up."""
    length = interval - ON_ITS_WAY
    return max(sum(timedelta() <= other.at - one.at < length for other in messages) for one in messages)
