"""The declarations of the settings, and what `Config` derives from them."""

import re
from pathlib import Path

import attrs
import pytest

from ant.config import API_KEY_FILE, SETTINGS, Config, settings_page
from ant.core.counters import Limit

ROOT = Path(__file__).parent.parent


def test_the_key_is_not_shown() -> None:
    """A config in a traceback or log line does not contain the key."""
    assert "hunter2" not in repr(Config(api_key="hunter2"))


def test_the_database_is_in_the_folder() -> None:
    """The data folder contains the database file."""
    assert Path("/x/ant.db") == Config(data_dir=Path("/x")).database


def test_the_folder_of_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting, else the user's configuration."""
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert Path("/home/ada/.config/ant/drivers") == Config().drivers
    monkeypatch.setenv("XDG_CONFIG_HOME", "/etc/ada")
    assert Path("/etc/ada/ant/drivers") == Config().drivers
    assert Path("/x") == Config(drivers_dir=Path("/x")).drivers


def test_each_setting_has_a_flag_a_variable_and_a_sentence() -> None:
    """Names are derived from the field, and every declaration explains itself."""
    assert [*SETTINGS] == [each.name for each in attrs.fields(Config)]
    for declared in (*SETTINGS.values(), API_KEY_FILE):
        assert re.fullmatch(r"--[a-z-]+", declared.flag)
        assert declared.variable == f"ANT_{declared.name.upper()}"
        assert declared.help[0].isupper()
        assert declared.help.endswith(".")


def test_a_declaration_has_the_type_and_the_choices_of_its_field() -> None:
    """Without None, and a literal as the choices that it has."""
    assert (Path, None) == (SETTINGS["export_dir"].type, SETTINGS["export_dir"].default)
    assert tuple is SETTINGS["allowed_hosts"].type
    assert ("pty", "tmux") == SETTINGS["default_host"].choices


def test_the_page_of_settings_is_up_to_date() -> None:
    """`docs/settings.md` is what the declarations make."""
    page = (ROOT / "docs" / "settings.md").read_text()
    assert settings_page() == page, "ant/config.py has changed: run `make docs`."


def test_the_key_has_no_flag_on_the_page() -> None:
    """A key in a command line is visible to every program of the machine."""
    assert "`--api-key`" not in settings_page()
    assert "`ANT_API_KEY`" in settings_page()


@pytest.mark.parametrize("limit", Limit)
def test_policies_name_variables_that_exist(limit: Limit) -> None:
    """A bound that an operator sets is named as `ant serve` reads it."""
    variables = {each.variable for each in SETTINGS.values()}
    assert variables.issuperset(re.findall(r"ANT_\w+", limit.value))
