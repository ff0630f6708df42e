"""Verbs for sessions, against a real server."""

import json
from pathlib import Path

import pytest

from tests.cli.real import RealServer, on_terminal
from tests.served import ant, serve

pytestmark = pytest.mark.slow

SHELL = ("--", "bash", "--norc", "--noprofile")


def new(server: RealServer, name: str, *flags: str) -> str:
    """Start a shell; the id of its session."""
    row = json.loads(server.good("new", name, "--json", *flags, *SHELL))
    assert ("terminal", "running") == (row["type"], row["status"])
    return str(row["id"])


def test_a_session_lives(server: RealServer) -> None:
    """It is made, renamed, archived, restored, deleted and restored; each is said."""
    said = server.good("new", "life", *SHELL)
    assert said.startswith("Started life (@life, ")
    id_ = said.rstrip(").\n").rpartition(" ")[2]
    assert f"{id_}  terminal  running  @life" in server.good("ls")
    said = server.good("rename", "life", "Long Life", "--handle", "long")
    assert f"It is Long Life (@long, {id_}) now.\n" == said
    assert "Archived Long Life" in server.good("archive", "@long")
    assert id_ not in server.good("ls")
    assert f"{id_}  terminal  archived" in server.good("ls", "--all")
    assert "Restored Long Life" in server.good("restore", "long life", "--start")
    assert f"{id_}  terminal  running" in server.good("sessions")
    assert "Deleted: Long Life" in server.good("rm", id_[:6])
    assert f"{id_}  terminal  deleted" in server.good("ls", "-a")
    assert "Restored" in server.good("restore", id_)
    assert 2 == server.ant("rm", "--hard", id_).exit_code
    assert "Deleted for good" in server.good("rm", "--hard", "--yes", id_)
    assert 1 == server.ant("restore", id_).exit_code


def test_an_agent_without_hooks(server: RealServer) -> None:
    """The session says no, or nothing."""
    for name, flags, expected in (("bare", ["--no-hooks"], False), ("full", [], True)):
        row = json.loads(server.good("new", name, "--json", *flags, *SHELL))
        assert row["hooks"] is expected
        server.good("rm", "--hard", "--yes", row["id"])


def test_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of others neither move the cursor nor reorder a line; cells align."""
    rows = [
        ("1", "chat", "none", None, "Room\nof \x1b[2J"),
        ("2", "agent", "lost", "@ada", "\u202eada"),
        ("three", "terminal", "running", "@漢", "x"),
        ("4", "chat", "none", "@b", "y"),
    ]
    keys = ("id", "type", "status", "handle", "name")
    page = {
        "sessions": [dict(zip(keys, row, strict=True)) for row in rows],
        "recoverable": [],
    }
    serve(monkeypatch, **{"GET /api/sessions": page})
    assert [
        "1      chat      none     -     Room of \\u001b[2J",
        "2      agent     lost     @ada  \\u202eada",
        "three  terminal  running  @漢   x",
        "4      chat      none     @b    y",
    ] == ant("ls").stdout.splitlines()


def test_a_session_lives_in_json(server: RealServer) -> None:
    """One object, or one in a line where there may be many."""
    one, two = new(server, "one"), new(server, "two")
    assert {one, two} <= {
        each["id"] for each in json.loads(server.good("ls", "--json"))["sessions"]
    }
    row = json.loads(server.good("rename", one, "uno", "--json"))
    assert (one, "uno") == (row["id"], row["name"])
    for verb in ("archive", "restore"):
        lines = server.good(verb, "uno", "two", "--json").splitlines()
        assert [one, two] == [json.loads(each)["id"] for each in lines]
    lines = server.good("rm", "uno", "two", "uno", "--json").splitlines()
    assert [{"id": one, "deleted": True}, {"id": two, "deleted": True}] == [
        json.loads(each) for each in lines
    ]


def test_options_of_a_new_terminal(server: RealServer, tmp_path: Path) -> None:
    """Folder, size, environment and time to restore reach it."""
    script = 'echo "$PWD $TEST_X"; stty size; read'
    flags = ("--dir", str(tmp_path), "--env", "TEST_X=a=b", "--cols", "90")
    server.good(
        "new", "opts", *flags, "--rows", "7", "--ttl", "1h", "--", "sh", "-c", script
    )
    printed = server.until("7 90", "logs", "opts")
    assert f"{tmp_path} a=b" in printed
    row = json.loads(server.good("new", "agent", "--agent", "--json", "--", "cat"))
    assert "agent" == row["type"]
    server.good("rm", "opts", "agent")


def test_a_name_that_was_taken(server: RealServer) -> None:
    """A restored session gets free ones, and each is said."""
    server.good("room", "new", "taken")
    server.good("rm", "taken")
    server.good("room", "new", "taken")
    result = server.ant("restore", "taken")
    assert (0, "Restored taken (2) (") == (result.exit_code, result.stdout[:20])
    assert "ant: taken is taken, so it is taken (2) now.\n" == result.stderr
    server.good("rm", "taken", "taken (2)")


@pytest.mark.parametrize(
    "argv",
    [
        ("new",),
        ("new", "x", "--env", "novalue"),
        ("new", "x", "--host", "moon"),
        ("rename", "x"),
        ("rm",),
        ("archive",),
        ("restore",),
        ("ls", "x"),
    ],
)
def test_bad_usage(server: RealServer, argv: tuple[str, ...]) -> None:
    """Nothing is called."""
    assert 2 == server.ant(*argv).exit_code


VERBS_OF_ONE = [
    ("rm", "{}"),
    ("archive", "{}"),
    ("restore", "{}"),
    ("rename", "{}", "other"),
    ("send", "{}", "x"),
    ("key", "{}", "Enter"),
    ("logs", "{}"),
    ("screen", "{}"),
    ("explain", "{}"),
    ("answer", "{}"),
    ("export", "{}"),
    ("events", "--session", "{}"),
    ("msg", "{}", "x"),
    ("room", "read", "{}"),
    ("room", "members", "{}"),
    ("room", "add", "{}", "@x"),
    ("room", "remove", "{}", "@x"),
    ("room", "search", "{}", "x"),
    ("room", "tasks", "{}"),
    ("room", "files", "{}"),
    ("room", "links", "{}"),
    ("chat", "send", "{}", "--msg", "x"),
    ("chat", "decide", "{}", "approve"),
]


def test_a_name_is_resolved_alike_by_every_verb(server: RealServer) -> None:
    """One that nobody has is refused; one of several is bad usage that lists them."""
    for _ in range(3):
        server.good("room", "new", "Twin")
        server.good("rm", "Twin")
    for verb in VERBS_OF_ONE:
        result = server.ant(*(each.format("nobody at all") for each in verb))
        assert 1 == result.exit_code, verb
        assert "ant: There is no session 'nobody at all'.\n" == result.stderr
        result = server.ant(*(each.format("tWiN") for each in verb))
        assert (2, "") == (result.exit_code, result.stdout), verb
        assert "'tWiN' names 3 sessions: Twin (-, " in result.stderr
        assert result.stderr.endswith("Give the id of one.\n")


OTHERS = [
    ("ls",),
    ("new", "x"),
    ("status",),
    ("status", "-w"),
    ("answer",),
    ("health",),
]
OTHERS += [("events",), ("events", "-f"), ("room", "ls"), ("room", "new", "x")]


@pytest.mark.parametrize("verb", VERBS_OF_ONE + OTHERS, ids=" ".join)
def test_no_server_answers(server: RealServer, verb: tuple[str, ...]) -> None:
    """Every verb says so in one sentence, and exits with 3."""
    argv = [each.format("x") for each in verb]
    result = server.ant(*argv, "--server", "http://127.0.0.1:9")
    assert (3, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("ant: cannot reach http://127.0.0.1:9: ")
    assert 1 == result.stderr.count("\n")


def test_a_removal_for_good_is_confirmed(server: RealServer) -> None:
    """On a terminal; whoever says no, or presses Ctrl-C, keeps the session."""
    id_ = new(server, "kept")
    for typed in ("n\n", "\x03"):
        with on_terminal(server, "rm", "--hard", "kept") as screen:
            assert "deletes kept (@kept" in screen.see("Delete? [y/N]: ")
            if typed == "\x03":
                screen.interrupt()
            else:
                screen.type(typed)
            assert 1 == screen.code()
        assert id_ in server.good("ls")
    with on_terminal(server, "rm", "--hard", "kept") as screen:
        screen.see("Delete? [y/N]: ")
        screen.type("y\n")
        screen.see("Deleted for good")
        assert 0 == screen.code()
    assert id_ not in server.good("ls", "-a")


def test_colours_are_for_terminals(server: RealServer) -> None:
    """And not for NO_COLOR, TERM=dumb, or a pipe."""
    id_ = new(server, "green")
    with on_terminal(server, "ls") as screen:
        assert "\x1b[32mrunning\x1b[0m" in screen.rest()
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        with on_terminal(server, "ls", **env) as screen:
            drawn = screen.rest()
            assert "running" in drawn
            assert "\x1b" not in drawn
    assert "\x1b" not in server.good("ls")
    server.good("rm", id_)
