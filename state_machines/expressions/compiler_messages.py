"""What CEL's compiler says, in one line."""

import re

_COMPILER_MESSAGE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


def compiler_message(error: RuntimeError) -> str:
    """What CEL's compiler says, in one line: the column, then its words."""
    match = _COMPILER_MESSAGE.search(str(error))
    if match is None:
        return first_line(error)
    line, column, words = match.groups()
    place = f"column {column}" if line == "1" else f"line {line}, column {column}"
    words = words.removesuffix(" [INVALID_ARGUMENT]").removesuffix(" (in container '')")
    return f"{place}: {words}"


def first_line(error: Exception) -> str:
    """The library's messages go on with a picture of the text; the first line says it all."""
    return str(error).partition("\n")[0]
