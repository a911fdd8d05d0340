"""A new file from chunks of an open one, copied without being decoded.

Tables are rewritten, chunk bytes and their checksums travel unchanged. Memory is the tables and one
copy buffer, whatever the size of the file. All lengths are known before a chunk is read, so the
output may be a pipe.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import BinaryIO, Final, final

from lgcodec.format.geometry import Window
from lgcodec.format.layout import GEOM
from lgcodec.format.reader import Reader
from lgcodec.format.source import Source, Span
from lgcodec.format.stream import Stream
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts

__all__ = ["Keep", "Kept", "rewrite"]

BLOCK: Final = 2**20  # bytes copied at a time
Kept = Mapping[int, Sequence[int]]  # group ordinal -> partition ids, both increasing


@final
@dataclass(frozen=True)
class Keep:
    """Which partitions of a stream go into the new file, and the window that it then shows.

    A stream of which nothing is kept goes, and the next ones are renumbered.
    """

    stream: Stream
    kept: Kept
    window: Window | None = None


def rewrite(reader: Reader, keeps: Sequence[Keep], ancillary: Iterable[str], file: BinaryIO) -> int:
    """Write what `keeps` and the types of `ancillary` chunks name; return the length in bytes.

    Makes one pass over the source and over `file`. OSError of `file` passes through.
    """
    left = [keep for keep in keeps if keep.kept]
    copied = [reader.ancillary_entries[name] for name in sorted(ancillary)]
    parts = [
        *(part for index, keep in enumerate(left) for part in _heads(index, keep)),
        *(part for index, keep in enumerate(left) for part in _groups(index, keep)),
        *(Part(entry, _blocks(reader, [(at, entry.length)])) for entry, at in copied),
    ]
    spans = chain.from_iterable(keep.stream.spans(keep.kept) for keep in left)
    reader.announce(chain(spans, ((at, entry.length) for entry, at in copied)))
    return write_parts(file, parts, reader.minor)


def _heads(index: int, keep: Keep) -> Iterator[Part]:
    stream = keep.stream
    payload = stream.geometry.with_window(keep.window or stream.geometry.window).pack()
    yield Part(Entry.of(GEOM, payload, index), [payload])
    conf = stream.conf_entry
    blocks = _blocks(stream.source, [(stream.conf_at, conf.length)])
    yield Part(replace(conf, stream=index), blocks)


def _groups(index: int, keep: Keep) -> Iterator[Part]:
    for ordinal, ids in keep.kept.items():
        group = keep.stream.group(ordinal).keeping(ids)
        spans = keep.stream.spans({ordinal: ids})
        yield group_part(index, group, _blocks(keep.stream.source, spans))


def _blocks(source: Source, spans: Iterable[Span]) -> Iterator[bytes]:
    for offset, length in spans:
        for at in range(0, length, BLOCK):
            yield source.read_at(offset + at, min(BLOCK, length - at))
