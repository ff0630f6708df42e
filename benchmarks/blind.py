"""`ant` with its eyes shut, to compare with: `python -m benchmarks.blind WHAT serve …`.

`looks`: the screen is kept, and nobody looks at it. `screen`: there is none either.
`lines`: all of it, but what is stored is not rendered into lines.
"""

import sys

from ant.cli.main import main
from ant.history.indexer import Indexer
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.screen.display import Display


def _never(_self: PromptDetector, _at: float) -> None:
    """When to look."""


def _ignore(_self: Indexer, _session_id: object) -> None:
    """Bytes of a session were stored."""


def _without(*_: object) -> Display:
    raise ImportError


if __name__ == "__main__":
    what = sys.argv.pop(1)
    if what == "lines":
        Indexer.mark = _ignore  # type: ignore[method-assign]
    else:
        PromptDetector.due = _never  # type: ignore[method-assign]
    if what == "screen":
        Display.blank = _without  # type: ignore[method-assign]
    main()
