"""What lifecycles, states and triggers are called on a page.

Those of the catalog have words in the files of the languages; any other is called as its definition names it,
with spaces. So a lifecycle of one's own has its pages without a word written for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from workflow.console.translations import translations

Label = Callable[..., str]


@cache
def labels(language: str) -> Label:
    """``label(kind, name, lifecycle)``: what something is called in this language.

    `kind` is one of ``lifecycle``, ``state``, ``trigger``, ``field``, ``channel``, ``role``. What a
    word means in one lifecycle alone stands in the file with that lifecycle as its
    context, ``state of promise``.
    """
    known = translations(language)

    def label(kind: str, name: str | None, lifecycle: str | None = None) -> str:
        if not name:
            return ""
        contexts = ([f"{kind} of {lifecycle}"] if lifecycle else []) + [kind]
        for context in contexts:
            if known.knows(context, name):
                return known.pgettext(context, name)
        return name.replace("_", " ")

    return label
