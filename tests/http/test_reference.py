"""`docs/api.md`: its tables are those that the source generates."""

from pathlib import Path

import pytest

from ant.api.frames import FRAMES
from ant.http import reference
from ant.http.contract.endpoint import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_page_is_up_to_date() -> None:
    """Run `python -m ant.http.reference` after a change of a route, frame or event."""
    text = PAGE.read_text()
    assert reference.generate(text) == text


def test_every_route_and_frame_has_a_row() -> None:
    """One row each, with the summary of the route."""
    sections = reference.sections()
    rows = "\n".join(sections["routes"])
    for route in ROUTES:
        path = route.path.replace("<", "{").replace(">", "}")
        assert rows.count(f"| `{route.method} {path}` |") == 1
        assert f"#### `{route.method} {path}`" in sections["details"]
    assert {f"`{frame.type}`" for frame in FRAMES} == {
        row.split(" | ")[0].removeprefix("| ") for row in sections["frames"][2:]
    }


def test_a_cell_stays_in_its_cell() -> None:
    """No table has a row with more or fewer cells than its head."""
    for lines in reference.sections().values():
        table = [line.replace("\\|", "") for line in lines if line.startswith("|")]
        assert len({line.count("|") for line in table}) <= 1


def test_markers_are_required() -> None:
    """A page without the markers of a section is an error, not a page without it."""
    with pytest.raises(ValueError, match="begin errors"):
        reference.generate("# The API")


def test_text_outside_the_markers_stays() -> None:
    """Only what is between the markers is replaced."""
    markers = "\n".join(
        f"<!-- begin {name} -->\nold\n<!-- end {name} -->"
        for name in reference.sections()
    )
    page = reference.generate(f"above\n{markers}\nbelow\n")
    assert page.startswith("above\n")
    assert page.endswith("\nbelow\n")
    assert "old\n<!--" not in page
