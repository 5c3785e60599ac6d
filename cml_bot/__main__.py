"""``python -m cml_bot`` and the command ``mlbot``."""

from __future__ import annotations

import sys

from cml_bot.cli import run


def main() -> None:
    """Run the command line and leave its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
