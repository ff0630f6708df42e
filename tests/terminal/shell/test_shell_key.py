"""The codes are those of SipHash-2-4, and the shells make the same."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ant.terminal.shell
from ant.terminal.shell.shell_key import KEY_BYTES, ShellKey
from tests.installed import each

FILES = Path(ant.terminal.shell.__file__).parent
COUNT = 20
LOOPS = {
    "bash": f"source {FILES}/rc.bash\n"
    f"for ((i = 0; i < {COUNT}; i++)); do\n"
    "((__ant_n += 1, __ant_code)); echo $__ant_n.$__ant_v; done",
    "zsh": f"repeat {COUNT} {{ __ant_next; print -r -- $code }}",
    "fish": f"source {FILES}/rc.fish\n"
    f"for i in (seq {COUNT}); __ant_next; echo $__ant_code; end",
}
"""Print the first codes. Bash defines the arithmetic only where it can be installed."""


def test_a_known_code() -> None:
    """The reference vector of SipHash-2-4 for the bytes 0 to 7."""
    key = ShellKey.of(bytes(range(KEY_BYTES)))
    assert 0x93F5F5799A932462 == key.code(int.from_bytes(bytes(range(8)), "little"))


@given(st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES))
def test_the_text_is_the_key(secret: bytes) -> None:
    """The complements of two signed halves, and four quarters."""
    key = ShellKey.of(secret)
    words = key.text.split()
    assert ["~", "~"] == [word[0] for word in words[:2]]
    first, second = (~int(word[1:]) for word in words[:2])
    quarters = list(map(int, words[2:]))
    assert (key.first, key.second) == (first % (1 << 64), second % (1 << 64))
    assert key.first == quarters[0] << 32 | quarters[1]
    assert key.second == quarters[2] << 32 | quarters[3]
    assert "first" not in repr(key)


@pytest.mark.slow
@pytest.mark.parametrize("name", each("bash", "zsh", "fish"))
@pytest.mark.parametrize("secret", [b"\0" * 16, b"\xff" * 16, bytes(range(200, 216))])
def test_a_shell_makes_the_same_codes(tmp_path: Path, name: str, secret: bytes) -> None:
    """In its own arithmetic, which has no unsigned numbers or no 64 bits."""
    key, program = ShellKey.of(secret), shutil.which(name)
    assert program is not None
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANT_SHELL_KEY_FD": "9"}
    file = tmp_path / "key"
    file.write_text(key.text)
    options = ["--no-config"] if name == "fish" else []
    run = f'exec "$@" 9<"{file}"'
    done = subprocess.run(
        ["/bin/sh", "-c", run, "-", program, *options, "-c", LOOPS[name]],
        env=env | ({"ZDOTDIR": str(FILES / "zsh")} if name == "zsh" else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.split()
    assert COUNT == len(lines), done.stderr
    for number, line in enumerate(lines, 1):
        first, *code = line.split(".")
        assert number == int(first)
        if len(code) == 2:
            assert key.code(number) == int(code[0]) << 32 | int(code[1])
        else:
            assert key.code(number) == int(code[0]) % (1 << 64)
