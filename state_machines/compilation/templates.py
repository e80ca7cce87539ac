"""From the templates that a definition declares to those that notices use; all problems are named at once."""

from collections.abc import Iterator, Mapping

from state_machines.compilation.compilation import Compilation
from state_machines.form.definition import Definition
from state_machines.form.wording import Wording, Wordings
from state_machines.notices import channels as known_channels
from state_machines.templates.language import Reading, read
from state_machines.templates.template import DEFAULT, Template

__all__ = ["compile_templates", "texts"]


def compile_templates(compilation: Compilation, definition: Definition) -> Mapping[str, Template]:
    """The templates by name; problems go to the compilation."""
    found = {}
    for name, wordings in definition.templates.items():
        field = f"templates.{name}"
        if _check_form(compilation, wordings, definition.language, field):
            found[name] = Template(name, definition.language, wordings)
        for place, reading in texts(wordings, field):
            for rule, message in reading.problems:
                compilation.problem(place, rule, message)
    return found


def texts(wordings: Wordings, field: str) -> Iterator[tuple[str, Reading]]:
    """Every text of a template with its place, read."""
    for language, channels in wordings.items():
        for channel, wording in channels.items():
            at = f"{field}.{language}.{channel}"
            for name in ("title", "words"):
                if (text := getattr(wording, name)) is not None:
                    yield f"{at}.{name}", read(text)
            for name, text in wording.labels.items():
                yield f"{at}.labels.{name}", read(text)


def _check_form(compilation: Compilation, wordings: Wordings, language: str, field: str) -> bool:
    """Whether it speaks the default language, and says as much over the same channels in all others."""
    if language not in wordings:
        message = f"the default language {language!r} is missing; readers of any other are written to in it"
        compilation.problem(field, "template-language", message)
        return False
    model, sound = wordings[language], True
    for tongue, channels in wordings.items():
        at = f"{field}.{tongue}"
        known = known_channels.names()
        for channel in channels.keys() - {DEFAULT, *known}:
            message = f"there is no channel {channel!r}; there are {', '.join([DEFAULT, *known])}"
            compilation.problem(f"{at}.{channel}", "unknown-channel", message)
        for channel in model.keys() - channels.keys():
            message = f"{tongue!r} has no words for {channel!r}, which {language!r} has"
            compilation.problem(at, "template-channel", message)
        for channel in channels.keys() - model.keys():
            message = f"{language!r}, the default language, has no words for {channel!r}"
            compilation.problem(f"{at}.{channel}", "template-channel", message)
        sound &= _check_default(compilation, channels, model.get(DEFAULT), at)
    return sound


def _check_default(
    compilation: Compilation, channels: Mapping[str, Wording], model: Wording | None, field: str
) -> bool:
    whole = channels.get(DEFAULT)
    if whole is None or whole.title is None or whole.words is None:
        lacking = "title and words" if whole is None else "a title" if whole.title is None else "words"
        message = f"{DEFAULT!r} needs {lacking}: they are what a channel without its own says"
        compilation.problem(f"{field}.{DEFAULT}", "template-default", message)
        return False
    if model is not None and whole.labels.keys() != model.labels.keys():
        message = f"the labels are {sorted(whole.labels)}, and in the default language {sorted(model.labels)}"
        compilation.problem(f"{field}.{DEFAULT}.labels", "template-labels", message)
    return True
