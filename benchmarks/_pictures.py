"""What pictures are measured against: Pillow's codecs, whole and as tiles that can be cut out.

Every codec takes and gives 8-bit RGB. Tiles are coded apart from each other, and each accounts
for the container that would hold them:

    JPEG tiles   nearly as in a tiled GeoTIFF: what comes before the scan once, of each tile its
                 scan and 8 bytes of index (a TIFF file repeats 21 bytes more)
    AVIF grid    as a HEIF grid item: the boxes of one file once, of each tile its coded data and
                 45 bytes of item properties
"""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from PIL import __version__ as pillow

from benchmarks._curves import Curve, Outcome, Setting
from lgcodec import Signal

__all__ = ["PICTURES", "places"]

Pixels = NDArray[np.uint8]

QUALITIES: Final = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95)
WEBP_QUALITIES: Final = (1, 5, 10, 20, 35, 50, 65, 80, 90, 95)
AVIF_QUALITIES: Final = (5, 15, 25, 35, 45, 55, 65, 75, 85)
RATIOS: Final = (240, 160, 120, 80, 60, 48, 32, 24, 16, 12, 8)  # of JPEG 2000
JPEG_INDEX: Final = 8
AVIF_ITEM: Final = 45
SCAN: Final = 0xDA  # marker of a JPEG scan
AVIF: Final[dict[str, Any]] = {
    "speed": 6,
    "subsampling": "4:4:4",
    "advanced": {"tune": "psnr"},
    "max_threads": 1,
}


def _whole(name: str, signal: Signal, setting: Setting, **fixed: Any) -> Outcome:
    data = _encoded(signal.samples, name, setting, fixed)
    return len(data), _decoded(data)


def _encoded(pixels: Pixels, name: str, setting: Setting, fixed: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, name, **{**fixed, **setting})
    return buffer.getvalue()


def _decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def _tiled(name: str, edge: int, signal: Signal, setting: Setting, **fixed: Any) -> Outcome:
    """Tiles of `edge` pixels, each a picture of its own; see the module about their bytes."""
    own, shared = (_jpeg_parts if name == "JPEG" else _avif_parts), 0
    index = JPEG_INDEX if name == "JPEG" else AVIF_ITEM
    size, decoded = 0, np.empty_like(signal.samples)
    for place in places(signal.grid, edge):
        data = _encoded(signal.samples[place], name, setting, fixed)
        payload = own(data)
        shared = max(shared, len(data) - payload)
        size += payload + index
        decoded[place] = _decoded(data)
    return size + shared, decoded


def places(grid: tuple[int, ...], edge: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of every tile of `edge` pixels."""
    for top in range(0, grid[0], edge):
        for left in range(0, grid[1], edge):
            yield slice(top, top + edge), slice(left, left + edge)


def _jpeg_parts(data: bytes) -> int:
    """Bytes of a baseline JPEG file from the header of its scan to the end."""
    at = 2
    while data[at + 1] != SCAN:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return len(data) - at


def _avif_parts(data: bytes) -> int:
    """Bytes in the `mdat` boxes of an AVIF file."""
    at, own = 0, 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        own += length - 8 if data[at + 4 : at + 8] == b"mdat" else 0
        at += length
    return own


def _curve(
    name: str,
    codec: str,
    settings: tuple[Setting, ...],
    tile: int = 0,
    whole: str = "",
    **fixed: Any,
) -> Curve:
    code = partial(_tiled, codec, tile, **fixed) if tile else partial(_whole, codec, **fixed)
    library = {"JPEG": "libjpeg_turbo", "WEBP": "webp", "JPEG2000": "jpg_2000", "AVIF": "avif"}
    version = f"1 {codec} {tile} {fixed} Pillow {pillow} {features.version(library[codec])}"
    return Curve(name, "tiles" if tile else "rivals", settings, code, version, whole or None)


def _qualities(*values: int) -> tuple[Setting, ...]:
    return tuple({"quality": value} for value in values)


def _jpeg2000(ratios: tuple[int, ...]) -> tuple[Setting, ...]:
    return tuple({"quality_layers": [ratio]} for ratio in ratios)


PICTURES: Final = (
    _curve("JPEG 4:2:0", "JPEG", _qualities(*QUALITIES)),
    _curve(
        "JPEG 4:4:4 optimised",
        "JPEG",
        _qualities(*QUALITIES),
        subsampling=0,
        optimize=True,
        progressive=True,
    ),
    _curve("JPEG 4:4:4", "JPEG", _qualities(*QUALITIES), subsampling=0),
    _curve("WebP", "WEBP", _qualities(*WEBP_QUALITIES), method=6),
    _curve("JPEG 2000", "JPEG2000", _jpeg2000(RATIOS), irreversible=True, mct=1),
    _curve("AVIF", "AVIF", _qualities(*AVIF_QUALITIES), **AVIF),
    *(
        _curve(
            f"JPEG tiles {edge}", "JPEG", _qualities(*QUALITIES), edge, "JPEG 4:4:4", subsampling=0
        )
        for edge in (128, 64)
    ),
    *(
        _curve(f"AVIF grid {edge}", "AVIF", _qualities(*AVIF_QUALITIES), edge, "AVIF", **AVIF)
        for edge in (128, 64)
    ),
)
