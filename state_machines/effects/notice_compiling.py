"""From a declared notice to what makes it: its words, its values and its links must fit each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from state_machines.compilation.arguments import Argument, Computed, Listed, Literal, Mapped, compile_argument
from state_machines.compilation.compilation import Compilation
from state_machines.compilation.templates import texts
from state_machines.effects.links import LinkMaker, LinkWay, PageMaker
from state_machines.effects.notice import NoticeMaker
from state_machines.effects.retrying import compile_retry
from state_machines.effects.words import WHAT, OwnWords, TemplateWords, Words, placeholder
from state_machines.form.effects import LinkCall, NoticeCall
from state_machines.notices.channels import CHANNELS, PREFERRED
from state_machines.notices.permission import refusal
from state_machines.notices.topics import TOPICS, Topic
from state_machines.templates import Template
from state_machines.values.durations import is_duration_text, parse_duration
from state_machines.values.time_errors import TimeError

_NOTHING = r"(?:null|''|\"\")"
_MAY_BE_EMPTY = re.compile(rf"(?:orValue\(\s*{_NOTHING}\s*\)|[?:]\s*{_NOTHING})\s*$|\?\s*{_NOTHING}\s*:")
"""How an expression ends, or branches, that gives nothing where there is nothing."""


def compile_notice(compilation: Compilation, call: NoticeCall, field: str, item: bool) -> NoticeMaker:
    """What makes the notice; problems go to the compilation."""

    def argument(written: Any, name: str) -> Argument:
        return compile_argument(compilation, written, f"{field}.{name}", item=item)

    topic = _topic(compilation, call, field)
    channel = _channel(compilation, call, topic, field, item)
    values = [
        (name, compile_argument(compilation, value, f"{field}.values.{name}", item=item, may_be_absent=True))
        for name, value in call.values.items()
    ]
    links = tuple(
        (name, _link(compilation, link, f"{field}.links.{name}", item, at_home=topic.colleagues))
        for name, link in call.links.items()
    )
    words = _words(compilation, call, field, item, needs_what=topic.by_person, at_home=topic.colleagues)
    optional = [
        name for name, value in values if isinstance(value, Computed) and value.expression.may_be_absent
    ]
    _check_values(compilation, call, field, optional)
    if topic.by_person and call.template is not None:
        _check_what(compilation, call.template, topic.name, field)
    _check_links(compilation, call, field)
    to, context = argument(call.to, "to"), argument(call.context, "context")
    declared = topic.name in compilation.declared_topics
    retry = compile_retry(compilation, call.retry, f"{field}.retry", compilation.retry)
    name = argument(call.name, "name")
    if call.name is not None:
        compilation.named_notices.add(call.name)
    told = Listed([channel, Mapped(values), context, name])
    compilation.trigger(call.failed, f"{field}.failed", "task")
    return NoticeMaker(field, to, told, tuple(optional), topic, declared, words, links, retry, call.failed)


def check_recalled(compilation: Compilation) -> None:
    """A notice that is recalled is one that is sent under that name, as far as its name is written out."""
    named = compilation.named_notices
    computed = any(one.startswith("=") for one in named)
    for field, name in compilation.recalled:
        if not name.startswith("=") and name not in named and not computed:
            compilation.problem(field, "unknown-notice", f"no notice here has the name {name!r}")


def _topic(compilation: Compilation, call: NoticeCall, field: str) -> Topic:
    """What it is about: a word that the definition declares or that is registered."""
    name = TOPICS.default if call.about is None else call.about
    if name is None:
        compilation.problem(f"{field}.about", "required", "a notice says what it is about")
        return Topic("")
    found = compilation.topic(name)
    if found is None:
        declared = ", ".join(sorted(compilation.declared_topics)) or "nothing"
        registered = ", ".join(sorted(compilation.registered_topics)) or "nothing"
        message = f"a notice cannot be about {name!r}; `topics` declares {declared}; registered: {registered}"
        compilation.problem(f"{field}.about", "unknown-about", message)
        return Topic(name)
    return found


def _channel(compilation: Compilation, call: NoticeCall, topic: Topic, field: str, item: bool) -> Argument:
    """Over which channel it goes; of a computed one only the decision knows the name."""
    written = CHANNELS.default if call.channel is None else call.channel
    if written is None:
        compilation.problem(f"{field}.channel", "required", "a notice says over which channel it goes")
        return Literal(PREFERRED)
    channel = compile_argument(compilation, written, f"{field}.channel", item=item)
    refused = refusal(topic, written) if isinstance(channel, Literal) else None
    if refused is not None:
        rule, _, sentence = refused.partition(": ")
        compilation.problem(f"{field}.channel", rule, sentence)
    return channel


def _words(
    compilation: Compilation,
    call: NoticeCall | LinkCall,
    field: str,
    item: bool,
    *,
    needs_what: bool = False,
    at_home: bool = False,
) -> Words:
    """Its template, or else its own title and words."""
    if call.template is None:
        for name in ("title", "words"):
            if getattr(call, name) is None:
                compilation.problem(f"{field}.{name}", "required", f"{name!r} is missing, or else a template")
        title, words = (
            compile_argument(compilation, getattr(call, name), f"{field}.{name}", item=item)
            for name in ("title", "words")
        )
        return OwnWords(field, Listed([title, words]), compilation.language)
    for name in ("title", "words"):
        if getattr(call, name) is not None:
            message = f"the words are those of the template {call.template!r}; leave out {name}"
            compilation.problem(f"{field}.{name}", "two-wordings", message)
    template = _template(compilation, call.template, f"{field}.template")
    links = {name: placeholder(name) for name in call.links} if isinstance(call, NoticeCall) else {}
    return TemplateWords(field, template, links, needs_what, at_home)


def _template(compilation: Compilation, name: str, field: str) -> Template:
    compilation.used_templates.add(name)
    if name not in compilation.declared_templates:
        known = ", ".join(sorted(compilation.declared_templates)) or "none"
        compilation.problem(field, "unknown-template", f"there is no template {name!r}; there are: {known}")
    return compilation.templates.get(name, Template(name, compilation.language, {}))


def _check_values(compilation: Compilation, call: NoticeCall, field: str, optional: Sequence[str]) -> None:
    """`values` gives what the templates of the notice use, all of it and nothing else.

    Those that are `optional` may be left out.
    """
    names = [call.template, *(link.template for link in call.links.values())]
    used: dict[str, bool] = {}
    for name in names:
        for _, reading in _texts(compilation, name):
            for value in reading.uses:
                used[value] = used.get(value, False) or value in reading.bare
    for name in sorted(used.keys() - call.values.keys()):
        message = f"{name!r} is used by a template of this notice and not among its values"
        compilation.problem(f"{field}.values", "missing-value", message)
    for name, written in call.values.items():
        if name not in used:
            message = f"no template of this notice uses {name!r}"
            compilation.problem(f"{field}.values.{name}", "unused-value", message)
        elif used[name] and (name in optional or _may_be_empty(written)):
            message = f"{name!r} may be nothing; let the template ask {{% if {name} %}} first"
            compilation.problem(f"{field}.values.{name}", "hole", message)


def _may_be_empty(written: Any) -> bool:
    if isinstance(written, str) and written.startswith("="):
        return _MAY_BE_EMPTY.search(written) is not None
    return written is None or written == ""


def _check_what(compilation: Compilation, template: str, about: str, field: str) -> None:
    for place, reading in _texts(compilation, template):
        if place.endswith(".words") and WHAT not in reading.bare:
            said = about.replace("_", " ")
            message = f"{said} says what went wrong: the words at {place} need the value {WHAT!r}"
            compilation.problem(f"{field}.template", "no-what", message)


def _check_links(compilation: Compilation, call: NoticeCall, field: str) -> None:
    """Every link stands in the words, whatever the channel and language, and no other does."""
    if call.template is None:
        for name in call.links:
            if placeholder(name) not in (call.words or ""):
                message = f"the words do not hold {placeholder(name)}"
                compilation.problem(f"{field}.links.{name}", "unused-link", message)
        return
    for place, reading in _texts(compilation, call.template):
        for name in sorted(reading.links - call.links.keys()):
            message = f"{place} names the link {name!r}, which this notice does not have"
            compilation.problem(f"{field}.links", "unknown-link", message)
        for name in sorted(call.links.keys() - reading.links):
            if place.endswith(".words"):
                message = f"{place} does not hold {{{{ link.{name} }}}}"
                compilation.problem(f"{field}.links.{name}", "unused-link", message)


def _texts(compilation: Compilation, name: str | None) -> Iterator[tuple[str, Any]]:
    if name is not None and name in compilation.declared_templates:
        yield from texts(compilation.declared_templates[name], f"templates.{name}")


def _link(compilation: Compilation, link: LinkCall, field: str, item: bool, *, at_home: bool) -> LinkWay:
    if link.page is not None:
        for name in sorted(link.model_fields_set - {"page"}):
            message = "a link that leads to a page asks nothing and does nothing"
            compilation.problem(f"{field}.{name}", "two-ways", message)
        return PageMaker(field, compile_argument(compilation, link.page, f"{field}.page", item=item))
    for name in ("trigger", "expires"):
        if getattr(link, name) is None:
            compilation.problem(
                f"{field}.{name}", "required", f"{name!r} is missing, or else a page to lead to"
            )
    trigger = link.trigger or ""
    if trigger and link.subject is None:  # what another lifecycle takes is not known here
        compilation.trigger(trigger, f"{field}.trigger", "link")
        _check_fields(compilation, link, trigger, field)
    if link.template is not None:
        _check_page(compilation, link, field)
    return LinkMaker(
        field,
        trigger,
        None
        if link.subject is None
        else compile_argument(compilation, link.subject, f"{field}.subject", item=item),
        link.receiver,
        compile_argument(compilation, link.data, f"{field}.data", item=item),
        None
        if link.choices is None
        else compilation.expression(_bare(link.choices), f"{field}.choices", item=item),
        {name: asked.model_dump(mode="json", exclude_defaults=True) for name, asked in link.ask.items()},
        _expiry(compilation, link.expires or "PT0S", f"{field}.expires", item),
        _words(compilation, link, field, item, at_home=at_home),
    )


def _check_fields(compilation: Compilation, link: LinkCall, trigger: str, field: str) -> None:
    """What its page asks, and whom it was sent to, are fields of the event that the answer becomes."""
    declared = compilation.event_fields.get(trigger, frozenset())
    for name, asked in link.ask.items():
        if name not in declared:
            message = f"the trigger {trigger!r} brings no {name!r}; the answer would be lost"
            compilation.problem(f"{field}.ask.{name}", "link-field", message)
        if asked.type not in ("string", "integer", "boolean"):
            message = f"a page asks for texts, instants, whole numbers, and yes or no; not for {asked.type}"
            compilation.problem(f"{field}.ask.{name}.type", "link-field", message)
    if link.receiver is not None and link.receiver not in declared:
        message = f"the trigger {trigger!r} brings no {link.receiver!r}; nobody would know who answered"
        compilation.problem(f"{field}.receiver", "link-field", message)


def _check_page(compilation: Compilation, link: LinkCall, field: str) -> None:
    wordings: Mapping[str, Any] = compilation.declared_templates.get(str(link.template), {})
    for language, channels in wordings.items():
        labels = channels["default"].labels if "default" in channels else {}
        for name in link.ask:
            if name not in labels:
                message = f"the template {link.template!r} has no label for it in {language!r}"
                compilation.problem(f"{field}.ask.{name}", "missing-label", message)
    for place, reading in _texts(compilation, link.template):
        for name in sorted(reading.links):
            compilation.problem(
                f"{field}.template", "unknown-link", f"a page has no links: {place} names {name!r}"
            )


def _expiry(compilation: Compilation, text: str, field: str, item: bool) -> Any:
    if not is_duration_text(text):
        return compilation.expression(_bare(text), field, item=item)
    try:
        return parse_duration(text)
    except TimeError as error:
        compilation.time_error(field, error)
        return None


def _bare(text: str) -> str:
    return text.removeprefix("=")
