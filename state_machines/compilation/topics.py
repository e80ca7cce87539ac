"""From the topics that a definition declares to those that its notices may be about."""

from state_machines.compilation.compilation import Compilation
from state_machines.errors import Problem
from state_machines.form.definition import Definition
from state_machines.notices.topics import TOPICS, Priority, Topic


def take_topics(compilation: Compilation, definition: Definition) -> None:
    """Make the declared topics known. They come before registered ones: see `redeclared_topics`."""
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


def redeclared_topics(definition: Definition) -> list[Problem]:
    """A new definition may not declare a registered word: its meaning would be another one there.

    One that was registered before the word was keeps its own, or what runs by it could not go on.
    """
    return [
        Problem(
            f"topics.{name}",
            "registered-topic",
            f"{name!r} is a registered word, which every definition may use; it cannot be declared anew",
        )
        for name in sorted(definition.topics.keys() & TOPICS.close().keys())
    ]


def check_topics_used(compilation: Compilation) -> None:
    """A declared topic that no notice is about is a problem, like a template that nobody uses."""
    for name in sorted(compilation.declared_topics.keys() - compilation.used_topics):
        compilation.problem(f"topics.{name}", "unused-topic", f"no notice here is about {name!r}")
