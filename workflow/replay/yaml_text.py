"""The text of a YAML file that a replay is given."""

from state_machines.errors import Problem
from workflow.replay.refusal import ReplayRefused


def decoded(raw: bytes, file: str) -> str:
    """A YAML file's text. Raises ReplayRefused, with the line, where it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: the byte {raw[error.start]:#04x}"
        raise ReplayRefused([Problem("document", "encoding", message, line, file)]) from None
