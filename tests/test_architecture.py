"""Who may know whom: house rules that the source is held to, as data and as tests."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ANY = frozenset({"*"})
VOCABULARY = (
    "errors",
    "clock",
    "bell",
    "model",
    "delivering",
    "trail",
    "limits",
    "commands",
    "inquiries",
    "finding",
    "frames",
    "asking",
    "prompt_events",
    "events",
    "wire",
    "answering",
    "problem",
)
PROMPT_WORDS = ("terminal.prompt", "terminal.choice")
"""What terminal and rooms say to each other about prompts; they import nothing."""

PURE_TERMINAL = (
    "terminal.prompt",
    "terminal.choice",
    "terminal.transcript",
    "terminal.plain",
    "terminal.replies",
    "terminal.modes",
    "terminal.style",
    "terminal.ghostty",
    "terminal.avt",
    "terminal.screen",
    "terminal.marks",
    "terminal.commandline",
    "terminal.blocks",
    "terminal.grid",
    "terminal.bulk",
    "terminal.canvas",
    "terminal.sequences",
    "terminal.lines",
    "terminal.look",
    "terminal.observations",
    "terminal.control",
    "terminal.host",
    "terminal.display",
    "terminal.meanings",
    "terminal.menus",
    "terminal.widgets",
    "terminal.driver",
    "terminal.programs",
    "terminal.boxes",
    "terminal.asked",
    "terminal.choices",
    "terminal.asks",
    "terminal.views",
    "terminal.shells",
    "terminal.composer",
    "terminal.subject",
    "terminal.judge",
    "terminal.detector",
    "terminal.keys",
    "terminal.drafts",
    "terminal.addressee",
    "terminal.typed",
)
LIVE_TERMINAL = (
    "terminal.flow",
    "terminal.processes",
    "terminal.holders",
    "terminal.umask",
    "terminal.subreaper",
    "terminal.front",
    "terminal.pty",
    "terminal.spooler",
    "terminal.starter",
    "terminal.spool",
    "terminal.attached",
    "terminal.door",
    "terminal.place",
    "terminal.lastwords",
    "terminal.pane",
    "terminal.tmux",
    "terminal.inbox",
    "terminal.sight",
    "terminal.answering",
    "terminal.saying",
    "terminal.draining",
    "terminal.session",
)
STORE = (
    "store.allocation",
    "store.tables",
    "store.roomtables",
    "store.trailtables",
    "store.linetables",
    "store.statement",
    "store.migrations",
    "store.schema",
    "store.log",
    "store.settings",
    "store.sessions",
    "store.transcripts",
    "store.keyframes",
    "store.sightings",
    "store.lineblocks",
    "store.lines",
    "store.messages",
    "store.hops",
    "store.people",
    "store.links",
    "store.board",
    "store.prompts",
    "store.deliveries",
    "store.trail",
    "store.removals",
    "store.unit",
    "store",
)
RULES = (
    "pattern",
    "handles",
    "mentions",
    "routing",
    "letters",
    "cursors",
    "sessions",
    "standing",
    "chain",
    "facts",
    "tracing",
    "blocks",
    "people",
    "tokens",
    "bridge",
    "cards",
    "registry",
    "hops",
    "deliveries",
    "rooms",
    "links",
    "board",
    "prompts",
    "explaining",
    "replies",
    "hooks",
    "desk",
    "runs",
    "rendered",
    "grep",
    "evidence",
    "recap",
    "search",
    "digest",
    "cast",
    "vault",
    "bundle",
    "verifying",
    "exporting",
    "screens",
    "removing",
)
MACHINERY = (
    "config",
    "startup",
    "reserve",
    "outage",
    "bus",
    "presence",
    "viewers",
    "quotas",
    "journal",
    "backlog",
    "indexer",
    "remover",
    "scribe",
    "pace",
    "recorder",
    "launch",
    "keyfile",
    "operatorkey",
    "folder",
    "sockdiag",
    "webhooks",
    "channels",
    "clerk",
    "inboxes",
    "handover",
    "courier",
    "endings",
    "witness",
    "supervisor",
    "recovery",
    "health",
    "lock",
    "logs",
    "system",
    "peers",
)
CONNECTION = ("websocket", "admission", "connection")
HTTP = (
    "http",
    "http.problems",
    "http.auth",
    "http.permits",
    "http.endpoint",
    "http.schema",
    "http.openapi",
    "http.output",
    "http.joins",
    "http.screens",
    "http.answers",
    "http.routes.sessions",
    "http.routes.terminal",
    "http.routes.messages",
    "http.routes.search",
    "http.routes.deliveries",
    "http.routes.people",
    "http.routes.links",
    "http.routes.board",
    "http.routes.channels",
    "http.routes.prompts",
    "http.routes.events",
    "http.routes.evidence",
    "http.routes.system",
    "http.routes",
    "http.sender",
    "http.ws",
    "http.app",
)
TOP = ("client", "calls", "chat", "listener", "server", "cli", "__main__")

WEB = frozenset({"quart", "quart_trio", "werkzeug"})
SERVING = frozenset({"hypercorn", "h11", "wsproto", "trio"})

# A layer: its modules, what of ANT it may see beside itself, and which third parties.
# A module sees those named before it in its own layer, and of the others all.
LAYERS: tuple[tuple[tuple[str, ...], tuple[str, ...], frozenset[str]], ...] = (
    (("errors", "clock", "tally", "descriptors"), (), frozenset()),
    (
        ("bell", "turns", "background"),
        ("errors", "tally"),
        frozenset({"attrs", "trio"}),
    ),
    (("model", "delivering", "trail"), VOCABULARY[:2], frozenset({"attrs"})),
    (
        ("limits", "commands", "inquiries", "finding", "frames"),
        VOCABULARY[:6],
        frozenset({"attrs"}),
    ),
    (
        ("asking", "prompt_events", "events"),
        ("model", "delivering", "trail", *PROMPT_WORDS),
        frozenset({"attrs"}),
    ),
    (("wire",), VOCABULARY[:14], frozenset({"attrs", "cattrs", "orjson"})),
    (
        ("answering",),
        ("model", "limits", "commands", *PROMPT_WORDS),
        frozenset({"attrs"}),
    ),
    (("problem",), (), frozenset()),
    (PURE_TERMINAL, ("errors",), frozenset({"attrs", "pyghostty", "avt"})),
    (
        LIVE_TERMINAL,
        (
            *("errors", "tally", "descriptors", "bell", "turns", "background"),
            *PURE_TERMINAL,
        ),
        frozenset({"attrs", "trio"}),
    ),
    (
        STORE,
        (
            *("errors", "clock", "model", "delivering", "trail", "asking", "events"),
            *("wire", *PROMPT_WORDS),
            *("terminal.grid", "terminal.look", "terminal.observations"),
        ),
        frozenset({"attrs", "peewee", "playhouse"}),
    ),
    (
        RULES,
        (*VOCABULARY[:2], *VOCABULARY[3:], *PURE_TERMINAL, "store"),
        frozenset({"attrs", "re2"}),
    ),
    (
        MACHINERY,
        (
            *VOCABULARY,
            *("tally", "descriptors", "turns", "background"),
            *PURE_TERMINAL,
            *LIVE_TERMINAL,
            "store",
            *RULES,
        ),
        frozenset({"attrs", "trio", "h11"}),
    ),
    (
        CONNECTION,
        ("errors", "tally", "descriptors", "background", "wire", "problem"),
        SERVING,
    ),
    (
        HTTP,
        (
            *(*VOCABULARY, "tally", "turns", "problem"),
            *(*PURE_TERMINAL, "terminal.flow", "terminal.sight", "terminal.session"),
            *(*RULES, *MACHINERY, *CONNECTION),
        ),
        WEB | {"attrs", "trio"},
    ),
    (
        ("client",),
        VOCABULARY,
        frozenset({"attrs", "trio", "trio_websocket", "httpx"}),
    ),
    (
        ("calls", "chat"),
        ("errors", "client", "clock", "operatorkey"),
        frozenset({"attrs", "click", "trio", "httpx"}),
    ),
    (
        ("listener",),
        ("errors", "tally", "descriptors", "turns", "background", *CONNECTION),
        SERVING,
    ),
    (
        ("server",),
        (
            *(*VOCABULARY, "tally", "descriptors", "turns", "background"),
            *(*PURE_TERMINAL, *LIVE_TERMINAL, "store"),
            *(*RULES, *MACHINERY, *HTTP, "listener"),
        ),
        frozenset({"attrs", "trio"}),
    ),
    (
        ("cli", "__main__"),
        VOCABULARY
        + MACHINERY
        + ("explaining", "verifying", "client", "calls", "chat", "server"),
        frozenset({"trio", "click", "httpx"}),
    ),
)

# Modules of the standard library and of others that have one owner, or a few.
OWNERS: dict[str, tuple[str, ...]] = {
    "json": ("client",),
    "orjson": ("wire",),
    "cattrs": ("wire",),
    "time": ("clock", "terminal.starter"),
    "random": (),
    "secrets": ("clock",),
    "uuid": (),
    "sqlite3": ("store", "store.schema"),
    "pyghostty": ("terminal.ghostty",),
    "avt": ("terminal.avt",),
    "re2": ("pattern",),
    "socket": ("listener", "connection", "sockdiag"),
    "h11": ("webhooks", "connection", "listener"),
    "ssl": ("webhooks",),
    "subprocess": ("terminal.attached", "terminal.door"),
    "pty": (),
    "signal": (
        *("terminal.pty", "terminal.processes", "terminal.pane", "server"),
        *("terminal.spooler", "terminal.starter", "terminal.lastwords"),
        "terminal.subreaper",
    ),
    "multiprocessing": (),
    "threading": (),
    "concurrent": (),
    "asyncio": (),
    "pickle": (),
}

# Names used as `x.name` that have one owner, or a few.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "datetime.now": ("clock",),
    "datetime.utcnow": (),
    "datetime.today": (),
    "os.kill": ("terminal.pty", "terminal.processes", "terminal.starter"),
    "os.killpg": ("terminal.pty", "terminal.processes"),
    "os.posix_spawn": ("terminal.pty",),
    "os.posix_spawnp": (),
    "os.fork": ("terminal.starter",),
    "os.forkpty": (),
    "os.system": (),
    "os.urandom": ("clock",),
    "signal.pidfd_send_signal": ("terminal.pty", "terminal.processes"),
    "trio.to_thread": ("journal", "peers"),
    "trio.from_thread": (),
    "trio.run_process": ("terminal.door",),
}

SHIELDS = (
    *("terminal.session", "terminal.processes", "terminal.attached"),
    "terminal.tmux",
    *("connection", "listener"),
)
EXCEPT_STAR = ("listener", "connection", "supervisor")
MOST_LINES = 500

# Modules that have no test file of their own name, and why.
UNMIRRORED = {
    "server": "tested as a process, in tests/live",
    "system": "a bundle of fields",
    "prompt_events": "with the other events, in test_events.py",
    "terminal.observations": "fields only",
    "terminal.modes": "fields only",
    "terminal.place": "fields only",
    "terminal.ghostty": "one suite for both libraries, in test_screen.py",
    "terminal.avt": "one suite for both libraries, in test_screen.py",
}


def _sources() -> dict[str, Path]:
    """Every module of ANT by its dotted name, without `ant.`."""
    found = {}
    for path in sorted((ROOT / "ant").rglob("*.py")):
        parts = list(path.relative_to(ROOT / "ant").with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


SOURCES = _sources()
TREES = {name: ast.parse(path.read_text()) for name, path in SOURCES.items()}
MODULES = [name for name in SOURCES if name and "migrations" not in name]


def _package(name: str) -> str:
    is_package = SOURCES[name].name == "__init__.py"
    return name if is_package else name.rpartition(".")[0]


def _imports(name: str) -> Iterator[str]:
    """What a module imports, absolute; a member that is a module is named as such."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = ["ant", *filter(None, _package(name).split("."))]
                parts = parts[: len(parts) - node.level + 1]
                base = ".".join([*parts, *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner.removeprefix("ant.") in SOURCES else base


def _layer(name: str) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    return next(layer for layer in LAYERS if name in layer[0])


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_every_module_has_one_layer() -> None:
    """The table above names each module exactly once, and no other."""
    named = [name for names, _, _ in LAYERS for name in names]
    named.remove("store.migrations")
    assert sorted(MODULES) == sorted(named)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    """A module knows only what its layer may see, and in it what stands before it."""
    names, below, _ = _layer(name)
    allowed = {*below, *names[: names.index(name)], ""}
    known = {
        each.removeprefix("ant").removeprefix(".")
        for each in _imports(name)
        if each.split(".")[0] == "ant"
    }
    assert set() == known - allowed


@pytest.mark.parametrize("name", MODULES)
def test_third_parties_have_a_place(name: str) -> None:
    """Frameworks are imported only in the layers that are about them."""
    known = {each.split(".")[0] for each in _imports(name)} - {"ant"}
    assert set() == known - sys.stdlib_module_names - _layer(name)[2]


@pytest.mark.parametrize("owned", OWNERS)
def test_a_module_has_an_owner(owned: str) -> None:
    """What only one place should do is imported in that place only."""
    users = {
        name
        for name in SOURCES
        if any(each.split(".")[0] == owned for each in _imports(name))
    }
    assert set() == users - set(OWNERS[owned])


@pytest.mark.parametrize("owned", ATTRIBUTES)
def test_a_function_has_an_owner(owned: str) -> None:
    """The clock, processes and threads are each touched in one place."""
    users = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _dotted(node) == owned
    }
    module, _, function = owned.rpartition(".")
    users |= {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        if any(alias.name == function for alias in node.names)
    }
    assert set() == users - set(ATTRIBUTES[owned])


def test_shields_are_few() -> None:
    """Only teardown, with a deadline, is shielded from cancellation."""
    users = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shield"
        if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    } | {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        if node.attr == "shield" and isinstance(node.ctx, ast.Store)
    }
    assert set() == users - set(SHIELDS)


def test_nobody_swallows_a_cancellation() -> None:
    """No `except BaseException` and no bare `except`: both catch `Cancelled`."""
    wide = {
        (name, node.lineno)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        if node.type is None
        or any(
            _dotted(each).rpartition(".")[2] in {"BaseException", "Cancelled"}
            for each in ast.walk(node.type)
        )
    }
    assert set() == wide


def test_groups_are_taken_apart_in_few_places() -> None:
    """`except*` belongs to who runs other people's tasks."""
    users = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.TryStar)
    }
    assert set() == users - set(EXCEPT_STAR)


@pytest.mark.parametrize("name", SOURCES)
def test_modules_are_small(name: str) -> None:
    """A module is read in one sitting."""
    assert len(SOURCES[name].read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", MODULES)
def test_what_is_public_is_explained(name: str) -> None:
    """Modules, and their public functions and classes, have a docstring."""
    tree = TREES[name]
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert [] == silent
    assert ast.get_docstring(tree) or not tree.body


def _mirror(name: str) -> Path:
    """Where the tests of a module are."""
    path = SOURCES[name].relative_to(ROOT / "ant")
    stem = path.parent.name if path.stem == "__init__" else path.stem
    return ROOT / "tests" / path.parent / f"test_{stem}.py"


def test_tests_mirror_the_source() -> None:
    """`ant/x/y.py` is tested in `tests/x/test_y.py`."""
    empty = {name for name in MODULES if name in {"http", "http.routes", "__main__"}}
    untested = {name for name in MODULES if not _mirror(name).exists()}
    assert set() == untested - empty - set(UNMIRRORED)
    assert set() == set(UNMIRRORED) - untested, "no longer an exception"


def test_sources_are_prose_for_everybody() -> None:
    """No file names a place or a tool of the machine it was written on."""
    files = [*SOURCES.values(), *(ROOT / "tests").rglob("*.py")]
    marked = ["/" + "work/", "TO" + "DO", "FIX" + "ME"]
    found = {
        (str(path), mark)
        for path in files
        for mark in marked
        if mark in path.read_text()
    }
    assert set() == found
