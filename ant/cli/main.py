"""The `ant` command. It imports the module of a verb when that verb is used."""

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from ant import __version__


class Verb(NamedTuple):
    """A verb: its module in `ant.cli` and its name there, and its line in the help.

    `calls` is whether it calls a server, so that `ant --on NAME` applies to it.
    """

    where: str
    help: str
    calls: bool = True


SECTIONS: dict[str, dict[str, Verb]] = {
    "Terminals and agents": {
        "run": Verb("terminal.run:run", "Run a command in a terminal, and follow it."),
        "attach": Verb(
            "terminal.attach:attach", "Show a terminal on yours, and type into it."
        ),
        "ls": Verb("verbs.sessions:ls", "List sessions."),
        "new": Verb("verbs.sessions:new", "Start a program in a new terminal."),
        "send": Verb("verbs.input:send", "Type text into a terminal, as it is."),
        "key": Verb("verbs.input:key", "Press named keys, such as Enter or C-c."),
        "logs": Verb("verbs.logs:logs", "Print what a terminal printed."),
        "screen": Verb("verbs.screen:screen", "Print the screen of a terminal."),
        "wait": Verb("verbs.wait:wait", "Wait for an end, a prompt or output."),
        "rename": Verb("verbs.sessions:rename", "Give a session another name."),
        "archive": Verb("verbs.sessions:archive", "End sessions and put them away."),
        "restore": Verb("verbs.sessions:restore", "Bring sessions back."),
        "rm": Verb("verbs.sessions:rm", "End sessions and delete them."),
    },
    "Questions of programs": {
        "status": Verb("verbs.status:status", "List what terminals do and ask."),
        "answer": Verb("verbs.answer:answer", "Answer a question of a program."),
        "explain": Verb("verbs.screen:explain", "Explain a detected state."),
        "drivers": Verb(
            "agents.drivers:drivers", "Descriptions of agent CLIs: list, check, reload."
        ),
        "prompts": Verb(
            "verbs.prompts:prompts", "Try the rules that detect prompts.", calls=False
        ),
        "hooks": Verb(
            "agents.hooks:hooks", "Print hook settings for an agent CLI.", calls=False
        ),
        "hook": Verb(
            "agents.hook:hook", "Pass on an event of an agent's hooks.", calls=False
        ),
    },
    "Rooms": {
        "msg": Verb("verbs.messages:msg", "Post a message in a room."),
        "room": Verb("verbs.rooms:room", "Rooms: members, tasks, files, links."),
        "chat": Verb("verbs.messages:chat", "Read and post messages, answer prompts."),
    },
    "Records": {
        "events": Verb("verbs.records:events", "Print the event log."),
        "export": Verb("verbs.records:export", "Export a session as a document."),
        "evidence": Verb(
            "verbs.evidence:evidence", "Check an evidence bundle.", calls=False
        ),
    },
    "The server": {
        "serve": Verb("serve:serve", "Run the server.", calls=False),
        "health": Verb("verbs.records:health", "Report the state of the server."),
        "tokens": Verb("tokens:tokens", "Access tokens: list, make, revoke."),
        "open": Verb("open:open_", "Sign a browser in by a link."),
        "servers": Verb(
            "verbs.servers:servers", "List the servers that have a name.", calls=False
        ),
        "doctor": Verb("host.doctor:doctor", "Look for what is wrong on this machine."),
        "service": Verb(
            "host.service:service",
            "Run the server as a service of systemd.",
            calls=False,
        ),
        "backup": Verb(
            "host.backup:backup", "Copy the database while it is in use.", calls=False
        ),
        "completion": Verb(
            "verbs.completion:completion", "Print a completion script.", calls=False
        ),
    },
}
"""The verbs as `ant --help` lists them."""

VERBS = {name: verb for verbs in SECTIONS.values() for name, verb in verbs.items()}

ALIASES = {"sessions": "ls"}
"""Old names of verbs, which the help does not list."""


class _Verbs(click.Group):
    """The verbs; the context's `obj` is whether the process has this command line."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, **extra: Any
    ) -> Any:
        """Run the command line of this process, or `args`, as tests do."""
        return super().main(args, obj=args is None, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb with that name; None if there is none."""
        if (verb := VERBS.get(ALIASES.get(cmd_name, cmd_name))) is None:
            return None
        module, name = verb.where.split(":")
        command = getattr(importlib.import_module(f"ant.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the verbs by section. This imports none of them."""
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                rows = [(name.ljust(width), verb.help) for name, verb in verbs.items()]
                formatter.write_dl(rows)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """The verbs and options that begin like this. This imports no verb."""
        found = [
            CompletionItem(name, help=verb.help)
            for name, verb in VERBS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=_Verbs,
    context_settings={
        "show_default": True,
        "max_content_width": 80,
        "help_option_names": ["-h", "--help"],
    },
)
@click.option("--on", metavar="NAME", help="The server to call, by its name.")
@click.option(
    "--operator",
    "is_operator",
    is_flag=True,
    help="Ask for the operator's key or a code, and use it for this call only.",
)
@click.version_option(__version__, prog_name="ant")
@click.pass_context
def main(ctx: click.Context, on: str | None, is_operator: bool) -> None:
    """ANT: an operator server for terminals and AI agents.

    A SESSION is named by its id, the beginning of its id, its name or its handle.
    `ant VERB --help` explains a verb.
    """
    from ant.cli.operator import OPERATOR
    from ant.cli.options import ON

    name = ctx.invoked_subcommand or ""
    verb = VERBS.get(ALIASES.get(name, name))
    for flag, is_given in (("--on", on is not None), ("--operator", is_operator)):
        if is_given and verb is not None and not verb.calls:
            raise click.UsageError(f"{name} calls no server, so it takes no {flag}.")
    ctx.meta[ON], ctx.meta[OPERATOR] = on, is_operator
