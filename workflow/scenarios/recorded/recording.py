"""A subject's ledger, or several, made into a scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.form.fields import FieldDeclaration
from state_machines.values.instants import zone
from state_machines.values.time_errors import TimeError
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery, UnknownDefinition
from workflow.scenarios.recorded.acts import Act, acts_of
from workflow.scenarios.recorded.cast import Recorded, cast
from workflow.scenarios.recorded.channel_acts import with_channels
from workflow.scenarios.recorded.disguise import Disguise
from workflow.scenarios.recorded.draft import Precision, draft_of
from workflow.scenarios.recorded.enactment import enact
from workflow.scenarios.recorded.own_definitions import OwnDefinition, own_definitions
from workflow.scenarios.recorded.same_story import Story, differences, last_instant, story_in, story_of
from workflow.scenarios.recorded.scenario_values import WrittenTimes, WrittenValues
from workflow.scenarios.recorded.writing import Recording
from workflow.scenarios.stores import stores_of
from workflow.store.port import Store

MOST_STEPS = 500
"""As many as a scenario may have."""
_VALUES = ("data", "answers", "succeeds", "fails", "code", "by", "press", "report")
"""Fields of an act in which people are mentioned."""
_ACTORS = {"by": FieldDeclaration.model_validate({"type": "person"})}


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger tells: acts, and the story that they made.

    Attributes:
        known: acts of others before the first of those whom it is about.
        until: when something last happened, UTC.
    """

    subjects: Mapping[str, Recorded]
    known: Sequence[Act]
    acts: Sequence[Act]
    story: Story
    until: datetime
    definitions: Sequence[OwnDefinition]

    @property
    def aside(self) -> frozenset[str]:
        """Lifecycles of subjects that were only asked or told something."""
        everybody = self.subjects.values()
        return frozenset(one.lifecycle for one in everybody) - {
            one.lifecycle for one in everybody if one.close
        }


def told(store: Store, registry: Registry, keys: Sequence[str], own: Collection[str] = ()) -> Told:
    """What the ledger tells of these subjects; `own` are lifecycles that are not the catalog's, by name.

    Raises:
        NotFound: there is no such subject.
        InvalidQuery: it would be more than a scenario holds, or nothing came from outside.
    """
    with store.connect() as connection:
        subjects = cast(connection, keys)
        all_acts = with_channels(connection, acts_of(connection, registry, subjects), subjects.values())
        story = story_in(connection, subjects.values())
        last = last_instant(connection, subjects.values())
        definitions = own_definitions(connection, {one.lifecycle for one in subjects.values()}, own)
    close = [act for act in all_acts if subjects[act.subject].close and act.fields]
    if not close:
        message = f"nothing that came from outside is known of {', '.join(keys)}"
        raise InvalidQuery([Problem("subject", "no-acts", message)])
    begins = close[0].at
    known = [act for act in all_acts if act.at < begins and "send" in act.fields]
    acts = [act for act in all_acts if act.at >= begins]
    _bound(len(acts), "acts")
    return Told(subjects, known, acts, story, max(last or begins, acts[-1].at), definitions)


def recording_of(
    told: Told, registry: Registry, title: str, *, keep_personal: bool, zone_name: str | None = None
) -> Recording:
    """The scenario in which the same happens again, as nearly as can be.

    Args:
        keep_personal: whether addresses and names stay as they are.
        zone_name: of its times; None: that of whom it is about.

    Its `given` has no lifecycles yet: the caller knows where those of `told` are.

    Raises InvalidQuery when it would have more steps than a scenario may have.
    """
    told = told if keep_personal else _disguised(told, registry)
    times = WrittenTimes(_zone_of(told.acts) if zone_name is None else zone(zone_name))
    values = WrittenValues(times, _mentioned([*told.known, *told.acts]))
    notes = [act.note for act in told.acts if act.note is not None]
    acts = [act for act in told.acts if act.fields]
    sources = [(one.source, f"{one.lifecycle}.yaml") for one in told.definitions]
    with stores_of("sqlite", "") as stores:
        for precision in (*Precision, Precision.SECONDS):  # where none gives the same story, seconds
            draft = draft_of(told.known, acts, told.until, values, precision)
            enacted = enact(replace(draft, aside=told.aside), stores, sources)
            others = differences(told.story, story_of(enacted.moves))
            if not others:
                break
    _bound(len(enacted.steps), "steps")
    if others:
        notes.append("Not all of it is as it was. The steps below say what happens now:")
    given: dict[str, Any] = {"people": values.people} if values.people else {}
    if draft.known:
        given["known"] = list(draft.known)
    return Recording(
        title, draft.begins, values.times, given, enacted.steps, [*notes, *enacted.notes, *others]
    )


def _bound(number: int, what: str) -> None:
    if number > MOST_STEPS:
        message = f"{number} {what} would be more than the {MOST_STEPS} steps that a scenario may have"
        raise InvalidQuery([Problem("subject", "too-many-steps", message)])


def _disguised(told: Told, registry: Registry) -> Told:
    """The same with invented people."""
    disguise = Disguise(told.subjects)
    for act in [*told.known, *told.acts]:
        disguise.learn({name: act.fields[name] for name in _VALUES if name in act.fields}, _ACTORS)
        disguise.learn(act.fields.get("data", {}), _declared(act, registry))

    def worn(act: Act) -> Act:
        fields = {name: disguise.worn(one) if name in _VALUES else one for name, one in act.fields.items()}
        return replace(act, fields=fields, note=None if act.note is None else disguise.worn(act.note))

    return replace(told, known=[worn(act) for act in told.known], acts=[worn(act) for act in told.acts])


def _declared(act: Act, registry: Registry) -> Mapping[str, FieldDeclaration]:
    """What the fields of an event are declared to be."""
    lifecycle, _, trigger = str(act.fields.get("send", "")).partition(".")
    if not trigger:
        return {}
    try:
        known = registry.latest(lifecycle)
    except UnknownDefinition:
        return {}
    declared = known.triggers.get(trigger)
    return {} if declared is None else {**known.definition.data, **declared.data}


def _mentioned(acts: Sequence[Act]) -> Iterator[Any]:
    for act in acts:
        yield from (
            {"": act.fields[name]} if name != "data" else act.fields[name]
            for name in _VALUES
            if name in act.fields
        )


def _zone_of(acts: Sequence[Act]) -> ZoneInfo:
    """The zone that is named most: that of whom it is about; else UTC."""
    named = Counter(name for act in acts for name in _zones(act.fields.get("data")))
    for name, _ in named.most_common():
        try:
            return zone(name)
        except TimeError:
            continue
    return zone("UTC")


def _zones(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("zone"), str):
            yield value["zone"]
        for one in value.values():
            yield from _zones(one)
    elif isinstance(value, list):
        for one in value:
            yield from _zones(one)
