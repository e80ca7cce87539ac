"""A typed module for lifecycles: a class for each, with a method for each trigger that a key may send."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from makegood.answers import LifecycleView, TriggerView
from makegood.generation.source_text import FreeNames, docstring, in_one_word, literal
from makegood.generation.types import Types
from makegood.resources import AsyncResources, Resources

_TYPING = ("Any", "ClassVar", "Literal", "NotRequired", "TypedDict", "Unpack")
_RESOURCES = ("AsyncResources", "Creating", "Hours", "Opening", "Resources", "Sending", "TriggerResult")
_ALL, _ALL_ASYNC = "Lifecycles", "AsyncLifecycles"
_INITIAL = "initial"


class _Method(NamedTuple):
    """A trigger that a key may send: its method, and the type of its data as a parameter."""

    trigger: TriggerView
    name: str
    data: str


class _Class(NamedTuple):
    """What a lifecycle is called in the module."""

    view: LifecycleView
    name: str
    attribute: str
    data: str
    state: str
    methods: list[_Method]
    creates: _Method | None


def module_of(lifecycles: Sequence[LifecycleView]) -> str:
    """The source of a module for these lifecycles, in their order.

    Raises ValueError when one has a name, or a trigger of a name, that cannot be one in Python.
    """
    names = FreeNames([*_TYPING, *_RESOURCES, "AsyncClient", "Client", _ALL, _ALL_ASYNC, "annotations"])
    attributes = FreeNames(["client"])
    types = Types(names)
    body: list[str] = []
    classes = []
    for view in lifecycles:
        one = _planned(view, names, attributes, types)
        classes.append(one)
        body += [*types.lines, *_written(one, ""), *_written(one, "Async")]
        types.lines = []
    held = ", ".join(f"{view['name']} {view['version']}" for view in lifecycles)
    ends = [*_together(_ALL, "Client", "", classes), *_together(_ALL_ASYNC, "AsyncClient", "Async", classes)]
    used = _named([*body, *ends])
    head = [
        *docstring(f"Lifecycles with types: {held}. Written by `makegood client generate`; do not edit.", 0),
        "# ruff: noqa",
        "# fmt: off",
        "",
        "from __future__ import annotations",
        "",
        _import("typing", _TYPING, used),
        "",
        "from makegood import AsyncClient, Client",
        _import("makegood.resources", _RESOURCES, used),
    ]
    return "\n".join([*head, *body, *ends]) + "\n"


def _planned(view: LifecycleView, names: FreeNames, attributes: FreeNames, types: Types) -> _Class:
    """The names for a lifecycle, and in `types` the types of its data."""
    word = in_one_word(view["name"])
    plural = view["collection"].rpartition("/")[2]
    name = names.take(in_one_word(plural))
    names.take(f"Async{name}")
    own = FreeNames([*dir(Resources), *dir(AsyncResources), "create"])
    data = "dict[str, Any]"
    if view["data"].get("properties"):
        data = types.object(
            view["data"], f"{word}Data", f"What is known of a {view['name'].replace('_', ' ')}."
        )
    state = names.take(f"{word}State")
    states = ", ".join(literal(one["name"]) for one in view["states"])
    types.lines += ["", f"{state} = Literal[{states}]"]
    methods = [
        _Method(one, own.take(one["name"]), _parameter(one, f"{word}{in_one_word(one['name'])}", types))
        for one in view["triggers"]
        if one["operation"] is not None
    ]
    begin = [one for one in methods if _INITIAL in one.trigger["states"]]
    creates = begin[0] if len(begin) == 1 else None
    return _Class(view, name, attributes.take(plural), data, state, methods, creates)


def _parameter(trigger: TriggerView, name: str, types: Types) -> str:
    """How the data of a trigger are declared as a parameter."""
    if not trigger["data"].get("properties"):
        return "data: dict[str, Any] | None = None"
    said = f"What `{trigger['name']}` brings."
    kind = types.object(trigger["data"], name, said)
    return f"data: {kind}" if trigger["data"].get("required") else f"data: {kind} | None = None"


def _written(one: _Class, kind: str) -> list[str]:
    """The class of a lifecycle, for a client that is awaited or not."""
    view = one.view
    title = view["title"] or view["name"]
    lines = ["", "", f"class {kind}{one.name}({kind}Resources[{one.data}, {one.state}]):"]
    lines += [*docstring(f"{title}. {view['description']}", 4), ""]
    lines += [f"    lifecycle: ClassVar[str] = {literal(view['name'])}"]
    lines += [f"    collection: ClassVar[str] = {literal(view['collection'])}"]
    begin, wait = ("async def", "await ") if kind else ("def", "")
    if one.creates is not None:
        trigger = one.creates.trigger
        words = f"A new one, by `{trigger['name']}`: its id is made, or `id`. {trigger['description']}"
        lines += ["", f"    {begin} create("]
        lines += [
            f"        self, {one.creates.data}, **creating: Unpack[Creating]",
            "    ) -> TriggerResult:",
        ]
        lines += docstring(words, 8)
        lines += [f"        return {wait}self._client.carry_out(self.create_call(data, creating))"]
    for method in one.methods:
        opens = _INITIAL in method.trigger["states"]
        lines += ["", f"    {begin} {method.name}("]
        lines += [
            f"        self, id: str, {method.data}, **sending: Unpack[{'Opening' if opens else 'Sending'}]"
        ]
        lines += ["    ) -> TriggerResult:", *docstring(_said(method.trigger), 8)]
        call = f"self.trigger_call(id, {literal(method.trigger['name'])}, data, sending)"
        lines += [f"        return {wait}self._client.carry_out({call})"]
    return lines


def _said(trigger: TriggerView) -> str:
    states = [f"`{one}`" for one in trigger["states"] if one != _INITIAL]
    possible = f"Possible in {', '.join(states)}." if states else "It begins one."
    return f"{trigger['description']} {possible}"


def _together(name: str, client: str, kind: str, classes: Iterable[_Class]) -> list[str]:
    lines = ["", "", f"class {name}:", '    """All lifecycles of this module, by one client."""', ""]
    lines += [f"    def __init__(self, client: {client}) -> None:", "        self.client = client"]
    return lines + [f"        self.{one.attribute} = {kind}{one.name}(client)" for one in classes]


def _named(body: Iterable[str]) -> set[str]:
    """The names that a module refers to."""
    tree = ast.parse("\n".join(body))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _import(module: str, names: Iterable[str], used: set[str]) -> str:
    return f"from {module} import {', '.join(name for name in names if name in used)}"
