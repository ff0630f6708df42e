"""Who may know whom: house rules that the source is held to, as data and as tests."""

import ast
import graphlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = (
    "core",
    "config",
    "data_dir",
    "terminal.model",
    "terminal.agents",
    "terminal.buffer",
    "terminal.screen",
    "terminal.host",
    "terminal.render",
    "terminal.shell",
    "terminal.layout",
    "terminal.detect",
    "terminal.input",
    "terminal.tmux",
    "terminal",
    "model",
    "api",
    "client.access",
    "client.agents",
    "client.terminal",
    "client",
    "store.tables",
    "store.transcript",
    "store.rooms",
    "store",
    "journal",
    "sessions",
    "identity",
    "run_events",
    "recording",
    "rooms",
    "messages",
    "prompts",
    "history",
    "export",
    "runtime",
    "runtime.agents",
    "http.server",
    "http.access",
    "http.contract",
    "http.ws",
    "http.routes.agents",
    "http.routes",
    "http.pages",
    "http",
    "server",
    "cli",
    "cli.agents",
    "cli.verbs",
    "cli.terminal",
    "cli.host",
    "__main__",
)
"""Each may import those before it; a module at the root of `ant/` counts as one."""

ONLY = {
    "terminal": ("core", "terminal"),
    "model": (
        "core",
        "terminal.model",
        "terminal.agents",
        "terminal.shell",
        "terminal.input",
    ),
    "client": ("core", "config", "data_dir", "terminal.screen", "model", "api"),
    "http.server": ("core", "api"),
}
"""Packages that see less than their place allows. A row holds for sub-packages, too."""

ROOT_MODULES = {"__main__", "config", "server"}
MOST_MODULES = 16
"""In one package, at its own level."""

_TRIO = frozenset({"attrs", "trio"})
_WEB = frozenset({"quart", "quart_trio", "werkzeug"})
THIRD_PARTIES: dict[str, frozenset[str]] = {
    "core": _TRIO | {"h11"},
    "config": frozenset({"attrs"}),
    "data_dir": _TRIO,
    "terminal.screen": frozenset({"attrs", "pyghostty", "avt"}),
    "terminal.agents": _TRIO | {"re2"},
    "terminal": _TRIO,
    "model": frozenset({"attrs"}),
    "api": frozenset({"attrs", "cattrs", "orjson"}),
    "client": frozenset({"anyio", "attrs", "trio", "trio_websocket", "httpx", "h11"}),
    "store": frozenset({"attrs", "peewee", "playhouse"}),
    "journal": _TRIO,
    "sessions": frozenset({"attrs"}),
    "identity": _TRIO,
    "run_events": frozenset({"attrs"}),
    "recording": _TRIO,
    "rooms": _TRIO,
    "messages": _TRIO,
    "prompts": _TRIO,
    "history": _TRIO | {"re2"},
    "export": frozenset({"attrs", "jinja2"}),
    "runtime": _TRIO,
    "http.server": frozenset({"attrs", "hypercorn", "h11", "wsproto", "trio"}),
    "http.pages": _WEB | {"attrs", "jinja2", "markupsafe"},
    "http": _TRIO | _WEB,
    "server": _TRIO,
    "cli": frozenset({"attrs", "click", "trio", "httpx", "segno"}),
    "cli.host": frozenset({"attrs", "click", "trio", "httpx"}),
    "__main__": frozenset(),
}
"""By package; a sub-package without a row has that of the package around it."""

# Modules of the standard library and of others, and the packages that may use them.
OWNERS: dict[str, tuple[str, ...]] = {
    "json": ("api", "client", "cli.agents"),
    "orjson": ("api",),
    "cattrs": ("api",),
    "time": ("core", "terminal.tmux"),
    "random": (),
    "secrets": ("core",),
    "uuid": (),
    "sqlite3": ("store",),
    "pyghostty": ("terminal.screen",),
    "avt": ("terminal.screen",),
    "re2": ("history", "terminal.agents"),
    "socket": ("http.server", "http.access", "client"),
    "h11": ("core", "http.server", "client"),
    "httpx": (
        "client",
        "client.access",
        "cli",
        "cli.agents",
        "cli.terminal",
        "cli.host",
    ),
    "trio_websocket": ("client",),
    "anyio": ("client",),
    "ssl": ("core", "client", "http.server"),
    "subprocess": ("terminal.tmux", "cli.host"),
    "pty": (),
    "signal": ("terminal.host", "terminal.tmux", "server", "cli.terminal"),
    "multiprocessing": (),
    "threading": ("client", "cli.host"),
    "concurrent": ("client",),
    "asyncio": (),
    "pickle": (),
}

# Names used as `x.name`, and the packages that may use them.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "datetime.now": ("core",),
    "datetime.utcnow": (),
    "datetime.today": (),
    "os.kill": ("terminal.host", "terminal.tmux"),
    "os.killpg": ("terminal.host",),
    "os.posix_spawn": ("terminal.host",),
    "os.posix_spawnp": (),
    "os.fork": ("terminal.tmux",),
    "os.forkpty": (),
    "os.system": (),
    "os.urandom": ("core",),
    "signal.pidfd_send_signal": ("terminal.host",),
    "trio.to_thread": ("journal", "http.access"),
    "trio.from_thread": (),
    "trio.run_process": ("terminal.tmux",),
}

SHIELDS = ("terminal", "terminal.host", "terminal.tmux", "http.server")
EXCEPT_STAR = ("http.server", "runtime")
MOST_LINES = 500

# Modules with code that have no test file of their own name, and why.
UNMIRRORED = {
    "client.sync_ant": "generated, so tested in test_sync_source.py",
    "client.sync_handles": "generated, so tested in test_sync_source.py",
    "server": "tested as a process, in tests/live",
    "terminal.screen.avt": "one suite for both libraries, in test_emulator.py",
    "terminal.screen.ghostty": "one suite for both libraries, in test_emulator.py",
    "terminal.tmux.pane_ids": "with the pane that it names, in test_pane.py",
}

# Names of two or more public classes, or modules: the packages that have them, and why
# it is one subject in several layers. Two things never share a name.
SHARED_CLASSES = {
    "Gap": ("client model", "a stretch without bytes: of the library, on the wire"),
    "MessageRow": ("client store.tables", "a message: as JSON, in its table"),
    "PromptRow": ("client store.tables", "a prompt: as JSON, in its table"),
    "SessionRow": ("client store.tables", "a session: as JSON, in its table"),
    "TerminalRow": ("client store.tables", "a terminal: as JSON, in its table"),
}
SHARED_MODULES = {
    "access_tokens": (
        "identity model store store.tables",
        "access tokens: rules, nouns, rows, tables",
    ),
    "backup": ("cli.host store", "the backup of a data folder: verb, copy"),
    "channels": ("http.routes messages", "local channels: routes, rules"),
    "compat": ("api model", "what is kept for old clients: `model` may not see `api`"),
    "deliveries": (
        "http.routes messages model store.rooms",
        "deliveries: routes, rules, nouns, rows",
    ),
    "drivers": (
        "cli.agents http.routes.agents runtime.agents",
        "drivers of agents: verb, routes, those of the running server",
    ),
    "errors": ("client core", "errors: those of the library extend those of ANT"),
    "event_log": ("journal store", "the event log: its reads, its rows"),
    "events": ("http.routes model", "events: the feed, the classes"),
    "export": ("export http.routes", "the export of a session: rules, route"),
    "handles": ("model sessions", "handles such as @docs: form, free ones"),
    "health": ("http.routes runtime", "the server's resources: route, measurement"),
    "hooks": ("cli.agents prompts", "hooks of agents: settings, reports"),
    "hops": ("messages store.rooms", "hops between agents: the limit, the count"),
    "keyframes": ("recording store.transcript", "keyframes: drawn, stored"),
    "lines": (
        "history store.tables store.transcript",
        "lines of text: rendered, in tables, as rows",
    ),
    "links": ("http.routes rooms store.rooms", "linked rooms: routes, rules, rows"),
    "messages": (
        "cli.verbs http.routes messages model store.rooms",
        "messages: verbs, routes, rules, nouns, rows",
    ),
    "participants": (
        "http.routes rooms store.rooms",
        "participants of a room: routes, rules, rows",
    ),
    "prompts": (
        "cli.verbs http.routes model prompts store",
        "prompts: verbs, routes, nouns, rules, rows",
    ),
    "rooms": ("cli.verbs model store.tables", "rooms: verbs, nouns, tables"),
    "run_events": (
        "http.routes model store store.tables",
        "run events: routes, nouns, rows, tables",
    ),
    "search": ("history http.routes model", "the search: rules, route, results"),
    "servers": ("cli.verbs client.access", "servers with a name: verb, file"),
    "sessions": (
        "cli.verbs http.routes model sessions store store.tables",
        "sessions: verbs, routes, nouns, rules, rows, tables",
    ),
    "tasks": ("http.routes rooms store.rooms", "tasks of a room: routes, rules, rows"),
    "tokens": ("cli http.routes", "access tokens and sign-ins: verb, routes"),
    "waits": ("http.routes model runtime", "waits for a terminal: route, nouns, rules"),
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
MODULES = [name for name in SOURCES if name and "migrations" not in name]


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(SOURCES[name].read_text())


@cache
def _nodes() -> tuple[tuple[str, ast.AST], ...]:
    """All nodes of the source, each with the name of its module."""
    return tuple((name, node) for name in SOURCES for node in ast.walk(_tree(name)))


def _package(name: str) -> str:
    """The package of a module; a module at the root is one of its own."""
    is_package = SOURCES[name].name == "__init__.py"
    return name if is_package else name.rpartition(".")[0] or name


def _around(package: str) -> Iterator[str]:
    """The package and those around it, from the inside."""
    while package:
        yield package
        package = package.rpartition(".")[0]


@cache
def _imports(name: str) -> frozenset[str]:
    """What a module imports, absolute; a member that is a module is named as such."""
    found = set()
    for node in ast.walk(_tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            base = node.module or ""
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner.removeprefix("ant.") in SOURCES else base)
    return frozenset(found)


def _ours(name: str) -> set[str]:
    """The modules of ANT that a module imports."""
    found = (each for each in _imports(name) if each.split(".")[0] == "ant")
    return {each.removeprefix("ant").removeprefix(".") for each in found} - {""}


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_every_package_has_a_place() -> None:
    """The order above names each package once, and no other."""
    packages = {_package(name) for name in MODULES if SOURCES[name].read_text()}
    assert sorted(packages) == sorted(PACKAGES)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    """A module knows its own package and those that stand before it."""
    own = _package(name)
    allowed = {*PACKAGES[: PACKAGES.index(own) + 1]} if own in PACKAGES else set()
    assert set() == {each for each in _ours(name) if _package(each) not in allowed}
    for around in _around(own):
        if around in ONLY:
            few = {*ONLY[around], own}
            used = {
                each for each in _ours(name) if not few & {*_around(_package(each))}
            }
            assert set() == used, around


def test_modules_of_a_package_know_each_other_in_one_direction() -> None:
    """No cycle of imports, at any depth."""
    graph = {name: _ours(name) - {name} for name in MODULES}
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_the_root_is_for_few() -> None:
    """What has a subject is in the package of that subject."""
    assert ROOT_MODULES == {
        name for name, path in SOURCES.items() if path.parent == ROOT / "ant" and name
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_small(package: str) -> None:
    """A package reads as one subject."""
    names = [name for name in MODULES if _package(name) == package != name]
    assert len(names) <= MOST_MODULES


@pytest.mark.parametrize("name", MODULES)
def test_third_parties_have_a_place(name: str) -> None:
    """Frameworks are imported only in the packages that are about them."""
    known = {each.split(".")[0] for each in _imports(name)} - {"ant"}
    row = next(each for each in _around(_package(name)) if each in THIRD_PARTIES)
    assert set() == known - sys.stdlib_module_names - THIRD_PARTIES[row]


@pytest.mark.parametrize("owned", OWNERS)
def test_a_module_has_an_owner(owned: str) -> None:
    """What only one place should do is imported in that place only."""
    users = {
        _package(name)
        for name in SOURCES
        if name and any(each.split(".")[0] == owned for each in _imports(name))
    }
    assert set() == users - set(OWNERS[owned])


def _shared(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each name that several modules have, and their packages."""
    found = defaultdict[str, list[str]](list)
    for name, module in names:
        found[name].append(_package(module))
    return {
        name: " ".join(sorted(each)) for name, each in found.items() if len(each) > 1
    }


def _public_classes() -> Iterator[tuple[str, str]]:
    """Each public class at the top level of a module, and that module."""
    for module in SOURCES:
        for node in _tree(module).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, module


def test_no_two_classes_share_a_name() -> None:
    """Unless they are one subject in several layers; rename the new one."""
    allowed = {name: packages for name, (packages, _) in SHARED_CLASSES.items()}
    assert allowed == _shared(_public_classes())


def test_no_two_modules_share_a_name() -> None:
    """Unless they are one subject in several layers; rename the new one."""
    modules = (
        (name.rpartition(".")[2], name)
        for name, path in SOURCES.items()
        if path.name != "__init__.py"
    )
    allowed = {name: packages for name, (packages, _) in SHARED_MODULES.items()}
    assert allowed == _shared(modules)


def test_every_shared_name_has_a_reason() -> None:
    """In one line."""
    for _, reason in (SHARED_CLASSES | SHARED_MODULES).values():
        assert [reason] == reason.splitlines()


@cache
def _users() -> Mapping[str, set[str]]:
    """The packages that name `module.function`, or import it, by that name."""
    users = defaultdict[str, set[str]](set)
    for name, node in _nodes():
        if isinstance(node, ast.Attribute):
            users[_dotted(node)].add(_package(name))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                users[f"{node.module}.{alias.name}"].add(_package(name))
    return users


def test_benchmarks_speak_through_the_client() -> None:
    """But for those whose client must cost next to nothing, or is what they measure."""
    libraries = {"httpx", "trio_websocket", "http", "urllib", "wsproto", "h11"}
    connects = {"trio.open_tcp_stream", "socket.create_connection"}
    users = set()
    for path in (ROOT / "benchmarks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = {_dotted(node)} & connects
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {str(node.module).split(".")[0]}
            if names & (libraries | connects):
                users.add(path.stem)
    assert {"rawhttp", "rawsocket", "bench_requests", "bench_callers"} == users


@pytest.mark.parametrize("owned", ATTRIBUTES)
def test_a_function_has_an_owner(owned: str) -> None:
    """The clock, processes and threads are each touched in one place."""
    users = _users().get(owned, set())
    assert set() == users - set(ATTRIBUTES[owned])


def test_shields_are_few() -> None:
    """Only teardown, with a deadline, is shielded from cancellation."""
    users = {
        _package(name)
        for name, node in _nodes()
        if isinstance(node, ast.keyword) and node.arg == "shield"
        if not (isinstance(node.value, ast.Constant) and node.value.value is False)
    } | {
        _package(name)
        for name, node in _nodes()
        if isinstance(node, ast.Attribute)
        if node.attr == "shield" and isinstance(node.ctx, ast.Store)
    }
    assert set() == users - set(SHIELDS)


def test_nobody_swallows_a_cancellation() -> None:
    """No `except BaseException` and no bare `except`: both catch `Cancelled`."""
    wide = {
        (name, node.lineno)
        for name, node in _nodes()
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
    users = {_package(name) for name, node in _nodes() if isinstance(node, ast.TryStar)}
    assert set() == users - set(EXCEPT_STAR)


@pytest.mark.parametrize("name", SOURCES)
def test_modules_are_small(name: str) -> None:
    """A module is read in one sitting."""
    assert len(SOURCES[name].read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", MODULES)
def test_what_is_public_is_explained(name: str) -> None:
    """Modules, and their public functions and classes, have a docstring."""
    tree = _tree(name)
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


def _has_code(name: str) -> bool:
    """Whether it has more than fields, and a method or two that read them."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return sum(isinstance(node, functions) for node in ast.walk(_tree(name))) > 1


def test_tests_mirror_the_source() -> None:
    """`ant/x/y.py` is tested in `tests/x/test_y.py`, where it has code."""
    untested = {
        name for name in MODULES if _has_code(name) and not _mirror(name).exists()
    }
    assert set(UNMIRRORED) == untested


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


DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
"""Documents that name modules."""


def _names_a_module(dotted: str) -> bool:
    """Whether `package.module`, or `package.module.Name`, is in the source."""
    module, _, name = dotted.rpartition(".")
    if dotted in SOURCES:
        return True
    defined = rf"\b(class|def) {name}\b|^\s*{name}\b.*="
    return module in SOURCES and bool(
        re.search(defined, SOURCES[module].read_text(), re.MULTILINE)
    )


def test_architecture_lists_the_packages_in_their_order() -> None:
    """The table of packages has a row for each, in the order that imports follow."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert list(PACKAGES) == re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_name_what_exists(document: Path) -> None:
    """Every `ant/` path, backticked dotted module, and link to a file is there."""
    text = re.sub(r"Write `[^`]+`", "", document.read_text())  # A recipe makes these.
    paths = set(re.findall(r"(?<![\w./])(?:ant|tests|docs)/[\w./-]*\w/?", text))
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    members = re.findall(r"`(\w+)`\s+in\s+`(ant/[\w/]+\.py)`", text)
    tops = {name.split(".")[0] for name in MODULES}
    dotted = {
        name
        for name in re.findall(r"`(?:ant\.)?(\w+(?:\.\w+)+)`", text)
        if name.split(".")[0] in tops
        and document.name != "api.md"  # Its dotted names are JSON fields.
    }
    assert {
        "paths": {path for path in paths if not (ROOT / path).exists()},
        "links": {
            each for each in set(targets) if not (document.parent / each).exists()
        },
        "modules": {name for name in dotted if not _names_a_module(name)},
        "members": {
            (name, path)
            for name, path in members
            if (ROOT / path).exists()
            and not re.search(rf"\b{name}\b", (ROOT / path).read_text())
        },
    } == {"paths": set(), "links": set(), "modules": set(), "members": set()}


def test_decisions_are_in_their_index() -> None:
    """Each has one line, in order, with its title."""
    folder = ROOT / "docs" / "decisions"
    titles = [
        f"- [{path.read_text().splitlines()[0].removeprefix('# ')}]({path.name})"
        for path in sorted(folder.glob("0*.md"))
    ]
    lines = (folder / "README.md").read_text().splitlines()
    assert titles == [line for line in lines if line.startswith("- ")]
