"""Summarises the messages of a session by quotes: messages in, a digest out.

ANT writes no text of its own: each sentence is quoted, with the id of its message.
Cards and other messages of programs are left out. For a terminal, the digest has a
recap of its commands and prompts (`terminal_summary.recap`).
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
"""Sentences of a digest: as many as fit on one screen."""

TERMS = 10
"""Key terms of a digest, as in the original."""

LONGEST = 400
"""Characters of a quoted sentence at most: a longer one is a listing or a log."""

PIECE = 16 << 10
"""Characters that one regular expression scans at once, for some tenths of a
millisecond: no other thread runs meanwhile."""

CANDIDATES = 1000
"""Sentences with the largest weights, from which the digest chooses those with new
words."""

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
    """A participant, and the number of their messages."""

    id: str
    """Who posted: the id of a session, or a name."""
    count: int
    """The number of their messages."""


@attrs.frozen
class Term:
    """A frequent word of the room, and the number of messages that have it."""

    term: str
    """The word."""
    count: int
    """The number of messages that have it."""


@attrs.frozen
class Quote:
    """A sentence of a message, verbatim."""

    text: str
    """The sentence."""
    message_id: MessageId = attrs.field(metadata={"wire": "messageId"})
    """The id of its message."""
    sender_id: str | None
    """Who posted it; null if nobody is named."""
    at: datetime
    """When it was posted."""


@attrs.frozen
class Digest:
    """A room in figures, key terms and quotes, oldest first.

    The digest of a terminal does not include the messages of its linked chat.
    """

    session_id: SessionId
    message_count: int = attrs.field(metadata={"wire": "messageCount"})
    """The messages of people and agents among those that were read."""
    participant_count: int = attrs.field(metadata={"wire": "participantCount"})
    """The number of those who posted them."""
    duration_minutes: float = attrs.field(metadata={"wire": "durationMinutes"})
    """Minutes from the first to the last of them."""
    messages_per_hour: float = attrs.field(metadata={"wire": "messagesPerHour"})
    """Their number in an hour."""
    participants: tuple[Poster, ...]
    """Those who posted, the most messages first."""
    key_terms: tuple[Term, ...] = attrs.field(metadata={"wire": "keyTerms"})
    """The frequent words, at most 10."""
    first_message: datetime | None = attrs.field(metadata={"wire": "firstMessage"})
    """When the first of them was posted; null if there are none."""
    last_message: datetime | None = attrs.field(metadata={"wire": "lastMessage"})
    """When the last of them was posted; null if there are none."""
    sentences: tuple[Quote, ...]
    """Quoted sentences, the oldest first, at most 10."""
    covered: int
    """The number of messages that were read: the newest, at most 5,000 and 2 MiB."""
    terminal: Recap | None
    """The recap of a terminal; null for a chat."""


def read_digest(unit: Unit, session_id: SessionId) -> Digest:
    """Return the current digest of a session; for a thread. Raises `NotFound`."""
    messages = rooms.recent(unit, session_id)
    return digest(session_id, messages, gather(unit, session_id), unit.pause)


def _no_pause() -> None:
    """Do nothing: no other work waits."""


def digest(
    session_id: SessionId,
    messages: Sequence[Message],
    record: SummarySource | None = None,
    pause: Callable[[], None] = _no_pause,
) -> Digest:
    """Return the digest of messages, oldest first, and of the rows of a terminal.

    Pure. It calls `pause` between two pieces of work.
    """
    spoken = [each for each in messages if is_spoken(each)]
    posters = Counter(each.sender_id or each.role or "unknown" for each in spoken)
    first = spoken[0].created_at if spoken else None
    last = spoken[-1].created_at if spoken else None
    minutes = (last - first).total_seconds() / 60 if first and last else 0.0
    terms = Counter(word for each in spoken for word in _terms(each.content, pause))
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
    """Whether a message is no card, no event and no system notice."""
    return message.msg_type == MessageType.MESSAGE and message.role != "system"


def _prose(text: str) -> Iterator[str]:
    """Yield a text without its code, in pieces that end at a line or a word."""
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


def _terms(text: str, pause: Callable[[], None]) -> set[str]:
    """Return the words of a text, each once."""
    terms: set[str] = set()
    for piece in _prose(text):
        pause()
        terms.update(_words(piece))
    return terms


def _words(text: str) -> Iterable[str]:
    return (word for word in _WORD.findall(text.lower()) if word not in _STOP)


def _quotes(
    messages: Sequence[Message], terms: Counter[str], pause: Callable[[], None]
) -> list[Quote]:
    """Return the sentences with the most frequent words, if half of them are new."""
    best: list[tuple[float, int, int, str]] = []
    count = 0
    for place, message in enumerate(messages):
        for sentence in _sentences(message.content, pause):
            count += 1
            weight = _weight(sentence, terms)
            if weight > 0:  # Of two equal weights the first wins.
                scored = (weight, -place, -count, sentence)
                add = heapq.heappushpop if len(best) == CANDIDATES else heapq.heappush
                add(best, scored)
    chosen: list[tuple[int, str]] = []
    used: set[str] = set()
    for _, place, _, sentence in sorted(best, reverse=True):
        words = set(_words(sentence))
        is_new = len(words - used) * 2 >= len(words)
        if is_new and len(chosen) < SENTENCES:
            chosen.append((-place, sentence))
            used |= words
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
    """Weigh a sentence by its words; decisions and questions weigh more."""
    words = set(_words(sentence))
    if not words:
        return 0.0
    weight: float = sum(terms[word] for word in words) / len(words) ** 0.5
    if _DECIDES.search(sentence):
        weight *= 1.5
    return weight * 1.2 if sentence.endswith("?") else weight
