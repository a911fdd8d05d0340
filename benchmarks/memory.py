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
sound      ten minutes of stereo, audio/mdn_guitar.wav of --data again and again, every other time
           backwards and none as loud as the next (with --quick one minute)
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    """Encode and write results/memory.txt, memory-film.txt, -picture.txt and -sound.txt."""
    options = parser(__doc__)
    options.add_argument("--only", choices=tuple(MEASURES))
    asked = options.parse_args()
    if asked.data is None:
        raise SystemExit("--data is needed: the folder that holds video/, kodak/ and audio/")
    peaks = [
        measure(asked.data, quick=asked.quick, write=not asked.no_write)
        for name, measure in MEASURES.items()
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
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in.png"
        _mosaic(data, height, width, source)
        more = {"decode --reduce 3": ("--reduce", "3")}
        table, peak = _there_and_back(f"{width}x{height} pixels", source, more)
    if write:
        table.write("memory-picture")
    return peak


def _sound(data: Path, *, quick: bool, write: bool) -> int:
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in.wav"
        seconds = _song(data, 3 if quick else 26, source)
        table, peak = _there_and_back(f"{seconds:.0f} s of stereo", source, {})
    if write:
        table.write("memory-sound")
    return peak


MEASURES = {"video": _video, "film": _film, "picture": _picture, "sound": _sound}


def _there_and_back(
    what: str, source: Path, more: Mapping[str, Sequence[str]]
) -> tuple[Table, int]:
    """The table and the peak of encoding with `fast`, decoding, and decoding with more options."""
    table = Table(
        f"Peak memory of latents, {what}",
        ("command", "peak MiB", "limit MiB", "seconds", "bytes"),
    )
    target, back = source.with_name("out.lgi"), source.with_stem("back")
    peaks = []
    asked = {"encode": ("--family", "latent", "--preset", "fast"), "decode": (), **more}
    for name, options in asked.items():
        paths = (source, target) if name == "encode" else (target, back)
        peak, seconds = _run(name.split()[0], *paths, *options)
        table.add(name, peak / 2**20, LIMIT / 2**20, seconds, target.stat().st_size)
        peaks.append(peak)
    return table, max(peaks)


def _song(data: Path, times: int, target: Path) -> float:
    """A sound again and again, in stereo; seconds of it."""
    (sound,) = read(data / "audio/mdn_guitar.wav")
    loudness = np.random.default_rng(0).uniform(0.5, 1, times)
    parts = [sound.samples[:: 1 - 2 * (n % 2)] * loud for n, loud in enumerate(loudness)]
    left = np.concatenate(parts).astype(sound.samples.dtype)
    samples = np.concatenate([left, np.roll(left, 7, axis=0)], axis=1)
    write(target, [replace(sound, samples=samples)])
    return len(samples) / float(sound.rate or 1)


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
