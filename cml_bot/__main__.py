"""``python -m cml_bot`` and the command ``mlbot``."""

from __future__ import annotations

import gc
import sys

ALLOCATIONS = 100_000
"""Between two looks for garbage in circles: 700 by default, which costs a tenth of the time of so short a process."""


def main() -> None:
    """Run the command line and leave its exit code."""
    gc.set_threshold(ALLOCATIONS)
    try:
        from cml_bot.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    code = run(sys.argv[1:])
    # All of it goes with the process: no need to look through it once more.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
