"""The reader in C and the one in Python, side by side."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from struct import pack

from lgcodec.errors import FileError
from lgcodec.format.container import dumps, loads

__all__ = ["SPECIFICATION", "SecondReader", "verdict"]

SPEC = Path(__file__).resolve().parents[2] / "spec"
SPECIFICATION = SPEC / "lgi-1.md"
SOURCE = SPEC / "reader" / "lgi.c"
STRICT = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZE = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def verdict(data: bytes) -> str:
    """What lgcodec says: `ok`, or the code of the error."""
    try:
        container = loads(data)
    except FileError as error:
        return error.code
    return "ok" if dumps(container) == data else "not canonical"


class SecondReader:
    """The program built from spec/reader/lgi.c into `folder`."""

    def __init__(self, folder: Path, *, sanitize: bool = False) -> None:
        self.program = folder / "lgi-reader"
        options = [*STRICT, *(SANITIZE if sanitize else ())]
        command = ["cc", *options, str(SOURCE), "-o", str(self.program)]
        subprocess.run(command, check=True, stderr=subprocess.PIPE)

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be built, if so."""
        return None if which("cc") else "there is no C compiler"

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        """Exit status and standard output of one command."""
        command = [self.program, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    def verdicts(self, files: Sequence[bytes]) -> list[str]:
        """What it says of each file: `ok`, or the code of the error."""
        told = b"".join(pack("<I", len(data)) + data for data in files)
        done = subprocess.run(
            [self.program, "batch"], input=told, stdout=subprocess.PIPE, check=True
        )
        return [line.split()[0].decode() for line in done.stdout.splitlines()]
