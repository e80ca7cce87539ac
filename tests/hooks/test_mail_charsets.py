"""Mails whose bytes are not what their sender says of them."""

from __future__ import annotations

import pytest

from workflow.hooks.mail import mail_value


def mail(charset: str, raw: bytes) -> bytes:
    """A mail of Kim's that says of its words that they are of this encoding."""
    head = "From: Kim <kim@mail.example>\nContent-Transfer-Encoding: 8bit"
    return f"{head}\nContent-Type: text/plain; charset={charset}\n\n".encode() + raw


@pytest.mark.parametrize(
    ("charset", "encoding", "words"),
    [
        ("iso-8859-1", "cp1252", "“20 €”, nur…"),
        ("iso-8859-1", "iso-8859-1", "Grüße"),
        ("us-ascii", "cp1252", "Grüße"),
        ("us-ascii", "utf-8", "Grüße"),
        ("gb2312", "gb18030", "你好龍與€"),
        ("big5", "big5", "您好"),
        ("ks_c_5601-1987", "cp949", "안녕하세요 똠방각하"),
        ("shift_jis", "cp932", "①㈱髙島屋"),
        ("x-sjis", "cp932", "こんにちは"),
        ("iso-2022-jp", "iso-2022-jp", "こんにちは"),
        ("iso-8859-8-i", "iso-8859-8", "שלום"),
        ("windows-874", "cp874", "สวัสดี"),
        ("windows-1258", "cp1258", "Grüße"),
        ("macintosh", "mac_roman", "Grüße"),
        ("unicode-1-1-utf-7", "utf-7", "Grüße"),
        ("utf8mb4", "utf-8", "Grüße 😀"),
        ('"utf-8;"', "utf-8", "Grüße"),
        ("klingon", "utf-8", "Grüße"),
        ("klingon", "cp1252", "Grüße"),
        ("utf-8", "cp1252", "Grüße"),
        ("x-unknown", "cp1252", "Grüße"),
        ("unicode_escape", "utf-8", r"C:\new Grüße"),
        ("idna", "utf-8", "Grüße"),
        ("hex", "utf-8", "Grüße"),
        ("zlib", "utf-8", "Grüße"),
    ],
)
def test_words_are_read_as_what_they_are(charset: str, encoding: str, words: str) -> None:
    assert mail_value(mail(charset, words.encode(encoding)))["text"] == words


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_field_with_bytes_that_nobody_encoded_is_read(encoding: str) -> None:
    raw = "From: Käthe <kim@mail.example>\nSubject: Grüße\n\nx".encode(encoding)
    found = mail_value(raw)
    assert found["subject"] == "Grüße"
    assert found["from"] == {"address": "kim@mail.example", "name": "Käthe"}


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        ("Müller, Kim <kim@mail.example>", {"address": "kim@mail.example", "name": "Müller, Kim"}),
        (
            "Müller, Kim, Berlin <kim@mail.example>, sam@mail.example",
            {"address": "kim@mail.example", "name": "Müller, Kim, Berlin"},
        ),
        ("sam, kim@mail.example", {"address": "kim@mail.example", "name": "sam"}),
        ("Kim (Shop; Berlin), Inc. <kim@mail.example>", {"address": "kim@mail.example"}),
        ('"Kim <kim@mail.example>', {"address": "kim@mail.example"}),
        ("käthe@müller.example", {"address": "käthe@müller.example", "name": ""}),
    ],
)
def test_a_sender_that_is_not_written_as_it_should_be_is_known(field: str, sender: dict[str, str]) -> None:
    found = mail_value(f"From: {field}\n\nx".encode())["from"]
    assert found | sender == found


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "zlib", "klingon"])
def test_a_file_of_an_encoding_that_is_none_has_a_size(charset: str) -> None:
    kind = f"Content-Disposition: attachment; filename=a.txt\nContent-Type: text/plain; charset={charset}"
    (file,) = mail_value(f"From: k@m.example\n{kind}\n\nGrüße".encode())["attachments"]
    assert (file["name"], file["size"] > 0) == ("a.txt", True)
