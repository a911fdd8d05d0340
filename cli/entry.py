"""Where `lgi` begins. Next to nothing is imported here, so that Ctrl-C is heeded from the start."""

import sys
from typing import Final

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED: Final = 130  # the exit code after Ctrl-C


def main() -> None:
    """The entry point of `lgi`."""
    try:
        from lgcodec_cli.main import main as begin  # noqa: PLC0415 (imports click, and takes 0.1 s)
    except KeyboardInterrupt:
        sys.stderr.write("lgi: interrupted\n")
        sys.exit(INTERRUPTED)
    begin()
