"""The umask of the server, and that of what it starts."""

import os
import subprocess
import sys

CODE = """
import os, subprocess
from ant.terminal.host import umask
def inherited(**more):
    return subprocess.check_output(["sh", "-c", "umask"], text=True, **more).strip()
os.umask(0o027)
with umask.as_given():
    assert inherited() == "0027"
assert umask.given() == -1
umask.close_to_others()
umask.close_to_others()
assert umask.given() == 0o027
assert inherited() == "0077"
assert inherited(umask=umask.given()) == "0027"
with umask.as_given():
    assert inherited() == "0027"
assert inherited() == "0077"
try:
    with umask.as_given():
        raise KeyError
except KeyError:
    assert inherited() == "0077"
print("held")
"""


def test_ours_is_closed_and_theirs_is_as_it_was() -> None:
    """Whatever happens meanwhile; in a process of its own, since it is one's own."""
    before = os.umask(0o022)
    os.umask(before)
    told = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False
    )
    assert "held\n" == told.stdout, told.stderr
