"""A mail as a value: who wrote, what they wrote anew, which case it answers, and what hangs on it."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machines.subject import is_key
from workflow.hooks.mail import MOST_PARTS, MOST_WORDS, mail_value
from workflow.recovery.contact.html_text import html_text
from workflow.recovery.contact.machine_written import machine_written
from workflow.recovery.contact.mail_threads import case_of_address, case_of_thread, thread_of_case

ids = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=200)


def mail(head: str = "", words: str = "Hello", kind: str = "text/plain; charset=utf-8") -> bytes:
    """A mail of Kim's."""
    lines = ["From: Kim <kim@mail.example>", *head.splitlines(), f"Content-Type: {kind}", "", words]
    return "\r\n".join(lines).encode()


@given(ids)
def test_a_thread_names_its_case(name: str) -> None:
    key = f"case:{name}"
    if is_key(key):
        thread = thread_of_case(key, "shop.example")
        assert case_of_thread(thread) == case_of_thread(thread.upper()) == key
        assert thread.isascii() and len(thread) < 1500


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "<a@b>",
        "<thread.@b>",
        "<thread.mnqxgzi@b>",
        "<thread.aaaa@b>",
        "<thread.oi@b>",
        "thread.mnqxgzj2mi@b",
    ],
)
def test_what_names_no_case_of_ours_is_none(reference: str) -> None:
    assert case_of_thread(reference) == ""


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("care+C-9-1@shop.example", "case:C-9-1"),
        ("care@shop.example", ""),
        ("care+@shop.example", ""),
        ("+a@b", ""),
    ],
)
def test_the_tag_of_an_address_names_a_case(address: str, key: str) -> None:
    assert case_of_address(address) == key


def test_the_nearest_thread_counts_and_then_the_tag() -> None:
    one, other = thread_of_case("case:C-1", "shop.example"), thread_of_case("case:C-2", "shop.example")
    head = f"References: {one}\r\n {other} <x@y>\nTo: care+C-3@shop.example"
    assert mail_value(mail(head))["case"] == "case:C-2"
    assert mail_value(mail(f"In-Reply-To: {one}\n{head}"))["case"] == "case:C-1"
    assert mail_value(mail("To: a@b.example, care+C-3@shop.example"))["case"] == "case:C-3"
    assert mail_value(mail("Delivered-To: care+C-4@shop.example"))["case"] == "case:C-4"


@pytest.mark.parametrize(
    "quote",
    [
        "On Wed, 1 Jul 2026 at 13:45, Care <care@shop.example> wrote:\n> Is it the blue one?",
        "Am Mi., 1. Juli 2026 um 13:45 Uhr schrieb Care <care@shop.example>:\n> Ist es der blaue?",
        "> Is it the blue one?\n> Care",
        "-----Original Message-----\nFrom: Care\n\nIs it the blue one?",
        "________________________________\nFrom: Care",
    ],
)
def test_what_an_answer_quotes_is_no_new_word(quote: str) -> None:
    found = mail_value(mail(words=f"Yes, that one.\n\n{quote}\n"))
    assert found["new_text"] == "Yes, that one."
    assert "Yes, that one.\n" in found["text"] and len(found["text"]) > len(found["new_text"])
    alone = mail_value(mail(words=quote))
    assert alone["new_text"] == alone["text"], "nothing is lost where all of it is a quote"


def test_words_in_any_encoding_and_kind_are_read() -> None:
    latin = b"From: k@m.example\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe"
    assert mail_value(latin)["text"] == "Grüße"
    unknown = b"From: k@m.example\nContent-Type: text/plain; charset=klingon\n\nGr\xc3\xbc\xc3\x9fe"
    assert mail_value(unknown)["text"] == "Grüße"
    page = mail(words="<style>p{}</style><p>It <b>works</b>.<br>Not&nbsp;yet &amp; here.", kind="text/html")
    assert mail_value(page)["text"] == "It works.\nNot yet & here."


def test_whom_it_is_to_be_answered_to_is_no_sender() -> None:
    found = mail_value(b"From: Website <www@shop.example>\nReply-To: Ada <ada@mail.example>\n\nx")
    assert found["from"] == {"address": "www@shop.example", "name": "Website"}
    assert found["reply_to"] == [{"address": "ada@mail.example", "name": "Ada"}]


def test_files_are_named_and_never_opened() -> None:
    one = EmailMessage()
    one["From"] = "kim@mail.example"
    one.set_content("See the picture.")
    one.add_attachment(b"x" * 3000, maintype="image", subtype="png", filename="Grüße.png")
    inner = EmailMessage()
    inner["Subject"] = "forwarded"
    inner.set_content("inner words")
    one.add_attachment(inner)
    found = mail_value(one.as_bytes())
    assert found["text"] == "See the picture."
    png, forwarded = found["attachments"]
    assert (png["name"], png["type"]) == ("Grüße.png", "image/png")
    assert abs(png["size"] - 3000) < 100
    assert forwarded["type"] == "message/rfc822"
    assert "inner words" not in str(found)


def test_it_has_bounds() -> None:
    assert len(mail_value(mail(words="x " * MOST_WORDS))["text"]) <= MOST_WORDS
    many = b"From: k@m.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (
        MOST_PARTS + 50
    )
    assert mail_value(many)["left_out"] == 50


def test_what_a_machine_has_written_shows() -> None:
    for head in ("Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>", "X-Autoreply: yes"):
        found = mail_value(mail(head))
        said = {"auto_submitted": found["auto_submitted"] or None, "headers": found["headers"]}
        assert machine_written({name: one for name, one in said.items() if one is not None}), head
    assert not machine_written({"headers": mail_value(mail("Precedence: list"))["headers"]})


@pytest.mark.parametrize(
    "hostile",
    [
        b"From: " + b"(" * 50_000 + b"\n\nx",
        b"From: " + b"a <b@c>, " * 20_000 + b"\n\nx",
        b"Content-Type: text/plain; " + b"a*0=b; " * 5_000 + b"\n\nx",
        b"Subject: " + b"=?utf-8?q?" * 5_000 + b"\n\nx",
        b"References: " + b"<a@b>" * 20_000 + b"\n\nx",
        b"Content-Type: text/html\n\n" + b"<" * 300_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 100_000,
        b"Content-Type: text/html\n\n" + b"<a b='" * 100_000,
        b"Content-Type: text/html\n\n" + b"<style>" * 100_000,
        b"From: " + b'"' * 100_000 + b"\n\n",
        b"To: " + b"a:b;" * 50_000 + b"\n\n",
        b"To: a@b.example\n" * 100_000 + b"\n\n",
        b"Date: " + b"(" * 50_000 + b"\n\n",
        b"Content-Disposition: attachment; filename*=" + b"%" * 200_000 + b"\n\n",
        b"Subject: " + b"a=?utf-8?q?x?= " * 30_000 + b"\n\nx",
        b"\n\n" + b"On wrote:\n" * 50_000,
        b"\n\n" + b"\n>" * 200_000,
    ],
)
def test_no_mail_keeps_a_process_for_long(hostile: bytes) -> None:
    began = time.process_time()
    try:
        mail_value(hostile)
    except Exception as error:
        assert not isinstance(error, MemoryError)
    assert time.process_time() - began < 5


@given(st.text(max_size=300))
def test_any_page_has_words(page: str) -> None:
    assert isinstance(html_text(page), str)
