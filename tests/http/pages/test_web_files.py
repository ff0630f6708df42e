"""The files of the page: what is read, and the hash of it."""

import gzip
from pathlib import Path

import pytest

from ant.http.pages.web_files import STAMP, TYPES, WebFiles, read_files


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
