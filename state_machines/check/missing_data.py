"""Expressions that name data nobody declared, or read what may be absent without asking."""

from collections.abc import Iterator, Mapping

from state_machines.check.document import Document, Finding
from state_machines.check.presence import fields_set
from state_machines.check.sites import Site, sites
from state_machines.expressions.references import Path, Reference, references
from state_machines.form.definition import TransitionDeclaration
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import INITIAL

_EVENT_DATA = ("event", "data")


def missing_data(document: Document) -> Iterator[Finding]:
    """``data.x`` is declared in `data`, ``event.data.x`` by each trigger whose event is seen there."""
    for site in sites(document):
        for path in dict.fromkeys(reference.path for reference in _read(document, site)):
            message = _missing(document, site, path)
            if message is not None:
                yield Finding(site.field, "missing-data", message)


def unguarded_data(document: Document) -> Iterator[Finding]:
    """What may be absent is asked for with ``has()`` or taken with ``.?``, here or in what guards this."""
    for site in sites(document):
        guards = [one for text in site.guards for one in document.behind(text)]
        asked = {use.path for text in guards for use in references(text) if use.guarded}
        uses = list(_read(document, site))
        asked |= {use.path for use in uses if use.guarded}
        unguarded = dict.fromkeys(use.path for use in uses if not use.guarded)
        for path in unguarded:
            name = _absent(document, site, path, asked)
            if name is not None and _missing(document, site, path) is None:
                holder, _, last = name.rpartition(".")
                message = f"{name} may be absent: ask has({name}) first, or take {holder}.?{last}"
                yield Finding(site.field, "unguarded-data", message)


def unset_data(document: Document) -> Iterator[Finding]:
    """A field of the data that is `required` is set by every transition that opens a subject."""
    required = [
        name for name, field in document.definition.data.items() if field.required and field.default is None
    ]
    for path, transition, sources in document.transitions:
        if INITIAL not in sources:
            continue
        known = fields_set(document, transition) | _taken_over(document, transition)
        for name in required:
            if name not in known:
                message = f"data.{name} is required, and this transition opens a subject without setting it"
                yield Finding(f"{path}.set" if transition.set else path, "unset-data", message)


def _read(document: Document, site: Site) -> Iterator[Reference]:
    """The uses of fields of the data and of the event's data in an expression, by names that it uses, too."""
    for use in [one for text in document.behind(site.text) for one in references(text)]:
        of_subject = use.path[0] == "data" and len(use.path) > 1
        if of_subject or (use.path[:2] == _EVENT_DATA and len(use.path) > 2):
            yield use


def _missing(document: Document, site: Site, path: Path) -> str | None:
    """Why nothing declares this path, or None."""
    name = ".".join(path)
    if path[0] == "data":
        if not site.opened and not _has_default(document, path[1]):
            return f"{name} is read before the subject has any data; the event's are in event.data"
        if _declaration(document.definition.data, path[1:]) is None:
            return f"{name} is declared nowhere in 'data'"
        return None
    for trigger in sorted(site.triggers):
        if _declaration(_event_fields(document, trigger), path[2:]) is None:
            return f"{name} is not declared: the trigger {trigger!r} brings no such data"
    return None


def _absent(document: Document, site: Site, path: Path, asked: set[Path]) -> str | None:
    """The first step of a path that may be absent and was not asked for, as a name; or None."""
    if any(path[: len(known)] == known for known in asked):
        return None
    if path[0] == "data":
        first = path[1] in site.present or _has_default(document, path[1])
        kinds: list[Mapping[str, FieldDeclaration]] = [document.definition.data]
        begin = 1
    else:
        kinds = [_event_fields(document, trigger) for trigger in site.triggers]
        first = all(_sure(fields, path[2]) for fields in kinds)
        begin = 2
    if not first:
        return ".".join(path[: begin + 1])
    for end in range(begin + 1, len(path)):
        holders = [_declaration(fields, path[begin:end]) for fields in kinds]
        for holder in holders:
            if holder is not None and holder.fields and not _sure(holder.fields, path[end]):
                return ".".join(path[: end + 1])
    return None


def _has_default(document: Document, name: str) -> bool:
    """Whether a field is there from the opening on, whatever that sets."""
    declared = document.definition.data.get(name)
    return declared is not None and declared.default is not None


def _sure(fields: Mapping[str, FieldDeclaration], name: str) -> bool:
    declared = fields.get(name)
    return declared is not None and (declared.required or declared.default is not None)


def _declaration(fields: Mapping[str, FieldDeclaration], path: Path) -> FieldDeclaration | None:
    """What declares a path; below a field whose parts are not declared, that field itself."""
    declared = fields.get(path[0])
    for name in path[1:]:
        if declared is None or not declared.fields:
            return declared
        declared = declared.fields.get(name)
    return declared


def _event_fields(document: Document, trigger: str) -> Mapping[str, FieldDeclaration]:
    return document.brought(trigger)


def _taken_over(document: Document, transition: TransitionDeclaration) -> frozenset[str]:
    """What an opening takes from its event as a whole (``event.data``, ``merge(event.data, ...)``)."""
    text = transition.set if isinstance(transition.set, str) else ""
    if not any(use.path == _EVENT_DATA for use in references(text)):
        return frozenset()
    required = [
        {name for name, field in _event_fields(document, trigger).items() if field.required}
        for trigger in transition.triggers
    ]
    return frozenset.intersection(*map(frozenset, required))
