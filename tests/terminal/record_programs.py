"""Makes the recordings of programs: `python -m tests.terminal.record_programs CASE`."""

from tests.terminal.cases import main
from tests.terminal.programs import (
    CASES,
    boxes,
    libraries,
    repls,
    screens,
    shells,
    tools,
)

MODULES = (shells, boxes, screens, tools, repls, libraries)

if __name__ == "__main__":
    main(CASES)
