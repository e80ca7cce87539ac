"""The extensions of CEL that expressions have."""

from typing import Any

from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings


def extensions() -> list[Any]:
    """New ones, as CEL's library takes them: math, strings, optional values, ``cel.bind``."""
    return [
        ext_math.ExtMath(),
        ext_strings.ExtStrings(),
        ext_optional.ExtOptional(),
        ext_bindings.ExtBindings(),
    ]
