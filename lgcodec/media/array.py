"""Arrays: NumPy's .npy and .npz files, which hold every kind of signal exactly."""

import zipfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import IO, Any, Final, cast, final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lgcodec.errors import InputError
from lgcodec.media.base import MAX_VALUES, ReadOptions, SingleFile
from lgcodec.signal import AXES, SAMPLE_TYPES, Kind, Signal

__all__ = ["ArrayFile"]

DEFAULT_FRAME_RATE: Final = Fraction(25)
DEFLATE_RATIO: Final = 1032  # no deflate stream expands further
PACKED: Final = {"packed", "shape"}  # arrays of an occupancy grid as bits
MAX_AXES: Final = 4
HEADERS: Final[dict[tuple[int, int], Callable[[IO[bytes]], Any]]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


@final
class ArrayFile(SingleFile):
    """One signal of any kind per file.

    .npz written by us holds `samples` [*grid, c], `kind`, `rate` as text such as "30000/1001"
    where there is a time axis, and `present` [*grid] where samples are absent; it reads back as
    an equal signal. Another .npz needs one array, or one named `samples`, or occupancy as bits:
    `packed` as of `numpy.packbits`, and `shape`. .npy holds the samples alone, without the channel
    axis if there is one channel.

    Without a description the kind is the option's or a guess: 1 axis is a sound, 2 axes or 3 with
    at most 4 channels last are an image, other 3 axes are a volume, 4 axes with at most 4 channels
    last are a video if uint8 and a volume if not. A sound needs the rate option; a video has 25
    frames per second without it.

    float16 and float64 become float32; other types than those of `Signal`, NaN and infinity are
    refused.
    """

    kinds = tuple(AXES)
    readable = (".npy", ".npz")
    writable = (".npy", ".npz")
    holds_bool = True

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        if path.suffix.lower() == ".npz":
            arrays = _read_npz(path)
        else:
            with path.open("rb") as file:
                arrays = {"samples": _read_npy(file, path.stat().st_size)}
        return (_signal(arrays, options),)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        signal = signals[0]
        if path.suffix.lower() == ".npz":
            _write_npz(path, _described(signal))
            return
        with path.open("wb") as file:
            samples = signal.samples[..., 0] if signal.channels == 1 else signal.samples
            npy.write_array(file, samples, allow_pickle=False)


def _described(signal: Signal) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"samples": signal.samples, "kind": np.array(signal.kind)}
    if signal.rate is not None:
        arrays["rate"] = np.array(f"{signal.rate.numerator}/{signal.rate.denominator}")
    if signal.present is not None:
        arrays["present"] = signal.present
    return arrays


def _write_npz(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the file that describe a signal, the samples under "samples"."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        names = {"samples", "kind", "rate", "present"}
        if members.keys() == PACKED:
            names = set(PACKED)
        elif "samples" not in members:
            if len(members) != 1:
                raise InputError(
                    f"it holds {len(members)} arrays, expected one, or one named samples"
                )
            members = {"samples": next(iter(members.values()))}
        arrays = {}
        for name in names & members.keys():
            info = members[name]
            if info.file_size > DEFLATE_RATIO * info.compress_size + 1024:
                raise InputError(f"{name} declares {info.file_size} bytes, more than it can hold")
            with archive.open(info) as member:
                arrays[name] = _read_npy(member, info.file_size)
    return {"samples": _unpacked(**arrays)} if arrays.keys() == PACKED else arrays


def _unpacked(packed: NDArray[Any], shape: NDArray[Any]) -> NDArray[np.bool_]:
    """Bits as bool, after checking that there are as many as `shape` says."""
    lengths = [int(length) for length in shape.ravel()[:MAX_AXES]]
    count = prod(lengths)
    fits = packed.ndim == 1 and packed.dtype == np.uint8 and packed.size == -(-count // 8)
    if shape.dtype.kind not in "iu" or shape.size > MAX_AXES or min(lengths) < 1 or not fits:
        raise InputError(f"packed is {packed.dtype} {packed.shape}, shape says {lengths}")
    return np.unpackbits(packed, count=count).astype(np.bool_).reshape(lengths)


def _read_npy(file: IO[bytes], size: int) -> NDArray[Any]:
    """One array, after checking that its header agrees with the `size` of the file in bytes."""
    version = npy.read_magic(file)
    if version not in HEADERS:
        raise InputError(f"array format {version}, allowed are 1.0 and 2.0")
    shape, _, dtype = HEADERS[version](file)
    if dtype.hasobject:
        raise InputError("it holds Python objects, allowed are numbers")
    if prod(shape) > MAX_VALUES:
        raise InputError(f"shape {shape}, allowed are {MAX_VALUES} values in all")
    if file.tell() + prod(shape) * dtype.itemsize != size:
        raise InputError(f"the header says {dtype} {shape}, which does not fit {size} bytes")
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def _signal(arrays: dict[str, NDArray[Any]], options: ReadOptions) -> Signal:
    samples = _converted(arrays["samples"])
    described = str(arrays["kind"]) if "kind" in arrays else None
    kind = options.kind or cast(Kind | None, described) or _guess(samples)
    if kind not in AXES:
        raise InputError(f"kind {kind!r}, allowed are {', '.join(AXES)}")
    axes = len(AXES[kind])
    if samples.ndim == axes:
        samples = samples[..., np.newaxis]
    if samples.ndim != axes + 1:
        raise InputError(f"shape {samples.shape}, expected ({', '.join(AXES[kind])}[, channels])")
    rate = None
    if "t" in AXES[kind]:
        rate = Fraction(str(arrays["rate"])) if "rate" in arrays else options.rate
        if rate is None and kind == "audio":
            raise InputError("a sound without its rate; pass samples per second as `rate`")
        rate = rate or DEFAULT_FRAME_RATE
    present = arrays.get("present")
    if present is not None and (present.dtype != bool or present.shape != samples.shape[:-1]):
        raise InputError(f"present is {present.dtype} {present.shape}, expected bool, as the grid")
    return Signal(kind, np.ascontiguousarray(samples), rate, present)


def _converted(samples: NDArray[Any]) -> NDArray[Any]:
    """`samples` in one of the types of a signal, in this machine's byte order."""
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite
            return samples.astype(np.float32, copy=False)
    if samples.dtype.name not in SAMPLE_TYPES:
        raise InputError(
            f"samples are {samples.dtype}, allowed are {', '.join(SAMPLE_TYPES)} and floats"
        )
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def _guess(samples: NDArray[Any]) -> Kind:
    coloured = samples.ndim > 0 and samples.shape[-1] <= 4
    if samples.ndim == 1:
        return "audio"
    if samples.ndim == 2 or (samples.ndim == 3 and coloured):
        return "image"
    if samples.ndim == 3:
        return "volume"
    if samples.ndim == 4 and coloured:
        return "video" if samples.dtype == np.uint8 else "volume"
    raise InputError(f"shape {samples.shape} is none that can be guessed; pass `kind`")
