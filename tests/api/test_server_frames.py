"""The classes of the frames that ANT sends are those that it does send."""

import re
from pathlib import Path

from ant.api.server_frames import SERVER_FRAMES

HTTP = Path(__file__).parents[2] / "ant" / "http"


def test_every_frame_that_is_sent_has_a_class() -> None:
    """Found by its type in the source of the sockets."""
    paths = (*(HTTP / "ws").glob("*.py"), HTTP / "contract" / "problems.py")
    source = "".join(path.read_text() for path in paths)
    sent = set(re.findall(r'(?:type=|"type": )"(\w+)"', source))
    assert sent == {frame.type for frame in SERVER_FRAMES}
