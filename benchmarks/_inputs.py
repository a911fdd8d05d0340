"""What the rate benchmark codes: pictures, sounds and videos of --data, cut to one measure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np

from benchmarks._curves import Curve
from benchmarks._films import FILMS
from benchmarks._pictures import PICTURES
from benchmarks._sounds import SOUNDS
from benchmarks.common import SAMPLES
from lgcodec import Signal, read
from lgcodec.signal import Kind

__all__ = ["MEDIA", "Medium", "inputs"]

FRAMES: Final = 100
EDGE: Final = 256
SECONDS: Final = 6
FULL: Final = 2**15


@final
@dataclass(frozen=True)
class Medium:
    """One kind of signal: what is coded, by whom, in which unit, and whom all are compared to.

    files    below --data; `quick` are those of --quick, `shipped` what is taken without --data
    reads    how much of a file is coded
    """

    kind: Kind
    title: str
    unit: str
    anchor: str
    rivals: tuple[Curve, ...]
    files: tuple[str, ...]
    quick: tuple[str, ...]
    shipped: str
    reads: Callable[[Path], Signal]


def inputs(medium: Medium, data: Path | None, *, quick: bool) -> Iterator[Signal]:
    """The signals of a run, one at a time."""
    names = medium.quick if quick else medium.files
    paths = [data / name for name in names] if data else [SAMPLES / medium.shipped]
    return map(medium.reads, paths)


def _picture(path: Path) -> Signal:
    return read(path)[0]


def _sound(path: Path) -> Signal:
    """The first seconds, in 16 bits."""
    (sound,) = read(path)
    samples = sound.samples[: int(SECONDS * (sound.rate or 1))]
    if samples.dtype != np.int16:
        samples = np.clip(np.rint(samples * FULL), -FULL, FULL - 1).astype(np.int16)
    return Signal("audio", samples, sound.rate)


def _film(path: Path) -> Signal:
    """The first frames, the middle of each."""
    (film,) = read(path, keep_audio=False)
    top, left = (max(0, size - EDGE) // 2 for size in film.grid[1:])
    part = film.samples[:FRAMES, top : top + EDGE, left : left + EDGE]
    return Signal("video", np.ascontiguousarray(part), film.rate)


_KODAK: Final = tuple(f"kodak/kodim{number:02}.png" for number in range(1, 25))
_UNSEEN: Final = tuple(f"images/tancik_div2k_train/{number:02}.png" for number in range(16))
_CLIPS: Final = tuple(
    f"audio/{name}.wav"
    for name in ("gt_bach", "gt_counting", "lhotse_libri-1088-134315-0000", "mdn_guitar")
)
_FILMS: Final = ("video/cockatoo_512.mp4", "video/bigbuckbunny.mp4")

MEDIA: Final[Mapping[str, Medium]] = {
    "images": Medium(
        "image",
        "Kodak, 8-bit RGB",
        "bits per pixel",
        "JPEG 4:2:0",
        PICTURES,
        _KODAK,
        tuple(_KODAK[number - 1] for number in (5, 15, 19, 23)),
        "cat.png",
        _picture,
    ),
    "unseen": Medium(
        "image",
        "photographs that nothing was tuned on, 512 x 512, 8-bit RGB",
        "bits per pixel",
        "JPEG 4:2:0",
        PICTURES,
        _UNSEEN,
        _UNSEEN[::4],
        "cat.png",
        _picture,
    ),
    "sounds": Medium(
        "audio",
        f"the first {SECONDS} s of sounds, 16 bits",
        "kbit/s",
        "Opus",
        SOUNDS,
        _CLIPS,
        _CLIPS[::2],
        "speech.wav",
        _sound,
    ),
    "videos": Medium(
        "video",
        f"the first {FRAMES} frames of videos, the middle {EDGE} x {EDGE} pixels, 8-bit RGB",
        "bits per pixel",
        "H.264 4:2:0",
        FILMS,
        _FILMS,
        _FILMS[:1],
        "bunny.mp4",
        _film,
    ),
}
