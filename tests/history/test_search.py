"""Whatever is looked for over the whole server, in each of the scopes."""

import gc
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ant.api import codec
from ant.api.message_requests import Search
from ant.api.page_requests import SearchAll
from ant.api.room_requests import CreateTask
from ant.core.errors import Invalid, NotFound
from ant.history import lines, search
from ant.history.pattern import REGEX, Words
from ant.messages import messages
from ant.model.messages import Found, SearchResults
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.search import Everything
from ant.model.sessions import Session, SessionId
from ant.recording import reader
from ant.rooms import tasks
from ant.run_events import log
from ant.sessions import sessions
from ant.store import Store, Unit
from tests.history.test_lines import begin, catch_up, say
from tests.rules import NOBODY, create, decoded_found, patch, post, room

ALL = "messages,terminals,events,tasks"


def find(store: Store, q: str, scope: str = ALL, **ask: Any) -> Everything:
    """What the rule answers."""
    asked = SearchAll(q=q, scope=scope, **ask)
    content, is_complete = store.read(search.search_all, asked)
    answer = codec.read_data(codec.loads(content), Everything)
    assert is_complete == answer.complete
    return answer


def find_in(store: Store, session_id: str, q: str) -> tuple[Found, ...]:
    """What the rule answers for one room."""
    content = store.read(search.search_room, SessionId(session_id), Search(q=q))
    return codec.read_data(codec.loads(content), SearchResults).results


def terminal(store: Store, name: str, text: bytes, at_s: float = 0) -> Session:
    """One that put this out; rendered."""
    made = create(store, name, cols=80, rows=5)
    begin(store, made, 0)
    say(store, made, 0, text, at_s)
    catch_up(store, made)
    return made


def trace(store: Store, session: Session, text: str) -> None:
    """A run event."""

    def record(unit: Unit) -> None:
        fact = RunEventDraft(Source.TERMINAL, Trust.HIGH, "command", text)
        log.record(unit, session.id, fact)

    store.transact(record)


def task(store: Store, session: Session, title: str, **fields: Any) -> None:
    """A task."""
    store.transact(tasks.create_task, session.id, CreateTask(title=title, **fields))


@pytest.fixture
def here(store: Store) -> Session:
    """A room, and a needle in each of the scopes."""
    made = room(store)
    post(store, made, "the Needle is in a message")
    task(store, made, "find it", description="a needle in the description")
    term = terminal(store, "one", b"$ make\r\nthe needle is on a line\r\n")
    trace(store, term, "grep needle")
    return made


def test_each_scope_has_its_own_finds(store: Store, here: Session) -> None:
    """With their places, and the match marked."""
    found = find(store, "NEEDLE")
    (message,), (line,) = found.results, found.terminals or ()
    (a_task,), (event,) = found.tasks or (), found.events or ()
    assert "the <mark>Needle</mark> is in a message" == message.snippet
    assert (2, "the needle is on a line") == (line.line, line.text)
    assert "the <mark>needle</mark> is on a line" == line.snippet
    assert (8, 31) == (line.start, line.end)
    assert "find it\na <mark>needle</mark> in the description" == a_task.snippet
    assert "grep <mark>needle</mark>" == event.snippet
    assert found.complete


def test_only_requested_scopes_are_searched(store: Store, here: Session) -> None:
    """The others are null, but messages, which have always been there."""
    found = find(store, "needle", "messages")
    assert (1, None, None, None) == (
        len(found.results),
        found.terminals,
        found.tasks,
        found.events,
    )
    found = find(store, "needle", "tasks,terminals")
    assert (0, 1, 1, None) == (
        len(found.results),
        len(found.terminals or ()),
        len(found.tasks or ()),
        found.events,
    )


def test_every_word_is_there_wherever_it_stands(store: Store, here: Session) -> None:
    """In the same line, message, task or event; an empty query finds nothing."""
    counts = {"line needle": (0, 1, 0, 0), "it needle": (0, 0, 1, 0), "  ": (0,) * 4}
    for q, expected in counts.items():
        found = find(store, q)
        told = (found.results, found.terminals, found.tasks, found.events)
        assert expected == tuple(len(each or ()) for each in told), q


@pytest.mark.parametrize("sort", ["newest", "rank"])
def test_a_prefix_begins_a_word_in_each_scope(
    store: Store, here: Session, sort: Any
) -> None:
    """Alone and beside other words; in the middle of a word it finds nothing."""
    post(store, here, "OR is a word, and so is pinneedles")
    counts = {
        "nee*": (1, 1, 1, 1),
        "NEED* is": (1, 1, 0, 0),
        "need* a": (1, 1, 1, 0),
        "eedle*": (0, 0, 0, 0),
        "pinn* OR": (1, 0, 0, 0),
        "nee* OR": (0, 0, 0, 0),
        "ne*": (0, 0, 0, 0),
    }
    for q, expected in counts.items():
        found = find(store, q, sort=sort)
        told = (found.results, found.terminals, found.tasks, found.events)
        assert expected == tuple(len(each or ()) for each in told), q
        ask = Search(q=q, sort=sort)
        room_finds = codec.loads(store.read(search.search_room, here.id, ask))
        assert len(found.results) == len(room_finds["results"]), q
    (message,) = find(store, "nee*").results
    assert "the <mark>Needle</mark> is in a message" == message.snippet


def test_the_index_alone_does_not_answer_a_prefix() -> None:
    """Its search reads texts, in another lane."""
    assert search.is_indexed(Search("needle"))
    assert search.is_indexed(Search("ne*dle"))
    assert not search.is_indexed(Search("fast nee*"))
    assert not search.is_indexed(SearchAll("nee*"))


@pytest.mark.parametrize("q", [r"re:need\w+ is", "re:(?i)NEEDLE IS"])
def test_an_expression_is_searched_in_all_scopes(
    store: Store, here: Session, q: str
) -> None:
    """Without a capital whatever the case; in one room as well."""
    found = find(store, q)
    assert (1, 1) == (len(found.results), len(found.terminals or ()))
    assert ((), ()) == (found.tasks, found.events)
    (one,) = find_in(store, here.id, q)
    assert found.results[0] == one
    assert () == find_in(store, here.id, "re:^needle$")


def test_words_in_a_room_are_taken_literally(store: Store, here: Session) -> None:
    """Nothing in them is syntax."""
    expected = store.read(messages.search, here.id, Search(q="needle"))
    assert decoded_found(expected) == list(find_in(store, here.id, "needle"))


def test_an_invalid_expression_is_refused(store: Store, here: Session) -> None:
    """As is an unknown room."""
    with pytest.raises(Invalid, match=r"at \$\.q$"):
        find(store, "re:(")
    with pytest.raises(NotFound):
        find_in(store, NOBODY, "re:x")
    assert () == find_in(store, here.id, REGEX + "zzz")


def test_newest_first_over_all_terminals(store: Store) -> None:
    """Indexed or not; `rank` puts the line first that is most of it."""
    text = b"".join(b"%d needle and more\r\n" % n for n in range(6000))
    terminal(store, "old", text)
    while store.transact(lines.tidy):
        pass
    terminal(store, "new", b"a needle\r\nnothing\r\n", at_s=60)
    terminal(store, "older", b"needle\r\n", at_s=-60)
    found = find(store, "needle", "terminals", limit=3).terminals or ()
    assert ["a needle", "5999 needle and more", "5998 needle and more"] == [
        line.text for line in found
    ]
    (best,) = find(store, "needle", "terminals", limit=1, sort="rank").terminals or ()
    assert "a needle" == best.text
    tens = find(store, "re:0 needle", "terminals", limit=1000).terminals or ()
    assert 600 == len(tens)


def test_snippets_are_made_for_returned_lines_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snippet costs far more than a test, and every line of a flood may match."""
    terminal(store, "flood", b"a needle\r\n" * 9000)
    made = []

    def counted(words: Words, text: str) -> str:
        made.append(text)
        return mark(words, text)

    mark = Words.mark
    monkeypatch.setattr(Words, "mark", counted)
    found = find(store, "needle", "terminals", limit=3).terminals or ()
    assert [9000, 8999, 8998] == [line.line for line in found]
    assert 3 == len(made)


def test_a_search_that_ends_early_leaves_no_statement_open(tmp_path: Path) -> None:
    """An open one would keep an old snapshot on its connection, and block writes."""
    store = Store.open(tmp_path / "ant.db")
    try:
        terminal(store, "long", b"a needle in a stack\r\n" * 9000)
        while store.transact(lines.tidy):
            pass
        gc.disable()
        assert find(store, "needle", "terminals", limit=1).terminals
        with closing(sqlite3.connect(tmp_path / "ant.db", timeout=0)) as other:
            busy = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        assert 0 == busy, "somebody is still reading"
    finally:
        gc.enable()
        store.close()


def test_the_best_match_comes_first_on_request(store: Store, here: Session) -> None:
    """In the other scopes, too."""
    for text in ("needle", "a needle among many other things that are said"):
        task(store, here, text)
        trace(store, here, text)
    found = find(store, "needle", "tasks,events", sort="rank")
    assert "needle" == (found.tasks or ())[0].task.title
    assert "needle" == (found.events or ())[0].event.text
    newest = find(store, "needle", "tasks", limit=1).tasks or ()
    assert "a needle among" == newest[0].task.title[:14]


def test_archived_and_deleted_sessions_are_found_on_request(
    store: Store, here: Session
) -> None:
    """In every scope; removed ones are not found."""
    term = [each for each in store.read(lambda u: u.sessions.active()) if each.terminal]
    for session in (here, term[0]):
        patch(store, session.id, archived=True)

    def counts(**ask: Any) -> tuple[int, ...]:
        found = find(store, "needle", **ask)
        told = (found.results, found.terminals, found.tasks, found.events)
        return tuple(len(each or ()) for each in told)

    assert (0, 0, 0, 0) == counts()
    assert (0, 0, 0, 0) == counts(include="deleted")
    assert (1, 1, 1, 1) == counts(include="archived")
    store.transact(sessions.remove_sessions, [here.id, term[0].id])
    assert (0, 0, 0, 0) == counts(include="archived,deleted")


def test_deleted_tasks_are_not_found(store: Store, here: Session) -> None:
    """They can be read by id only."""
    (found,) = find(store, "needle", "tasks").tasks or ()
    store.transact(tasks.delete_task, here.id, found.task.id)
    assert () == find(store, "needle", "tasks").tasks


def test_a_search_has_an_end(
    store: Store, here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result reports that text was not searched."""
    monkeypatch.setattr(search, "SCAN_MAX", 10)
    assert not find(store, "re:[xy]", "terminals").complete
    assert not find(store, "re:[xy]", "messages").complete
    assert find(store, "needle", "messages").complete


def test_trimmed_lines_are_not_found(store: Store) -> None:
    """At once, before their block is removed."""
    term = terminal(store, "one", b"old needle\r\n")
    say(store, term, 12, b"new needle\r\n")
    catch_up(store, term)
    store.transact(lambda unit: unit.transcripts.trim(term.id, 12))
    assert ["new needle"] == [
        line.text for line in find(store, "needle", "terminals").terminals or ()
    ]
    assert 12 == store.read(reader.read_bytes, term.id, 0, 9, 99)[0].offset
