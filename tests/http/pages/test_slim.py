"""The page's own files are sent without comments and indentation, and mean the same."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ant.http.pages.slim import SLIMMED, slim
from ant.http.pages.web_files import FOLDER

OWN = sorted(path for path in FOLDER.iterdir() if path.suffix in SLIMMED)

SCRIPT = """\
/**
 * What it is. It has `/web/*`.
 */
import { a } from "./a.js"; // stays

/** One line. @type {number} */
export const b = a; /* stays, too */
    // goes
  const url = "http://x"; // "//" in a text stays
/* one */ const c = 1;
"""


def test_comments_and_indentation_go() -> None:
    """What stands behind code stays: it may be a part of a text."""
    assert slim(SCRIPT).splitlines() == [
        'import { a } from "./a.js"; // stays',
        "export const b = a; /* stays, too */",
        'const url = "http://x"; // "//" in a text stays',
        "/* one */ const c = 1;",
    ]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_every_file_of_ours_is_code_before_and_after(path: Path) -> None:
    """Node reads it as a module, and what is left is left again."""
    kept = slim(path.read_text())
    assert kept == slim(kept)
    if path.suffix == ".js" and shutil.which("node"):
        command = ["node", "--input-type=module", "--check"]
        done = subprocess.run(command, input=kept.encode(), capture_output=True)
        assert 0 == done.returncode, done.stderr.decode()
