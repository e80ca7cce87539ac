"""The operations of lifecycles in the OpenAPI document: written from their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.opened_lifecycles import opened_by
from workflow.api.resources.collections import collection_of
from workflow.api.resources.components import components
from workflow.api.resources.data_schemas import body_schema, data_schema
from workflow.api.resources.names import UniqueNames
from workflow.api.resources.naming import names_of
from workflow.api.resources.parameters import Target, links_to, which_subject
from workflow.api.resources.read_operations import get_operation, list_operation, possible_operation
from workflow.api.resources.relations import Relations, Subjects
from workflow.api.resources.senders import opening
from workflow.api.resources.trigger_operations import create_operation, send_operation
from workflow.api.resources.view_schemas import page_schema, resource_schema

_SECURITY: list[dict[str, list[str]]] = [{"HTTPBearer": []}]
_PARAMETER = re.compile(r"\{[^}]*\}")


class ResourceDocument:
    """Adds the operations of lifecycles to an OpenAPI document that has those of all other resources."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._subjects: list[Subjects] = []
        self._paths: dict[str, Any] = document["paths"]
        self._known = {_equal(path): path for path in self._paths}
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self._components: dict[str, Any] = document["components"]
        self._tags: list[dict[str, str]] = document.setdefault("tags", [])
        for kind, named in components().items():
            document["components"].setdefault(kind, {}).update(named)
        operations = (one for item in self._paths.values() for one in item.values())
        self._operation_names = UniqueNames(one["operationId"] for one in operations)
        self._schema_names = UniqueNames(self._schemas)

    def add(self, lifecycles: Iterable[Lifecycle]) -> None:
        """Those of these lifecycles, in their order; and to all operations the links between them."""
        for one in lifecycles:
            self._add(one)
        Relations(self._document, self._subjects).add()

    def _add(self, lifecycle: Lifecycle) -> None:
        declared, collection = lifecycle.definition, collection_of(lifecycle.name)
        reading = self._there(f"/v1/{collection}/{{id}}", "get")
        names = names_of(lifecycle, self._operation_names, self._schema_names, get=reading.operation)
        title = f"{declared.title}." if declared.title else ""
        self._tags.append({"name": collection, "description": f"{title} {declared.description}".strip()})
        self._schemas[names.data] = data_schema(declared.data)
        self._schemas[names.resource] = resource_schema(lifecycle, names)
        self._schemas[names.page] = page_schema(names)
        self._components["parameters"][names.id] = which_subject(lifecycle)
        self._components.setdefault("links", {}).update(links_to(names, reading))
        for trigger, name in names.bodies.items():
            self._schemas[name] = body_schema(lifecycle.triggers[trigger].data)
        path, more = f"/v1/{collection}", {"tags": [collection], "security": _SECURITY}
        one, begins = f"{path}/{{id}}", opening(lifecycle)
        self._put(path, "get", more | list_operation(lifecycle, names))
        if begins is not None:
            self._put(path, "post", more | create_operation(lifecycle, begins, names))
        self._put(one, "get", more | get_operation(lifecycle, names))
        self._put(f"{one}/possible", "get", more | possible_operation(lifecycle, names))
        for trigger in names.triggers:
            self._put(f"{one}/{trigger}", "post", more | send_operation(lifecycle, trigger, names))
        self._subjects.append(self._subjects_of(lifecycle, path, one))

    def _subjects_of(self, lifecycle: Lifecycle, collection: str, one: str) -> Subjects:
        """What is read of a lifecycle's subjects, by its own operations or by others of the same paths."""
        every, single = (self._paths[self._known[_equal(path)]]["get"] for path in (collection, one))
        schema = single["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        return Subjects(
            lifecycle.name,
            resource=schema.rpartition("/")[2],
            get=single["operationId"],
            list=every["operationId"],
            opens=opened_by(lifecycle),
        )

    def _there(self, path: str, method: str) -> Target:
        """The operation that there is for these requests; one that is yet to come has no name."""
        known = self._known.get(_equal(path), path)
        (parameter,) = _PARAMETER.findall(known)
        operation = self._paths.get(known, {}).get(method, {})
        return Target(operation.get("operationId", ""), parameter.strip("{}"))

    def _put(self, path: str, method: str, operation: dict[str, Any]) -> None:
        """An operation, unless there is another of this method for the same requests."""
        path = self._known.setdefault(_equal(path), path)
        self._paths.setdefault(path, {}).setdefault(method, operation)


def _equal(path: str) -> str:
    """The same for all paths that take the same requests: what a parameter is called makes no difference."""
    return _PARAMETER.sub("{}", path)
