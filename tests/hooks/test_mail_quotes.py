"""What is new in an answer, as mail programs of many languages write it, and as people write around it."""

from __future__ import annotations

import pytest

from workflow.hooks.mail import mail_value
from workflow.hooks.mail_quotes import new_words

CARE = "Care <care@shop.example>"
MARKED = "> Is it the blue one?\n> Care"

ABOVE = [
    f"On Wed, Jul 1, 2026 at 1:45 PM {CARE} wrote:",
    "On Wed, Jul 1, 2026 at 1:45 PM Customer Care of the Shop <\ncare@shop.example> wrote:",
    f"On Wednesday, July 1st, 2026 at 1:45 PM, {CARE} wrote:",
    f"Am Mi., 1. Juli 2026 um 13:45 Uhr schrieb {CARE}:",
    "Am 01.07.2026 um 13:45 schrieb Care:",
    f"Le mer. 1 juil. 2026 à 13:45, {CARE} a écrit :",
    "El mié, 1 jul 2026 a las 13:45, Care (<care@shop.example>) escribió:",
    f"Il giorno mer 1 lug 2026 alle ore 13:45 {CARE} ha scritto:",
    f"Op wo 1 jul 2026 om 13:45 schreef {CARE}:",
    f"śr., 1 lip 2026 o 13:45 {CARE} napisał(a):",
    f"Em qua., 1 de jul. de 2026 às 13:45, {CARE} escreveu:",
    f"Den ons 1 juli 2026 kl 13:45 skrev {CARE}:",
    f"{CARE}, 1 Tem 2026 Çar, 13:45 tarihinde şunu yazd\u0131:",
    f"ср, 1 июл. 2026 г. в 13:45, {CARE} написал(а):",
    f"2026年7月1日(水) 13:45 {CARE}:",
    f"Ar Céad 1 Iúil 2026, 13:45 scríobh {CARE}:",
]
HEADS = [
    "________________________________\nFrom: Care <care@shop.example>\nSent: Wednesday, July 1, 2026\n",
    "Von: Care <care@shop.example>\nGesendet: Mittwoch, 1. Juli 2026 13:45\nAn: Kim\nBetreff: AW: Toaster\n",
    "Gesendet: Mittwoch, 1. Juli 2026 um 13:45 Uhr\nVon: Care <care@shop.example>\nAn: kim@mail.example\n",
    "De : Care <care@shop.example>\nEnvoyé : mercredi 1 juillet 2026 13:45\nÀ : Kim\nObjet : RE: x\n",
    "*From:* Care <care@shop.example>\n*Sent:* Wednesday, July 1, 2026 1:45 PM\n*To:* Kim\n",
    "发件人: Care <care@shop.example>\n发送时间: 2026年7月1日 13:45\n",
    "-----Original Message-----\nFrom: Care\n",
    "-----Ursprüngliche Nachricht-----\nVon: Care\n",
    "-------- Message d'origine --------\nDe : Care\n",
]


@pytest.mark.parametrize("above", ABOVE)
def test_what_is_marked_goes_with_the_line_above_it(above: str) -> None:
    assert new_words(f"Yes, that one.\n\n{above}\n\n{MARKED}\n") == "Yes, that one."


@pytest.mark.parametrize("above", [one for one in ABOVE if "年" not in one and "Iúil" not in one])
def test_what_is_not_marked_goes_to_the_end_where_we_know_the_verb(above: str) -> None:
    assert new_words(f"Yes, that one.\n\n{above}\n\nIs it the blue one?\nCare\n") == "Yes, that one."
    assert new_words(f"Yes, that one.\n    {above}\n\nIs it the blue one?\n") == "Yes, that one."


@pytest.mark.parametrize("head", HEADS)
def test_the_head_of_a_mail_begins_what_is_quoted(head: str) -> None:
    assert new_words(f"Yes, that one.\n\n{head}\nIs it the blue one?\n") == "Yes, that one."


@pytest.mark.parametrize("above", ABOVE)
def test_who_answers_below_or_between_loses_no_word(above: str) -> None:
    assert new_words(f"{above}\n{MARKED}\n\nYes, that one.") == "Yes, that one."
    between = f"Hello Care,\n{above}\n> Is it the blue one?\nYes, that one.\n> Since when?\nSince Monday."
    assert new_words(between) == "Hello Care,\nYes, that one.\nSince Monday."


@pytest.mark.parametrize(
    "own",
    [
        "Hello,\nOn Monday I wrote:\nthe lid does not close. Nobody answered.",
        "Guten Tag,\nAm Montag schrieb ich Ihnen:\nder Deckel schließt nicht.",
        "What came:\n1. a toaster\n2. a bill of 2026:\nneither is mine.",
        "From: the beginning it was broken.\nSent: nothing since.",
        "Von: niemandem habe ich gehört.\n\nIch warte.",
        "________________________________\nbelow the line I go on",
        "-----\nbelow the line I go on",
        "I paid 20 EUR.\nYou wrote 2026-07-01 that it comes.\nIt did not.",
    ],
)
def test_words_of_ones_own_that_look_like_it_stay(own: str) -> None:
    assert new_words(own) == own


@pytest.mark.parametrize(
    "title", ["Fwd: Your order", "WG: Ihre Bestellung", "TR : commande", "Fw: order", "转发: x"]
)
def test_what_is_passed_on_is_what_it_is_about(title: str) -> None:
    words = f"See below.\n\n{HEADS[1]}\nYour parcel is lost."
    assert new_words(words, title) == words
    assert new_words(words, "Re: Your order") == "See below."


def test_where_all_is_quoted_all_is_kept() -> None:
    for quote in (MARKED, f"{ABOVE[0]}\n{MARKED}", f"{HEADS[1]}\nIs it the blue one?"):
        assert new_words(quote) == quote


PAGES = [
    '<div dir="ltr">Yes, that one.</div><br><div class="gmail_quote"><div class="gmail_attr">On Wed, '
    "Jul 1, 2026 at 1:45 PM Care &lt;care@shop.example&gt; wrote:<br></div><blockquote>Is it\r\n"
    "the blue one?</blockquote></div>",
    '<p class=MsoNormal>Yes, that\r\none.</p><div style="border-top:solid"><p><b>Von:</b> Care '
    "&lt;care@shop.example&gt;<br><b>Gesendet:</b> Mittwoch<br><b>An:</b> Kim</p></div><p>Der blaue?</p>",
    '<blockquote type="cite"><div>On 1. Jul 2026, at 13:45, Care wrote:</div><p>'
    "Is it <blockquote>older</blockquote>the blue one?</blockquote>Yes, that one.",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_quotes_as_a_text_does(page: str) -> None:
    mail = b"From: kim@mail.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    assert mail_value(mail)["new_text"] == "Yes, that one."
