"""`ant doctor`: looks at the installation, and says what to do."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from ant.cli.host import systemd
from ant.cli.host.data_checks import data_checks
from ant.cli.host.finding import (
    Check,
    Finding,
    Level,
    ok,
    problem,
    run_checks,
    warning,
)
from ant.cli.host.installation import (
    check_agents,
    check_drivers,
    check_libraries,
    check_python,
    check_shells,
    check_terminal,
    check_tmux,
)
from ant.cli.host.kernel_checks import check_descriptors, check_kernel
from ant.cli.host.server_checks import Asked, check_server
from ant.cli.host.settings_checks import (
    check_environment_key,
    check_servers,
    check_variables,
)
from ant.cli.host.unit_file import UnitState, read_unit, state_of
from ant.cli.options import ON, setting_option
from ant.cli.runner import INTERRUPTED, REFUSED, echo_json
from ant.cli.table import table
from ant.config import API_KEY_FILE, Config


@click.command(short_help="Look for what is wrong on this machine.")
@click.option("--on", metavar="NAME", help="The server to call, by its name.")
@click.option("--server", metavar="URL", help="The server to call, by its URL.")
@click.option(
    API_KEY_FILE.flag,
    "key_file",
    type=click.Path(path_type=Path),
    help="File with the operator key of that server.",
)
@click.option("--plain-http", is_flag=True, envvar="ANT_PLAIN_HTTP", hidden=True)
@setting_option("data_dir")
@setting_option("drivers_dir")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(
    context: click.Context,
    on: str | None,
    server: str | None,
    key_file: Path | None,
    plain_http: bool,
    data_dir: Path,
    drivers_dir: Path | None,
    as_json: bool,
) -> None:
    """Look at the whole installation, and say what to do.

    Each line is a finding: ok, warning or problem, with a remedy. It changes nothing,
    works without a server, and takes at most some seconds. Exits with 1 if there is a
    problem.
    """
    from ant.cli.serve import serve

    if on is None and server is None:
        on = context.meta.get(ON)
    root = context.find_root().command
    own_drivers = Config(drivers_dir=drivers_dir).drivers
    checks: dict[str, Check] = {
        "Python": check_python,
        "libraries": check_libraries,
        **data_checks(data_dir),
        "server": partial(
            check_server, Asked(on, server, key_file, plain_http), data_dir
        ),
        "variables": partial(check_variables, root, serve, os.environ),
        "key": partial(check_environment_key, os.environ),
        "servers.toml": check_servers,
        "kernel": check_kernel,
        "descriptors": partial(check_descriptors, data_dir),
        "tmux": check_tmux,
        "shells": check_shells,
        "agents": partial(check_agents, own_drivers),
        "drivers": partial(check_drivers, own_drivers),
        "terminal": check_terminal,
        "service": check_service,
    }
    try:
        findings = list(run_checks(checks))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    counts = Counter(each.level for each in findings)
    if as_json:
        rows = [
            {
                "level": each.level,
                "subject": each.subject,
                "text": each.text,
                "remedy": each.remedy,
            }
            for each in findings
        ]
        totals = {
            f"{level}s": counts[level] for level in (Level.PROBLEM, Level.WARNING)
        }
        echo_json({"findings": rows, **totals})
    else:
        for line in table(map(_row, findings)):
            click.echo(line)
    if counts[Level.PROBLEM]:
        sys.exit(REFUSED)


def _row(finding: Finding) -> tuple[str, ...]:
    text = f"{finding.text} {finding.remedy}" if finding.remedy else finding.text
    return finding.level, finding.subject, text


def check_service() -> Iterator[Finding]:
    """The service of the user's systemd, its unit, and whether it needs a login."""
    path = systemd.unit_path()
    text = read_unit(path)
    if not systemd.is_running():
        yield ok("service", "No systemd runs here for this user")
        return
    if text is None:
        yield ok("service", "It is not installed; `ant service install` does that")
        return
    found = systemd.properties("ActiveState", "SubState", "NeedDaemonReload")
    state = f"{found.get('ActiveState')} ({found.get('SubState')})"
    if found.get("ActiveState") == "failed":
        yield problem(
            "service", f"It is {state}.", "Look at journalctl --user -u ant -e"
        )
    elif found.get("ActiveState") != "active":
        yield warning("service", f"It is {state}.", "Run systemctl --user start ant")
    else:
        yield ok("service", f"It is {state}")
    if found.get("NeedDaemonReload") == "yes":
        yield warning(
            "service",
            "systemd has read an older unit.",
            "Run systemctl --user daemon-reload",
        )
    if state_of(text, "") is UnitState.CHANGED:
        yield ok("service", f"{path} was changed by hand")
    if not systemd.lingers():
        yield warning(
            "linger",
            "The service starts when you log in, and ends when you log out.",
            f"Run loginctl enable-linger {systemd.user_name()}",
        )
