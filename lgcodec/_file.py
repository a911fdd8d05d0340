"""A .lgi file as a value: slice it lazily, decode the slice, save it as a smaller file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from lgcodec._crop import CropReport, Selection, crop, windows
from lgcodec._ranges import AxisRange, Bound, parse_range, parse_xy
from lgcodec.errors import UsageError
from lgcodec.format.checks import locating
from lgcodec.format.container import Reader, Stream
from lgcodec.media import read
from lgcodec.remote import located, open_reader
from lgcodec.signal import Kind, Signal
from lgcodec.storage import replacing

if TYPE_CHECKING:
    from torch.nn import Module

    from lgcodec._encode import EncodeReport, Listener

__all__ = ["File", "encode", "open_file"]

Slice = slice | int | str


@final
@dataclass(frozen=True)
class File:
    """A file on disk or at a URL, and the part of it that is selected.

    What it holds is read once, when it is opened, and chunks when they are needed.

        f = lgcodec.open("clip.lgi")
        f[0:2, :, 4:8].decode(scale=2)          # partitions, in the order of the axes
        f.crop(t="1s:2s", xy="0:4,0:4").save("part.lgi")

    An index is a Python slice or number, which counts partitions, or a text with units as on the
    command line ("64px:256px", "25%:"). Selections are relative to the window of the file.
    """

    path: Path | str
    selection: Selection = field(default_factory=dict)
    _known: tuple[Stream, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self._known:
            with open_reader(self.path) as reader:
                object.__setattr__(self, "_known", reader.streams)
        windows(self._known, self.selection)  # refuse at once what does not fit

    @property
    def kind(self) -> Kind:
        """Kind of the main stream."""
        return self._known[0].geometry.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples along each axis of the selected part of the main stream."""
        window, *_ = windows(self._known, self.selection)
        return tuple(map(len, window or ()))

    def __getitem__(self, index: Slice | tuple[Slice, ...]) -> "File":
        """The part that `index` selects, one entry per axis in their order, missing ones whole."""
        if self.selection:
            raise UsageError("this part is already a selection; select from the whole file")
        names = self._known[0].geometry.axis_names
        parts = index if isinstance(index, tuple) else (index,)
        if len(parts) > len(names):
            raise UsageError(f"{len(parts)} indices for the axes {', '.join(names)}")
        ranges = {name: _range(part) for name, part in zip(names, parts, strict=False)}
        return replace(self, selection=ranges)

    def crop(self, *, xy: str | None = None, **axes: Slice) -> "File":
        """The part within these ranges: t, z, y and x by name, or x and y together as `xy`."""
        if self.selection:
            raise UsageError("this part is already a selection; select from the whole file")
        selection = {name: _range(part) for name, part in axes.items()}
        if xy is not None:
            if {"x", "y"} & set(axes):
                raise UsageError("xy says what x and y say, give one or the other")
            selection["x"], selection["y"] = parse_xy(xy)
        return replace(self, selection=selection)

    def save(self, path: str | os.PathLike[str]) -> CropReport:
        """Write the selected part as a file of its own: chunks are copied, nothing is decoded."""
        return crop(self.path, path, self.selection)

    def decode(
        self,
        *,
        stream: int = 0,
        scale: float | Fraction | Sequence[float | Fraction] | None = None,
        smooth: bool = False,
        **options: Any,
    ) -> Signal:
        """Samples of the selected part of a stream.

        `scale` is one factor for the axes of space (for time in a sound), or one per axis; without
        it that of `reduce`, or 1.
        `smooth` takes back the edges that borders of partitions leave in pictures and videos of
        latents, at scale 1: see `_smooth.decode_smooth`.
        `options` are those of `lgcodec.decode_stream`: reduce, device, fill, max_samples, ...
        """
        from lgcodec._decode import decode_stream  # noqa: PLC0415 (torch, only when decoding)
        from lgcodec._smooth import decode_smooth  # noqa: PLC0415

        decode = decode_smooth if smooth else decode_stream
        with open_reader(self.path) as reader:
            source = _stream(reader, stream)
            window = windows(reader.streams, self.selection)[stream]
            names = source.geometry.axis_names
            factors = None if scale is None else _factors(names, scale)
            return decode(source, window, scale=factors, **options)

    def module(self, *, stream: int = 0, group: int = 0) -> "Module":
        """The network of one group as a torch module, weights of all its present partitions."""
        from lgcodec._weights import LocalWeights  # noqa: PLC0415 (torch, only on request)
        from lgcodec.coding import codec_of  # noqa: PLC0415
        from lgcodec.nets import Network, family_of  # noqa: PLC0415

        with open_reader(self.path) as reader:
            source = _stream(reader, stream)
            with locating(source.conf_at):
                family, codec = family_of(source.conf, source.geometry), codec_of(source.conf)
            reading, ids = LocalWeights(source, codec, "raise"), source.group(group).ids
            head = reading.intact_head(group)
            weights = reading.stacked(group, head, ids)
            return Network(family, tuple(ids), weights, head.weights)


def open_file(path: str | os.PathLike[str]) -> File:
    """Open the .lgi file at a path or a URL.

    Raises FileError if it is not one, InputError if it cannot be read, UsageError for a URL that
    is neither http nor https.
    """
    return File(located(path))


def encode(
    source: str | os.PathLike[str] | Signal | Sequence[Signal],
    target: str | os.PathLike[str],
    *,
    kind: Kind | None = None,
    rate: Fraction | None = None,
    voxels: int | None = None,
    listener: "Listener | None" = None,
    **options: Any,
) -> "EncodeReport":
    """Encode a media file, a signal, or several that share time, into the file `target`.

    `options` are those of `EncodeOptions`; `kind` and `rate` say what an array file holds, `voxels`
    how fine a mesh becomes a volume. Raises InputError, UsageError or OutputError; `target` appears
    whole or not at all.
    """
    from lgcodec._encode import EncodeOptions, encode_signals  # noqa: PLC0415 (torch)

    if isinstance(source, str | os.PathLike):
        signals: Sequence[Signal] = read(source, kind=kind, rate=rate, voxels=voxels)
    else:
        signals = _signals(source)
    with replacing(target) as temporary:
        data, report = encode_signals(signals, EncodeOptions(**options), listener=listener)
        temporary.write_bytes(data)
    return report


def _signals(source: object) -> list[Signal]:
    signals = []
    for one in source if isinstance(source, Sequence) else (source,):
        if not isinstance(one, Signal):
            raise UsageError(
                f"the source is of type {type(one).__name__}, expected is a path, a Signal or "
                'several; an array of a picture is encoded as Signal("image", array)'
            )
        signals.append(one)
    return signals


def _stream(reader: Reader, index: int) -> Stream:
    if not 0 <= index < len(reader.streams):
        raise UsageError(f"stream {index} of a file with {len(reader.streams)} streams")
    return reader.streams[index]


def _range(part: Any) -> AxisRange:
    """Of a `Slice`; UsageError of anything else."""
    if isinstance(part, str):
        return parse_range(part)
    if isinstance(part, Integral):
        return AxisRange(start=Bound(Fraction(part)), single=True)
    if not isinstance(part, slice):
        raise UsageError(f"an index is {part!r}, expected a slice, a whole number or a text")
    if part.step not in (None, 1):
        raise UsageError(f"a slice has step {part.step}, only 1 is allowed")
    start, stop = (None if end is None else Bound(Fraction(end)) for end in (part.start, part.stop))
    return AxisRange(start, stop)


def _factors(names: Sequence[str], scale: Any) -> list[Fraction]:
    """Of every axis; one factor is for the axes of space."""
    one = [1 if name == "t" and len(names) > 1 else scale for name in names]
    factors = scale if isinstance(scale, Sequence) else one
    if len(factors) != len(names) or not all(isinstance(factor, Real) for factor in factors):
        raise UsageError(
            f"scale is {scale!r}, expected a number or one for each of {', '.join(names)}"
        )
    return [Fraction(factor).limit_denominator(2**20) for factor in factors]
