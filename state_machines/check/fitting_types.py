"""Expressions whose types do not fit: what they give, and what they do with declared fields."""

from collections.abc import Iterator

from state_machines.check.document import Document, Finding
from state_machines.check.sites import Site, sites
from state_machines.compilation.named_expressions import named_texts
from state_machines.errors import ExpressionError
from state_machines.expressions import check_types, compile_expression
from state_machines.form.fields import FieldDeclaration


def result_types(document: Document) -> Iterator[Finding]:
    """A condition gives true or false, an instant an instant, a duration a duration."""
    for site in sites(document):
        if not site.gives:
            continue
        try:
            result = compile_expression(
                site.text, site.field, document.scope.with_item(site.item)
            ).result.partition("<")[0]
        except ExpressionError:
            continue  # said by the compilation already
        if result not in site.gives:
            wanted = " or ".join(sorted(kind.lower() for kind in site.gives - {"DYN"}))
            yield Finding(site.field, "result-type", f"gives {result.lower()} where {wanted} is wanted")


def operand_types(document: Document) -> Iterator[Finding]:
    """What an expression does with a declared field fits the field's type."""
    for site in sites(document):
        try:
            scope = document.scope.with_item(site.item)
            compile_expression(site.text, site.field, scope, may_be_absent=True)
        except ExpressionError:
            continue
        message = check_types(site.text, _declared(document, site), document.scope.with_item(site.item))
        if message is not None:
            yield Finding(site.field, "operand-type", message)


def named_operand_types(document: Document) -> Iterator[Finding]:
    """The same of a named expression, which may stand anywhere."""
    triggers = frozenset(document.definition.triggers)
    for field, text in named_texts(document.definition).items():
        site = Site(field, text.removeprefix("="), triggers, frozenset())
        try:
            compile_expression(site.text, site.field, document.scope)
        except ExpressionError:
            continue
        message = check_types(site.text, _declared(document, site), document.scope)
        if message is not None:
            yield Finding(site.field, "operand-type", message)


def _declared(document: Document, site: Site) -> dict[str, FieldDeclaration]:
    """Fields by path; of the event's those that every trigger seen here declares alike."""
    known = document.definition.data if site.opened else {}
    declared = {f"data.{name}": field for name, field in known.items()}
    brought = [
        document.definition.triggers[trigger].data if trigger in document.definition.triggers else {}
        for trigger in site.triggers
    ]
    for name, field in (brought[0] if brought else {}).items():
        if all(fields.get(name) == field for fields in brought):
            declared[f"event.data.{name}"] = field
    return declared
