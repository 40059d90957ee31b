"""What a test has asked before and was answered, so that a known conversation need not be computed again.

A test is closed: what it asks next, and how it ends, depends on nothing but what it was answered so far. Where an
answer says, byte for byte, what another one has said before, its verdict is the other's: neither PyTorch nor a
comparison has to run. Every question is put to every answer all the same, one after the other. At the first reply
that is new, the test itself is run: it is told again what was said up to there, and goes on from it.
"""

import hashlib
from collections import deque
from dataclasses import dataclass, field

from .remote import AnswerLost

MOST_BYTES = 8 << 20  # kept of all conversations of one test


@dataclass(slots=True)
class _Turn:
    """A point of a conversation: the question that comes next, or how the test ends there."""

    question: bytes | None = None
    end: object = None
    after: dict = field(default_factory=dict)  # digest of a reply -> the turn that follows it


class Known:
    """The conversations that one test has had, as a tree: they part where replies differ."""

    def __init__(self):
        self.first, self.left, self.steady = None, MOST_BYTES, True

    def follow(self, session):
        """Has a known conversation with an answer, as far as it goes.

        Returns how it ended, None if it did not, and what was said: pairs of question and reply.
        """
        turn, said = self.first, []
        while turn is not None and turn.question is not None:
            reply = session.converse(turn.question)
            said.append((turn.question, reply))
            turn = turn.after.get(_digest(reply))
        return turn and turn.end, said

    def keep(self, conversation, end):
        """Keeps a whole conversation of the test, if there is room for it."""
        if not self.steady or conversation.size > self.left:
            return
        self.left -= conversation.size
        turn = self.first = self.first or _Turn()
        for question, reply in conversation.minutes:
            turn.question = question
            turn = turn.after.setdefault(reply, _Turn())
        turn.end = end

    def distrust(self):
        """The test asks other questions each time that it is run: nothing about it can be known."""
        self.first, self.steady = None, False


class Conversation:
    """One conversation under way, while the test is run; `said` comes first, without the answer."""

    def __init__(self, known, said=()):
        self.known, self.said, self.minutes, self.size = known, deque(said), [], 0

    def exchange(self, question, converse):
        """The reply to a question: from what was said before, or from the answer."""
        if self.said:
            before, reply = self.said.popleft()
            if before != question:
                self.known.distrust()
                raise AnswerLost("sandbox", "the test does not ask the same when it hears the same")
        else:
            reply = converse(question)
        if self.size <= MOST_BYTES:
            self.size += len(question) + 200
            self.minutes.append((question, _digest(reply)))
        return reply


def _digest(reply):
    return hashlib.blake2b(reply, digest_size=20).digest()
