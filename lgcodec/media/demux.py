"""Decoding of video files: frames as RGB or grey, the sound beside them on the same clock."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import InputError
from lgcodec.media.base import GrowingArray, check_pixels
from lgcodec.signal import Signal

__all__ = ["demux"]

DEFAULT_RATE: Final = Fraction(25)  # of a single frame without a duration
MAX_DRIFT: Final = Fraction(1, 2)  # frames over the whole file, between rate and time stamps
SECONDS_OF_SILENCE: Final = 3600  # the most that is put before a sound that starts late


def demux(path: Path, demuxer: str, keep_audio: bool) -> tuple[Signal, ...]:
    """The main video of a file and, if wanted and there, its main sound.

    The video is uint8 [t, y, x, c], c = 1 for grey formats and 3 (RGB) for all others, turned as
    the file's rotation asks; alpha is dropped. Every stored frame becomes one frame: a variable
    rate becomes its average. The sound is [t, c], int16 where it is coded in 16 bits, else
    float32; it is cut or preceded by silence to start with the video.

    `demuxer` is FFmpeg's name of the container. It is forced, because a guess would also follow
    playlists, whose entries name other files and addresses. Raises InputError, or whatever FFmpeg
    raises on a damaged file, and where a decoder tells that it has made up what it could not read;
    not all do, nor always.
    """
    with (
        path.open("rb") as file,
        av.open(file, "r", format=demuxer, metadata_errors="ignore") as container,
    ):
        picture = container.streams.best("video")  # not the cover of a sound
        sound = container.streams.best("audio") if keep_audio else None
        if not isinstance(picture, av.VideoStream) or picture.codec_context is None:
            raise InputError("it holds no video that can be decoded")
        check_pixels(picture.width, picture.height)
        picture.thread_type = "AUTO"
        frames, times, track = GrowingArray(), list[int](), _Track()
        for packet in container.demux([stream for stream in (picture, sound) if stream]):
            if packet.is_corrupt:
                raise InputError("truncated")
            for frame in _decoded(packet):
                if isinstance(frame, av.VideoFrame):
                    _check(frame, f"frame {len(times)}")
                    frames.append(_pixels(frame)[np.newaxis])
                    times.append(frame.pts or 0)
                elif isinstance(frame, av.AudioFrame):
                    _check(frame, "the sound")
                    track.append(frame)
        video = Signal("video", frames.finish(), _rate(picture, times))
        # Not the time of the first frame: AVI has none, and FFmpeg guesses it one frame late.
        start = (picture.start_time or 0) * (picture.time_base or Fraction(0))
        return (video, track.signal(start)) if track.rate else (video,)


class _Track:
    """The sound of a file, packed; `rate` is 0 until there is some."""

    def __init__(self) -> None:
        self.rate = 0
        self._start = Fraction(0)
        self._samples = GrowingArray()

    def append(self, frame: av.AudioFrame) -> None:
        if not self.rate:
            self.rate = frame.sample_rate
            self._start = (frame.pts or 0) * (frame.time_base or Fraction(0))
            packed = "s16" if frame.format.name.startswith("s16") else "flt"
            self._resampler = av.AudioResampler(format=packed)
        for block in self._resampler.resample(frame):
            self._samples.append(block.to_ndarray().reshape(block.samples, -1))

    def signal(self, start: Fraction) -> Signal:
        """The sound from `start`, the time in seconds at which the video begins."""
        samples = self._samples.finish()
        delay = self._start - start
        if abs(delay) > SECONDS_OF_SILENCE:
            raise InputError(f"the sound starts {float(delay):.0f} s after the video")
        shift = round(delay * self.rate)
        if shift < 0:
            samples = samples[-shift:]
        elif shift > 0:
            silence = np.zeros((shift, samples.shape[1]), samples.dtype)
            samples = np.concatenate([silence, samples])
        return Signal("audio", samples, Fraction(self.rate))


def _decoded(packet: "av.Packet[Any]") -> Sequence[object]:
    """Frames that a packet completes. InputError where it cannot be decoded at all."""
    try:
        return packet.decode()
    except av.FFmpegError as error:
        raise InputError(f"{error.strerror}{_moment(packet)}") from error


def _check(frame: av.VideoFrame | av.AudioFrame, name: str) -> None:
    """InputError where FFmpeg has put something of its own in the place of what it cannot read."""
    if frame.is_corrupt:
        raise InputError(f"{name} is damaged{_moment(frame)}")


def _moment(part: "av.Packet[Any] | av.VideoFrame | av.AudioFrame") -> str:
    """When it is shown, where the file says that."""
    if part.pts is None or part.time_base is None:
        return ""
    return f", at {float(part.pts * part.time_base):.2f} s"


def _rate(stream: av.VideoStream, times: list[int]) -> Fraction:
    """Frames per second: what the file says, unless its time stamps say otherwise."""
    span = (times[-1] - times[0]) * (stream.time_base or Fraction(0))
    if span <= 0:
        return stream.average_rate or DEFAULT_RATE
    for rate in (stream.average_rate, stream.guessed_rate):
        # FFmpeg estimates both from the first frames where the container holds no rate.
        if rate and abs(rate * span - (len(times) - 1)) < MAX_DRIFT:
            return rate
    return ((len(times) - 1) / span).limit_denominator(1001)


def _pixels(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """One frame, [y, x, c] uint8, upright."""
    grey = frame.format.name.startswith("gray")
    pixels = frame.to_ndarray(format="gray" if grey else "rgb24")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return np.rot90(pixels, round(frame.rotation / 90))
