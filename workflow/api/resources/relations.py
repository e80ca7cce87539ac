"""Links between operations in the OpenAPI document: what an answer names, and what can be asked about it.

No operation has links of its own: all follow from rules about paths, parameters and the names of
properties, and, between subjects, from what their definitions open.

* A page leads to the next one.
* What lies in a collection leads to all that lies below it: ``/v1/subscriptions`` has an `id`, which
  ``/v1/subscriptions/{id}/secret`` takes; so does ``/v1/desk/cases/{number}/…`` with that of a case.
* What has a schema of its own leads to the collection of that name, wherever it stands: an `Item` of the
  desk, a `NoticeView`.
* A `subject`, a `parent`, and the `key` of what has a lifecycle lead to the subject; a text that is called
  as a lifecycle is, `case`, to what is read of that one. A subject leads to the lists that can be narrowed
  by it, and to those of what its lifecycle opens.
* A lifecycle's name leads to the lifecycle, and this to what is listed by it.
* An event's source and id lead to what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from workflow.api.resources.answer_places import AnswerPlaces, Place
from workflow.api.resources.parameters import KEY

_NEXT_PAGE = "next_page"
_KEYS = ("subject", "parent")
"""Properties that are the key of some subject."""
_NO_KEYS = {("UnmappedRow", "case"), ("ReceivedMessage", "case")}
"""Properties that are called as a lifecycle is, and mean something else: the cases of a route."""
_EVENT = ("source", "id")
_EVENT_ELSEWHERE = ("source", "event_id")


class Subjects(NamedTuple):
    """The operations on the subjects of one lifecycle.

    Attributes:
        lifecycle: its name.
        resource: the name of the schema of one.
        get, list: the operations that read one, and all.
        opens: the lifecycles of which it opens subjects.
    """

    lifecycle: str
    resource: str
    get: str
    list: str
    opens: frozenset[str]


class Operation:
    """An operation of the document, as links see it."""

    def __init__(self, path: str, method: str, said: dict[str, Any], document: Mapping[str, Any]) -> None:
        self.path, self.method, self.said = path, method, said
        self.name: str = said["operationId"]
        self.segments = path.removeprefix("/").split("/")
        named = [_meant(document, one) for one in said.get("parameters", ())]
        schemas = {(one["in"], one["name"]): one["schema"] for one in named}
        self.path_parameters = {
            one.strip("{}"): schemas["path", one.strip("{}")] for one in self.segments if one.startswith("{")
        }
        self.query = {name: schema for (place, name), schema in schemas.items() if place == "query"}
        self.made = "x-makegood-trigger" in said
        first = next((n for n, one in enumerate(self.segments) if one.startswith("{")), len(self.segments))
        self.collection = self.segments[:first]
        """The segments of its path before the first parameter."""

    def answers(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Those in JSON that say that it was done, each with its schema."""
        for status, answer in self.said["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if status.startswith("2") and content is not None:
                yield answer, content["schema"]


class Relations:
    """Adds links to a document with all of its operations; `subjects`: those of lifecycles among them."""

    def __init__(self, document: dict[str, Any], subjects: list[Subjects]) -> None:
        self._subjects = {one.lifecycle: one for one in subjects}
        self._by_resource = {one.resource: one for one in subjects}
        self._places = AnswerPlaces(document["components"]["schemas"])
        self._operations = [
            Operation(path, method, said, document)
            for path, item in document["paths"].items()
            for method, said in item.items()
        ]
        self._by_name = {one.name: one for one in self._operations}
        self._one_of: dict[str, list[Operation]] = {}
        """By what a collection is called, the operations on one of it and below that."""
        for one in self._operations:
            if one.path_parameters:
                self._one_of.setdefault(one.collection[-1], []).append(one)

    def add(self) -> None:
        """To every answer what follows from it."""
        for operation in self._operations:
            for answer, schema in operation.answers():
                found = answer.get("links", {})
                for name, link in self._links(operation, schema):
                    if name == _NEXT_PAGE or link["operationId"] != operation.name:
                        found.setdefault(name, link)
                if found:
                    answer["links"] = found

    def _links(self, source: Operation, schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        places = self._places.of(schema)
        if not places:  # a map of names that nobody has written down
            return
        yield from self._next_page(source, places[0])
        members = [one for one in places if one.pointer == "/items/0" and one.schema in self._by_resource]
        if members:  # one of a page of subjects leads to itself, and this to all else
            yield self._to_one(self._by_resource[members[0].schema], members[0], "id")
            return
        if not source.made:
            yield from self._below(source, places)
        for place in places:
            if place.schema in self._by_resource and place.pointer == "":
                yield from self._of_subject(self._by_resource[place.schema], place)
            yield from self._of_name(place)
            yield from self._of_event(place)
            if not source.made:  # what it is answered with names the subject that it was sent to
                yield from self._of_key(place)

    def _next_page(self, source: Operation, answer: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in ("cursor", "after"):
            if source.method == "get" and name in source.query and answer.has_text("next"):
                same = {one: f"$request.path.{one}" for one in source.path_parameters}
                same |= {one: f"$request.query.{one}" for one in source.query if one != name}
                yield _NEXT_PAGE, _link(source.name, same | {name: answer.expression("next")})

    def _below(self, source: Operation, places: list[Place]) -> Iterator[tuple[str, dict[str, Any]]]:
        """What lies below a collection: from its list, what is made in it, and anything below itself."""
        for target in self._operations:
            if not target.path_parameters or target.made or target is source:
                continue
            if source.segments[: len(target.collection) + 1] == [*target.collection, _first(target)]:
                shared = target.path_parameters.keys() & source.path_parameters.keys()
                if _are_enough(shared, target):
                    parameters = {one: f"$request.path.{one}" for one in sorted(shared)}
                    yield target.name, _link(target.name, parameters)
            elif source.segments == target.collection[: len(source.segments)]:
                inner = target.collection[len(source.segments) :]
                yield from self._from_list(target, [one for one in places if _fits(one, inner)])

    def _from_list(self, target: Operation, places: list[Place]) -> Iterator[tuple[str, dict[str, Any]]]:
        for place in places:
            parameters = _parameters(target, place)
            if parameters:
                yield target.name, _link(target.name, parameters)
                return

    def _of_name(self, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        """What has a schema that is called as a collection is."""
        if not place.schema:
            return
        plural = f"{place.schema.removesuffix('View').lower()}s"
        for target in self._one_of.get(plural, ()):
            if not target.made:
                parameters = _parameters(target, place)
                if parameters:
                    yield target.name, _link(target.name, parameters)
        if place.schema == "LifecycleView":
            for target in self._lists_by("lifecycle"):
                yield target.name, _link(target.name, {"lifecycle": place.expression("name")})

    def _of_key(self, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        names = [*_KEYS, *(("key",) if "lifecycle" in place.properties else ())]
        for name in names:
            if place.has_text(name):
                yield from self._about_key(name, place)
        for name in place.properties:
            known = self._subjects.get(name)
            if known is not None and place.has_text(name) and (place.schema, name) not in _NO_KEYS:
                yield self._to_one(known, place, name)
        if place.has_text("lifecycle"):
            yield "get_lifecycle", _link("get_lifecycle", {"name": place.expression("lifecycle")})

    def _about_key(self, name: str, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        for target in self._operations:
            if target.method != "get" or target.collection != ["v1", "subjects"]:
                continue
            if target.path_parameters and (name != "parent" or target.segments[-1] == _first(target)):
                called = target.name if name == "key" else f"{target.name}_of_{name}"
                yield called, _link(target.name, {"key": place.expression(name)})
        if name != "parent":
            for target in self._lists_by("subject"):
                yield target.name, _link(target.name, {"subject": place.expression(name)})

    def _of_subject(self, subjects: Subjects, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        """What lies below its collection elsewhere, and lists of what belongs to it."""
        collection = self._by_name[subjects.get].collection[-1]
        for target in self._one_of.get(collection, ()):
            yield target.name, _link(target.name, _parameters(target, place))
        for target in self._lists_by(subjects.lifecycle):
            name = "key" if _takes_keys(target.query[subjects.lifecycle]) else "id"
            called = f"{target.name}_of_{subjects.lifecycle}"
            yield called, _link(target.name, {subjects.lifecycle: place.expression(name)})
        for name in sorted(subjects.opens & self._subjects.keys()):
            target = self._by_name[self._subjects[name].list]
            yield target.name, _link(target.name, {"parent": place.expression("key")})

    def _of_event(self, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        names = _EVENT if place.name in ("event", "events") else _EVENT_ELSEWHERE
        if all(map(place.has_text, names)):
            parameters = {
                one: place.expression(name) for one, name in zip(("source", "id"), names, strict=True)
            }
            yield "get_event_decision", _link("get_event_decision", parameters)

    def _lists_by(self, parameter: str) -> Iterator[Operation]:
        """What is read with nothing but parameters that may be left out, and can be narrowed by this one."""
        for target in self._operations:
            if target.method == "get" and parameter in target.query and not target.path_parameters:
                yield target

    def _to_one(self, subjects: Subjects, place: Place, name: str) -> tuple[str, dict[str, Any]]:
        (parameter,) = self._by_name[subjects.get].path_parameters
        return subjects.get, _link(subjects.get, {parameter: place.expression(name)})


def _link(operation: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"operationId": operation, "parameters": dict(parameters)}


def _parameters(target: Operation, place: Place) -> dict[str, str]:
    """What an object says of a path: parameters by their names, the first as its `id`, too; else nothing."""
    first, *others = target.path_parameters
    type_ = target.path_parameters[first].get("type", "string")
    names = {first: next((one for one in (first, "id", "key") if place.has(one, type_)), "")}
    names |= {one: one for one in others if place.has_text(one)}
    if not names[first] or not _are_enough(names.keys(), target):
        return {}
    return {one: place.expression(name) for one, name in names.items()}


def _are_enough(known: Collection[str], target: Operation) -> bool:
    """Whether these parameters of a path say what it is about: the others are a choice among words."""
    return all(one in known or "enum" in schema for one, schema in target.path_parameters.items())


def _fits(place: Place, inner: list[str]) -> bool:
    """Whether an object may name what lies below a collection; of several, the part that is called so."""
    if inner:
        return place.name == inner[-1]
    return place.pointer.count("/") <= 1 or place.pointer == "/items/0"


def _takes_keys(schema: Mapping[str, Any]) -> bool:
    return any(one.get("pattern") == KEY for one in (schema, *schema.get("anyOf", ())))


def _first(target: Operation) -> str:
    return target.segments[len(target.collection)]


def _meant(document: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter that is written once and referred to."""
    if "$ref" not in one:
        return one
    found: Mapping[str, Any] = document["components"]["parameters"][one["$ref"].rpartition("/")[2]]
    return found
