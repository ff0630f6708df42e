"""A document says what was said, whatever that was."""

import html
import itertools
import re
from html.parser import HTMLParser

import attrs
import markupsafe
from hypothesis import given
from hypothesis import strategies as st

from ant.api.room_requests import CreateFileRef, CreateTask
from ant.export import documents
from ant.export.documents import SessionDocument
from ant.export.markdown import quoted
from ant.model.rooms import FileRef, Task
from ant.model.run_events import RunEvent, Source, Trust
from ant.rooms import tasks
from ant.store import Store
from tests import asked
from tests.export.test_digest import TALK, said
from tests.export.test_markdown import CONSTRUCTS, HOSTILE, INERT, kinds, parsed
from tests.history.test_history import create
from tests.strategies import WRITING


def told(store: Store, **fields: object) -> SessionDocument:
    """A session with a conversation."""
    made = SessionDocument(create(store), TALK, (), (), (), (), "$ ls\nREADME.md")
    return attrs.evolve(made, **fields)


def test_markdown_has_front_matter_and_everything_in_order(store: Store) -> None:
    """What a vault needs on top, then the digest, people's words, the terminal."""
    text = documents.markdown(told(store))
    assert text.startswith('---\nid: "')
    assert "\ntags: [ant]\n---\n" in text
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert ["Digest", "Messages", "Terminal"] == heads
    assert "> We decided to fix the cookie flag of the login page." in text
    assert "permission_request" not in text


def test_a_page_stands_alone(store: Store) -> None:
    """No script, nothing from elsewhere, and markup in a message is text."""
    evil = said(9, "<script>alert(1)</script><img src=http://x/y>")
    text = documents.page(told(store, messages=[*TALK, evil]))
    assert "<script" not in text
    assert "src=" not in html.unescape(re.sub(r"&lt;.*?&gt;", "", text))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_tasks_and_files_are_in_every_document(store: Store) -> None:
    """And their markup is text, too."""
    document = told(store)
    here = document.session
    ask = CreateTask(title="Fix <b>it</b>", status="done")
    task = store.transact(tasks.create_task, here.id, ask)
    ref = store.transact(
        tasks.add_file_ref, here.id, CreateFileRef(file_path="/a&b.py")
    )
    document = attrs.evolve(document, tasks=[task], file_refs=[ref])
    document, page = documents.markdown(document), documents.page(document)
    assert "- [x] Fix &lt;b>it&lt;/b>" in document
    assert "- `/a&b.py`" in document
    assert "<li>[x] Fix &lt;b&gt;it&lt;/b&gt;</li>" in page
    assert "<li><code>/a&amp;b.py</code></li>" in page


@given(name=st.text(max_size=80))
def test_a_file_name_is_safe_anywhere(name: str) -> None:
    """Without separators or a leading dot; the id makes it unique."""
    session = attrs.evolve(SESSION, name=name)
    made = documents.file_name(session, "md")
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*_[A-Za-z0-9_-]{8}\.md", made)
    assert len(made) < 100


@given(WRITING)
def test_any_text_is_quoted_in_the_document(text: str) -> None:
    """As a reader of Markdown sees it; and in the page, escaped."""
    document = SessionDocument(SESSION, [said(0, text)], (), (), (), (), text)
    page = documents.page(document)
    assert quoted(text) in documents.markdown(document)
    assert 2 * page.count("<pre>") == page.count("pre>")
    assert str(markupsafe.escape(text)) in page


HOSTILE_TEXT = "\n".join(HOSTILE)


def hostile() -> SessionDocument:
    """A document in which each text is hostile, of people and of programs."""
    session = attrs.evolve(SESSION, name=HOSTILE_TEXT, handle=HOSTILE_TEXT)
    moment = session.created_at
    event = RunEvent(
        *(1, session.id, 1, 0, Source.HOOK, Trust.HIGH, HOSTILE_TEXT, HOSTILE_TEXT),
        *({}, None, 1, 2, moment, None, ""),
    )
    command = attrs.evolve(
        event, kind="command_block", payload={"cwd": HOSTILE_TEXT, "exit_code": 1}
    )
    answer = attrs.evolve(asked.decision(), chosen=HOSTILE_TEXT, by=HOSTILE_TEXT)
    asking = asked.record(session.id, answer=answer)
    asking = attrs.evolve(asking, question=HOSTILE_TEXT, summary=HOSTILE_TEXT)
    message = attrs.evolve(said(0, HOSTILE_TEXT), sender_id=HOSTILE_TEXT)
    talk = [
        attrs.evolve(said(n, f"{line} {line} {line}"))
        for n, line in enumerate(HOSTILE, 1)
    ]
    task = Task(
        "id",
        session.id,
        None,
        None,
        HOSTILE_TEXT,
        HOSTILE_TEXT,
        "open",
        (),
        moment,
        moment,
    )
    ref = FileRef("id", session.id, None, HOSTILE_TEXT, HOSTILE_TEXT, moment)
    return SessionDocument(
        session,
        [message, *talk],
        [task],
        [ref],
        [asking],
        [event, command],
        HOSTILE_TEXT,
    )


def test_nothing_foreign_is_active_in_markdown() -> None:
    """No tag, image, link, heading, code, table or construct of a plugin."""
    document = hostile()
    text = documents.markdown(document)
    head, body = text.split("\n---\n", 1)
    assert head.startswith("---\nid: ")
    assert all(
        re.fullmatch(r'[a-z]+: ("[^"]*"|\[ant\])', line) or '\\"' in line
        for line in head.split("\n")[1:]
    )
    tokens = parsed(body)
    blocks = {"heading", "bullet_list", "list_item", "blockquote", "strong"}
    own = {f"{name}_{end}" for name in blocks for end in ("open", "close")}
    assert kinds(tokens) <= INERT | own | {"hardbreak", "fence"}
    fences = [token for token in tokens if token.type == "fence"]
    assert ["text"] == [token.info for token in fences]
    headings = [
        following.content
        for token, following in itertools.pairwise(tokens)
        if token.type == "heading_open"
    ]
    sections = ["Digest", "Tasks", "Files", "Prompts and answers", "Commands"]
    assert [*sections, "What happened", "Messages", "Terminal"] == headings[1:]
    beside = body.replace(fences[0].content, "")
    assert CONSTRUCTS.search(beside.replace("```text", "").replace("````", "")) is None
    assert re.search(r"<%|%>|\{\{|\{%|%%", text) is None


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *(name for name, _ in attrs)))


def test_nothing_foreign_is_active_in_a_page() -> None:
    """Each tag is of the template."""
    reader = Tags()
    reader.feed(documents.page(hostile()))
    plain = "head title style body h1 h2 h3 p code ul li table td time pre"
    own = {(name,) for name in plain.split()} | {("html", "lang"), ("meta", "charset")}
    own |= {("meta", "http-equiv", "content"), ("tr", "class"), ("article", "id")}
    assert reader.found <= own


def _session() -> object:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "ant.db")
        try:
            return create(store)
        finally:
            store.close()


SESSION = _session()
