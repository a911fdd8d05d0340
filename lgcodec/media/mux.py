"""Encoding of video files: RGB or grey frames, and sound beside them."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import OutputError
from lgcodec.media.pixels import check_pixel_type, eight_bit, opaque
from lgcodec.signal import Signal

__all__ = ["Container", "frame_rate", "mux", "video_frames"]

BLOCK: Final = 2**14  # samples of sound per frame handed to the encoder
LAYOUTS: Final = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1")
BITS_PER_CHANNEL: Final = 96_000  # per second
COMMON_RATE: Final = 48_000  # every sound codec has it
FRAME_RATES: Final = (Fraction(1, 1000), Fraction(1000))


@dataclass(frozen=True)
class Container:
    """A video format in FFmpeg's names: how it is read, how it is written, with which codecs."""

    demuxer: str
    muxer: str
    video_codec: str
    video_options: dict[str, str]
    audio_codec: str


def mux(container: Container, video: Signal, sound: Signal | None) -> bytes:
    """A video file in memory, with `sound` if given.

    The video is uint8 or uint16 of 1 to 4 channels; 16 bits become 8, alpha is laid over black.
    Chroma is halved (4:2:0) where both sides are even, else kept (4:4:4), since H.264 has no odd
    sizes with halved chroma. The sound is int16 or float32 of 1 to 8 channels; a rate that the
    codec lacks becomes 48 kHz. Raises OutputError.
    """
    check_pixel_type(video.samples)
    buffer = io.BytesIO()
    try:
        # Without this, a sound muxed after 10 s of video would end up behind all of it.
        options = {"max_interleave_delta": "0"}
        with av.open(buffer, "w", format=container.muxer, container_options=options) as output:
            picture = _video_stream(output, container, video)
            track = None if sound is None else _audio_stream(output, container, sound)
            for frame in video_frames(video.samples, picture.pix_fmt):
                output.mux(picture.encode(frame))
            output.mux(picture.encode(None))
            if sound is not None and track is not None:
                for block in _sound_frames(sound, track.layout.name):
                    output.mux(track.encode(block))
                output.mux(track.encode(None))
    except av.FFmpegError as error:
        height, width = video.grid[1:]
        raise OutputError(
            f"{container.video_codec} at {width} x {height}: {error.strerror}"
        ) from error
    return buffer.getvalue()


def frame_rate(video: Signal) -> Fraction:
    """The rate of `video` as a fraction that containers can store. Raises OutputError."""
    lowest, highest = FRAME_RATES
    rate = (video.rate or Fraction(1)).limit_denominator(2**16)
    if not lowest <= rate <= highest:
        raise OutputError(f"{video.rate} frames per second, allowed are {lowest} to {highest}")
    return rate


def video_frames(samples: NDArray[Any], pix_fmt: str) -> Iterator[av.VideoFrame]:
    """The frames of `samples`, [t, y, x, c], in the pixel format `pix_fmt`, numbered from 0.

    YUV is BT.709 in the limited range.
    """
    for index, picture in enumerate(samples):
        pixels = np.ascontiguousarray(eight_bit(opaque(picture)))
        grey = pixels.shape[-1] == 1
        frame = av.VideoFrame.from_ndarray(
            pixels[..., 0] if grey else pixels, format="gray" if grey else "rgb24"
        )
        if pix_fmt.startswith("yuv"):
            frame = frame.reformat(format=pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG")
        elif frame.format.name != pix_fmt:
            frame = frame.reformat(format=pix_fmt)
        frame.pts = index
        yield frame


def _video_stream(output: Any, container: Container, video: Signal) -> Any:
    rate = frame_rate(video)
    stream = output.add_stream(container.video_codec, rate=rate, options=container.video_options)
    stream.height, stream.width = video.grid[1:]
    even = stream.height % 2 == 0 and stream.width % 2 == 0
    stream.pix_fmt = "yuv420p" if even else "yuv444p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
    context.color_range = 1  # limited
    return stream


def _audio_stream(output: Any, container: Container, sound: Signal) -> Any:
    if sound.channels > len(LAYOUTS) or sound.samples.dtype.name not in ("int16", "float32"):
        raise OutputError(
            f"the sound of a video is int16 or float32 of 1 to {len(LAYOUTS)} channels, "
            f"this one is {sound.samples.dtype} of {sound.channels}"
        )
    rate, allowed = round(sound.rate or 0), av.Codec(container.audio_codec, "w").audio_rates
    if allowed and rate not in allowed:
        rate = COMMON_RATE
    return output.add_stream(
        container.audio_codec,
        rate=rate,
        layout=LAYOUTS[sound.channels - 1],
        bit_rate=BITS_PER_CHANNEL * sound.channels,
    )


def _sound_frames(sound: Signal, layout: str) -> Iterator[av.AudioFrame]:
    rate = round(sound.rate or 0)
    packed = "s16" if sound.samples.dtype == np.int16 else "flt"
    for start in range(0, len(sound.samples), BLOCK):
        block = np.ascontiguousarray(sound.samples[start : start + BLOCK]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format=packed, layout=layout)
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = start
        yield frame
