"""The CEL environment of definitions: which variables, extensions and functions an expression has.

Whole objects are declared for ``data`` and ``event.data`` alone; everything that is always there
is a variable of its own with a type, so that a wrong name of those is found when the text is
compiled. (A timestamp inside a map would also be no value for this library.)
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

from state_machines.expressions.functions import declarations
from state_machines.expressions.repairs import keep_none_alive

_T = cel.Type
_WORD = re.compile(r"[A-Za-z_]+")
OBJECT = _T.Map(_T.STRING, _T.DYN)

FIXED: Mapping[str, Any] = MappingProxyType(
    {
        "event.id": _T.STRING,
        "event.source": _T.STRING,
        "event.time": _T.TIMESTAMP,
        "event.trigger": _T.STRING,
        "subject.key": _T.STRING,
        "subject.id": _T.STRING,
        "subject.lifecycle": _T.STRING,
        "subject.state": _T.STRING,
        "subject.parent": _T.DYN,
        "subject.opened_at": _T.TIMESTAMP,
        "subject.seq": _T.INT,
        "now": _T.TIMESTAMP,
    }
)
"""The variables that are always there, with their types; `subject.parent` may be null."""


VARIABLES: Mapping[str, frozenset[str]] = {
    name: frozenset(name.split(".")) for name in (*FIXED, "data", "event.data", "item")
}
"""All variables, with the words that their names consist of."""


def variables(text: str) -> frozenset[str]:
    """Names of the variables that an expression may ask for, perhaps some more.

    Its words alone are looked at, in whatever order and be it in a literal: who hands over more than is
    needed does no harm, and so no trick of CEL's grammar can hide one.
    """
    words = set(_WORD.findall(text))
    return frozenset(name for name, parts in VARIABLES.items() if parts <= words)


def environment(variables: Mapping[str, Any]) -> Any:
    """A CEL environment with these variables besides the fixed ones. Takes about 150 microseconds."""
    keep_none_alive()
    return cel.NewEnv(
        variables={**FIXED, **variables},
        extensions=[
            ext_math.ExtMath(),
            ext_strings.ExtStrings(),
            ext_optional.ExtOptional(),
            ext_bindings.ExtBindings(),
        ],
        functions=declarations(),
    )


@cache
def runtime_environment(item: bool) -> Any:
    """The environment that decisions are taken in: data of any form, with or without ``item``."""
    objects = {"data": OBJECT, "event.data": OBJECT}
    return environment({**objects, "item": _T.DYN} if item else objects)
