"""Text stays text, whatever a parser of Markdown or a plugin would make of it."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ant.export.markdown import Markdown, code, escaped, fenced, quoted, yaml
from tests.strategies import WRITING

PIECES = [
    *"\\`*_[]{}()#+-.!|<>~^$=:&%\"'@/ \t\n",
    *"ab1\x1b\xa0",
    *("<% ", "{{ ", "%%", "://", "http://e.x", "www.e.x", "```", "~~~"),
    *("<img src=x>", "![a](u)", "[[w]]", "&lt;", "&#58;", "dataviewjs"),
    *("\n\n", "\n---\n", "\n# ", "\n1. ", "\n- [ ] ", "\n    ", "\n> "),
    *("| a |\n|---|\n", "\n===", "[a]: http://e.x\n", "^b", "::", "<!--"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | WRITING

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://evil.example/leak?x)",
    "[x](javascript:alert(1))",
    "<http://evil.example>",
    "http://evil.example www.evil.example",
    "[[secret note]] ![[embed]]",
    "```dataviewjs\ndv.pages()\n```",
    "`= this.file.name` `$= dv.pages()`",
    "<% tp.system.prompt() %> <%* x %>",
    "{{title}} {% raw %}",
    "%% hidden %%",
    "---\ntags: [evil]\n---",
    "# heading\n===\nset\n---",
    "> [!danger] callout",
    "- [ ] task\n1. one\n+ plus\n* star",
    "    indented\n\tcode",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "[a]: http://evil.example\n[a]",
    "#tag key:: value ^block ==mark== $x$ ~~del~~",
    "&lt;script&gt; &amp;",
    "ends with a backslash\\\nnext\\",
]


CONSTRUCTS = re.compile(r"<%|%>|\{\{|\{%|%%|\[\[|::|://|<[A-Za-z!/?]|```|~~~|==|www\.")
"""What a plugin or a template engine finds in the raw file."""

INERT = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak"}


def parsed(text: str) -> list[Token]:
    """The tokens of the text, with the extensions that most viewers have."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens: list[Token] = []
    for token in reader.parse(text):
        tokens += [token, *(token.children or [])]
    return tokens


def kinds(tokens: list[Token]) -> set[str]:
    return {token.type for token in tokens}


def shown(tokens: list[Token]) -> str:
    """The text that a reader sees, without white space."""
    parts = (token.content for token in tokens if token.type != "inline")
    return squeezed("".join(parts))


def squeezed(text: str) -> str:
    return "".join(text.split())


def cleaned(text: str) -> str:
    """The text with a sign in place of each control character."""
    return re.sub("[\x00-\x08\x0e-\x1f\x7f-\x9f]", "\ufffd", text)


@given(TEXTS)
@example("\n".join(HOSTILE))
def test_a_quotation_shows_the_text_and_nothing_else(text: str) -> None:
    """Paragraphs in a quotation, in which every line is as it was written."""
    made = quoted(text)
    tokens = parsed(made)
    assert kinds(tokens) <= INERT | {"blockquote_open", "blockquote_close", "hardbreak"}
    assert CONSTRUCTS.search(made) is None
    assert all(line.startswith(">") for line in made.split("\n"))
    assert squeezed("".join(map(cleaned, text.splitlines()))) == shown(tokens)


@pytest.mark.parametrize("text", HOSTILE)
def test_each_line_of_a_message_stays_a_line(text: str) -> None:
    """With its blanks, also where it would begin a block."""
    breaks = sum(token.type == "hardbreak" for token in parsed(quoted(text)))
    assert text.count("\n") == breaks
    assert "> &nbsp;&nbsp;if x:" == quoted("  if x:")
    assert "> a\\\n> b\n>\n> c" == quoted("a\nb\n\nc")


@given(TEXTS)
@example(" ".join(HOSTILE))
@example("1. one")
@example("-")
def test_a_line_shows_the_text_and_nothing_else(text: str) -> None:
    """In an item, in a heading and in bold."""
    made = escaped(text)
    wanted = squeezed(cleaned(" ".join(text.split())))
    for before, after, own in (
        ("- ", " ^id", {"bullet_list", "list_item"}),
        ("# ", "", {"heading"}),
        ("- [ ] ", "", {"bullet_list", "list_item"}),
    ):
        tokens = parsed(f"{before}{made}{after}")
        ends = {f"{name}_{end}" for name in own for end in ("open", "close")}
        assert kinds(tokens) <= INERT | ends
        assert squeezed(before.strip("-# ") + wanted + after) == shown(tokens)
    assert CONSTRUCTS.search(made) is None


@given(TEXTS)
@example("= 1")
@example("$= dv.pages()")
@example("git push `x`")
def test_code_is_a_span_or_escaped_text(text: str) -> None:
    """No construct in it, and no span that a plugin would run."""
    made = code(text)
    tokens = parsed(f"- {made}")
    assert kinds(tokens) <= INERT | {
        *("code_inline", "bullet_list_open", "bullet_list_close"),
        *("list_item_open", "list_item_close"),
    }
    spans = [token.content for token in tokens if token.type == "code_inline"]
    assert not any(re.match(r"\$?=", span) for span in spans)
    assert squeezed(cleaned(" ".join(text.split()))) == shown(tokens)
    found = set(CONSTRUCTS.findall(made))
    assert found <= ({"://", "==", "~~~", "www."} if spans else set())


@given(TEXTS)
@example("\n".join(HOSTILE))
def test_a_fence_holds_the_text_and_no_template(text: str) -> None:
    """One block of code, which the text does not end."""
    made = fenced(text)
    (token,) = parsed(made)
    assert ("fence", "text") == (token.type, token.info)
    wanted = re.sub("[\x0b\x0c\x1c-\x1f\x85]", "\ufffd", cleaned(text))
    without = (each.replace("\u2060", "") for each in (wanted, token.content))
    assert 1 == len(set(map(squeezed, without)))
    assert re.search(r"<%|%>|\{\{|\{%|%%", made) is None


@given(TEXTS)
@example('a: b"c\\d\u0085e\u2028f\x9bg\ufeffh\uffff')
@example("x\n---\n<% y %> [[z]]")
def test_yaml_is_a_string_on_one_line(text: str) -> None:
    """A string in quotes that is JSON, all of it printable, without a construct."""
    made = yaml(text)
    read = json.loads(made)
    assert re.search(r"\[\[|://", read) is None
    assert text.replace("\u2060", "") == read.replace("\u2060", "")
    odd = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
    assert re.search(odd, made) is None
    assert re.search(r"<|\{|%|\[", made) is None


def test_markdown_is_not_escaped_again() -> None:
    """Only filters make it."""
    assert isinstance(escaped("*"), Markdown)
    assert "\\*" == escaped("*")
