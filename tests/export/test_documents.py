"""A document says what was said, whatever that was."""

import html
import json
import re

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from ant.api.room_requests import CreateFileRef, CreateTask
from ant.export import documents
from ant.export.documents import SessionDocument
from ant.rooms import tasks
from ant.store import Store
from tests.export.test_digest import TALK, said
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
    assert "- [x] Fix <b>it</b>" in document
    assert "- `/a&b.py`" in document
    assert "<li>[x] Fix &lt;b&gt;it&lt;/b&gt;</li>" in page
    assert "<li><code>/a&amp;b.py</code></li>" in page


@given(st.text(min_size=1) | st.text(st.characters(max_codepoint=0xA0), min_size=1))
@example('a: b"c\\d\u0085e\u2028f\x9bg\ufeffh\uffff')
def test_front_matter_is_yaml_whatever_the_name(name: str) -> None:
    """A string in quotes that is JSON, on one line, all of it printable."""
    made = documents._front_matter(attrs.evolve(SESSION, name=name))
    (line,) = (each for each in made.split("\n") if each.startswith("name: "))
    assert name == json.loads(line.removeprefix("name: "))
    odd = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
    assert re.search(odd, made) is None


@given(st.text(st.sampled_from("`a b"), min_size=1, max_size=9))
def test_code_is_quoted_whatever_is_in_it(text: str) -> None:
    """No run of ticks in it is as long as those around it."""
    made = documents._code(text)
    fence = made[: len(made) - len(made.lstrip("`"))]
    inner = made.removeprefix(fence).removesuffix(fence)
    assert text.strip() == inner.strip()
    assert len(fence) not in map(len, re.findall("`+", inner))


@given(name=st.text(max_size=80))
def test_a_file_name_is_safe_anywhere(name: str) -> None:
    """Without separators or a leading dot; the id makes it unique."""
    session = attrs.evolve(SESSION, name=name)
    made = documents.file_name(session, "md")
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*_[A-Za-z0-9_-]{8}\.md", made)
    assert len(made) < 100


@given(WRITING)
def test_any_text_is_quoted_in_the_document(text: str) -> None:
    """Line by line, quoted; and in the page, escaped."""
    document = SessionDocument(SESSION, [said(0, text)], (), (), (), (), text)
    document, page = documents.markdown(document), documents.page(document)
    for line in text.splitlines():
        assert f"> {line}" in document
    assert html.escape(text) in page


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
