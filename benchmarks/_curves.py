"""Points of rate and quality, measured once: an interrupted run takes up where it stopped.

A point is one signal coded by one codec at one setting. What is known of it lies in out/rate under
a key of the samples, the setting and the version of the code, so nothing stale is ever read.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROOT
from lgcodec import Signal, psnr
from lgcodec.storage import replacing

__all__ = [
    "Curve",
    "Group",
    "Outcome",
    "Point",
    "Setting",
    "average",
    "digest",
    "is_cached",
    "measure",
    "source_hash",
]

CACHE = ROOT / "out" / "rate"
Setting = Mapping[str, Any]  # in the types of JSON
Group = Literal["rivals", "tiles", "lgcodec"]
Outcome = tuple[int, NDArray[Any]]  # bytes of the whole file, decoded samples


@final
@dataclass(frozen=True)
class Curve:
    """A codec and the settings at which it is measured, lowest rate first.

    code      a signal and a setting -> bytes and decoded samples, of the signal's shape and type
    version   changes with whatever the outcome depends on beside signal and setting
    whole     name of the same codec without partitions: what it is better by is their price
    """

    name: str
    group: Group
    settings: tuple[Setting, ...]
    code: Callable[[Signal, Setting], Outcome]
    version: str
    whole: str | None = None


@final
@dataclass(frozen=True)
class Point:
    """What came out: bytes of the file; rate in bits per sample, or kbit/s of a sound; dB.

    psnr      of the stored samples, of a video the mean over frames that differ; None if all equal
    snr       power of the original over that of the error
    seconds   of coding and decoding
    """

    bytes: float
    rate: float
    psnr: float | None
    snr: float | None
    seconds: float


def measure(curve: Curve, signal: Signal, setting: Setting) -> Point:
    """The point, from out/rate or measured now."""
    path = _path(curve, signal, setting)
    if path.exists():
        return Point(**json.loads(path.read_text())["point"])
    started = perf_counter()
    size, decoded = curve.code(signal, setting)
    seconds = perf_counter() - started
    rate = 8 * size / signal.size
    if signal.kind == "audio":
        rate *= float(signal.rate or 0) / 1000
    point = Point(size, rate, *_qualities(signal, decoded), seconds)
    CACHE.mkdir(parents=True, exist_ok=True)
    told = {"codec": curve.name, "setting": dict(setting), "point": asdict(point)}
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(told, default=str))
    return point


def is_cached(curve: Curve, signal: Signal, setting: Setting) -> bool:
    """Whether `measure` will not have to."""
    return _path(curve, signal, setting).exists()


def average(points: Iterable[Point]) -> Point:
    """The mean of every figure; a quality is None where one is."""
    columns = [list(column) for column in zip(*(asdict(p).values() for p in points), strict=True)]
    return Point(*(None if None in column else float(np.mean(column)) for column in columns))  # type: ignore[arg-type]


def source_hash(*paths: Path) -> str:
    """Changes with any Python source in these files and folders."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _qualities(signal: Signal, decoded: NDArray[Any]) -> tuple[float | None, float | None]:
    original = signal.samples
    if original.dtype != decoded.dtype:
        raise ValueError(f"{decoded.dtype} samples of {original.dtype} ones")
    if np.array_equal(original, decoded):
        return None, None
    error = np.vdot(*[original.astype(np.float64).ravel() - decoded.ravel()] * 2)
    snr = 10 * np.log10(np.vdot(*[original.astype(np.float64).ravel()] * 2) / error)
    pairs = zip(original, decoded, strict=True) if signal.kind == "video" else [(original, decoded)]
    decibels = [psnr(*pair) for pair in pairs]
    return float(np.mean([value for value in decibels if isfinite(value)])), float(snr)


def _path(curve: Curve, signal: Signal, setting: Setting) -> Path:
    key = json.dumps([digest(signal), curve.version, sorted(setting.items())], default=str)
    name = "".join(c if c.isalnum() else "-" for c in curve.name)
    return CACHE / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}.json"


_DIGESTS: dict[int, tuple[Signal, str]] = {}


def digest(signal: Signal) -> str:
    """Of kind, rate, type, shape and samples."""
    if id(signal) not in _DIGESTS:
        samples = np.ascontiguousarray(signal.samples)
        head = f"{signal.kind} {signal.rate} {samples.dtype} {samples.shape} ".encode()
        text = hashlib.sha256(head + samples.tobytes()).hexdigest()
        _DIGESTS[id(signal)] = signal, text  # the signal stays, so that its id stays its own
    return _DIGESTS[id(signal)][1]
