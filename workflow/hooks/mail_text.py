"""The lines of a mail as they were written: most mail programs break them to 72 characters and say so.

`format=flowed` (RFC 3676): a line that ends with a blank goes on in the next one.
"""

from __future__ import annotations

_SIGNATURE = "-- "
"""The line above a signature; it ends with a blank and goes on nowhere."""


def whole_lines(text: str, *, deletes_blanks: bool) -> str:
    """Text of the form `format=flowed` with each line as long as it was written.

    Args:
        text: lines divided by ``\\n``; those quoted are marked with ``>``.
        deletes_blanks: `delsp=yes`, the blank at the end of a line is no part of it.
    """
    lines: list[str] = []
    depth_before, goes_on = 0, False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if goes_on and depth == depth_before and content != _SIGNATURE:
            lines[-1] += content
        else:
            lines.append(f"{'>' * depth} {content}" if depth else content)
        depth_before, goes_on = depth, content.endswith(" ") and content != _SIGNATURE
        if goes_on and deletes_blanks:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
