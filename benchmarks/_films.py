"""What videos are measured against: H.264 through PyAV, 8-bit RGB frames in and out."""

import io
from fractions import Fraction
from functools import partial
from typing import Final

import av
import numpy as np
from av import library_versions

from benchmarks._curves import Curve, Outcome, Setting
from lgcodec import Signal
from lgcodec.media.mux import video_frames

__all__ = ["FILMS"]


def _h264(signal: Signal, setting: Setting, *, pix_fmt: str) -> Outcome:
    """An MP4 of one stream; libx264, preset medium, at a constant rate factor."""
    buffer = io.BytesIO()
    options = {"crf": str(setting["crf"]), "preset": "medium", "threads": "1"}
    with av.open(buffer, "w", format="mp4") as output:
        rate = (signal.rate or Fraction(1)).limit_denominator(2**16)
        stream = output.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = signal.grid[1:]
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # limited
        for frame in video_frames(signal.samples, pix_fmt):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    size = len(buffer.getvalue())
    buffer.seek(0)
    with av.open(buffer, "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return size, np.stack(frames)


def _curve(name: str, pix_fmt: str) -> Curve:
    settings = tuple({"crf": crf} for crf in (45, 40, 35, 30, 26, 22, 18))
    version = f"1 {pix_fmt} PyAV {av.__version__} {library_versions['libavcodec']}"
    return Curve(name, "rivals", settings, partial(_h264, pix_fmt=pix_fmt), version)


FILMS: Final = (_curve("H.264 4:2:0", "yuv420p"), _curve("H.264 4:4:4", "yuv444p"))
