"""The `ant` command."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

import ant
from ant.cli.main import VERBS, main


def test_the_version_is_printed() -> None:
    """With the name of the program."""
    output = CliRunner().invoke(main, ["--version"]).output
    assert f"ant, version {ant.__version__}\n" == output


def test_an_unknown_verb_is_bad_usage() -> None:
    """With the name that was typed."""
    result = CliRunner().invoke(main, ["nope"])
    assert (2, True) == (result.exit_code, "'nope'" in result.output)


def test_all_verbs_are_listed() -> None:
    """In `--help`, each with its first sentence."""
    output = CliRunner().invoke(main, ["--help"]).output
    for verb in VERBS:
        command = main.get_command(click.Context(main), verb)
        assert command is not None
        assert f"{verb} " in output
        assert command.get_short_help_str(100)[:20] in output


@pytest.mark.slow
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_imports_no_other_verb(verb: str) -> None:
    """`ant VERB --help` starts quickly, also when there are many verbs."""
    code = (
        "import sys; from ant.cli.main import VERBS, main\n"
        "try: main([sys.argv[1], '--help'])\n"
        "except SystemExit: pass\n"
        "own = VERBS[sys.argv[1]].split(':')[0]\n"
        "others = {each.split(':')[0] for each in VERBS.values()} - {own}\n"
        "print([each for each in others if f'ant.cli.{each}' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, verb], capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.splitlines()[-1]
