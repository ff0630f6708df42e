"""The third-party files of the page: their lock, and what is copied."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.installed import need, need_page
from tools import vendor_web
from tools.vendor_web import FILES, MANIFESTS, ROOT, VENDOR


def test_every_package_has_a_version_and_a_hash() -> None:
    """And the lock names no registry, so that any mirror serves."""
    wanted = json.loads((ROOT / "package.json").read_text())
    text = (ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    for kind in ("dependencies", "devDependencies"):
        assert packages[""][kind] == wanted[kind]
        for name, version in wanted[kind].items():
            assert version == packages[f"node_modules/{name}"]["version"]
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-")
    assert "resolved" not in text
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()


def nothing(folder: Path) -> None:
    """What makes no file smaller."""


def fake_modules(folder: Path) -> Path:
    """A `node_modules` that has every file we need, and a source map of each."""
    for source in FILES.values():
        path = folder / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{source}\n//# sourceMappingURL={path.name}.map\n")
    return folder


def test_files_are_copied_without_source_maps(tmp_path: Path) -> None:
    """What a browser would look for and not find."""
    target = tmp_path / "web" / "vendor"
    for _ in range(2):  # The second time it replaces what is there.
        vendor_web.copy_files(fake_modules(tmp_path / "modules"), target, nothing)
        (target / "stale.js").touch()
    (target / "stale.js").unlink()
    paths = (path for path in target.rglob("*") if path.is_file())
    names = {path.relative_to(target).as_posix() for path in paths}
    types = {f"{name[:-3]}.d.ts" for name in FILES if name.endswith(".js")}
    own = set(vendor_web.own_files())
    assert {*FILES, *types, *own, vendor_web.STAMP} == names
    assert vendor_web.has_own(target)
    assert "xterm/lib/xterm.mjs\n" == (target / "xterm.js").read_text()[-20:]
    assert 'export * from "@xterm/xterm";\n' == (target / "xterm.d.ts").read_text()
    assert vendor_web.is_current(target)
    assert ["vendor"] == os.listdir(target.parent)
    (target / vendor_web.STAMP).write_text("another")
    assert not vendor_web.is_current(target)


@pytest.mark.slow
def test_a_changed_file_gets_its_small_form(tmp_path: Path) -> None:
    """Only that one is made, and the form of what it was goes."""
    need("node", "npm")
    if not (vendor_web.TOOLS / "terser").exists():
        pytest.skip("needs terser, which is not installed")
    target = tmp_path / "web" / "vendor"
    vendor_web.copy_files(fake_modules(tmp_path / "modules"), target, nothing)
    changed, kept = list(vendor_web.own_files())[:2]
    (target / changed).rename(target / "own" / "before.js")
    vendor_web.renew_own(target)
    assert vendor_web.has_own(target)
    assert not (target / "own" / "before.js").exists()
    compressed = {path.name for path in target.rglob("*.br")}
    assert {f"{Path(changed).name}.br"} == compressed
    assert vendor_web.own_files()[kept] == (target / kept).read_text()
    assert ["vendor"] == os.listdir(target.parent)


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """A package that lacks a file is an error, and half a folder is none."""
    target = tmp_path / "web" / "vendor"
    modules = fake_modules(tmp_path / "modules")
    vendor_web.copy_files(modules, target, nothing)
    before = sorted(target.rglob("*"))
    (modules / FILES["xterm.css"]).unlink()
    with pytest.raises(vendor_web.Failed, match=r"xterm\.css"):
        vendor_web.copy_files(modules, target, nothing)
    assert before == sorted(target.rglob("*"))
    assert ["vendor"] == os.listdir(target.parent)


def test_brotli_holds_what_stands_beside_it() -> None:
    """And every script of the page has it, in a small form that Node reads."""
    need_page()
    need("node")
    if not vendor_web.has_own():
        pytest.skip("needs small forms of all files; run make vendor")
    code = """
      import { readFileSync } from "node:fs";
      import { brotliDecompressSync } from "node:zlib";
      for (const path of process.argv.slice(1)) {
        const held = brotliDecompressSync(readFileSync(`${path}.br`));
        if (!held.equals(readFileSync(path))) throw new Error(path);
      }
    """
    large = (name for name in FILES if (VENDOR / name).stat().st_size > 1000)
    names = [name for name in large if name.endswith((".js", ".css"))]
    names += [name for name in vendor_web.own_files() if "types" not in name]
    paths = [str(VENDOR / name) for name in names]
    command = ["node", "--input-type=module", "-e", code, "--", *paths]
    subprocess.run(command, check=True)


def test_modules_find_what_they_import() -> None:
    """Every import of a third-party file is relative, and among the files."""
    need_page()
    for name in (each for each in FILES if each.endswith(".js")):
        path = VENDOR / name
        text = path.read_text()
        assert "sourceMappingURL" not in text
        for found in re.findall(r'(?:from|import)\s*"([^"]+)"', text):
            assert found.startswith("."), (name, found)
            target = os.path.normpath(path.parent / found)
            assert os.path.relpath(target, VENDOR) in FILES, (name, found)


@pytest.mark.slow
def test_without_npm_and_without_a_network_it_says_what_to_do(tmp_path: Path) -> None:
    """And it changes nothing; so `make serve` starts a server without its page."""
    ours = ("tools/vendor_web.py", "tools/minify_web.mjs", "requirements/node.txt")
    for name in (*ours, *MANIFESTS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    nothing = {"PATH": "/nonexistent", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "tools" / "vendor_web.py")],
        capture_output=True,
        text=True,
        env={**os.environ, **nothing},
    )
    assert 1 == done.returncode
    assert "make vendor" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "ant").exists()


def test_a_wheel_has_the_files_and_the_repository_does_not() -> None:
    """The hook makes them where they are missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "tools/hatch_build.py" == wheel["hooks"]["custom"]["path"]
    assert (ROOT / wheel["hooks"]["custom"]["path"]).exists()
    assert "ant/web/vendor/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.slow
def test_a_wheel_serves_the_page(tmp_path: Path) -> None:
    """It has what the browser loads and the licenses, and nothing of the build."""
    need_page()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run([*build, "-d", str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    own = vendor_web.own_files()
    compressed = [f"{name}.br" for name in ("xterm.js", "xterm.css", "addon-webgl.js")]
    made = (*FILES, *own, *compressed, vendor_web.STAMP)
    files = {f"ant/web/vendor/{name}" for name in made}
    assert files | {"ant/web/index.html"} <= names
    assert not [name for name in names if name.endswith(".d.ts")]
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert {"ant", "ant_server"} == tops
