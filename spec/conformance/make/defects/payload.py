"""Chunks that do not decode: step 17, E_PAYLOAD. Their checksums hold."""

from collections.abc import Callable, Iterator
from struct import pack_into
from typing import Any
from unittest.mock import patch

from lgcodec.coding import codec_of
from lgcodec.coding.scaled import Scaled
from lgcodec.format.container import BytesSource, Reader
from tests.second_reader.editable import File, Group

from ..codings import frame
from .base import Defect, defect, floats, frames, group_of, groups, scaled, sound

__all__ = ["defects", "global_payload", "local_payload"]

Edit = Callable[[bytes], bytes]


def defects() -> Iterator[Defect]:
    """Steps and tables in the global chunk, then what coders and quantisers say of chunks."""
    yield from _steps()
    yield from _tables()
    yield from _rans()
    yield from _scaled()
    yield from _raw()
    yield from _zstd()


def global_payload(name: str, requirement: str, edit: Edit, base: bytes | None = None) -> Defect:
    """Changes the global chunk of the first group."""

    return _payload(name, requirement, ("global", 0, 0), _of_global(edit), base)


def _of_global(edit: Edit) -> Callable[[File], None]:
    def change(file: File) -> None:
        group = group_of(file)
        group.global_chunk = edit(group.global_chunk)

    return change


def local_payload(name: str, requirement: str, edit: Edit, base: bytes | None = None) -> Defect:
    """Changes the second chunk."""

    def change(file: File) -> None:
        group = group_of(file)
        group.chunks[1] = edit(group.chunks[1])
        group.width = group.smallest_width()

    return _payload(name, requirement, ("local", 0, 0, 1), change, base)


def _payload(
    name: str,
    requirement: str,
    part: tuple[str | int, ...],
    change: Callable[[File], None],
    base: bytes | None,
) -> Defect:
    return defect(
        f"payload-{name}", requirement, "E_PAYLOAD", part, change, base=base, decoding=True
    )


def _set(at: int, layout: str, *numbers: float) -> Edit:
    def edit(chunk: bytes) -> bytes:
        made = bytearray(chunk)
        pack_into(layout, made, at, *numbers)
        return bytes(made)

    return edit


def _steps() -> Iterator[Defect]:
    for name, step in (
        *(("zero", 0.0), ("minus-zero", -0.0), ("negative", -0.001), ("infinite", float("inf"))),
        *(("nan", float("nan")),),
    ):
        yield global_payload(f"step-{name}", "LGI-K-04", _set(4, "<f", step))
    yield global_payload("steps-cut", "LGI-K-04", lambda chunk: chunk[:7])
    yield global_payload("global-empty", "LGI-K-04", lambda chunk: chunk[:0])
    yield global_payload("step-overflows", "LGI-K-05", _set(0, "<f", 3.0e38))


def _tables() -> Iterator[Defect]:
    group: Group = group_of(File.of(sound()))
    tensors = 8 + 8  # of a network of four layers: local ones, global ones and the merge's
    at = 4 * tensors
    assert len(group.global_chunk) > 14 * tensors
    for name, table in (
        *(("middle-below", (0, 5, -1, 9, 9)), ("middle-above", (0, 5, 6, 9, 9))),
        *(("backwards", (5, 0, 0, 9, 9)), ("too-many-symbols", (-4096, 4096, 0, 9, 9))),
        *(("slope-0", (-9, 9, 0, 0, 9)), ("bend-0", (-9, 9, 0, 9, 0))),
        *(("beyond-i8", (-9, 128, 0, 9, 9)), ("below-i8", (-129, 9, 0, 9, 9))),
    ):
        yield global_payload(f"table-{name}", "LGI-K-12", _set(at, "<hhhHH", *table))
    yield global_payload("tables-cut", "LGI-K-12", lambda chunk: chunk[: at + 10 * tensors - 1])


def _rans() -> Iterator[Defect]:
    for name, requirement, edit in (
        ("state-cut", "LGI-K-13", lambda chunk: chunk[:3]),
        ("state-alone", "LGI-K-14", lambda chunk: chunk[:4]),
        ("odd", "LGI-K-13", lambda chunk: chunk + b"\0"),
        ("state-low", "LGI-K-13", _set(0, "<I", 2**16 - 1)),
        ("state-0", "LGI-K-13", _set(0, "<I", 0)),
        ("word-missing", "LGI-K-14", lambda chunk: chunk[:-2]),
        ("word-more", "LGI-K-14", lambda chunk: chunk + b"\0\0"),
        ("word-changed", "LGI-K-14", lambda chunk: chunk[:-1] + bytes([chunk[-1] ^ 0x80])),
        ("state-changed", "LGI-K-14", lambda chunk: bytes([chunk[0] ^ 1]) + chunk[1:]),
    ):
        yield local_payload(f"rans-{name}", requirement, edit)
    tail: Edit = lambda chunk: chunk + b"\0\0"  # noqa: E731
    yield global_payload("rans-global-word-more", "LGI-K-14", tail)


def _scaled() -> Iterator[Defect]:
    """A lane begins and ends with the state 0; places of tables, of which 8 numbers share one."""
    with Reader(BytesSource(scaled(1))) as reader:
        at = 4 * len(reader.streams[0].conf.local)
    for name, requirement, table in (
        *(("middle-below", "LGI-K-52", (0, 5, -1, 9, 9)), ("slope-0", "LGI-K-52", (0, 5, 0, 0, 9))),
        *(("none", "LGI-K-53", (1, 1, 1, 9, 9)), ("too-many", "LGI-K-53", (-(2**15), 9, 0, 9, 9))),
    ):
        made = _set(at, "<hhhHH", *table)  # of a local tensor: its chunk is what fails
        of_chunk = ("local", 0, 0, 0)
        yield _payload(f"scaled-table-{name}", requirement, of_chunk, _of_global(made), scaled(1))
    for name, requirement, edit in (
        ("state-long", "LGI-K-55", lambda chunk: chunk[:1] + b"\0"),
        ("word-more", "LGI-K-55", lambda chunk: chunk + b"\0\0"),
        ("word-missing", "LGI-K-55", lambda chunk: chunk[:-2]),
        ("word-changed", "LGI-K-55", lambda chunk: chunk[:-1] + bytes([chunk[-1] ^ 0x80])),
        ("scale-smaller", "LGI-K-54", _begun_otherwise(False, _half)),
    ):
        yield local_payload(f"scaled-{name}", requirement, edit, scaled())
    for name, requirement, change in (
        ("scale-smaller", "LGI-K-54", _half),
        ("not-said", "LGI-K-57", _apart),
    ):
        made = _begun_otherwise(True, change)
        yield local_payload(f"dependent-{name}", requirement, made, scaled(dependent=True))


def _begun_otherwise(dependent: bool, change: Callable[[Any], None]) -> Edit:
    """The same numbers in a chunk that begins with another scale, or says something else of them.

    change   what a chunk begins with, an array [1, 1 or 2]
    """
    file = scaled(dependent=dependent)
    right = Scaled._heads

    def wrong(*of: Any) -> Any:
        heads = right(*of)
        change(heads)
        return heads

    def edit(chunk: bytes) -> bytes:
        with Reader(BytesSource(file)) as reader:
            (stream,) = reader.streams
            codec = codec_of(stream.conf)
            head = codec.decode_global(stream.read_global(0))
        sizes = [tensor.size for tensor in codec.local]
        symbols = head.coder.decode(head.tables, [chunk], sizes, codec.quantiser.symbol_type)
        with patch.object(Scaled, "_heads", wrong):
            (made,) = head.coder.encode(head.tables, symbols)
        return made

    return edit


def _half(heads: Any) -> None:
    heads[:, 0] -= 4
    heads[:, 1:] = 0  # multiples of half the scale do not depend on each other


def _apart(heads: Any) -> None:
    heads[:, 1] = 0


def _raw() -> Iterator[Defect]:
    yield local_payload("raw-cut", "LGI-K-22", lambda chunk: chunk[:-1], groups())
    yield local_payload("raw-longer", "LGI-K-22", lambda chunk: chunk + b"\0", groups())
    yield local_payload("raw-beyond-bits", "LGI-Q-02", _set(0, "<b", 32), groups())
    yield local_payload("raw-below-bits", "LGI-Q-02", _set(3, "<b", -32), groups())
    yield global_payload("raw-global-longer", "LGI-K-22", lambda chunk: chunk + b"\0", groups())
    for name, number in (("nan", float("nan")), ("infinite", float("inf"))):
        yield local_payload(f"float-{name}", "LGI-Q-12", _set(8, "<f", number), floats())
    yield global_payload("float-nan-global", "LGI-K-05", _set(0, "<f", float("nan")), floats())
    yield local_payload("float-cut", "LGI-K-22", lambda chunk: chunk[:-4], floats())


def _zstd() -> Iterator[Defect]:
    """Of a frame: magic (4 bytes), flags, size of the content (1 byte), block (head of 3 bytes)."""
    for name, requirement, edit in (
        ("magic", "LGI-K-32", _set(0, "<B", 0x29)),
        ("skippable", "LGI-K-32", lambda chunk: b"\x50\x2a\x4d\x18\0\0\0\0" + chunk),
        ("cut", "LGI-K-32", lambda chunk: chunk[:-1]),
        ("magic-alone", "LGI-K-32", lambda chunk: chunk[:4]),
        ("longer", "LGI-K-32", lambda chunk: chunk + b"\0"),
        ("two-frames", "LGI-K-32", lambda chunk: chunk + chunk),
        ("block-not-last", "LGI-K-32", lambda chunk: _set(6, "<B", chunk[6] & 0xFE)(chunk)),
        ("block-reserved", "LGI-K-32", lambda chunk: _set(6, "<B", chunk[6] | 6)(chunk)),
        ("block-too-long", "LGI-K-32", _set(7, "<B", 0xFF)),
        ("window", "LGI-K-33", lambda chunk: chunk[:4] + b"\0\0" + chunk[6:]),
        ("checksum", "LGI-K-33", lambda chunk: _set(4, "<B", 0x24)(chunk) + bytes(4)),
        ("dictionary", "LGI-K-33", lambda chunk: chunk[:4] + b"\x21\x07" + chunk[5:]),
        ("size-less", "LGI-K-33", lambda chunk: frame(chunk[9:-4], 0x20)),
        ("size-more", "LGI-K-33", lambda chunk: frame(chunk[9:] + bytes(4), 0x20)),
        ("size-huge", "LGI-K-33", lambda chunk: chunk[:4] + b"\xe0" + b"\xff" * 8 + chunk[6:]),
    ):
        yield local_payload(f"zstd-{name}", requirement, edit, frames())
    yield global_payload("zstd-without-tensors", "LGI-K-34", lambda _: frame(b"", 0x20), frames())
