"""What goes out as one message says what each of its notices says."""

from __future__ import annotations

import pytest

from tasks.channels.port import Notice
from tasks.sending.digest import joined
from tests.workflow.world import NOW


def notice(number: int, about: str = "reminder", title: str = "") -> Notice:
    """One of several to the same customer."""
    return Notice(
        f"case:C/{number}/0", "case:C", "email", "ada@shop.example", about, title or f"T{number}",
        f"words {number}", {"case": "case:C"} if number == 1 else {"other": number}, NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("abouts", "about"),
    [(["reminder", "reminder"], "reminder"), (["reminder", "thanks"], "news")],
)
def test_a_message_about_several_things_is_news(abouts: list[str], about: str) -> None:
    one = joined([notice(number, about) for number, about in enumerate(abouts, start=1)])
    assert one.about == about
    assert one.words == "T1\nwords 1\n\nT2\nwords 2"
    assert one.context == {"case": "case:C", "digest": ["case:C/1/0", "case:C/2/0"]}
    assert one.key == "case:C/1/0"


def test_a_title_holds_as_many_titles_as_fit_each_once() -> None:
    titles = ["a" * 60, "b" * 57, "a" * 60, "c"]
    one = joined([notice(number, title=title) for number, title in enumerate(titles, start=1)])
    assert one.title == f"{'a' * 60} · {'b' * 57} (+1)"
