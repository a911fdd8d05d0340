"""Rate and quality: our files against JPEG, WebP, JPEG 2000 and AVIF, Opus and FLAC, and H.264.

Rates count the bytes of whole files. PSNR is that of the decoded samples in the type of the
original: peak 255 for 8 bits, max |x| for sounds; of a picture over all its RGB values, of a video
the mean over frames. A row gives the means over all files at each setting, and the BD-rate of these
means, without settings that are worse than one of fewer bytes: per cent of bytes more (+) or less
(-) at equal PSNR than the first row, and than the same codec without partitions, which is the price
of being able to crop.

What was measured lies in out/rate, so a run can be stopped and resumed. --only names what is to be
measured (a row, or rivals, tiles or lgcodec); rows that are known from before are shown beside it.
Without --data the shipped samples are coded.
"""

import argparse
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, get_args

from benchmarks._bd import bd_rate
from benchmarks._curves import Curve, Point, average, is_cached, measure
from benchmarks._inputs import MEDIA, Medium, inputs
from benchmarks._plot import plot
from benchmarks._rows import ours
from benchmarks.common import RESULTS, Table, parser
from lgcodec import Signal
from lgcodec.fit.options import Preset

COLUMNS: Final = ("codec", "BD-rate", "against whole", "seconds", "rate/dB")


def main() -> None:
    """Measure what is missing and write results/rate-*.txt and .png."""
    asked = _options()
    for name in asked.media or MEDIA:
        medium = MEDIA[name]
        signals = list(islice(inputs(medium, asked.data, quick=asked.quick), asked.images))
        preset = asked.preset or ("fast" if asked.quick else "best")
        curves = (*medium.rivals, *ours(medium.kind, preset, asked.seed))
        _measure([curve for curve in curves if _wanted(curve, asked.only)], signals, asked.points)
        known = {curve.name: (curve, _means(curve, signals)) for curve in curves}
        known = {row: found for row, found in known.items() if found[1]}
        table = _table(medium, known, f"{len(signals)} of {medium.title}; {preset}")
        if not asked.no_write:
            file = _file(name, preset, asked)
            table.write(file)
            shown = {row: _lossy(points) for row, (_, points) in known.items() if _lossy(points)}
            groups = {row: curve.group for row, (curve, _) in known.items()}
            plot(RESULTS / f"{file}.png", medium.title, medium.unit, shown, groups)


def _file(medium: str, preset: str, asked: argparse.Namespace) -> str:
    """Name of the table; what is not the whole set or not preset medium says so."""
    if asked.name:
        return str(asked.name)
    kind = ["quick"] if asked.quick else [] if preset == "medium" else [preset]
    return "-".join(["rate", medium, *kind, *([str(asked.images)] if asked.images else [])])


def _options() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--media", action="append", choices=list(MEDIA), help="default: all")
    options.add_argument("--only", action="append", metavar="NAME", help="measure only these rows")
    options.add_argument("--images", type=int, metavar="N", help="the first N files of each kind")
    options.add_argument("--points", type=int, metavar="N", help="measure at most N of each kind")
    options.add_argument("--preset", choices=get_args(Preset), help="default: best; --quick: fast")
    options.add_argument("--name", help="of the table, without a suffix; default: by what it is of")
    options.add_argument("--seed", type=int, default=0)
    return options.parse_args()


def _wanted(curve: Curve, only: Sequence[str] | None) -> bool:
    return only is None or curve.name in only or curve.group in only


def _measure(curves: Iterable[Curve], signals: Sequence[Signal], most: int | None) -> None:
    """Bring out/rate up to date, one point after the other, or at most so many of them."""
    todo = [
        (curve, setting, number, signal)
        for curve in curves
        for setting in curve.settings
        for number, signal in enumerate(signals)
        if not is_cached(curve, signal, setting)
    ]
    for done, (curve, setting, number, signal) in enumerate(todo[:most], 1):
        point = measure(curve, signal, setting)
        quality = "lossless" if point.psnr is None else f"{point.psnr:.2f} dB"
        print(
            f"{done} of {len(todo)}: file {number + 1}, {curve.name} {dict(setting)}: "
            f"{point.rate:.3f}, {quality}, {point.seconds:.1f} s",
            flush=True,
        )


def _means(curve: Curve, signals: Sequence[Signal]) -> list[Point]:
    """Of every setting at which all signals were measured."""
    return [
        average(measure(curve, signal, setting) for signal in signals)
        for setting in curve.settings
        if all(is_cached(curve, signal, setting) for signal in signals)
    ]


def _table(medium: Medium, known: dict[str, tuple[Curve, list[Point]]], title: str) -> Table:
    table = Table(f"Rate and quality, {title}; rate in {medium.unit}", COLUMNS)
    lossy = {name: _lossy(points) for name, (_, points) in known.items()}
    for name, (curve, points) in known.items():
        table.add(
            name,
            _per_cent(lossy.get(medium.anchor, []), lossy[name]),
            _per_cent(lossy.get(curve.whole or "", []), lossy[name]),
            f"{sum(point.seconds for point in points) / len(points):.3g}",
            " ".join(map(_pair, points)),
        )
    table.note(f"BD-rate: against {medium.anchor}, of means over files, PCHIP of log rate")
    table.note("against whole: the same against the codec without partitions or tiles")
    table.note("seconds: to code and decode one file")
    for version in sorted({c.version for c, _ in known.values() if c.group == "lgcodec"}):
        table.note(f"lgcodec: sources {version}")
    return table


def _lossy(points: Iterable[Point]) -> list[tuple[float, float]]:
    return [(point.rate, point.psnr) for point in points if point.psnr is not None]


def _per_cent(anchor: list[tuple[float, float]], test: list[tuple[float, float]]) -> str:
    difference = bd_rate(_worth(anchor), _worth(test))
    return "" if difference is None else f"{difference:+.1f} %"


def _worth(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that are better than all of fewer bytes: no one would take the others."""
    found: list[tuple[float, float]] = []
    for rate, quality in sorted(points):
        if not found or quality > found[-1][1]:
            found.append((rate, quality))
    return found


def _pair(point: Point) -> str:
    rate = f"{point.rate:.3f}" if point.rate < 10 else f"{point.rate:.1f}"
    return f"{rate}/{'lossless' if point.psnr is None else f'{point.psnr:.2f}'}"


if __name__ == "__main__":
    main()
