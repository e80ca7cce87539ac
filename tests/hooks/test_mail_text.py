"""Mails whose lines a mail program has broken, and says so (RFC 3676)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.hooks.mail import mail_value
from workflow.hooks.mail_text import whole_lines

WORDS = st.text(st.sampled_from("abc äß."), min_size=1, max_size=40).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("kind", "text", "whole"),
    [
        ("format=flowed", "One long \nline of \nmine.\n\nAnother.", "One long line of mine.\n\nAnother."),
        ("format=Flowed; delsp=yes", "One lo \nng line.\nShort.", "One long line.\nShort."),
        ("format=flowed", " From here \non.\n >no quote", "From here on.\n>no quote"),
        ("format=flowed", "It works. \n-- \nKim", "It works. \n-- \nKim"),
        ("format=fixed", "One \nline.", "One \nline."),
        ("charset=utf-8", "One \nline.", "One \nline."),
    ],
)
def test_a_line_is_as_long_as_it_was_written(kind: str, text: str, whole: str) -> None:
    mail = f"From: kim@mail.example\nContent-Type: text/plain; {kind}\n\n{text}".encode()
    assert mail_value(mail)["text"] == whole
    assert mail_value(mail.replace(b"\n", b"\r\n"))["text"] == whole


def test_what_is_quoted_goes_on_in_what_is_quoted_alone() -> None:
    text = "> Is it the \n> blue one? \n>> Older \nYes, \nthat one."
    assert whole_lines(text, deletes_blanks=False) == "> Is it the blue one? \n>> Older \nYes, that one."
    mail = f"From: k@m.example\nContent-Type: text/plain; format=flowed\n\n{text}".encode()
    assert mail_value(mail)["new_text"] == "Yes, that one."


@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(WORDS, min_size=1, max_size=5)), min_size=1, max_size=6)
)
def test_whatever_is_broken_is_whole_again(paragraphs: list[tuple[int, list[str]]]) -> None:
    broken, written = [], []
    for depth, pieces in paragraphs:
        broken += [f"{'>' * depth} {one} " for one in pieces[:-1]] + [f"{'>' * depth} {pieces[-1]}"]
        written.append(f"{'>' * depth}{' ' if depth else ''}{' '.join(pieces)}")
    assert whole_lines("\n".join(broken), deletes_blanks=False) == "\n".join(written)
