"""The frequencies of motion that the specification lists: codings/motion.csv.

Motion is found in pieces of films at two prices, and the symbols that it takes are counted. Writes
lgcodec/coding/tables and its copy in spec: a new version of the format, so that a search that
costs symbols by the table finds others: run it twice.

What stands in motion.csv is of these four films. `benchmarks.rate` codes two of them: a table of
the other two takes 3 to 5 % more for their motion, which is 0.2 to 0.4 % of their bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT, parser
from lgcodec import EncodeOptions, Signal, read
from lgcodec._job import Job
from lgcodec.coding.distributions import MOVES, PRECISION, SIGNS, slots
from lgcodec.coding.motion import _places
from lgcodec.coding.tables import motion
from lgcodec.fit import motion as search
from lgcodec.fit.pyramids import Pyramids
from lgcodec.nets.latent import Latent

FILMS: Final = ("bigbuckbunny", "bikes", "mdn_flower", "cockatoo_512")
PIECES: Final = ((32, 256), (48, 512))  # frames, pixels, as far as there are so many
SOFT: Final = (1.0, 2.0)  # as `fit.motion.SOFT`: as for high and for low rates
RIGHT: Final = slice(9, 25)  # lines of a length by another: what few have is as what all have
ALIKE: Final = 4.0  # symbols of a line that count as all lines together
AT_LEAST: Final = 0.4  # of every symbol
Counts = list[NDArray[np.float64]]


def main() -> None:
    """Count and write."""
    options = parser(__doc__)
    asked = options.parse_args()
    if asked.data is None:
        options.error("--data is needed: there are no films to count in in the repository")
    counts = [np.zeros(len(line)) for line in motion()]
    for piece in _pieces(asked.data, quick=asked.quick):
        for soft in SOFT:
            with patch.object(search, "SOFT", soft):
                _count(piece, counts)
    counts[0][:] = 1  # whether anything moves: as many tiles as not
    text = "".join(",".join(map(str, line)) + "\n" for line in _frequencies(counts))
    print(text)
    if not asked.no_write:
        for folder in (ROOT / "spec" / "codings", ROOT / "lgcodec" / "coding" / "tables"):
            (folder / "motion.csv").write_text(text, "ascii")


def _pieces(data: Path, *, quick: bool) -> Iterator[Signal]:
    """The middle of the first frames of every film."""
    for name in FILMS:
        (film,) = read(data / "video" / f"{name}.mp4", keep_audio=False)
        for frames, edge in PIECES[: 1 if quick else None]:
            top, left = (max(0, size - edge) // 2 for size in film.grid[1:])
            part = film.samples[:frames, top : top + edge, left : left + edge]
            yield Signal("video", np.ascontiguousarray(part), film.rate)


def _count(film: Signal, counts: Counts) -> None:
    """Add the symbols that the motion of a film takes."""
    job = Job(0, film, EncodeOptions(family="latent"), None, film.samples.nbytes)
    assert isinstance(job.plan.family, Latent)
    found = Pyramids(job.plan.family, job._sampler(0)).motion
    assert found is not None
    moving = found.numpy()[found.flatten(1).any(1).numpy()]
    places, numbers = np.unique(_places(moving), return_counts=True)
    first = slots().first
    for line, count in enumerate(counts):
        at = first[MOVES + line]
        for place, number in zip(places, numbers, strict=True):
            if at <= place < at + len(count):
                count[place - at] += number
    print(f"{film.grid}: {numbers[places >= first[SIGNS]].sum()} symbols", flush=True)


def _frequencies(counts: Counts) -> Iterator[NDArray[np.int64]]:
    """Of 2**PRECISION, at least 1 each."""
    together = sum(counts[RIGHT], np.ones(1))
    for line, count in enumerate(counts):
        shares = count + AT_LEAST
        if RIGHT.start <= line < RIGHT.stop:
            shares = shares + ALIKE * together / together.sum()
        spare = (1 << PRECISION) - len(shares)
        found = np.maximum(1, np.floor(shares / shares.sum() * spare)).astype(np.int64)
        found[found.argmax()] += (1 << PRECISION) - found.sum()
        yield found


if __name__ == "__main__":
    main()
