"""The `ant` command."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import ant
from ant.cli.main import ALIASES, VERBS, main


def test_the_version_is_printed() -> None:
    """With the name of the program."""
    output = CliRunner().invoke(main, ["--version"]).output
    assert f"ant, version {ant.__version__}\n" == output


def test_an_unknown_verb_is_bad_usage() -> None:
    """With the name that was typed."""
    result = CliRunner().invoke(main, ["nope"])
    assert (2, True) == (result.exit_code, "'nope'" in result.output)


def test_all_verbs_are_listed() -> None:
    """In `--help`, each with its own short help; no line is over 80 columns."""
    output = CliRunner().invoke(main, ["--help"]).output
    for name, verb in VERBS.items():
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert verb.help == command.get_short_help_str(200)
        assert any(
            line.split(maxsplit=1) == [name, verb.help] for line in output.splitlines()
        ), name


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of each command below one, and its own."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, *path, name)


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
def test_help_fits_a_terminal(path: tuple[str, ...]) -> None:
    """On one of 80 columns no line of a help text is broken."""
    result = CliRunner().invoke(
        main, [*path, "--help"], env={"COLUMNS": "80"}, terminal_width=80
    )
    assert 0 == result.exit_code
    assert [] == [line for line in result.output.splitlines() if len(line) > 80]


@pytest.mark.parametrize("path", [(), ("ls",), ("tokens", "new")])
def test_short_option_for_help(path: tuple[str, ...]) -> None:
    """As most programs have one."""
    short, long = (
        CliRunner().invoke(main, [*path, option]) for option in ("-h", "--help")
    )
    assert short.exit_code == 0
    assert short.output == long.output
    assert "Usage: " in short.output


def test_attach_lists_no_json() -> None:
    """It shows a terminal; the option is refused with that reason."""
    assert "--json" not in CliRunner().invoke(main, ["attach", "--help"]).output
    told = CliRunner().invoke(main, ["attach", "x", "--json"])
    assert told.exit_code == 2
    assert "it takes no --json" in told.output


def test_old_names_of_verbs() -> None:
    """They do the same and are not listed."""
    context = click.Context(main)
    for old, new in ALIASES.items():
        assert main.get_command(context, old) is main.get_command(context, new)
        assert old not in main.list_commands(context)


def test_server_is_called_by_each_verb_that_says_so() -> None:
    """Such a verb takes `--on`, the others do not; nor do they have it in a group."""
    for path in commands(main):
        if not path:
            continue
        command: click.Command = main
        for name in path:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), name)
            assert found is not None
            command = found
        if not isinstance(command, click.Group):
            options = {each.name for each in command.params}
            assert VERBS[path[0]].calls is ("on" in options), path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script(shell: str) -> None:
    """It is that of the shell, and asks `ant` itself."""
    result = CliRunner().invoke(main, ["completion", shell])
    assert 0 == result.exit_code
    assert f"_ANT_COMPLETE={shell}_complete" in result.output
    assert 2 == CliRunner().invoke(main, ["completion", "tcsh"]).exit_code


def completed(words: str) -> list[str]:
    """What a shell is offered for the last of these words."""
    env = {"_ANT_COMPLETE": "bash_complete", "COMP_WORDS": words}
    env["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ant")],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_words_are_completed() -> None:
    """Verbs, verbs of a verb, and options."""
    assert {"serve", "send", "screen", "status", "servers", "service"} == {
        *completed("ant s")
    }
    assert ["tasks"] == completed("ant room t")
    assert ["--follow"] == completed("ant logs --f")
    assert ["--on", "--operator"] == completed("ant --o")


def imported(*argv: str) -> set[str]:
    """The modules of a process that runs this command line."""
    code = (
        "import sys; from ant.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {
    *("trio", "httpx", "quart", "peewee", "hypercorn", "cattrs"),
    "ant.client.ant_client",
}


@pytest.mark.slow
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_imports_no_other_verb(verb: str) -> None:
    """`ant VERB --help` starts quickly, also when there are many verbs."""
    own = VERBS[verb].where.split(":")[0]
    others = {each.where.split(":")[0] for each in VERBS.values()} - {own}
    # `ant room read` is the verb of `ant chat`.
    others -= {"verbs.messages"} if own == "verbs.rooms" else set()
    known = imported(verb, "--help")
    assert set() == {f"ant.cli.{each}" for each in others} & known
    assert set() == HEAVY & known


def others(known: set[str]) -> set[str]:
    """Packages outside of the standard library, and the modules of ANT."""
    tops = {each.partition(".")[0] for each in known} - sys.stdlib_module_names
    ours = {each for each in known if each.startswith("ant.")}
    # What the environment loads at each start of Python is not ours.
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return (tops | ours) - set(bare.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("argv", [("--help",), ("--version",)])
def test_help_imports_nothing_but_click(argv: tuple[str, ...]) -> None:
    """Its lines are in a table, so it takes the time of Python and click."""
    assert {"ant", "ant.cli", "ant.cli.main", "click"} == others(imported(*argv))


@pytest.mark.slow
def test_a_short_call_imports_what_it_needs() -> None:
    """No event loop, no HTTP library, no TLS, no server: that is half of its time."""
    known = imported("ls", "--server", "http://127.0.0.1:9")
    assert {
        *("ant", "attr", "attrs", "click", "h11", "orjson"),
        *("ant.api", "ant.api.binary_output", "ant.api.problem"),
        *("ant.cli", "ant.cli.main", "ant.cli.operator", "ant.cli.options"),
        *("ant.cli.naming", "ant.cli.runner"),
        *("ant.cli.table", "ant.cli.verbs", "ant.cli.verbs.sessions"),
        *("ant.client", "ant.client.ant_client", "ant.client.blocking_http"),
        *("ant.client.access", "ant.client.access.credentials"),
        *("ant.client.agents", "ant.client.agents.agent_calls"),
        *("ant.client.access.servers", "ant.client.errors", "ant.client.event_socket"),
        *("ant.config", "ant.core", "ant.core.clock"),
        *("ant.core.errors", "ant.core.ip_addresses", "ant.core.visible_text"),
        *("ant.data_dir", "ant.data_dir.operator_key"),
        *("ant.model", "ant.model.handles"),
    } == others(known)
    assert set() == {"ssl", "asyncio", "http.client", "tomllib", "sqlite3"} & known


@pytest.mark.slow
def test_another_call_imports_the_event_loop() -> None:
    """For a server elsewhere, and for a verb that goes on; but no WebSocket yet."""
    known = imported("ls", "--server", "https://127.0.0.1:9")
    assert {"trio", "httpx"} <= known
    needless = {"trio_websocket", "wsproto", "ant.store", "ant.terminal", "cattrs"}
    assert set() == needless & known


def test_the_page_lists_each_verb() -> None:
    """In the table of docs/cli.md, in the order of the help."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert list(VERBS) == re.findall(r"^\| `ant (\w+)", text, re.MULTILINE)
