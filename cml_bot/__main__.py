"""``python -m cml_bot`` and the command ``mlbot``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave its exit code."""
    try:
        from cml_bot.cli import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
