"""What becomes data although no person has said it: words of the house itself, in its language.

A promise that a case makes to ourselves has words, and so has a ladder that a subject climbs by itself. They
are data, kept in the language of the house. Whoever reads of them, on a page or in a message, reads them in
their own: they are known by their form.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from state_machines.templates.home import HOME
from workflow.recovery.sentence_forms import Form, form_of

_LONGEST, _DEEPEST = 2_000, 3
"""Characters of a text that is looked at, and how many sentences one may hold, each within another."""
OTHERWISE = "en"
"""The language of a house that has said none, or one that is not spoken here."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        # Promises to ourselves.
        "first_word": "A first word from a person to the customer",
        "daily_word": "A word to the customer, every day while we act",
        "plan": "A plan with both halves, agreed with the customer",
        "check_in": "We find out whether it works for the customer",
        "document": "What happened, why, and what we do differently is written down",
        # What somebody must see to.
        "nobody_came": "Nobody came: {about}",
        "decide": "Decide: {words}",
        "please_call": "Please call",
        "nobody_calls": "A call that nobody makes ({why}): {title}",
        "request": "their number is wrong, or nobody knows when they may be called",
        "try_again": "their number is wrong, or nobody knows when they may be called",
        "lease_expired": "it was claimed and not made",
        "not_claimed": "nobody has claimed it",
        "overdue": "the customer expected it by now",
        "no_answer": "nobody answers",
        "busy": "the line is busy",
        "wrong_number": "the number is wrong",
        "not_arrived": "It was taken over {channel} and did not arrive ({code}).",
        "no_code": "no reason was given",
        "nobody_there": (
            "Nobody is reached over {channel} ({code}). Nothing is sent there until the address changes; "
            "find the right one."
        ),
        "no_way": "There is no way on which this customer can be reached. Find one, and tell them.",
        "to_be_said": 'It was to say: "{words}"',
        "matters_to_be_said": "It was to say, of {count} matters: {titles}.",
        "and_more": "and {count} more",
        "not_sent": "This did not go out over {channel}: {error}.",
        "unknown_send": (
            "Nobody knows whether this went out over {channel}: {error}. Find out; then settle it, or have "
            "it tried again."
        ),
        "unknown_task": (
            "Nobody knows whether the task {channel} was carried out: {error}. Find out; then settle it, "
            "or have it tried again."
        ),
        # News for whoever answers for something, who has no address.
        "unheard": "{owner} has no address, and hears nothing of this: {about}. {said}",
        "nobody_calls_here": "A call waits for somebody, or does not get through",
        "somebody_elses": (
            "It is the case of {customer}, who was taken for somebody else; somebody else was told: {words}"
        ),
        "called_off": "The customer has called it off",
        "not_on_the_way": "Nobody is on the way yet, and the customer knows",
        "not_there_yet": "Nobody is there yet, and the customer knows",
        "delay": "It will be late, and the customer knows",
        "nobody_picked": "The customer has not picked a time",
        "nothing_left": "The customer has not picked a time, and none is left to pick",
        "other_time": "The customer picked another time",
        "on_again": "It takes place after all",
        "dead_letter": (
            "1 dead letter: {causes}. GET /v1/dead-letters and /v1/effects?state=dead show it; mend the "
            "cause and retry it, or discard it."
        ),
        "dead_letters": (
            "{count} dead letters: {causes}. GET /v1/dead-letters and /v1/effects?state=dead show them; "
            "mend the cause and retry each, or discard it."
        ),
        "causes_more": "and {count} causes more",
        "subscription_disabled": (
            "Nothing is sent any more to {place} (subscription {id}): {reason}. Nothing is lost: mend the "
            "cause, and PATCH /v1/subscriptions/{id} with status active lets it go on where it stood."
        ),
        "subscription_fails": (
            "What goes to {place} (subscription {id}) does not arrive. At {until} it is disabled, if that "
            "stays so. /admin/integrate shows each attempt."
        ),
        # What is to be approved.
        "by_policy": "{what}, by the policy {policy}",
        "amount_by_policy": "{what} of {amount}, by the policy {policy}",
        "not_theirs_to_grant": "{role} may not grant it without approval",
        "more_than_theirs": "it is more than {role} may grant without approval",
        "grants_none": "it grants no {what}",
        "out_of_force": "it no longer holds: {reason}",
        "no_policy": "there is no such policy",
        # What stands in a case.
        "done": "It is done.",
        "spoken": "We have spoken with the customer.",
        "not_content": "The customer is not content.",
    },
    "de": {
        "first_word": "Ein erstes Wort eines Menschen an den Kunden",
        "daily_word": "Jeden Tag ein Wort an den Kunden, solange wir handeln",
        "plan": "Ein Plan mit beiden Hälften, mit dem Kunden vereinbart",
        "check_in": "Wir finden heraus, ob es beim Kunden geht",
        "document": "Was geschehen ist, warum, und was wir anders machen, ist aufgeschrieben",
        "nobody_came": "Niemand ist gekommen: {about}",
        "decide": "Zu entscheiden: {words}",
        "please_call": "Bitte anrufen",
        "nobody_calls": "Ein Anruf, den niemand macht ({why}): {title}",
        "request": "die Nummer ist falsch, oder niemand weiß, wann angerufen werden darf",
        "try_again": "die Nummer ist falsch, oder niemand weiß, wann angerufen werden darf",
        "lease_expired": "er wurde übernommen und nicht gemacht",
        "not_claimed": "niemand hat ihn übernommen",
        "overdue": "der Kunde hat ihn schon erwartet",
        "no_answer": "niemand nimmt ab",
        "busy": "es ist besetzt",
        "wrong_number": "die Nummer ist falsch",
        "not_arrived": "Es wurde über {channel} angenommen und kam nicht an ({code}).",
        "no_code": "ein Grund wurde nicht genannt",
        "nobody_there": (
            "Über {channel} ist niemand zu erreichen ({code}). Dorthin geht nichts mehr, bis die Adresse "
            "eine andere ist; bitte die richtige herausfinden."
        ),
        "no_way": "Dieser Kunde ist auf keinem Weg zu erreichen. Bitte einen finden und es ihm sagen.",
        "to_be_said": "Zu sagen war: „{words}“",
        "matters_to_be_said": "Zu sagen war, zu {count} Dingen: {titles}.",
        "and_more": "und {count} weitere",
        "not_sent": "Dies ging nicht über {channel} hinaus: {error}.",
        "unknown_send": (
            "Niemand weiß, ob dies über {channel} hinausging: {error}. Bitte herausfinden und dann "
            "erledigen oder noch einmal versuchen lassen."
        ),
        "unknown_task": (
            "Niemand weiß, ob die Aufgabe {channel} ausgeführt wurde: {error}. Bitte herausfinden und dann "
            "erledigen oder noch einmal versuchen lassen."
        ),
        "unheard": "{owner} hat keine Adresse und hört nichts davon: {about}. {said}",
        "nobody_calls_here": "Ein Anruf wartet auf jemanden, oder kommt nicht durch",
        "somebody_elses": (
            "Es ist der Fall von {customer}; zwei waren verwechselt worden, und jemand anderes hat gehört: "
            "{words}"
        ),
        "called_off": "Der Kunde hat abgesagt",
        "not_on_the_way": "Noch ist niemand unterwegs, und der Kunde weiß es",
        "not_there_yet": "Noch ist niemand dort, und der Kunde weiß es",
        "delay": "Es wird später, und der Kunde weiß es",
        "nobody_picked": "Der Kunde hat keine Zeit gewählt",
        "nothing_left": "Der Kunde hat keine Zeit gewählt, und es ist keine mehr übrig",
        "other_time": "Der Kunde hat eine andere Zeit gewählt",
        "on_again": "Der Termin findet doch statt",
        "dead_letter": (
            "Eines ging nicht weiter: {causes}. GET /v1/dead-letters und /v1/effects?state=dead zeigen es; "
            "die Ursache beheben und es noch einmal versuchen oder verwerfen."
        ),
        "dead_letters": (
            "{count} gingen nicht weiter: {causes}. GET /v1/dead-letters und /v1/effects?state=dead zeigen "
            "sie; die Ursache beheben und jedes noch einmal versuchen oder verwerfen."
        ),
        "causes_more": "und {count} weitere Ursachen",
        "subscription_disabled": (
            "An {place} geht nichts mehr (Abonnement {id}): {reason}. Verloren ist nichts: die "
            "Ursache beheben, dann geht es mit PATCH /v1/subscriptions/{id} und status active dort "
            "weiter, wo es stand."
        ),
        "subscription_fails": (
            "Was an {place} geht (Abonnement {id}), kommt nicht an. Um {until} wird es abgeschaltet, wenn "
            "das so bleibt. /admin/integrate zeigt jeden Versuch."
        ),
        "by_policy": "{what}, nach der Regel {policy}",
        "amount_by_policy": "{what} von {amount}, nach der Regel {policy}",
        "not_theirs_to_grant": "{role} darf es ohne Zustimmung nicht gewähren",
        "more_than_theirs": "es ist mehr, als {role} ohne Zustimmung gewähren darf",
        "grants_none": "sie gewährt kein {what}",
        "out_of_force": "sie gilt nicht mehr: {reason}",
        "no_policy": "eine solche Regel gibt es nicht",
        "done": "Es ist geschehen.",
        "spoken": "Wir haben mit dem Kunden gesprochen.",
        "not_content": "Der Kunde ist nicht zufrieden.",
    },
}
"""By language and name; values in braces."""


def house_says(name: str, values: Mapping[str, Any]) -> str:
    """``house_says('nobody_came', {'about': data.about})``: words of the house, in its language.

    Raises KeyError where there are none of this name, or a value of theirs is missing.
    """
    wished = (HOME.language or OTHERWISE).partition("-")[0].lower()
    return WORDS.get(wished, WORDS[OTHERWISE])[name].format_map(values)


@lru_cache(4_096)
def house_words_in(text: str, language: str) -> str:
    """The text in this language, where it is words of the house in another one; else the same text.

    What stands in the places of a sentence is said again if it is words of the house itself.
    """
    return _again(text, language.partition("-")[0].lower(), 0)


def _again(text: str, language: str, depth: int) -> str:
    if len(text) > _LONGEST or depth > _DEEPEST:
        return text
    for form in _forms(language):
        if (found := form.values(text)) is not None:
            return form.said.format_map(
                {name: _again(value, language, depth + 1) for name, value in found.items()}
            )
    return text


@cache
def _forms(language: str) -> list[Form]:
    """Of all other languages, those with most of their own first; none where this one is not spoken."""
    spoken = WORDS.get(language, {})
    forms = [
        form_of(text, spoken[name])
        for other, words in WORDS.items()
        for name, text in words.items()
        if other != language and name in spoken
    ]
    return sorted(forms, key=lambda one: -len(one.begins) - sum(len(behind) for _, behind in one.then))
