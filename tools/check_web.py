"""Checks the types of the page's modules with TypeScript, which reads them from JSDoc.

Without npm there is nothing to check with: then it says so, and fails only where
`ANT_TEST_NO_SKIP` is set, as in CI.
"""

import os
import shutil
import subprocess
import sys

import vendor_web
from vendor_web import ROOT, TOOLS, VENDOR

COMPILER = TOOLS / "typescript" / "bin" / "tsc"


def main() -> int:
    """Install the compiler if it is not there, and run it; the exit code."""
    node = shutil.which("node")
    try:
        if node is None or shutil.which("npm") is None:
            raise vendor_web.Failed("npm is not installed.")
        if not vendor_web.is_current(vendor_web.TOOLS):
            vendor_web.install_tools()
        if not vendor_web.is_current(VENDOR):
            vendor_web.vendor_from_tools()
    except vendor_web.Failed as exc:
        print(f"The types of the page are not checked: {exc}", file=sys.stderr)
        return 1 if os.environ.get("ANT_TEST_NO_SKIP") else 0
    command = [node, str(COMPILER), "--project", str(ROOT / "tsconfig.json")]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
