"""From the tree of an expression to closures: a function a node, which takes the run and gives the value.

A step is counted for each item that a loop walks, times the parts of its body, and for all that a function
looks through; what stands outside of loops is bounded by the text. `&&` and `||` know the value of a whole
whose one side fails, as CEL's do.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded import operators as op
from state_machines.expressions.bounded.borrowed import borrowed
from state_machines.expressions.bounded.checked_tree import (
    Call,
    Constant,
    ListOf,
    Loop,
    MapOf,
    Name,
    Node,
    Select,
    Uint,
)
from state_machines.expressions.bounded.operators import NOTHING_THERE, TYPE_NAMES, Optional, no_overload
from state_machines.expressions.bounded.regular_expressions import matches
from state_machines.expressions.bounded.run import (
    BYTES_OF_A_VALUE,
    FIRST_PLACE,
    VIEW,
    Failed,
    Run,
    spend_bytes,
    spend_steps,
)

if TYPE_CHECKING:
    from state_machines.expressions.functions import Function

Closure = Callable[[Run], Any]
ADVICE = "map() and filter() walk lists; an object has no order, so walk keys(object) instead"
LISTS_ONLY = "walks an object, which has no order; only lists are walked"

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}|\.[0-9]{6})?Z"
)
"""Of the texts that CEL takes for instants those that Python reads in the same way."""
_ABSENT: Any = object()
"""What an optional chain gives that leads nowhere."""
_COMPARISONS = {
    "_<_": ("<", operator.lt),
    "_<=_": ("<=", operator.le),
    "_>_": (">", operator.gt),
    "_>=_": (">=", operator.ge),
}
_TAKEN: Mapping[str, type] = {
    "string": str, "timestamp": datetime, "duration": timedelta, "bool": bool, "map": dict, "list": list,
}  # fmt: skip


class Closures:
    """Makes the closures of one expression.

    Args:
        variables: how the value of each variable is found in a view, by name.
        functions: those written in Python, by name.
        lists_only: whether nothing but lists may be walked; else ``exists`` and ``all`` walk maps, too.
    """

    def __init__(
        self,
        variables: Mapping[str, Callable[[Any], Any]],
        functions: Mapping[str, Function],
        *,
        lists_only: bool = False,
    ) -> None:
        self._variables = variables
        self._functions = functions
        self._lists_only = lists_only
        self._bound: dict[str, Closure] = {}
        self.places = 0
        """How many values of bound variables a run must have room for."""

    def of(self, node: Node) -> Closure:
        """The closure of a node."""
        match node:
            case Constant(value):
                return lambda run: value
            case Name(name):
                return self._name(name)
            case Select():
                return self._select(node)
            case Call():
                return self._call(node)
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)
            case Loop():
                return self._loop(node)

    def _name(self, name: str) -> Closure:
        bound = self._bound.get(name)
        if bound is not None:
            return bound
        read = self._variables.get(name)
        if read is not None:
            return lambda run: read(run[VIEW])
        known = TYPE_NAMES.get(name)
        if known is None:
            raise ValueError(f"no variable {name!r}")
        return lambda run: known

    def _select(self, node: Select) -> Closure:
        field = node.field
        if node.tests:
            return self._has(node)
        if _leads_nowhere_perhaps(node.operand):
            return self._as_optional(self._chain(node))
        inner = self.of(node.operand)

        def select(run: Run) -> Any:
            value = inner(run)
            if type(value) is dict:
                try:
                    return value[field]
                except KeyError:
                    raise Failed(f'Key not found in map : "{field}"') from None
            if isinstance(value, Optional):
                return _select_of_optional(value, field)
            raise Failed(f"{op.kind_of(value)} has no field {field!r}")

        return select

    def _has(self, node: Select) -> Closure:
        field = node.field
        inner = self._chain(node.operand) if _leads_nowhere_perhaps(node.operand) else self.of(node.operand)

        def has(run: Run) -> bool:
            value = inner(run)
            if value is _ABSENT:
                return False
            if isinstance(value, Optional):
                if value is NOTHING_THERE:
                    return False
                value = value.value
            if type(value) is dict:
                return field in value
            raise no_overload("has", value)

        return has

    def _chain(self, node: Node) -> Closure:
        """The value at the end of an optional chain, or `_ABSENT`; no optional value is made on the way."""
        match node:
            case Call("_?._", (operand, Constant(field)), _):
                return self._optional_step(operand, lambda run: field)
            case Call("_[?_]", (operand, index), _):
                return self._optional_step(operand, self.of(index))
            case Select(operand, field, False) if _leads_nowhere_perhaps(operand):
                return self._optional_step(operand, lambda run: field)
            case Call("_[_]", (operand, index), _) if _leads_nowhere_perhaps(operand):
                return self._optional_step(operand, self.of(index))
        inner = self.of(node)

        def chain(run: Run) -> Any:
            value = inner(run)
            if isinstance(value, Optional):
                return _ABSENT if value is NOTHING_THERE else value.value
            raise no_overload("optional", value)

        return chain

    def _optional_step(self, operand: Node, index: Closure) -> Closure:
        further = _leads_nowhere_perhaps(operand)
        inner = self._chain(operand) if further else self.of(operand)

        def step(run: Run) -> Any:
            value = inner(run)
            if value is _ABSENT:
                return _ABSENT
            if isinstance(value, Optional):
                if value is NOTHING_THERE:
                    return _ABSENT
                value = value.value
            name = index(run)
            if type(value) is dict:
                if type(name) is str:
                    return value.get(name, _ABSENT)
                return value.get(op.key_of(name), _ABSENT)
            if type(value) is list and type(name) in (int, Uint, float):
                if type(name) is float and not name.is_integer():
                    raise no_overload("_[?_]", value, name)
                return value[int(name)] if 0 <= name < len(value) else _ABSENT
            raise no_overload("_[?_]", value, name)

        return step

    def _as_optional(self, chain: Closure) -> Closure:
        def optional(run: Run) -> Any:
            value = chain(run)
            return NOTHING_THERE if value is _ABSENT else Optional(value)

        return optional

    def _call(self, node: Call) -> Closure:
        function, arguments = node.function, node.arguments
        if _leads_nowhere_perhaps(node):
            return self._as_optional(self._chain(node))
        special = getattr(self, _SPECIAL.get(function, ""), None)
        if special is not None:
            return special(*arguments)  # type: ignore[no-any-return]
        parts = [self.of(one) for one in arguments]
        made = self._plain_call(function, parts)
        if made is None:
            made = self._python_call(function, parts)
        if made is None:
            made = _borrowed_call(function, node.method, parts)
        if arguments and all(isinstance(one, Constant) for one in arguments) and function not in ("_[_]",):
            return _once(made)
        return made

    def _plain_call(self, function: str, parts: Sequence[Closure]) -> Closure | None:
        if len(parts) == 2:
            one, other = parts
            if function in _COMPARISONS:
                sign, compare = _COMPARISONS[function]
                return lambda run: op.compared(sign, compare, one(run), other(run))
            two = _TWO.get(function)
            if two is not None:
                return lambda run: two(one(run), other(run))
            counted = _TWO_COUNTED.get(function)
            if counted is not None:
                return lambda run: counted(one(run), other(run), run)
            text = _TEXT_TESTS.get(function)
            if text is not None:
                return _text_test(function, text, one, other)
        elif len(parts) == 1:
            single = _ONE.get(function)
            if single is not None:
                one = parts[0]
                return lambda run: single(one(run))
            if function in _CONVERSIONS:
                return _conversion(function, _CONVERSIONS[function], parts[0])
            if function in _PARTS_OF_INSTANTS:
                return _conversion(function, _PARTS_OF_INSTANTS[function], parts[0], method=True)
        return None

    def _python_call(self, function: str, parts: Sequence[Closure]) -> Closure | None:
        known = self._functions.get(function)
        if known is None or len(parts) != len(known.takes):
            return None
        kinds = [_TAKEN.get(kind) for kind in known.takes]
        implementation = known.implementation
        weigh = op.weigh_top if known.shallow else op.weigh

        def call(run: Run) -> Any:
            values = [part(run) for part in parts]
            for value, kind in zip(values, kinds, strict=True):
                if kind is not None and type(value) is not kind:
                    raise no_overload(function, *values)
                weigh(value, run)
            try:
                return implementation(*values)
            except (ValueError, TypeError, LookupError, ArithmeticError) as error:
                raise Failed(f"{function}: {error}") from None

        return call

    # Operators that do not evaluate all of their arguments.

    def _and(self, left: Node, right: Node) -> Closure:
        return _logical(self.of(left), self.of(right), False, "_&&_")

    def _or(self, left: Node, right: Node) -> Closure:
        return _logical(self.of(left), self.of(right), True, "_||_")

    def _choice(self, condition: Node, one: Node, other: Node) -> Closure:
        asked, yes, no = self.of(condition), self.of(one), self.of(other)

        def choice(run: Run) -> Any:
            holds = asked(run)
            if holds is True:
                return yes(run)
            if holds is False:
                return no(run)
            raise no_overload("_?_:_", holds)

        return choice

    def _optional_of(self, value: Node) -> Closure:
        inner = self.of(value)
        return lambda run: Optional(inner(run))

    def _optional_none(self) -> Closure:
        return lambda run: NOTHING_THERE

    def _optional_of_non_zero(self, value: Node) -> Closure:
        inner = self.of(value)

        def of_non_zero(run: Run) -> Optional:
            found = inner(run)
            return Optional(found) if found or type(found) is datetime else NOTHING_THERE

        return of_non_zero

    def _not_strictly_false(self, value: Node) -> Closure:
        return _not_strictly_false(self.of(value))

    def _or_value(self, optional: Node, default: Node) -> Closure:
        chain, otherwise = self._chain(optional), self.of(default)

        def or_value(run: Run) -> Any:
            value = chain(run)
            return otherwise(run) if value is _ABSENT else value

        return or_value

    def _or_optional(self, optional: Node, other: Node) -> Closure:
        chain, otherwise = self._chain(optional), self.of(other)

        def or_optional(run: Run) -> Any:
            value = chain(run)
            if value is not _ABSENT:
                return Optional(value)
            instead = otherwise(run)
            if not isinstance(instead, Optional):
                raise no_overload("or", instead)
            return instead

        return or_optional

    def _has_value(self, optional: Node) -> Closure:
        chain = self._chain(optional)
        return lambda run: chain(run) is not _ABSENT

    def _value(self, optional: Node) -> Closure:
        chain = self._chain(optional)

        def value(run: Run) -> Any:
            found = chain(run)
            if found is _ABSENT:
                raise Failed("optional.none() dereference")
            return found

        return value

    # What makes lists and maps.

    def _list(self, node: ListOf) -> Closure:
        size = BYTES_OF_A_VALUE * (len(node.elements) + 1)
        if not node.optional:
            parts = [self.of(one) for one in node.elements]

            def made(run: Run) -> list[Any]:
                spend_bytes(run, size)
                return [part(run) for part in parts]

            return made
        steps = [
            (self._chain(one) if place in node.optional else self.of(one))
            for place, one in enumerate(node.elements)
        ]

        def made_of_present(run: Run) -> list[Any]:
            spend_bytes(run, size)
            return [value for value in (step(run) for step in steps) if value is not _ABSENT]

        return made_of_present

    def _map(self, node: MapOf) -> Closure:
        size = 2 * BYTES_OF_A_VALUE * (len(node.entries) + 1)
        entries = [
            (self.of(key), self._chain(value) if optional else self.of(value))
            for key, value, optional in node.entries
        ]

        def made(run: Run) -> dict[Any, Any]:
            spend_bytes(run, size)
            found: dict[Any, Any] = {}
            for key, value in entries:
                name = op.key_of(key(run))
                said = value(run)
                if said is _ABSENT:
                    continue
                if name in found:
                    raise Failed("duplicate key in map")
                found[name] = said
            return found

        return made

    # Loops: what macros and `cel.bind` come down to.

    def _loop(self, node: Loop) -> Closure:
        if node.goes_on_while == Constant(False):
            return self._bind(node)
        over, item = self.of(node.over), self._place()
        if self._lists_only:
            over = _list_from(over)
        with self._known(node.variable, operator.itemgetter(item)):
            return self._macro(node, over, item) or self._any_loop(node, over, item)

    def _bind(self, node: Loop) -> Closure:
        """``cel.bind``: the value is found when it is first asked for, as CEL does it."""
        value, place = self.of(node.begins_as), self._place()

        def bound(run: Run) -> Any:
            found = run[place]
            if found is _ABSENT:
                found = run[place] = value(run)
            return found

        with self._known(node.result_variable, bound):
            result = self.of(node.result)

        def bind(run: Run) -> Any:
            run[place] = _ABSENT
            return result(run)

        return bind

    def _macro(self, node: Loop, over: Closure, item: int) -> Closure | None:
        """The loop of a macro, written out: no result is made anew at each turn."""
        so_far = Name(node.result_variable)
        match node.step:
            case Call("_||_", (left, asked)) if left == so_far and node.begins_as == Constant(False):
                return _any_of(over, item, self.of(asked), _parts(asked), True)
            case Call("_&&_", (left, asked)) if left == so_far and node.begins_as == Constant(True):
                return _any_of(over, item, self.of(asked), _parts(asked), False)
            case Call("_+_", (left, ListOf((element,), _))) if left == so_far:
                self._check_order(node.over)
                return _collected(over, item, None, self.of(element), _parts(element))
            case Call("_?_:_", (asked, Call("_+_", (left, ListOf((element,), _))), other)) if (
                left == so_far and other == so_far
            ):
                self._check_order(node.over)
                parts = _parts(asked) + _parts(element)
                return _collected(over, item, self.of(asked), self.of(element), parts)
        return None

    def _check_order(self, over: Node) -> None:
        """Refuse what is a map for sure; for the rest it is seen when it is walked."""
        match over:
            case MapOf():
                raise ValueError(ADVICE)
            case Call(function) if function in self._functions and self._functions[function].gives == "map":
                raise ValueError(ADVICE)

    def _any_loop(self, node: Loop, over: Closure, item: int) -> Closure:
        begins_as, so_far = self.of(node.begins_as), self._place()
        with self._known(node.result_variable, operator.itemgetter(so_far)):
            going, step, result = self.of(node.goes_on_while), self.of(node.step), self.of(node.result)
        parts = _parts(node.step) + _parts(node.goes_on_while)

        def loop(run: Run) -> Any:
            values = _walked(over(run))
            run[so_far] = begins_as(run)
            for value in values:
                spend_steps(run, parts)
                run[item] = value
                if going(run) is False:
                    break
                run[so_far] = step(run)
            return result(run)

        return loop

    def _place(self) -> int:
        self.places += 1
        return FIRST_PLACE + self.places - 1

    @contextmanager
    def _known(self, name: str, closure: Closure) -> Iterator[None]:
        """The name stands for this while the parts are made that see it."""
        outside = self._bound
        self._bound = {**outside, name: closure}
        try:
            yield
        finally:
            self._bound = outside


_SPECIAL = {
    "_&&_": "_and",
    "_||_": "_or",
    "_?_:_": "_choice",
    "optional.of": "_optional_of",
    "optional.ofNonZeroValue": "_optional_of_non_zero",
    "optional.none": "_optional_none",
    "@not_strictly_false": "_not_strictly_false",
    "orValue": "_or_value",
    "or": "_or_optional",
    "hasValue": "_has_value",
    "value": "_value",
}


def _leads_nowhere_perhaps(node: Node) -> bool:
    """Whether it is a step of an optional chain."""
    match node:
        case Call("_?._" | "_[?_]"):
            return True
        case Select(operand, _, False):
            return _leads_nowhere_perhaps(operand)
        case Call("_[_]", (operand, _)):
            return _leads_nowhere_perhaps(operand)
    return False


def _select_of_optional(optional: Optional, field: str) -> Optional:
    if optional is NOTHING_THERE:
        return optional
    if type(optional.value) is not dict:
        raise Failed(f"{op.kind_of(optional.value)} has no field {field!r}")
    return Optional(optional.value[field]) if field in optional.value else NOTHING_THERE


def _logical(left: Closure, right: Closure, decides: bool, name: str) -> Closure:
    """``||`` is decided by a side that is true, ``&&`` by one that is false, whatever the other one does."""

    def logical(run: Run) -> bool:
        failure: Failed | None = None
        one: Any = None
        try:
            one = left(run)
        except Failed as error:
            failure = error
        if one is decides:
            return bool(decides)
        other = right(run) if failure is None and type(one) is bool else _or_none(right, run)
        if other is decides:
            return bool(decides)
        if failure is not None:
            raise failure
        if type(one) is bool and type(other) is bool:
            return not decides
        raise no_overload(name, one, other)

    return logical


def _or_none(closure: Closure, run: Run) -> Any:
    """The value, or None where it fails: the other side's failure is the one that is told."""
    try:
        return closure(run)
    except Failed:
        return None


def _any_of(over: Closure, item: int, asked: Closure, parts: int, decides: bool) -> Closure:
    """``exists`` (`decides` is true) and ``all`` (it is false)."""
    name = "_||_" if decides else "_&&_"

    def any_of(run: Run) -> bool:
        failure: Failed | None = None
        for value in _walked(over(run)):
            spend_steps(run, parts)
            run[item] = value
            try:
                holds = asked(run)
            except Failed as error:
                failure = failure or error
                continue
            if holds is decides:
                return bool(decides)
            if type(holds) is not bool:
                failure = failure or no_overload(name, not decides, holds)
        if failure is not None:
            raise failure
        return not decides

    return any_of


def _collected(over: Closure, item: int, asked: Closure | None, element: Closure, parts: int) -> Closure:
    """``map`` and ``filter``."""

    def collected(run: Run) -> list[Any]:
        values = over(run)
        if type(values) is dict:
            raise Failed(ADVICE)
        found = []
        for value in _walked(values):
            spend_steps(run, parts)
            run[item] = value
            if asked is not None:
                holds = asked(run)
                if holds is False:
                    continue
                if holds is not True:
                    raise no_overload("_?_:_", holds)
            spend_bytes(run, BYTES_OF_A_VALUE)
            found.append(element(run))
        return found

    return collected


def _list_from(over: Closure) -> Closure:
    def walked(run: Run) -> Any:
        values = over(run)
        if type(values) is dict:
            raise Failed(LISTS_ONLY)
        return values

    return walked


def _walked(values: Any) -> Any:
    """What a loop walks: the items of a list, the names in a map."""
    if type(values) is list:
        return values
    if type(values) is dict:
        return [name.value if type(name) is op.BoolKey else name for name in values]
    raise Failed(f"{op.kind_of(values)} is nothing to walk")


def _parts(node: Node) -> int:
    """How many parts an expression has."""
    match node:
        case Select(operand):
            return 1 + _parts(operand)
        case Call(_, arguments):
            return 1 + sum(map(_parts, arguments))
        case ListOf(elements):
            return 1 + sum(map(_parts, elements))
        case MapOf(entries):
            return 1 + sum(_parts(key) + _parts(value) for key, value, _ in entries)
        case Loop():
            parts = (node.over, node.begins_as, node.goes_on_while, node.step, node.result)
            return 1 + sum(map(_parts, parts))
    return 1


def _once(closure: Closure) -> Closure:
    """A call whose arguments stand in the text gives the same value each time: found at the first."""
    known: list[Any] = []

    def once(run: Run) -> Any:
        if not known:
            known.append(closure(run))
        return known[0]

    return once


def _borrowed_call(function: str, method: bool, parts: Sequence[Closure]) -> Closure:
    call = borrowed(function, method)
    return lambda run: call([part(run) for part in parts], run)


def _not(value: Any) -> bool:
    if value is True:
        return False
    if value is False:
        return True
    raise no_overload("!_", value)


def _not_strictly_false(closure: Closure) -> Closure:
    def not_false(run: Run) -> bool:
        try:
            return closure(run) is not False
        except Failed:
            return True

    return not_false


def _text_test(name: str, test: Callable[[str, str], bool], one: Closure, other: Closure) -> Closure:
    def tested(run: Run) -> bool:
        text, part = one(run), other(run)
        if type(text) is str and type(part) is str:
            spend_steps(run, len(text) >> 6)
            return test(text, part)
        raise no_overload(name, text, part)

    return tested


def _conversion(
    function: str, convert: Callable[[Any], Any], inner: Closure, *, method: bool = False
) -> Closure:
    """A conversion that Python does alike for the usual values; CEL's library does the rest."""
    rest = borrowed(function, method)

    def converted(run: Run) -> Any:
        value = inner(run)
        found = convert(value)
        return rest([value], run) if found is _ABSENT else found

    return converted


def _string(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Uint:
        return str(int(value))
    if kind is bytes:
        return _decoded(value)
    if kind is datetime:
        text = value.replace(tzinfo=None).isoformat()
        return (text.rstrip("0") if value.microsecond else text) + "Z"
    return _ABSENT


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Failed("malformed UTF-8 bytes") from None


def _int(value: Any) -> Any:
    if type(value) is int:
        return value
    if type(value) is Uint and value < 2**63:
        return int(value)
    return _ABSENT


def _uint(value: Any) -> Any:
    if type(value) is Uint:
        return value
    return Uint(value) if type(value) is int and value >= 0 else _ABSENT


def _double(value: Any) -> Any:
    return float(value) if type(value) in (int, float, Uint) else _ABSENT


def _timestamp(value: Any) -> Any:
    if type(value) is datetime:
        return value
    if type(value) is str and _INSTANT.fullmatch(value) is not None:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return _ABSENT
    return _ABSENT


def _duration(value: Any) -> Any:
    return value if type(value) is timedelta else _ABSENT


_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "int": _int,
    "uint": _uint,
    "double": _double,
    "timestamp": _timestamp,
    "duration": _duration,
}


def _part(read: Callable[[datetime], int]) -> Callable[[Any], Any]:
    return lambda value: read(value) if type(value) is datetime else _ABSENT


_PARTS_OF_INSTANTS: Mapping[str, Callable[[Any], Any]] = {
    "getFullYear": _part(lambda at: at.astimezone(UTC).year),
    "getMonth": _part(lambda at: at.month - 1),
    "getDate": _part(lambda at: at.day),
    "getDayOfMonth": _part(lambda at: at.day - 1),
    "getDayOfWeek": _part(lambda at: at.isoweekday() % 7),
    "getDayOfYear": _part(lambda at: at.timetuple().tm_yday - 1),
    "getHours": _part(lambda at: at.hour),
    "getMinutes": _part(lambda at: at.minute),
    "getSeconds": _part(lambda at: at.second),
    "getMilliseconds": _part(lambda at: at.microsecond // 1000),
}
_ONE: Mapping[str, Callable[[Any], Any]] = {
    "!_": _not,
    "-_": op.negated,
    "size": op.size_of,
    "dyn": lambda value: value,
    "type": op.type_of,
}
_TWO: Mapping[str, Callable[[Any, Any], Any]] = {
    "_-_": op.subtracted,
    "_*_": op.multiplied,
    "_/_": op.divided,
    "_%_": op.remainder,
    "_[_]": op.at_index,
}
_TWO_COUNTED: Mapping[str, Callable[[Any, Any, Run], Any]] = {
    "_+_": op.added,
    "_==_": op.equal,
    "_!=_": lambda one, other, run: not op.equal(one, other, run),
    "@in": op.is_in,
    "matches": matches,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
