"""A digest: what waited for one customer, as one message."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.channels.port import Notice
from workflow.recovery.vocabulary import NEWS

_LONGEST_TITLE = 120


def joined(notices: Sequence[Notice]) -> Notice:
    """One notice with the words of all of these, in their order."""
    first = notices[0]
    abouts = {notice.about for notice in notices}
    return first._replace(
        about=first.about if len(abouts) == 1 else NEWS,
        declared=first.declared if len(abouts) == 1 else None,
        title=_title(list(dict.fromkeys(notice.title for notice in notices))),
        words="\n\n".join(f"{notice.title}\n{notice.words}" for notice in notices),
        context={**first.context, "digest": [notice.key for notice in notices]},
    )


def _title(titles: Sequence[str]) -> str:
    """The titles that fit, and how many more there are; it holds no words of any language."""
    shown = titles[:1]
    for title in titles[1:]:
        if len(" · ".join([*shown, title])) > _LONGEST_TITLE:
            break
        shown = [*shown, title]
    more = len(titles) - len(shown)
    return " · ".join(shown) + (f" (+{more})" if more else "")
