"""What a session was about, in its own words: messages in, a digest out.

Nothing is written anew: each sentence is quoted, with the id of the message that it
comes from. Cards and other machines' messages are left out. Of a terminal its commands
and prompts are told (`recap`).
"""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from ant.export.terminal_summary import Recap, SummarySource, gather, recap
from ant.messages import messages as rooms
from ant.model.messages import Message, MessageId, MessageType
from ant.model.sessions import SessionId
from ant.store import Unit

SENTENCES = 10
"""Sentences of a digest: what fits on one screen."""

TERMS = 10
"""Key terms, as the original has them."""

LONGEST = 400
"""Characters of a sentence that is quoted; a longer one is a listing or a log."""

PIECE = 16 << 10
"""Characters that are looked through at once, some tenths of a millisecond: while an
expression is looked for, no other thread runs."""

CANDIDATES = 1000
"""Sentences of most weight, of which those that say something new are chosen."""

_FENCE = "```"
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"`[^`\n]*`")
_END = re.compile(r"(?<=[.!?])\s+|\n+")
_DECIDES = re.compile(
    r"\b(decid\w+|agreed?|done|fixed|fix|resolved|because|blocked|must|should|"
    r"will|shipped|released|broke\w*|fail\w*|root cause|todo|next)\b",
    re.IGNORECASE,
)
_STOP = frozenset(
    _WORD.findall(
        """
        the and for are but not you all any can had her was one our out has him his how
        its may new now old see two who did get let put say she too use that with have
        this will your from they know want been good much some time very when come here
        just like long make many over such take than them well were what which would
        there their about could other into more only then also after first these those
        because should does done each where being ant yes please
        """
    )
)


@attrs.frozen
class Poster:
    """Who posted, and how often."""

    id: str
    count: int


@attrs.frozen
class Term:
    """A word that the room uses much."""

    term: str
    count: int


@attrs.frozen
class Quote:
    """A sentence of a message, as it stands there."""

    text: str
    message_id: MessageId = attrs.field(metadata={"wire": "messageId"})
    sender_id: str | None
    at: datetime


@attrs.frozen
class Digest:
    """A room in figures, words and quotes; oldest first.

    `message_count` is of people's and agents' own messages among the newest `covered`,
    which were read: 5,000 and 2 MiB at most. `terminal` is what was done in it; null
    for a chat. A terminal's own digest has no messages of its linked chat.
    """

    session_id: SessionId
    message_count: int = attrs.field(metadata={"wire": "messageCount"})
    participant_count: int = attrs.field(metadata={"wire": "participantCount"})
    duration_minutes: float = attrs.field(metadata={"wire": "durationMinutes"})
    messages_per_hour: float = attrs.field(metadata={"wire": "messagesPerHour"})
    participants: tuple[Poster, ...]
    key_terms: tuple[Term, ...] = attrs.field(metadata={"wire": "keyTerms"})
    first_message: datetime | None = attrs.field(metadata={"wire": "firstMessage"})
    last_message: datetime | None = attrs.field(metadata={"wire": "lastMessage"})
    sentences: tuple[Quote, ...]
    covered: int
    terminal: Recap | None


def read_digest(unit: Unit, session_id: SessionId) -> Digest:
    """The digest of a session as it is now; for a thread. Raises `NotFound`."""
    messages = rooms.recent(unit, session_id)
    return digest(session_id, messages, gather(unit, session_id), unit.pause)


def _go_on() -> None:
    """Nobody waits."""


def digest(
    session_id: SessionId,
    messages: Sequence[Message],
    record: SummarySource | None = None,
    pause: Callable[[], None] = _go_on,
) -> Digest:
    """The digest of these messages, oldest first, and of what a terminal recorded.

    Pure; `pause` is called between two pieces of work.
    """
    spoken = [each for each in messages if is_spoken(each)]
    posters = Counter(each.sender_id or each.role or "unknown" for each in spoken)
    first = spoken[0].created_at if spoken else None
    last = spoken[-1].created_at if spoken else None
    minutes = (last - first).total_seconds() / 60 if first and last else 0.0
    terms = Counter(word for each in spoken for word in _said(each.content, pause))
    return Digest(
        session_id=session_id,
        message_count=len(spoken),
        participant_count=len(posters),
        duration_minutes=round(minutes, 1),
        messages_per_hour=round(len(spoken) * 60 / minutes, 1) if minutes else 0.0,
        participants=tuple(Poster(*each) for each in posters.most_common()),
        key_terms=tuple(Term(*each) for each in terms.most_common(TERMS)),
        first_message=first,
        last_message=last,
        sentences=tuple(_quotes(spoken, terms, pause)),
        covered=len(messages),
        terminal=recap(record) if record is not None else None,
    )


def is_spoken(message: Message) -> bool:
    """Whether somebody said it: no card, no event, no notice of the system."""
    return message.msg_type == MessageType.MESSAGE and message.role != "system"


def _prose(text: str) -> Iterator[str]:
    """A text without its code, in pieces that end where a line or a word does."""
    for number, part in enumerate(text.split(_FENCE)):
        if number % 2:
            continue  # Between two fences, or after the last one.
        start = 0
        while start < len(part):
            stop = start + PIECE
            if stop < len(part):
                ends = part.rfind("\n", start, stop), part.rfind(" ", start, stop)
                stop = next((end + 1 for end in ends if end > start), stop)
            yield _CODE.sub(" ", part[start:stop])
            start = stop


def _said(text: str, pause: Callable[[], None]) -> set[str]:
    """The words of a text, each once."""
    said: set[str] = set()
    for piece in _prose(text):
        pause()
        said.update(_words(piece))
    return said


def _words(text: str) -> Iterable[str]:
    return (word for word in _WORD.findall(text.lower()) if word not in _STOP)


def _quotes(
    messages: Sequence[Message], terms: Counter[str], pause: Callable[[], None]
) -> list[Quote]:
    """The sentences that say most of what is said often, each of its own words."""
    best: list[tuple[float, int, int, str]] = []
    count = 0
    for place, message in enumerate(messages):
        for sentence in _sentences(message.content, pause):
            count += 1
            weight = _weight(sentence, terms)
            if weight > 0:  # Of two that weigh the same the first goes before.
                scored = (weight, -place, -count, sentence)
                add = heapq.heappushpop if len(best) == CANDIDATES else heapq.heappush
                add(best, scored)
    chosen: list[tuple[int, str]] = []
    told: set[str] = set()
    for _, place, _, sentence in sorted(best, reverse=True):
        words = set(_words(sentence))
        is_new = len(words - told) * 2 >= len(words)
        if is_new and len(chosen) < SENTENCES:
            chosen.append((-place, sentence))
            told |= words
    chosen.sort(key=lambda each: each[0])
    return [
        Quote(sentence, each.id, each.sender_id, each.created_at)
        for place, sentence in chosen
        for each in [messages[place]]
    ]


def _sentences(text: str, pause: Callable[[], None]) -> Iterable[str]:
    for prose in _prose(text):
        for piece in _END.split(prose):
            pause()
            sentence = " ".join(piece.split()).lstrip("-*•> ")
            if 3 <= len(sentence.split()) and len(sentence) <= LONGEST:
                yield sentence


def _weight(sentence: str, terms: Counter[str]) -> float:
    """How much of the room's own words a sentence has; decisions and questions more."""
    words = set(_words(sentence))
    if not words:
        return 0.0
    weight: float = sum(terms[word] for word in words) / len(words) ** 0.5
    if _DECIDES.search(sentence):
        weight *= 1.5
    return weight * 1.2 if sentence.endswith("?") else weight
