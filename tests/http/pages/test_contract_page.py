"""The contract for people: all of it, with links that lead somewhere, and no script."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from ant.api import codec
from ant.api.frames import FRAMES
from ant.api.server_frames import SERVER_FRAMES
from ant.http import routes
from ant.http.contract import openapi
from ant.http.contract.endpoint import ROUTES
from ant.http.pages.contract_page import (
    POLICY,
    contract_page,
    inline,
    limits_of,
    prose,
    type_of,
)
from tests.http.pages.test_page import LINK, get
from tests.systems import Rig

assert routes.__all__

EMPTY = {"meta", "link", "br", "img"}


class Outline(HTMLParser):
    """The tags, the anchors, the addresses and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.anchors: list[str] = []
        self.links: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        assert [] == self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in EMPTY:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.anchors.append(value or "")
            elif name in ("href", "src"):
                self.links.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def outline() -> Outline:
    return Outline(contract_page(True))


def test_it_has_all_of_the_contract(outline: Outline) -> None:
    """Each route with its parameters, each frame, and each object."""
    texts = set(outline.texts)
    for route in ROUTES:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        assert f"{route.method} {path}" in texts
        assert route.name in outline.anchors
    document = openapi.document(True)
    for methods in document["paths"].values():
        for operation in methods.values():
            assert {each["name"] for each in operation["parameters"]} <= texts
            assert {each for each in operation["responses"] if each > "400"} <= texts
    frames = {each.type for each in (*FRAMES, *SERVER_FRAMES)}
    assert frames | codec.TAGS.keys() <= texts
    objects = {f"type-{name}" for name in document["components"]["schemas"]}
    assert objects <= set(outline.anchors)


def test_every_link_leads_somewhere(outline: Outline) -> None:
    """To an anchor, which is there once, or relative to another path of the server."""
    assert len(outline.anchors) == len(set(outline.anchors))
    inside = {each[1:] for each in outline.links if each.startswith("#")}
    assert set() == inside - set(outline.anchors)
    outside = {each for each in outline.links if not each.startswith("#")}
    assert {"favicon.svg", "openapi.json", "api/schemas/ws"} == outside


def test_it_runs_and_loads_nothing(outline: Outline) -> None:
    """No script and no handler; its style is the one of the policy."""
    assert not outline.tags & {"script", "iframe", "object", "form", "img"}
    assert not [name for name in outline.attributes if name.startswith("on")]
    assert "style" not in outline.attributes
    (style,) = re.findall(r"<style>(.*?)</style>", contract_page(True), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_texts_are_text() -> None:
    """Also in code, and paragraphs are kept."""
    text = "a\n`<b>` & c\n\nd"
    assert "<p>a <code>&lt;b&gt;</code> &amp; c</p><p>d</p>" == prose(text)
    assert "&lt;script&gt;" == inline("<script>")


def test_types_are_words() -> None:
    """With a link to an object, and the bounds beside it."""
    for schema, words in (
        ({"type": "string"}, "string"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            "object of integer",
        ),
        ({"type": "string", "format": "date-time"}, "time"),
        ({"enum": ["a", "b"]}, "<code>a</code>, <code>b</code>"),
        ({"const": "x"}, "<code>&#34;x&#34;</code>"),
        ({"$ref": "#/components/schemas/Task"}, '<a href="#type-Task">Task</a>'),
        (
            {"anyOf": [{"$ref": "#/$defs/Task"}, {"type": "null"}]},
            '<a href="#frame-Task">Task</a> or null',
        ),
    ):
        assert words == type_of(schema)
    assert "" == limits_of({})
    assert " (1 to 25; default `10`)" == limits_of(
        {"minimum": 1, "maximum": 25, "default": 10}
    )
    assert " (0 to 1,000 characters)" == limits_of({"maxLength": 1000})
    assert " (at least 1 items)" == limits_of({"minItems": 1})


async def test_it_is_served(rig: Rig) -> None:
    """To anybody, also by a link; a browser asks whether it changed."""
    got = await get(rig.app, "/docs", **LINK)
    assert (200, POLICY) == (got.status, got.headers["Content-Security-Policy"])
    assert contract_page(False) == got.body.decode()
    again = await get(rig.app, "/docs", If_None_Match=got.headers["ETag"])
    assert 304 == again.status
    assert contract_page(False) != contract_page(True)
