"""Signals to train on, for `train_latent` and `train_seams`: none of them is in any evaluation."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import resample_poly

from lgcodec import Signal, read

__all__ = ["SIGNALS", "pictures"]

PICTURES: Final = 512  # more than there are
EDGE: Final = 256
JOINED: Final = 6  # spoken digits that make one sound
SPEEDS: Final = ((1, 1), (2, 1), (1, 2), (4, 1))  # as if recorded at 8, 16, 4 and 32 kHz
CLIPS: Final = 120
MOVING: Final = 2  # of three clips move by themselves, one is a picture that a camera moves over
FASTEST: Final = 2  # frames of a film by which it goes on
LENGTH, SIDE = 16, 128
RATE: Final = Fraction(25)


def _sounds(data: Path, _random: np.random.Generator) -> Iterator[Signal]:
    """Spoken digits one after the other, some resampled."""
    files = sorted((data / "audio" / "fsdd_8k").glob("*.wav"))
    for number in range(len(files) // JOINED):
        joined = np.concatenate(
            [read(path)[0].samples for path in files[number :: len(files) // JOINED]]
        )
        speed = SPEEDS[number % len(SPEEDS)]
        loud = resample_poly(joined.astype(np.float32), *speed, axis=0).astype(np.float32)
        yield Signal("audio", loud / np.abs(loud).max(), Fraction(8000))


def _pictures(data: Path, random: np.random.Generator) -> Iterator[Signal]:
    """Squares out of photographs; every eighth is grey."""
    for number, picture in enumerate(_opened(data, random, PICTURES)):
        square = _cut(np.asarray(picture), EDGE, random)
        yield Signal("image", square[..., :1] if number % 8 == 7 else square)


def pictures(data: Path, random: np.random.Generator, edge: int, count: int) -> Iterator[Signal]:
    """Squares of `edge` pixels out of photographs that are at least so large."""
    opened = (p for p in _opened(data, random, 4 * count) if min(p.size) >= edge)
    for picture in islice(opened, count):
        yield Signal("image", _cut(np.asarray(picture), edge, random))


def _clips(data: Path, random: np.random.Generator) -> Iterator[Signal]:
    """Two films, and pictures that a camera moves over; every eighth is grey."""
    swan = sorted((data / "video" / "davis_blackswan").glob("*.jpg"))
    films = [
        np.stack([read(path)[0].samples for path in swan]),
        read(data / "video" / "mdn_flower.mp4", keep_audio=False)[0].samples,
    ]
    for number, picture in enumerate(_opened(data, random, CLIPS)):
        is_film = number % 3 < MOVING
        clip = _taken(films[number % 3], random) if is_film else _moved(picture, random)
        clip = np.ascontiguousarray(clip[..., :1] if number % 8 == 7 else clip)
        yield Signal("video", clip, RATE)


def _stacks(data: Path, random: np.random.Generator) -> Iterator[Signal]:
    """The same clips as volumes: there are none to train on.

    What stands in context-3d.csv is of an earlier run, on 30 clips as videos.
    """
    for clip in _clips(data, random):
        yield Signal("volume", clip.samples)


Source = Callable[[Path, np.random.Generator], Iterator[Signal]]
# by the name of what is trained: axes, and whether the first is split ahead
SIGNALS: Final[Mapping[str, Source]] = {
    "1d": _sounds,
    "2d": _pictures,
    "3d": _stacks,
    "3d-ahead": _clips,
}


def _opened(data: Path, random: np.random.Generator, count: int) -> Iterator[Image.Image]:
    files = sorted(path for path in (data / "train").glob("*/*") if path.suffix in (".jpg", ".png"))
    for number in random.permutation(len(files))[:count]:
        yield Image.open(files[number]).convert("RGB")


def _cut(samples: NDArray[np.uint8], edge: int, random: np.random.Generator) -> NDArray[np.uint8]:
    top, left = (int(random.integers(max(1, n - edge + 1))) for n in samples.shape[:2])
    return np.ascontiguousarray(samples[top : top + edge, left : left + edge])


def _taken(film: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A piece of a film, at once or twice its speed, at once or half its size."""
    pace, size = int(random.integers(1, FASTEST + 1)), int(random.integers(1, 3))
    first = int(random.integers(len(film) - LENGTH * pace + 1))
    frames = np.moveaxis(film[first : first + LENGTH * pace : pace], 0, 2)
    piece = np.moveaxis(_cut(frames, SIDE * size, random), 2, 0)
    return np.stack([np.asarray(Image.fromarray(frame).reduce(size)) for frame in piece])


def _moved(picture: Image.Image, random: np.random.Generator) -> NDArray[np.uint8]:
    """Up to 4 pixels a frame in any direction, often fewer, and up to 2 % nearer or farther."""
    speed, zoom = random.uniform(-4, 4, 2) * random.uniform(), random.uniform(0.98, 1.02)
    middle, half = np.array(picture.size) / 2, SIDE / 2
    frames = []
    for time in range(LENGTH):
        low = middle + speed * time - half * zoom**time
        box = (*low, *(low + 2 * half * zoom**time))
        frames.append(np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)))
    return np.stack(frames)
