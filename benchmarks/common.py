"""What every benchmark shares: its options, and a table that says how it was made."""

import argparse
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import final

from lgcodec.storage import replacing

__all__ = ["RESULTS", "SAMPLES", "Table", "parser"]

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SAMPLES = ROOT / "samples"


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Options that every benchmark takes."""
    options = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="minutes, not hours")
    options.add_argument("--data", type=Path, help="folder with the test data")
    options.add_argument("--no-write", action="store_true", help="print only")
    return options


@final
class Table:
    """Rows printed as they come and written as text at the end."""

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        self.lines = [title, ""]
        self._rows: list[Sequence[str]] = [columns]

    def add(self, *cells: object) -> None:
        """One row; floats get two digits."""
        row = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
        self._rows.append(row)
        print("  ".join(row), flush=True)

    def note(self, text: str) -> None:
        """A line below the table."""
        self.lines.append(text)
        print(text, flush=True)

    def text(self) -> str:
        """The whole table, columns aligned."""
        widths = [max(map(len, column)) for column in zip(*self._rows, strict=True)]
        rows = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in self._rows
        ]
        title, _, *notes = self.lines
        return "\n".join([title, "", *rows, "", *notes, "", *_machine()]) + "\n"

    def markdown(self) -> str:
        """The rows as a Markdown table."""
        head, *rows = [f"| {' | '.join(row)} |" for row in self._rows]
        return "\n".join([head, f"|{'---|' * len(self._rows[0])}", *rows]) + "\n"

    def write(self, name: str) -> None:
        """Replace benchmarks/results/NAME.txt."""
        RESULTS.mkdir(exist_ok=True)
        with replacing(RESULTS / f"{name}.txt") as temporary:
            temporary.write_text(self.text())


def _machine() -> list[str]:
    script = Path(sys.argv[0])
    name = script.parent.name if script.stem == "__main__" else script.stem
    command = " ".join([name, *map(_without_path, sys.argv[1:])])
    packages = ", ".join(f"{one} {version(one)}" for one in ("lgcodec", "torch", "numpy"))
    return [
        f"command   python -m benchmarks.{command}",
        f"machine   {_processor()}, {platform.system()}",
        f"versions  Python {platform.python_version()}, {packages}",
        f"date      {datetime.now(UTC):%Y-%m-%d}",
    ]


def _without_path(word: str) -> str:
    """Where the data lie is nobody's business."""
    return "DATA" if Path(word).is_absolute() else word


def _processor() -> str:
    import torch

    names = {
        line.split(":")[1].strip()
        for line in _lines(Path("/proc/cpuinfo"))
        if line.startswith("model name")
    }
    name = ", ".join(sorted(names)) or platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
