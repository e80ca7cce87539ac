"""From the topics that a definition declares to those that its notices may be about."""

from state_machines.compilation.compilation import Compilation
from state_machines.form.definition import Definition
from state_machines.notices.topics import Priority, Topic


def take_topics(compilation: Compilation, definition: Definition) -> None:
    """Make the declared topics known; one that is registered already is a problem."""
    compilation.declared_topics = {
        name: Topic(
            name,
            colleagues=one.audience == "colleagues",
            urgent=one.urgent,
            by_person=one.by_person,
            priority=Priority[one.priority.upper()],
        )
        for name, one in definition.topics.items()
    }
    for name in sorted(compilation.declared_topics.keys() & compilation.registered_topics.keys()):
        message = f"{name!r} is a registered word, which every definition may use; it cannot be declared anew"
        compilation.problem(f"topics.{name}", "registered-topic", message)


def check_topics_used(compilation: Compilation) -> None:
    """A declared topic that no notice is about is a problem, like a template that nobody uses."""
    for name in sorted(compilation.declared_topics.keys() - compilation.used_topics):
        compilation.problem(f"topics.{name}", "unused-topic", f"no notice here is about {name!r}")
