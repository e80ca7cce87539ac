"""A notice as a mail: whatever it says arrives, in lines and characters that any mail server takes."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.channels.message import compose
from tests.tasks.test_smtp import KEY, notice
from workflow.recovery.contact.mail_threads import case_of_thread

_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"), max_size=1500
)
_TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=200)


def composed(
    title: str, words: str, to: str = "ada@example.com", sender: str = "Care <care@shop.example>"
) -> bytes:
    """The bytes of a mail to Ada."""
    return compose(notice(title=title, words=words, to=to), to, KEY, sender)


def read(message: bytes) -> EmailMessage:
    """As a mail program reads it."""
    return cast(EmailMessage, message_from_bytes(message, policy=policy.default))


@given(title=_TITLES, words=_WORDS)
def test_what_is_said_is_what_is_read(title: str, words: str) -> None:
    message = composed(title, words)
    found = read(message)
    assert found["Subject"] == " ".join(title.split())
    assert found.get_content().replace("\r\n", "\n").rstrip("\n") == words.rstrip("\n")
    assert found["Auto-Submitted"] == "auto-generated" and found["To"] == "ada@example.com"


@given(title=_TITLES, words=_WORDS)
def test_it_is_ascii_in_lines_that_are_short_enough(title: str, words: str) -> None:
    message = composed(title, words)
    assert message.isascii()
    assert b"\n" not in message.replace(b"\r\n", b"") and b"\r" not in message.replace(b"\r\n", b"")
    assert max(map(len, message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "title", ["=?utf-8?q?Bcc=3A?=", "Late =?x?", "Grüße \U0001f6d1", "", "a\x00b", "x" * 2000]
)
def test_titles_that_look_like_something_else(title: str) -> None:
    found = read(composed(title, "Hello"))
    assert found["Subject"].replace("\x00", "") == " ".join(title.split()).replace("\x00", "")
    assert set(found.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip


def test_a_sender_with_a_name_of_any_letters() -> None:
    found = read(composed("Late", "Hello", sender='"Bürger, Büro" <care@shop.example>'))
    (one,) = found["From"].addresses
    assert (one.display_name, one.addr_spec) == ("Bürger, Büro", "care@shop.example")


def test_an_address_beyond_ascii_stands_as_it_is() -> None:
    assert "To: jörg@example.com".encode() in composed("Grüße", "Grüße", to="jörg@example.com")


@pytest.mark.parametrize("subject", ["case:C-9-1", "case:Ø/7"])
def test_the_mails_of_a_case_are_one_thread_that_its_answer_names(subject: str) -> None:
    def sent(**more: Any) -> str:
        one = notice(to="ada@example.com")._replace(**more)
        return str(read(compose(one, "ada@example.com", KEY, "Care <care@shop.example>"))["References"])

    thread = sent(subject=subject)
    assert sent(subject="promise:P-1", context={"case": subject}) == thread
    assert sent(subject="promise:P-1", context={"case": "case:other"}) != thread
    assert case_of_thread(thread) == subject
    assert "References" not in read(composed("Title", "Words"))
