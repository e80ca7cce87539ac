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
from workflow.recovery.translated import ENGLISH, in_languages

_LONGEST, _DEEPEST = 2_000, 3
"""Characters of a text that is looked at, and how many sentences one may hold, each within another."""
OTHERWISE = ENGLISH
"""The language of a house that has said none, or one that is not spoken here."""

_ENGLISH: Mapping[str, str] = {
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
        "1 dead letter: {causes}. The page /operate shows it; mend the cause, and try it again there or "
        "drop it."
    ),
    "dead_letters": (
        "{count} dead letters: {causes}. The page /operate shows them; mend the cause, and try them again "
        "there or drop them."
    ),
    "causes_more": "and {count} causes more",
    "subscription_disabled": (
        "Nothing is sent any more to {place} (subscription {id}): {reason}. Nothing is lost: mend the "
        "cause, and have it go on where it stood, on the page /admin/integrate."
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
}
"""By name; values in braces."""


@cache
def house_words() -> Mapping[str, Mapping[str, str]]:
    """All of them by language and name; values in braces."""
    return in_languages("house", _ENGLISH)


def house_says(name: str, values: Mapping[str, Any]) -> str:
    """``house_says('nobody_came', {'about': data.about})``: words of the house, in its language.

    Raises KeyError where there are none of this name, or a value of theirs is missing.
    """
    wished = (HOME.language or OTHERWISE).partition("-")[0].lower()
    words = house_words()
    return words.get(wished, words[OTHERWISE])[name].format_map(values)


@lru_cache(4_096)
def house_words_in(text: str, language: str) -> str:
    """The text in this language, where it is words of the house in another one; else the same text.

    What stands in the places of a sentence is said again if it is words of the house itself.
    """
    return _again(text, language.partition("-")[0].lower(), 0)


def _again(text: str, language: str, depth: int) -> str:
    if len(text) > _LONGEST or depth > _DEEPEST:
        return text
    forms, others = _forms(language)
    for form in forms.get(text[:1], others):
        if (found := form.values(text)) is not None:
            return form.said.format_map(
                {name: _again(value, language, depth + 1) for name, value in found.items()}
            )
    return text


@cache
def _forms(language: str) -> tuple[Mapping[str, list[Form]], list[Form]]:
    """Of all other languages, those with most of their own first; none where this one is not spoken.

    By the letter with which a text begins those that it may be of; and for any other letter. Most texts are
    no words of the house.
    """
    spoken = house_words().get(language, {})
    forms = [
        form_of(text, spoken[name])
        for other, words in house_words().items()
        for name, text in words.items()
        if other != language and name in spoken
    ]
    forms.sort(key=lambda one: -len(one.begins) - sum(len(behind) for _, behind in one.then))
    letters = {one.begins[:1] for one in forms}
    by_letter = {each: [one for one in forms if one.begins[:1] in ("", each)] for each in letters}
    return by_letter, by_letter.get("", [])
