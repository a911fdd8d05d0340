"""The inventory of a file as lines for people."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lgcodec.format.conf import Plug, TensorSpec
from lgcodec_cli._grid import draw
from lgcodec_cli._inventory import Inventory, StreamItem
from lgcodec_cli._text import count, lengths_text, paint, rate_text, share, signal_text

__all__ = ["sheet"]

LABEL: Final = 14


def sheet(found: Inventory) -> Iterator[str]:
    """Every line of `lgi info`."""
    main = found.streams[0]
    rate = rate_text(found.bytes, main.kind, main.grid, main.rate)
    yield f"{found.file}: {count(found.bytes, 'byte')}, {rate}, format {found.version}"
    for stream in found.streams:
        yield ""
        yield from _signal(stream)
        yield from _labelled("partitions", _partitions(stream))
        yield from _labelled("network", _network(stream))
        yield from _labelled("bytes", _stream_bytes(stream, found.bytes))
    yield ""
    rest = {"header and tables": found.front_bytes, **found.ancillary}
    yield from _labelled("file bytes", _table(rest, found.bytes))


def _labelled(label: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"{paint(f'{label:<{LABEL}}', bold=True)}{line}"
        label = ""


def _signal(stream: StreamItem) -> Iterator[str]:
    title = signal_text(stream.kind, stream.grid, stream.rate)
    yield paint(f"{title}, {count(stream.channels, 'channel')} {stream.sample_type}", bold=True)
    spans = (f"{a.name} {a.window.start}:{a.window.stop} of {a.extent}" for a in stream.axes)
    yield from _labelled("window", iter([", ".join(spans)]))


def _partitions(stream: StreamItem) -> Iterator[str]:
    axes = stream.axes
    names = [axis.name for axis in axes]
    tiles = lengths_text(names, [axis.tiles for axis in axes])
    samples = lengths_text(names, [axis.tile for axis in axes])
    yield f"{len(stream.present)} of {stream.partitions}: {tiles}; each {samples} samples"
    shown = (f"{a.name} {a.window_tiles.start}:{a.window_tiles.stop}" for a in axes)
    yield f"the window touches {', '.join(shown)}"
    indices = (item.index for item in stream.present)
    for line in draw(names, [axis.tiles for axis in axes], indices):
        yield re.sub("#+", lambda run: paint(run[0], fg="green"), line)


def _network(stream: StreamItem) -> Iterator[str]:
    numbers = stream.parameters
    total = numbers.local + numbers.global_
    yield _plug(stream.family)
    yield f"quantiser {_plug(stream.quantiser)}, coder {_plug(stream.coder)}"
    yield (
        f"local   {_widths(stream.local_tensors)}: {numbers.per_partition:,} parameters"
        f" x {len(stream.present)} = {numbers.local:,}"
    )
    if stream.global_tensors:
        each = numbers.global_ // stream.groups
        yield (
            f"global  {_widths(stream.global_tensors)}: {each:,} parameters"
            f" x {stream.groups} = {numbers.global_:,}, {share(numbers.global_, total)}"
        )
    yield f"in all  {total:,} parameters"


def _stream_bytes(stream: StreamItem, size: int) -> Iterator[str]:
    parts = stream.bytes
    rows = {
        "geometry": parts.geometry,
        "configuration": parts.configuration,
        "directories": parts.directories,
        "global": parts.global_,
        "local": parts.local,
    }
    yield from _table(rows, size)
    least, mean, most = parts.local_least, parts.local_mean, parts.local_most
    yield f"a partition has {least:,} to {most:,}, mean {mean:,.1f}"


def _table(rows: dict[str, int], whole: int) -> Iterator[str]:
    for name, size in rows.items():
        yield f"{name:<17} {size:>13,} {share(size, whole):>8}"


def _plug(plug: Plug) -> str:
    pairs = (f"{_plain(key)}={_plain(value)}" for key, value in plug.configuration.items())
    return " ".join([plug.name, *pairs])


def _plain(item: object) -> str:
    """As text that says nothing to a terminal: a file can hold any."""
    text = str(item)
    return text if text.isprintable() else ascii(text)


def _widths(tensors: Sequence[TensorSpec]) -> str:
    """Inputs and outputs of the matrices, joined where one feeds the next: "2 -> 16 -> 3"."""
    chains: list[list[int]] = []
    for inputs, outputs in (tensor.shape for tensor in tensors if len(tensor.shape) == 2):
        if not chains or chains[-1][-1] != inputs:
            chains.append([inputs])
        chains[-1].append(outputs)
    return ", ".join(" -> ".join(map(str, chain)) for chain in chains) or "no matrices"
