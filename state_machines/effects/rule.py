"""Effects: compiled once from their declarations, asked for by a decision, carried out by others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from state_machines.compilation.arguments import Argument, compile_argument, compile_whole
from state_machines.compilation.compilation import Compilation
from state_machines.decision import Effect
from state_machines.effects.makers import EmitMaker, ForwardMaker, Maker, OpenMaker, RecallMaker, TaskMaker
from state_machines.effects.notice_compiling import compile_notice
from state_machines.effects.number import MOST, check_number
from state_machines.effects.retrying import compile_retry
from state_machines.effects.sent_data import compile_sent_data
from state_machines.errors import DecisionError
from state_machines.expressions import Expression
from state_machines.expressions.view import View
from state_machines.form.effects import EffectDeclaration, EmitCall, NoticeCall, OpenCall, TaskCall
from state_machines.values.json_values import kind


@dataclass(frozen=True, slots=True)
class EffectRule:
    """One declared effect: what it makes, whether (`when`), and how often (`each`)."""

    maker: Maker
    when: Expression | None
    each: Expression | None

    def ask(self, view: View) -> Sequence[Effect]:
        """The effects it asks for.

        Raises:
            ExpressionError: an expression failed.
            DecisionError: a value cannot be what it must be.
        """
        if self.each is None:
            return self.maker.make(view) if self.when is None or self.when.holds(view) else ()
        items = self.each.evaluate_json(view)
        if not isinstance(items, list):
            raise DecisionError(
                self.each.field, "not-a-list", f"{self.each.text!r} must give a list, not {kind(items)}"
            )
        check_number(items, self.each.field)
        effects: list[Effect] = []
        for item in items:
            one = view.with_item(item)
            if self.when is None or self.when.holds(one):
                effects += self.maker.make(one)
                check_number(effects, self.each.field, MOST)
        return effects


def compile_effects(
    compilation: Compilation, declared: Sequence[EffectDeclaration], field: str
) -> tuple[EffectRule, ...]:
    """The rules for a list of declared effects; problems go to the compilation."""
    rules: list[EffectRule] = []
    for index, one in enumerate(declared):
        if one.do is not None:
            if any(value is not None for name, value in one if name != "do"):
                message = "a group of effects (`do`) has nothing beside it; say `when` and `each` in it"
                compilation.problem(f"{field}[{index}]", "one-effect", message)
            rules += compile_effects(compilation, one.do, f"{field}[{index}].do")
        elif (rule := _compile_effect(compilation, one, f"{field}[{index}]")) is not None:
            rules.append(rule)
    return tuple(rules)


def _compile_effect(compilation: Compilation, declared: EffectDeclaration, field: str) -> EffectRule | None:
    words = ("task", "notice", "recall", "emit", "open", "forward")
    calls = [name for name in words if getattr(declared, name) is not None]
    if len(calls) != 1:
        said = f"this one has {' and '.join(calls)}" if calls else "this one has none"
        compilation.problem(
            field,
            "one-effect",
            f"an effect is exactly one of {', '.join(words[:-1])} and {words[-1]}; {said}",
        )
        return None
    repeated = declared.each is not None
    if declared.recall is not None:
        named = compile_argument(compilation, declared.recall, f"{field}.recall", item=repeated)
        compilation.recalled.append((f"{field}.recall", declared.recall))
        maker: Maker = RecallMaker(f"{field}.recall", named)
    else:
        maker = _maker(compilation, getattr(declared, calls[0]), f"{field}.{calls[0]}", repeated)
    when = (
        None
        if declared.when is None
        else compilation.condition(declared.when, f"{field}.when", item=repeated)
    )
    each = None if declared.each is None else compilation.expression(declared.each, f"{field}.each")
    return EffectRule(maker, when, each)


def _maker(compilation: Compilation, call: Any, field: str, item: bool) -> Maker:
    def argument(written: Any, name: str) -> Argument:
        return compile_argument(compilation, written, f"{field}.{name}", item=item)

    def whole(written: Any, name: str) -> Argument:
        return compile_whole(compilation, written, f"{field}.{name}", item=item)

    match call:
        case TaskCall():
            compilation.trigger(call.succeeded, f"{field}.succeeded", "task")
            compilation.trigger(call.failed, f"{field}.failed", "task")
            name, queue = argument(call.name, "name"), argument(call.queue, "queue")
            args, kwargs = whole(call.args, "args"), whole(call.kwargs, "kwargs")
            retry = compile_retry(compilation, call.retry, f"{field}.retry", compilation.retry)
            repeat = argument(call.repeat, "repeat")
            computed = any(str(one).startswith("=") for one in (call.name, call.queue))
            return TaskMaker(
                field, name, queue, args, kwargs, call.succeeded, call.failed, retry, repeat, computed
            )
        case str():
            return ForwardMaker(field, compile_argument(compilation, call, field, item=item))
        case NoticeCall():
            return compile_notice(compilation, call, field, item)
        case OpenCall():
            data = compile_sent_data(call, whole(call.data, "data"))
            return OpenMaker(field, call.lifecycle, argument(call.id, "id"), call.trigger, data)
        case EmitCall():
            data = compile_sent_data(call, whole(call.data, "data"))
            return EmitMaker(
                field, argument(call.to, "to"), call.trigger, data, orphans_emit=not compilation.leaves_out
            )
    raise TypeError(f"{field}: no call of the form: {type(call).__name__}")
