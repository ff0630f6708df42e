"""The files of the page: what is read, and the hash of it."""

import gzip
from pathlib import Path

import pytest

from ant.http.pages.slim import small_name
from ant.http.pages.web_files import STAMP, TYPES, VENDOR, WebFiles, read_files


def page(folder: Path, **files: str) -> WebFiles:
    """The files of a folder that has these; `_` in a name is a dot, `__` a slash."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_files.__wrapped__(folder)


def complete(folder: Path) -> None:
    """Third-party files, as far as anybody asks."""
    (folder / STAMP).parent.mkdir(parents=True, exist_ok=True)
    (folder / STAMP).touch()


def test_the_prefix_is_in_the_index(tmp_path: Path) -> None:
    """And it is the only file that is not below the prefix."""
    complete(tmp_path)
    found = page(tmp_path, index_html="<a href={{assets}}/x.js>", x_js="1")
    assert found.index is not None
    assert f"<a href=web/{found.hash}/x.js>" == found.index.content.decode()
    assert {"x.js"} == set(found.files)


def test_every_name_and_every_byte_is_in_the_hash(tmp_path: Path) -> None:
    """A moved boundary between two files counts, too."""
    hashes = {
        page(tmp_path / str(number), **files).hash
        for number, files in enumerate(
            [
                {"a_js": "1", "b_js": "2"},
                {"a_js": "12", "b_js": ""},
                {"a_js": "1", "c_js": "2"},
                {"a_js": "1", "b_js": "3"},
                {"a_js": "1", "b_js": "2", "index_html": ""},
            ]
        )
    }
    assert 5 == len(hashes)
    assert page(tmp_path / "0").hash == page(tmp_path / "new", a_js="1", b_js="2").hash


def test_what_is_no_file_of_a_page_is_not_read(tmp_path: Path) -> None:
    """Licenses, the stamp, hidden files, and folders."""
    complete(tmp_path)
    (tmp_path / "folder.js").mkdir()
    found = page(
        tmp_path, _hidden__x_js="1", x_LICENSE="free", vendor__y_css="2", z="3"
    )
    assert {"vendor/y.css"} == set(found.files)
    assert TYPES[".css"] == found.files["vendor/y.css"].content_type


def test_gzip_is_kept_where_it_is_smaller(tmp_path: Path) -> None:
    """And it holds the same."""
    files = page(tmp_path, long_js="1;" * 1000, short_js="1").files
    assert files["short.js"].gzipped is None
    gzipped = files["long.js"].gzipped
    assert gzipped is not None
    assert files["long.js"].content == gzip.decompress(gzipped)


def test_a_small_form_counts_for_its_source_only(tmp_path: Path) -> None:
    """A source that changed is sent itself. Small forms have no address."""
    source = "// A comment.\nlet letter = 1;\n"
    made = tmp_path / VENDOR / small_name("a.js", source.encode())
    made.parent.mkdir(parents=True)
    made.write_text("let l=1;")
    made.with_name(f"{made.name}.br").write_bytes(b"compressed")
    files = page(tmp_path, a_js=source).files
    assert {"a.js"} == set(files)
    assert (b"let l=1;", b"compressed") == (files["a.js"].content, files["a.js"].brotli)
    file = page(tmp_path, a_js=source.replace("1", "2")).files["a.js"]
    assert (b"let letter = 2;\n", None) == (file.content, file.brotli)


def test_brotli_stands_beside_a_third_party_file(tmp_path: Path) -> None:
    """It changes no address, and is what a browser is sent that takes it."""
    before = page(tmp_path, vendor__x_js="1;" * 99)
    (tmp_path / VENDOR / "x.js.br").write_bytes(b"compressed")
    after = page(tmp_path, vendor__x_js="1;" * 99)
    assert (before.hash, {"vendor/x.js"}) == (after.hash, set(after.files))
    file = after.files["vendor/x.js"]
    assert b"compressed" == file.brotli == file.least
    assert file.gzipped == before.files["vendor/x.js"].least


@pytest.mark.parametrize("has_index", [True, False])
def test_a_page_without_its_parts_has_no_index(tmp_path: Path, has_index: bool) -> None:
    """Without third-party files, or without the first file."""
    if has_index:
        (tmp_path / "index.html").touch()
    else:
        complete(tmp_path)
    assert page(tmp_path, x_js="1").index is None


def test_the_files_are_read_once() -> None:
    """The page of this checkout: every app has the same files."""
    assert read_files() is read_files()
