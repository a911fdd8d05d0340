"""What a decode has to do: which streams, which samples of them, how large."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lgcodec._crop import AxisRange, windows
from lgcodec._weights import OnError
from lgcodec.errors import UsageError
from lgcodec.format.container import Reader, Stream
from lgcodec.format.geometry import Window
from lgcodec.media.base import Medium
from lgcodec.media.image import ImageFile
from lgcodec.signal import Signal
from lgcodec_cli._progress import Bar
from lgcodec_cli._resize import Resize

__all__ = ["Job", "jobs"]


@dataclass(frozen=True)
class Job:
    """One stream to decode.

    fill    a value per channel; None for that of the file
    still   the first frame of the window becomes a picture
    field   bool becomes float32, 0 to 1, with its surface at 0.5
    smooth  edges at borders of partitions are taken back
    reduce  as `decode_stream` takes it
    """

    stream: Stream
    window: Window
    scale: list[Fraction]
    fill: tuple[float, ...] | None = None
    still: bool = False
    field: bool = False
    smooth: bool = False
    reduce: int | None = 0

    def decoded(
        self, *, device: str, max_samples: int | None, on_error: OnError, quiet: bool
    ) -> Signal:
        """Do it, behind a progress bar."""
        from lgcodec import _decode, _smooth  # noqa: PLC0415 (torch takes a second to import)

        decode = _smooth.decode_smooth if self.smooth else _decode.decode_stream

        with Bar(f"decoding {self.stream.geometry.kind}", quiet=quiet) as bar:
            signal = decode(
                self.stream,
                self.window,
                scale=self.scale,
                reduce=self.reduce,
                device=device,
                fill=self.fill,
                sample_type="float32" if self.field else None,
                max_samples=max_samples,
                on_error=on_error,
                progress=lambda done, total: bar.show(
                    done / total, f"{done} of {total} partitions"
                ),
            )
        if self.field:
            np.clip(signal.samples, 0, 1, out=signal.samples)
        return _first_frame(signal) if self.still else signal


def jobs(
    reader: Reader,
    medium: Medium,
    selection: Mapping[str, AxisRange],
    resize: Resize,
    fill: tuple[float, ...] | None,
    *,
    smooth: bool,
) -> list[Job]:
    """What `medium` can hold: the first stream that fits, and a sound beside it."""
    pairs = zip(reader.streams, windows(reader.streams, selection), strict=True)
    shown = [(stream, window) for stream, window in pairs if window is not None]
    first = next((pair for pair in shown if pair[0].geometry.kind in medium.kinds), None)
    if first is None:
        raise UsageError("the sound has no samples in this range of time")
    stream, window = first
    still = stream.geometry.kind == "video" and isinstance(medium, ImageFile)
    if still:
        window = (window[0][:1], *window[1:])  # one frame, and no other is decoded
    field = medium.wants_field and stream.geometry.sample_type == "bool"
    scale = resize.factors(stream.geometry, window, still=still)
    sounds = [pair for pair in shown if pair[0].geometry.kind == "audio" and pair is not first]
    colour = _fill_of(fill, stream.geometry.channels)
    return [
        Job(stream, window, scale, colour, still, field, smooth, resize.reduce),
        *(Job(*sound, [Fraction(1)]) for sound in sounds[: medium.accompanied]),
    ]


def _first_frame(video: Signal) -> Signal:
    present = None if video.present is None else video.present[0]
    return Signal("image", video.samples[0], present=present)


def _fill_of(fill: tuple[float, ...] | None, channels: int) -> tuple[float, ...] | None:
    if fill is None or len(fill) == channels:
        return fill
    if len(fill) != 1:
        raise UsageError(f"--fill has {len(fill)} values, expected 1 or {channels}")
    return fill * channels
