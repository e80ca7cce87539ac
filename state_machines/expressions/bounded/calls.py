"""Operators and functions all of whose arguments are found before they are called, as lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from state_machines.expressions.bounded.borrowed import borrowed
from state_machines.expressions.bounded.checked_tree import Call, Constant, ListOf, Node
from state_machines.expressions.bounded.conversions import CONVERSIONS, PARTS_OF_INSTANTS, UNUSUAL
from state_machines.expressions.bounded.regular_expressions import searched
from state_machines.expressions.bounded.run import Run
from state_machines.expressions.bounded.source import Value

if TYPE_CHECKING:
    from state_machines.expressions.bounded.translation import Translation

_TAKEN: Mapping[str, type] = {
    "string": str, "timestamp": datetime, "duration": timedelta, "bool": bool, "map": dict, "list": list,
}  # fmt: skip
_GIVEN: Mapping[str, type] = {**_TAKEN, "strings": list}
_COMPARISONS = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}
_EQUAL = {"_==_": "", "_!=_": "not "}
_TWO = {
    "_-_": "subtracted({}, {})",
    "_*_": "multiplied({}, {})",
    "_/_": "divided({}, {})",
    "_%_": "remainder({}, {})",
    "_[_]": "at_index({}, {})",
}
_ONE: Mapping[str, tuple[str, type | None]] = {
    "-_": ("negated({})", None),
    "size": ("len({0}) if type({0}) is list or type({0}) is dict else size_of({0})", int),
    "type": ("type_of({})", None),
}
_TEXT_TESTS = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}


class Calls:
    """Writes the lines of calls: of an operator, of a function in Python, or of one of CEL's library."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        self._source = translation.source

    def of(self, node: Call) -> Value:
        """What a call gives."""
        arguments = node.arguments
        if arguments and all(isinstance(one, Constant) for one in arguments):
            known = self._translation.known_for_good(node)
            if known is not None:
                return known
        if node.function == "dyn" and len(arguments) == 1:
            return self._translation.of(arguments[0])
        if len(arguments) == 2:
            known = self._of_two(node.function, *arguments)
            if known is not None:
                return known
        given = [self._translation.held(one) for one in arguments]
        if len(given) == 1:
            known = self._of_one(node.function, given[0])
            if known is not None:
                return known
        return self._python(node.function, given) or self._borrowed(node, given)

    def _of_two(self, function: str, left: Node, right: Node) -> Value | None:
        held, run = self._translation.held, self._source.run
        if function in _COMPARISONS:
            return self._comparison(_COMPARISONS[function], held(left), held(right))
        if function in _EQUAL:
            return self._equality(_EQUAL[function], left, right)
        if function in _TWO:
            one, other = held(left), held(right)
            json = function == "_[_]" and one.json
            return Value(self._let(_TWO[function].format(one.text, other.text)), None, json)
        if function == "_+_":
            return self._sum(held(left), held(right))
        if function == "@in":
            return self._membership(left, right)
        if function == "matches":
            text = held(left)
            if isinstance(right, Constant) and type(right.value) is str:
                search = self._source.constant(searched(right.value)).text
                return self._bool(f"{search}({text.text}, {run()})")
            return self._bool(f"matches({text.text}, {held(right).text}, {run()})")
        if function in _TEXT_TESTS:
            return self._bool(f"{_TEXT_TESTS[function]}({held(left).text}, {held(right).text}, {run()})")
        return None

    def _comparison(self, sign: str, one: Value, other: Value) -> Value:
        a, b = one.text, other.text
        return self._bool(
            f"{a} {sign} {b} if type({a}) is type({b}) and type({a}) in ORDERED"
            f" else compared({sign!r}, {a}, {b})"
        )

    def _equality(self, negation: str, left: Node, right: Node) -> Value:
        source = self._source
        if isinstance(left, Constant):
            left, right = right, left
        one = self._translation.held(left)
        if isinstance(right, Constant):
            if right.value is None or type(right.value) is bool:
                return Value(source.let(f"{one.text} is {negation}{right.value}"), bool, True)
            if type(right.value) is str:
                sign = "!=" if negation else "=="
                return Value(source.let(f"{one.text} {sign} {right.value!r}"), bool, True)
        other = self._translation.held(right)
        return Value(source.let(f"{negation}equal({one.text}, {other.text}, {source.run()})"), bool, True)

    def _sum(self, one: Value, other: Value) -> Value:
        kinds = {one.kind, other.kind}
        kind = str if str in kinds else int if int in kinds else None  # else it fails
        text = f"added({one.text}, {other.text}, {self._source.run()})"
        if kind is int and one.kind is None:
            a, b = one.text, other.text
            text = (
                f"{a} + {b} if type({a}) is int and -SMALL < {a} < SMALL and -SMALL < {b} < SMALL else {text}"
            )
        return Value(self._let(text), kind, kind is not None)

    def _membership(self, left: Node, right: Node) -> Value:
        source = self._source
        one = self._translation.held(left)
        match right:
            case ListOf(elements, optional) if not optional and elements:
                if all(isinstance(part, Constant) and type(part.value) is str for part in elements):
                    texts = tuple(part.value for part in elements if isinstance(part, Constant))
                    return Value(source.let(f"{one.text} in {texts!r}"), bool, True)
        other = self._translation.held(right)
        if other.kind is dict and one.kind is str:
            return Value(source.let(f"{one.text} in {other.text}"), bool, True)
        return self._bool(f"is_in({one.text}, {other.text}, {source.run()})")

    def _of_one(self, function: str, given: Value) -> Value | None:
        if function == "!_":
            if given.kind is bool:
                return Value(self._source.let(f"not {given.text}"), bool, True)
            return self._bool(f"opposite({given.text})")
        if function in _ONE:
            text, kind = _ONE[function]
            return Value(self._let(text.format(given.text)), kind, kind is not None)
        if function in CONVERSIONS:
            return self._conversion(function, CONVERSIONS[function], given, method=False)
        if function in PARTS_OF_INSTANTS:
            return self._conversion(function, PARTS_OF_INSTANTS[function], given, method=True)
        return None

    def _conversion(
        self, function: str, convert: Callable[[Any], Any], given: Value, *, method: bool
    ) -> Value:
        """A conversion that Python does alike for the usual values; CEL's library does the rest."""
        kind, json = (str, True) if function == "string" else (None, False)
        if kind is not None and given.kind is kind:
            return given
        call = self._source.constant(_converted(convert, borrowed(function, method))).text
        text = f"{call}({given.text}, {self._source.run()})"
        if kind is not None:
            text = f"{given.text} if type({given.text}) is str else {text}"
        return Value(self._let(text), kind, json)

    def _python(self, function: str, given: Sequence[Value]) -> Value | None:
        known = self._translation.functions.get(function)
        if known is None or len(given) != len(known.takes):
            return None
        source = self._source
        texts = ", ".join(one.text for one in given)
        for value, taken in zip(given, known.takes, strict=True):
            kind = _TAKEN.get(taken)
            if kind is not None and value.kind is not kind:
                with source.block(f"if type({value.text}) is not {kind.__name__}:"):
                    source.line(f"raise no_overload({function!r}, {texts})")
            if kind is not str or source.loops:  # a text outside of loops is bounded by the data
                weigh = "weigh_top" if known.shallow else "weigh"
                source.line(f"{weigh}({value.text}, {source.run()})")
        result, implementation = source.new(), source.constant(known.implementation).text
        with source.block("try:"):
            source.line(f"{result} = {implementation}({texts})")
        with source.block("except (ValueError, TypeError, LookupError, ArithmeticError) as error:"):
            source.line(f"raise Failed(f{function + ': {error}'!r}) from None")
        source.fails += 1
        json = known.gives in ("string", "bool", "strings") or (
            known.gives in ("map", "list") and all(one.json for one in given)
        )
        return Value(result, _GIVEN[known.gives], json)

    def _borrowed(self, node: Call, given: Sequence[Value]) -> Value:
        call = self._source.constant(borrowed(node.function, node.method)).text
        values = ", ".join(one.text for one in given)
        return Value(self._let(f"{call}([{values}], {self._source.run()})"))

    def _let(self, text: str) -> str:
        return self._source.let(text, fails=True)

    def _bool(self, text: str) -> Value:
        return Value(self._let(text), bool, True)


def _converted(
    convert: Callable[[Any], Any], rest: Callable[[list[Any], Run], Any]
) -> Callable[[Any, Run], Any]:
    def converted(value: Any, run: Run) -> Any:
        found = convert(value)
        return rest([value], run) if found is UNUSUAL else found

    return converted
