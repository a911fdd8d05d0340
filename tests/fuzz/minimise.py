"""The corpus made anew from what fuzzing left; run in tests/ as `python -m fuzz.minimise FOLDER`.

Of all inputs in FOLDER/HARNESS/inputs, and of the corpus itself, the shortest stay that together
reach every outcome and every step from line to line of lgcodec that all of them reach.
"""

import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import lgcodec

from .harnesses import HARNESSES, OF_FILES
from .seeds import corpus, folder_of

PACKAGE = str(Path(lgcodec.__file__).parent)
LONGEST = 3000  # bytes of an input
Features = frozenset[tuple[object, ...]]


def main() -> None:
    """Rewrite the folders of the corpus."""
    found = Path(sys.argv[1])
    for names in (tuple(OF_FILES), *((name,) for name in HARNESSES if name not in OF_FILES)):
        inputs = set(corpus(names[0]).values())
        for name in names:
            inputs |= {path.read_bytes() for path in (found / name / "inputs").glob("*")}
        kept = _cover(sorted((data for data in inputs if len(data) <= LONGEST), key=len), names)
        _write(folder_of(names[0]), kept)
        size = sum(map(len, kept))
        sys.stdout.write(f"{', '.join(names)}: {len(kept)} of {len(inputs)} inputs, {size} bytes\n")


def _cover(inputs: Iterable[bytes], names: tuple[str, ...]) -> list[bytes]:
    """Those that reach something new, and not in vain once later ones are there."""
    seen: set[tuple[object, ...]] = set()
    kept: list[tuple[bytes, Features]] = []
    for data in inputs:
        features = frozenset().union(*(_features(name, data) for name in names))
        if not features <= seen:
            seen |= features
            kept.append((data, features))
    for one in list(kept):
        rest: set[tuple[object, ...]] = set().union(*(f for d, f in kept if d != one[0]))
        if one[1] <= rest:
            kept.remove(one)
    return [data for data, _ in kept]


def _features(name: str, data: bytes) -> Features:
    """The outcome and the steps from line to line that it took."""
    steps: set[tuple[object, ...]] = set()

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        last = 0

        def line(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            steps.add((name, frame.f_code.co_filename, last, frame.f_lineno, event))
            last = frame.f_lineno
            return line

        return line

    sys.settrace(enter)
    try:
        outcome = HARNESSES[name](data)
    finally:
        sys.settrace(None)
    return frozenset({*steps, (name, outcome)})


def _write(folder: Path, inputs: Iterable[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*"):
        path.unlink()
    for data in inputs:
        (folder / sha256(data).hexdigest()[:12]).write_bytes(data)


if __name__ == "__main__":
    main()
