"""What videos are measured against: H.264 through PyAV, 8-bit RGB frames in and out.

Whole, as an MP4 file, and as tiles that can be cut out as ours can: each a stream of its own, in
groups of pictures that need no other. Tiles account for one file's container, and each group for
its slices and 8 bytes of index. x264 is tuned for PSNR, and what it says of itself in every file,
some 700 bytes, does not count.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Final

import av
import numpy as np
from av import library_versions
from numpy.typing import NDArray

from benchmarks._curves import Curve, Group, Outcome, Setting
from benchmarks._pictures import places
from lgcodec import Signal
from lgcodec.media.mux import video_frames

__all__ = ["FILMS"]

FRAMES: Final = 16  # of a tile, as of latents
INDEX: Final = 8
LENGTH: Final = 4  # bytes before each unit
SHORT: Final = 2  # that are enough
SLICES: Final = (1, 5)  # types of units: of a frame that needs others, of one that does not
REMARK: Final = 6  # the type of unit in which x264 says what it is


def _whole(signal: Signal, setting: Setting, *, pix_fmt: str) -> Outcome:
    data = _encoded(signal, {"crf": str(setting["crf"])}, pix_fmt)
    return len(data) - sum(_units(data, REMARK)), _decoded(data)


def _tiled(signal: Signal, setting: Setting, *, pix_fmt: str, edge: int) -> Outcome:
    """Tiles of FRAMES frames and `edge` x `edge` pixels; see the module about their bytes."""
    options = {"crf": str(setting["crf"]), "g": str(FRAMES), "x264-params": "scenecut=0:open-gop=0"}
    size, shared, decoded = 0, 0, np.empty_like(signal.samples)
    for rows, columns in places(signal.grid[1:], edge):
        tile = signal.samples[:, rows, columns]
        data = _encoded(replace(signal, samples=tile), options, pix_fmt)
        own = _units(data, *SLICES)
        shared = max(shared, len(data) - sum(own) - sum(_units(data, REMARK)))
        size += sum(own) - (LENGTH - SHORT) * len(own) + INDEX * ceil(len(tile) / FRAMES)
        decoded[:, rows, columns] = _decoded(data)
    return size + shared, decoded


def _encoded(signal: Signal, options: Mapping[str, str], pix_fmt: str) -> bytes:
    """An MP4 of one stream; libx264, preset medium, at a constant rate factor."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        rate = (signal.rate or Fraction(1)).limit_denominator(2**16)
        fixed = {"preset": "medium", "tune": "psnr", "threads": "1"}
        stream = output.add_stream("libx264", rate=rate, options={**fixed, **options})
        stream.height, stream.width = signal.grid[1:]
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # limited
        for frame in video_frames(signal.samples, pix_fmt):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _decoded(data: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(data), "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames)


def _units(data: bytes, *kinds: int) -> list[int]:
    """Bytes of every unit of these types in an MP4 file, with that of its length."""
    found = []
    with av.open(io.BytesIO(data), "r") as container:
        for packet in container.demux(video=0):
            units, at = bytes(packet), 0
            while at < len(units):
                size = LENGTH + int.from_bytes(units[at : at + LENGTH], "big")
                if units[at + LENGTH] & 0x1F in kinds:
                    found.append(size)
                at += size
    return found


def _curve(name: str, pix_fmt: str, whole: str | None = None, edge: int = 0) -> Curve:
    settings = tuple({"crf": crf} for crf in (45, 40, 35, 30, 26, 22, 18))
    group: Group = "tiles" if whole else "rivals"
    kind = f"tiles {(FRAMES, edge, edge)} " if whole else ""
    version = f"2 {kind}{pix_fmt} PyAV {av.__version__} {library_versions['libavcodec']}"
    code = (
        partial(_tiled, pix_fmt=pix_fmt, edge=edge) if whole else partial(_whole, pix_fmt=pix_fmt)
    )
    return Curve(name, group, settings, code, version, whole)


FILMS: Final = (
    _curve("H.264 4:2:0", "yuv420p"),
    _curve("H.264 4:4:4", "yuv444p"),
    _curve("H.264 tiles 16x128x128", "yuv420p", "H.264 4:2:0", 128),
    _curve("H.264 tiles 16x64x64", "yuv420p", "H.264 4:2:0", 64),
)
