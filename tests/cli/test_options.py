"""Options that are made from the declarations of the settings."""

import click
import pytest
from click.testing import CliRunner

from ant.cli.options import setting_option
from ant.cli.serve import serve
from ant.config import API_KEY_FILE, SETTINGS


def test_serve_has_an_option_for_each_setting() -> None:
    """With the variable, the help and the default of its declaration."""
    options = {each.name: each for each in serve.params}
    for declared in (*SETTINGS.values(), API_KEY_FILE):
        option = options.pop(declared.name)
        assert isinstance(option, click.Option)
        assert declared.flag in option.opts
        assert (declared.variable, declared.help) == (option.envvar, option.help)
        assert declared.secret == option.hidden
    assert {} == options


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [
        ("port", "65535", True),
        ("port", "65536", False),
        ("max_hops", "0", True),
        ("max_hops", "-1", False),
        ("grace_s", "60", True),
        ("grace_s", "60.1", False),
        ("log_level", "WARNING", True),
        ("log_level", "loud", False),
    ],
)
def test_bounds_are_checked(name: str, text: str, fits: bool) -> None:
    """A value outside of the bounds or the choices is bad usage."""

    @click.command()
    @setting_option(name)
    def command(**values: object) -> None:
        assert [name] == [*values]

    result = CliRunner().invoke(command, [SETTINGS[name].flag, text])
    assert (0 if fits else 2) == result.exit_code
