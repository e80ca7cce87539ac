"""Signed links: who holds one may answer one question, once, until it expires, without a login."""

from workflow.recovery.links.answering import SOURCE, Question, answer, question_behind
from workflow.recovery.links.secret import link_secret
from workflow.recovery.links.token import Expired, Forged, Pass, sign, verified
from workflow.recovery.links.urls import LinkWriter

__all__ = [
    "SOURCE",
    "Expired",
    "Forged",
    "LinkWriter",
    "Pass",
    "Question",
    "answer",
    "link_secret",
    "question_behind",
    "sign",
    "verified",
]
