"""Which network suits a rate: the table in lgcodec/fit/points.py, measured.

For each modality and rate, files of that many bytes are made with different networks: more weights
of fewer bits or fewer of more, in many small partitions or few large ones. First the weights of a
partition are varied, then at the best of them the bits of a weight. The last lines are the rows of
the table, the best of each rate with its mean PSNR. With --data pictures, sounds, videos and
volumes of the test data, cut so that a fit takes seconds; without it the shipped samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, Signal, UsageError, read
from lgcodec._encode import encode_signals
from lgcodec.fit.points import POINTS, Point
from lgcodec.signal import Kind

__all__ = ["middle"]

RATES: Final[Mapping[Kind, Sequence[float]]] = {
    "audio": (0.75, 2.0, 5.0),
    "image": (0.2, 0.8, 3.0),
    "video": (0.1, 0.3, 1.0),
    "volume": (0.1, 0.3, 1.0),
}
WEIGHTS: Final = (250.0, 500.0, 1000.0, 2000.0)
BITS: Final = (4.0, 5.0, 6.5, 8.0)
MIDDLE: Final = BITS[1]
SHIPPED: Final[Mapping[Kind, Sequence[str]]] = {
    "audio": ("speech.wav",),
    "image": ("cat.png",),
    "video": ("bunny.mp4",),
}
DATA: Final[Mapping[Kind, Sequence[str]]] = {
    "audio": ("audio/gt_bach.wav", "audio/lhotse_libri-1088-134315-0000.wav"),
    "image": ("kodak/kodim05.png", "kodak/kodim15.png"),
    "video": ("video/bikes.mp4",),
    "volume": ("volumes/stent_ct.npz",),
}
LARGEST: Final[Mapping[Kind, tuple[int, ...]]] = {
    "audio": (48_000,),
    "image": (384, 384),
    "video": (16, 128, 128),
    "volume": (64, 64, 64),
}


def main() -> None:
    """Measure every kind that is asked for and write results/operating_points-KIND.txt."""
    options = parser(__doc__)
    options.add_argument("--kinds", nargs="+", default=list(RATES), choices=list(RATES))
    asked = options.parse_args()
    for kind in asked.kinds:
        signals = list(_signals(kind, asked.data))
        if signals:
            _kind(kind, signals, quick=asked.quick, write=not asked.no_write)


def _kind(kind: Kind, signals: Sequence[Signal], *, quick: bool, write: bool) -> None:
    table = Table(
        f"Operating points of {kind}: preset fast, {len(signals)} inputs of at most "
        f"{' x '.join(map(str, LARGEST[kind]))} samples",
        ("rate", "bits", "weights", "partitions", "mean dB"),
    )
    best = []
    for rate in RATES[kind][1:2] if quick else RATES[kind]:
        found = [_measure(table, signals, Point(rate, MIDDLE, w, 0.0)) for w in WEIGHTS]
        weights = max(found, key=lambda point: point.psnr).weights
        others = [bits for bits in BITS if bits != MIDDLE]
        found += [_measure(table, signals, Point(rate, bits, weights, 0.0)) for bits in others]
        best.append(max(found, key=lambda point: point.psnr))
    for point in best:
        table.note(f"best {point.rate:g} {point.bits:g} {point.weights:g} {point.psnr:.1f}")
    if write:
        table.write(f"operating_points-{kind}")


def _measure(table: Table, signals: Sequence[Signal], point: Point) -> Point:
    """Mean PSNR of files of this rate with this network; -inf where one is impossible."""
    psnrs = []
    tiles: tuple[int, ...] = ()
    for signal in signals:
        with patch.dict(POINTS, {signal.kind: (point,)}):
            try:
                options = EncodeOptions(preset="fast", family="siren", bpp=point.rate)
                _, report = encode_signals([signal], options)
            except UsageError as error:
                table.note(f"{point}: {error}")
                return point
        psnrs.append(report.streams[0].psnr)
        tiles = report.streams[0].plan.tiles
    mean = float(np.mean(psnrs))
    table.add(f"{point.rate:g}", f"{point.bits:g}", f"{point.weights:g}", tiles, mean)
    return Point(point.rate, point.bits, point.weights, mean)


def _signals(kind: Kind, data: Path | None) -> Iterator[Signal]:
    """The middle of every input of a kind."""
    names = DATA[kind] if data else SHIPPED.get(kind, ())
    for name in names:
        yield middle(read((data or SAMPLES) / name)[0])


def middle(signal: Signal) -> Signal:
    """What a fit of seconds can take of a signal."""
    cut = [
        slice((n - min(n, m)) // 2, (n - min(n, m)) // 2 + min(n, m))
        for n, m in zip(signal.grid, LARGEST[signal.kind], strict=True)
    ]
    return Signal(signal.kind, np.ascontiguousarray(signal.samples[tuple(cut)]), signal.rate)


if __name__ == "__main__":
    main()
