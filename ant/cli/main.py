"""The `ant` command. It imports the module of a verb when that verb is used."""

import importlib
from collections.abc import Sequence
from typing import Any

import click

from ant import __version__

VERBS = {
    "chat": "rooms:chat",
    "evidence": "evidence:evidence",
    "msg": "rooms:msg",
    "open": "open:open_",
    "prompts": "prompts:prompts",
    "serve": "serve:serve",
    "sessions": "rooms:sessions",
    "status": "rooms:status",
    "tokens": "tokens:tokens",
}
"""Each verb with its module in `ant.cli` and its name there."""


class _Verbs(click.Group):
    """The verbs; the context's `obj` is whether the process has this command line."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, **extra: Any
    ) -> Any:
        """Run the command line of this process, or `args`, as tests do."""
        return super().main(args, obj=args is None, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb with that name; None if there is none."""
        if (where := VERBS.get(cmd_name)) is None:
            return None
        module, name = where.split(":")
        command = getattr(importlib.import_module(f"ant.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Verbs, context_settings={"show_default": True, "max_content_width": 100}
)
@click.version_option(__version__, prog_name="ant")
def main() -> None:
    """ANT: an operator server for terminals and AI agents."""
