"""Peak memory of `lgi encode` and `lgi decode`, each as a process of its own.

video      video/cockatoo_512.mp4 of --data (512x512, 280 frames) with the paper's configuration
           (Table 6, section 4.3): 5x8x8 partitions, widths 55 and 180, 3.19 million parameters.
           Memory does not depend on the number of steps, so a few are enough; the whole clip
           is decoded at the end, as always
film       video/bigbuckbunny.mp4 of --data (1280x720, 132 frames, with its sound; with --quick
           video/bikes.mp4, 640x272) as latents by the preset `fast`, without a limit: all frames
           are held, and the symbols of one group of them
picture    24 megapixels, 6000x4000, the pictures of kodak/ side by side (with --quick a quarter
           of it), as latents by the preset `fast`: others train a network on as many symbols
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.common import Table, parser
from lgcodec import Signal, read, write

LIMIT = 2 * 2**30
CONFIGURATION = ("--partitions", "5,8,8", "--local-width", "55", "--global-width", "180")
SIDES = (4000, 6000)


def main() -> None:
    """Encode and write results/memory.txt, memory-film.txt and memory-picture.txt there."""
    options = parser(__doc__)
    options.add_argument("--only", choices=("video", "film", "picture"))
    asked = options.parse_args()
    if asked.data is None:
        raise SystemExit("--data is needed: the folder that holds video/ and kodak/")
    peaks = [
        measure(asked.data, quick=asked.quick, write=not asked.no_write)
        for name, measure in (("video", _video), ("film", _film), ("picture", _picture))
        if asked.only in (None, name)
    ]
    if max(peaks) > LIMIT:
        raise SystemExit("more than 2 GiB")


def _video(data: Path, *, quick: bool, write: bool) -> int:
    steps = 3 if quick else 30
    table = Table(
        "Peak memory of lgi encode, 512x512x280 video, paper's configuration (3.19 M parameters)",
        ("steps", "peak MiB", "limit MiB", "seconds", "bytes"),
    )
    with TemporaryDirectory() as folder:
        target = Path(folder) / "out.lgi"
        source = data / "video/cockatoo_512.mp4"
        peak, seconds = _run("encode", source, target, *CONFIGURATION, "--iters", str(steps))
        table.add(steps, peak / 2**20, LIMIT / 2**20, seconds, target.stat().st_size)
    if write:
        table.write("memory")
    return peak


def _film(data: Path, *, quick: bool, write: bool) -> int:
    source = data / ("video/bikes.mp4" if quick else "video/bigbuckbunny.mp4")
    table = Table(
        f"Peak memory of latents, {source.name}", ("command", "peak MiB", "seconds", "bytes")
    )
    with TemporaryDirectory() as folder:
        target, back = Path(folder) / "out.lgi", Path(folder) / "back.mp4"
        for name, paths in (("encode", (source, target)), ("decode", (target, back))):
            options = ("--preset", "fast") if name == "encode" else ()
            peak, seconds = _run(name, *paths, *options)
            table.add(name, peak / 2**20, seconds, target.stat().st_size)
    if write:
        table.write("memory-film")
    return 0  # of what is limited


def _picture(data: Path, *, quick: bool, write: bool) -> int:
    height, width = (side // 2 if quick else side for side in SIDES)
    table = Table(
        f"Peak memory of latents, {width}x{height} pixels",
        ("command", "peak MiB", "limit MiB", "seconds", "bytes"),
    )
    with TemporaryDirectory() as folder:
        source, target, back = (Path(folder) / name for name in ("in.png", "out.lgi", "back.png"))
        _mosaic(data, height, width, source)
        peaks = []
        for name, command in (
            ("encode", ("encode", source, target, "--family", "latent", "--preset", "fast")),
            ("decode", ("decode", target, back)),
            ("decode --reduce 3", ("decode", target, back, "--reduce", "3")),
        ):
            peak, seconds = _run(*command)
            table.add(name, peak / 2**20, LIMIT / 2**20, seconds, target.stat().st_size)
            peaks.append(peak)
    if write:
        table.write("memory-picture")
    return max(peaks)


def _mosaic(data: Path, height: int, width: int, target: Path) -> None:
    """Pictures side by side, every other row of them mirrored."""
    pictures = [read(data / f"kodak/kodim{n:02}.png")[0].samples for n in range(1, 25)]
    pictures = [p if p.shape[0] < p.shape[1] else p.swapaxes(0, 1) for p in pictures]
    high, wide = pictures[0].shape[:2]
    across, rows = -(-width // wide), []
    for row in range(-(-height // high)):
        parts = [pictures[(row * across + at) % len(pictures)] for at in range(across)]
        rows.append(np.concatenate([p[:, :: 1 - 2 * (row % 2)] for p in parts], axis=1))
    pixels = np.ascontiguousarray(np.concatenate(rows)[:height, :width])
    write(target, [Signal("image", pixels)])


def _run(command: str, source: Path, target: Path, *options: str) -> tuple[int, float]:
    """Peak bytes and seconds of a command."""
    lgi = Path(sys.executable).with_name("lgi")
    arguments: Sequence[str] = [str(lgi), command, str(source), str(target), *options, "--quiet"]
    started = perf_counter()
    process = subprocess.Popen(arguments)
    _, status, used = os.wait4(process.pid, 0)  # of this child alone
    if status:
        raise SystemExit(f"lgi {command} failed")
    return used.ru_maxrss * 1024, perf_counter() - started


if __name__ == "__main__":
    main()
