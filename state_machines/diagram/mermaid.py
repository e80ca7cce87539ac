"""A lifecycle as text for Mermaid's ``stateDiagram-v2``, which GitHub and many others draw.

Source: https://mermaid.js.org/syntax/stateDiagram.html
"""

from state_machines.diagram.drawing import Arrow, Drawing, drawing
from state_machines.form.definition import Definition
from state_machines.subject import INITIAL

_CODES = {"#": "#35;", ";": "#59;", ":": "#58;", "<": "#lt;", ">": "#gt;", '"': "#quot;"} | {
    "{": "#123;",
    "}": "#125;",
}
"""Signs that would end a label or begin something else, as Mermaid's entities."""
_RESERVED = frozenset({"state", "note", "end", "direction", "default", "class", "style", "click"})


def mermaid(definition: Definition) -> str:
    """The text of the diagram, ending with a line break."""
    drawn = drawing(definition)
    lines = ["---", f"title: {_quoted(drawn.title)}", "---", "stateDiagram-v2"]
    lines += [f'    state "{_escaped(box.name)}" as {_id(box.name)}' for box in drawn.boxes]
    lines += [f"    {_id(box.name)} : {_escaped(label)}" for box in drawn.boxes for label in box.stays]
    lines += [_arrow(arrow) for arrow in drawn.arrows]
    lines += [f"    {_id(box.name)} --> [*]" for box in drawn.boxes if box.final]
    return "\n".join([*lines, *_everywhere(drawn)]) + "\n"


def _arrow(arrow: Arrow) -> str:
    source = "[*]" if arrow.source == INITIAL else _id(arrow.source)
    label = f"{arrow.label} \u23f1 {arrow.due}" if arrow.timed else arrow.label
    return f"    {source} --> {_id(arrow.dest)} : {_escaped(label)}"


def _everywhere(drawn: Drawing) -> list[str]:
    if not drawn.everywhere or not drawn.boxes:
        return []
    said = [f"        {_escaped(label)}" for label in drawn.everywhere]
    return [
        f"    note right of {_id(drawn.boxes[0].name)}",
        "        In every state, and it stays#58;",
        *said,
        "    end note",
    ]


def _id(name: str) -> str:
    """A state's name as an identifier; Mermaid's own words get a sign of their own."""
    return f"{name}_" if name in _RESERVED else name


def _escaped(text: str) -> str:
    return "".join(_CODES.get(sign, sign) for sign in text)


def _quoted(text: str) -> str:
    """A YAML text in double quotes: the title stands in front matter."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
