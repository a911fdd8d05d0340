"""What the networks are fitted to: signals of --data or shipped ones, at a fraction of the size."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks.common import SAMPLES
from benchmarks.paper._networks import divisors
from lgcodec import Signal, read, tasks

__all__ = ["Inputs", "camera", "clip", "film", "pictures"]

Inputs = Callable[[Path | None, int, int], Mapping[str, Signal]]  # data, scale, how many at most
ROWS = slice(80, 432)  # of 512: partitions of 22 x 32 pixels by counts, of 32 x 32 by size


def pictures(data: Path | None, scale: int, count: int) -> Mapping[str, Signal]:
    """The middle 352 rows of 512x512 crops of DIV2K (Tancik et al.), reduced by `scale`.

    At scale 4 pixels are as the paper has them, which reduces DIV2K by four.
    """
    if data is None:
        return {"cat.png": _reduced(SAMPLES / "cat.png", slice(None), scale)}
    paths = sorted((data / "images/tancik_div2k_train").glob("*.png"))[:count]
    return {path.name: _reduced(path, ROWS, scale) for path in paths}


def _reduced(path: Path, rows: slice, scale: int) -> Signal:
    samples = read(path)[0].samples[rows]
    return Signal("image", tasks.reduced(samples, scale))


def camera(data: Path | None, scale: int, count: int) -> Mapping[str, Signal]:  # noqa: ARG001
    """The middle of the camera picture."""
    path = data / "images/skimage/camera.png" if data else SAMPLES / "cat.png"
    samples = read(path)[0].samples
    grey = np.rint(samples.mean(-1, keepdims=True)).astype(np.uint8)
    return {path.stem: _middle(Signal("image", grey), scale)}


def film(data: Path | None, scale: int, count: int) -> Mapping[str, Signal]:  # noqa: ARG001
    """The middle of a cockatoo, 280 frames of 512x512 (the paper's cat is not public)."""
    path = data / "video/cockatoo_512.mp4" if data else SAMPLES / "bunny.mp4"
    return {path.stem: _middle(read(path, keep_audio=False)[0], scale)}


def clip(name: str) -> Inputs:
    """The beginning of a sound of the paper."""

    def inputs(data: Path | None, scale: int, count: int) -> Mapping[str, Signal]:  # noqa: ARG001
        path = data / f"audio/{name}.wav" if data else SAMPLES / "speech.wav"
        (sound,) = read(path)
        samples = sound.samples[: len(sound.samples) // divisors(1, scale)[0]]
        return {path.stem: Signal("audio", samples, sound.rate)}

    return inputs


def _middle(signal: Signal, scale: int) -> Signal:
    parts = []
    for size, divisor in zip(signal.grid, divisors(len(signal.grid), scale), strict=True):
        start = (size - size // divisor) // 2
        parts.append(slice(start, start + size // divisor))
    samples = np.ascontiguousarray(signal.samples[tuple(parts)])
    return Signal(signal.kind, samples, signal.rate)
