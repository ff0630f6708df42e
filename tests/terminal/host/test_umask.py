"""The umask of the server, and that of the programs it starts."""

import os
import subprocess
import sys

CODE = """
import os, subprocess
from ant.terminal.host import umask
def inherited(**more):
    return subprocess.check_output(["sh", "-c", "umask"], text=True, **more).strip()
os.umask(0o027)
with umask.restored():
    assert inherited() == "0027"
assert umask.for_programs() == -1
umask.make_private()
umask.make_private()
assert umask.for_programs() == 0o027
assert inherited() == "0077"
assert inherited(umask=umask.for_programs()) == "0027"
with umask.restored():
    assert inherited() == "0027"
assert inherited() == "0077"
try:
    with umask.restored():
        raise KeyError
except KeyError:
    assert inherited() == "0077"
print("held")
"""


def test_files_are_private_and_programs_get_the_original_umask() -> None:
    """Also after an error inside; in a process of its own, which has its own umask."""
    before = os.umask(0o022)
    os.umask(before)
    told = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False
    )
    assert "held\n" == told.stdout, told.stderr
