"""What a decision changes of what its subject is found and chosen by; written in its transaction."""

from __future__ import annotations

from state_machines.definitions.searching import SearchRule
from state_machines.subject import INITIAL, Subject
from workflow.search.spelling import KnownWords, variants
from workflow.search.terms import learned, terms_of
from workflow.store.port import Changes


def note(
    changes: Changes, row: int, rule: SearchRule, before: Subject, after: Subject, known: KnownWords
) -> None:
    """Add to the changes what differs; nothing, where a decision leaves it all as it was.

    Args:
        row: the subject's.
        rule: of the definition that the subject lives through.
        known: words whose variants need not be written.
    """
    same_state, same_data = before.state == after.state, before.data is after.data
    if (same_state and same_data) or after.state == INITIAL:
        return
    opens = before.state == INITIAL
    if opens or (not same_data and rule.texts_differ(before.data, after.data)):
        note_texts(changes, row, rule, after, known)
    if opens or (not same_data and rule.standing_differs(before.data, after.data)):
        changes.standings[row] = rule.read_standing(after.data)
    elif not same_state:
        changes.states.add(row)


def note_texts(changes: Changes, row: int, rule: SearchRule, subject: Subject, known: KnownWords) -> None:
    """Add to the changes by which terms a subject is found."""
    terms = terms_of(subject.key, rule.read_texts(subject.data))
    changes.terms[row] = terms
    for word in known.unknown(learned(terms)):
        changes.words[word] = variants(word)
