"""Bytes -> signal: open, select chunks, dequantise, evaluate, assemble.

A sample's value depends on the geometry, the configuration, its group's global chunk and its own
partition's chunk, and is computed in blocks that do not depend on what else is decoded.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from lgcodec._canvas import Canvas
from lgcodec._group import DecodedGroup
from lgcodec._lattice import Ruler
from lgcodec._weights import LocalWeights, OnError
from lgcodec.coding import codec_of
from lgcodec.errors import UsageError
from lgcodec.format.checks import locating
from lgcodec.format.container import Stream
from lgcodec.format.geometry import Window
from lgcodec.nets import Evaluator, Family, family_of, pick_device
from lgcodec.signal import Signal

__all__ = ["USUAL", "Progress", "decode_stream", "decode_watched", "most_samples"]

USUAL: Final = 2**28  # samples: a few hundred hostile bytes can declare 10**12
OF_A_BYTE: Final = 2**10  # but a long film has more, in as many bytes as it needs
MOST: Final = 2**32  # even a file that is nearly all holes
Progress = Callable[[int, int], None]  # partitions done, partitions in all
Watch = Callable[[int, Evaluator], None]  # ordinal of a group that is decoded next, its network


def decode_stream(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    reduce: int | None = 0,
    device: str = "auto",
    fill: Sequence[float] | None = None,
    sample_type: str | None = None,
    max_samples: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Signal:
    """Samples of `window` (default: the file's own window) of one stream.

    window   half-open sample ranges of the original lattice, one per axis, on the grid
    scale    per axis, output samples per original sample; default 1 / 2**reduce. Sample j of the
             output lattice lies at (j + 1/2) / scale - 1/2 of the original one, wherever the window
             is
    reduce   values are of a lattice 2**reduce times smaller along each axis, for which latents but
             those of videos need their coarse levels alone: no aliasing, and a fraction of the
             time. Damage of other levels shows in checksums alone, which may have one byte. None:
             as far as `scale` and the file allow
    fill     per channel, the value of absent partitions; default: the file's
    sample_type  of the result, by default the file's; "float32" does not round
    max_samples  of the result; None: 2**28, or 2**10 for every byte of the stream if that is more,
             but 2**32 at most
    on_error what to do about a damaged chunk: "mask" makes its partition absent, that of a global
             chunk all of its group, and gives one DamageWarning

    Reads only the chunks of partitions that touch `window`. Absent partitions hold `fill` and are
    False in `Signal.present`. UsageError above `max_samples`, before anything is allocated;
    FileError if a chunk is damaged and not masked: that of the first group and partition.
    """
    return decode_watched(
        stream,
        window,
        lambda *_: None,
        scale=scale,
        reduce=reduce,
        device=device,
        fill=fill,
        sample_type=sample_type,
        max_samples=max_samples,
        on_error=on_error,
        progress=progress,
    )


def decode_watched(
    stream: Stream,
    window: Window | None,
    watch: Watch,
    *,
    scale: Sequence[Fraction] | None = None,
    reduce: int | None = 0,
    device: str = "auto",
    fill: Sequence[float] | None = None,
    sample_type: str | None = None,
    max_samples: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Signal:
    """What `decode_stream` gives; `watch` is told of every group with an intact global chunk."""
    geometry, conf = stream.geometry, stream.conf
    window = geometry.window if window is None else window
    with locating(stream.conf_at):
        family, codec = family_of(conf, geometry), codec_of(conf)
    halvings = _halvings(family, scale, reduce)
    family = family.reduced(halvings)
    scale = scale or [Fraction(1, 1 << halvings)] * len(window)
    rulers = [Ruler(axis, factor) for axis, factor in zip(geometry.axes, scale, strict=True)]
    target = [ruler.samples(part) for ruler, part in zip(rulers, window, strict=True)]
    limit = most_samples(stream) if max_samples is None else max_samples
    canvas = Canvas(target, conf, sample_type or geometry.sample_type, fill, limit)
    torch_device = pick_device(device)
    weights = LocalWeights(stream, codec, on_error)
    wanted = stream.touching(window)
    stream.announce(wanted)
    done, total = 0, sum(map(len, wanted.values()))
    for ordinal, ids in wanted.items():
        head = weights.head(ordinal, ids)
        if head is None:
            continue
        evaluator = Evaluator(family, head.weights, torch_device)
        watch(ordinal, evaluator)
        head = replace(head, coder=head.coder.without(family.left_out))
        group = DecodedGroup(geometry, rulers, target, weights, ordinal, head, evaluator, halvings)
        for partition, values in group.values(ids):
            canvas.paint(partition.wanted, values)
            done += 1
            if progress:
                progress(done, total)
    if weights.damaged:
        warnings.warn(weights.warning, stacklevel=3)
    rate = geometry.rate and geometry.rate * rulers[geometry.axis_names.index("t")].scale
    return canvas.signal(stream, rate)


def most_samples(stream: Stream) -> int:
    """Of a result, where nobody asks for another limit."""
    return min(max(USUAL, OF_A_BYTE * stream.groups.bytes), MOST)


def _halvings(family: Family, scale: Sequence[Fraction] | None, wanted: int | None) -> int:
    """How often lattices are halved; UsageError unless that is possible."""
    most = family.most_halvings
    if wanted is None:
        largest = max(scale or [Fraction(1)])
        return max(n for n in range(most + 1) if n == 0 or largest * (1 << n) <= 1)
    if not isinstance(wanted, int) or not 0 <= wanted <= most:
        why = "" if most else ": only latents of pictures, sounds and volumes can be reduced"
        raise UsageError(f"reduce is {wanted!r}, allowed are 0 to {most} for this file{why}")
    return wanted
