"""Volumes of medical imaging: NIfTI files, .nii and .nii.gz, through nibabel (extra `volume`)."""

import gzip
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import InputError, OutputError
from lgcodec.media.base import MAX_VALUES, ReadOptions, SingleFile, extra, suffix_of
from lgcodec.signal import MAX_CHANNELS, SAMPLE_TYPES, Signal

__all__ = ["NiftiFile"]

NIFTI: Final = ".nii"
COMPRESSED: Final = ".nii.gz"
DEFLATE_RATIO: Final = 1032  # no deflate stream expands further
WIDER: Final = {"int8": "int16"}  # types that another holds exactly; the rest becomes float32


@final
class NiftiFile(SingleFile):
    """One volume per file, samples [z, y, x, c]: x is the fastest axis in the file.

    A fourth axis of at most 64 becomes channels. uint8, uint16, int16 and float32 stay as they are
    unless the header scales them, int8 becomes int16, everything else float32; NaN and infinity
    are refused. bool is written as uint8 0 and 1.

    The place in the scanner's space is dropped: what is written has the affine of unit voxels.
    """

    kinds = ("volume",)
    readable = (NIFTI, COMPRESSED)
    writable = (NIFTI, COMPRESSED)
    holds_bool = True

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:  # noqa: ARG002
        nibabel = extra("nibabel", "volume", InputError)
        image = nibabel.Nifti1Image.from_filename(path, mmap=False)
        _check_size(path, image)
        samples = _typed(np.asanyarray(image.dataobj), image.get_data_dtype())
        if samples.ndim == 3:
            samples = samples[..., np.newaxis]
        return (Signal("volume", np.ascontiguousarray(samples.transpose(2, 1, 0, 3))),)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        nibabel = extra("nibabel", "volume", OutputError)
        samples = signals[0].samples
        if samples.dtype == np.bool_:
            samples = samples.astype(np.uint8)
        if max(samples.shape) >= 2**15:
            raise OutputError(f"shape {samples.shape}, .nii holds axes of at most 32767")
        data = samples.transpose(2, 1, 0, 3)
        image = nibabel.Nifti1Image(data[..., 0] if data.shape[3] == 1 else data, np.eye(4))
        content = image.to_bytes()
        is_plain = path.suffix.lower() == NIFTI
        path.write_bytes(content if is_plain else gzip.compress(content, mtime=0))


def _check_size(path: Path, image: Any) -> None:
    """Raise InputError for shapes that are no volume, or larger than the file can hold."""
    shape, stored = image.shape, image.get_data_dtype()
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] > MAX_CHANNELS):
        raise InputError(f"shape {shape}, expected x, y, z and perhaps up to {MAX_CHANNELS} more")
    if stored.kind not in "iuf" or not 0 < prod(shape) <= MAX_VALUES:
        raise InputError(f"{stored} {shape}, allowed are 1 to {MAX_VALUES} real numbers")
    most = path.stat().st_size * (DEFLATE_RATIO if suffix_of(path) == COMPRESSED else 1)
    if prod(shape) * stored.itemsize > most:
        raise InputError(f"the header says {stored} {shape}, more than the file can hold")


def _typed(samples: NDArray[Any], stored: np.dtype[Any]) -> NDArray[Any]:
    """`samples` in a type of signals; of another than `stored` are those that the header scales."""
    name = WIDER.get(stored.name, stored.name) if samples.dtype == stored else samples.dtype.name
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite
        return samples.astype(name if name in SAMPLE_TYPES else np.float32)
