"""Whole files: literal bytes, round trips, and every small change of a small file."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import (
    Chunk,
    assemble,
    axis,
    conf,
    geometry,
    stream,
    tiny,
    video_with_sound,
)
from format.test_conf import confs
from lgcodec.errors import FileError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import Container, GroupData, StreamData, dumps, loads
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import ERROR_CODES

SPECIFICATION = Path(__file__).parents[2] / "spec" / "lgi-1.md"

# The file of the appendix of the specification, worked out by hand from its tables.
LITERAL = bytes.fromhex(
    """
    89 4c 47 49 0d 0a 1a 0a   01 00 0000   03000000   cc 00 00 00 00 00 00 00
    e0c35636 c517329f
    47454f4d 00000000 00000000 00000000 0c00000000000000 83cb1a49
    434f4e46 00000000 00000000 00000000 2600000000000000 f632bea7
    47525550 00000000 00000000 21000000 2600000000000000 f2661b81

    01 01 01   08 01   07 00 07 00 04 02 01

    a7
    00   82 61 66 a0
    01   82 61 71 a0
    02   82 61 63 a0
    03   81 82 61 77 81 01
    04   80
    05   82 f9 0000 f9 5bf8
    06   81 f9 0000

    01000000 02000000 02000000 c401aae1 02 02 0000
    00000000 02000000   09   779d a33c
    4747 61 6262
    """
)
VALUE = Container(
    (
        StreamData(
            Geometry("audio", 1, "uint8", Fraction(8), (AxisGeometry(7, 0, 7, 0, 4, 2, 1),)),
            Conf(
                Plug("f"), Plug("q"), Plug("c"), (TensorSpec("w", (1,)),), (), (0.0, 255.0), (0.0,)
            ),
            (GroupData(0, b"GG", {0: b"a", 1: b"bb"}, crc_width=2),),
        ),
    )
)


def test_literal_file() -> None:
    """LGI-F-01, LGI-F-02."""
    assert len(LITERAL) == 204
    assert loads(LITERAL) == VALUE
    assert dumps(VALUE) == LITERAL


def test_literal_checksums_by_the_definition() -> None:
    """LGI-F-04, LGI-F-05, one bit at a time."""
    for at, data in (
        (24, LITERAL[32:116]),
        (28, LITERAL[:28]),
        (56, LITERAL[116:128]),
        (84, LITERAL[128:166]),
        (112, LITERAL[166:199]),
        (178, b"GG"),
    ):
        assert int.from_bytes(LITERAL[at : at + 4], "little") == _crc32c(data)
    for at, data in ((195, b"a"), (197, b"bb")):
        assert int.from_bytes(LITERAL[at : at + 2], "little") == _crc16(data)


def _crc32c(data: bytes) -> int:
    state = 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


def _crc16(data: bytes) -> int:
    state = 0xFFFF
    for byte in data:
        state ^= byte << 8
        for _ in range(8):
            state = (state << 1 ^ (0x1021 if state & 0x8000 else 0)) & 0xFFFF
    return state


def test_the_appendix_of_the_specification() -> None:
    lines = re.findall(r"^[0-9a-f]{3}  ((?:[0-9a-f]{2} )+)", SPECIFICATION.read_text(), re.M)
    assert bytes.fromhex(" ".join(lines)) == LITERAL


def test_error_codes_are_those_of_the_specification() -> None:
    assert set(re.findall(r"\bE_[A-Z_]+\b", SPECIFICATION.read_text())) == set(ERROR_CODES)


def test_every_requirement_of_the_file_has_a_test() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    required = re.findall(r"\*\*(LGI-[A-Z]-\d\d)\*\*", SPECIFICATION.read_text())
    assert len(set(required)) == len(required)
    assert [name for name in required if name not in text] == []


@st.composite
def containers(draw: st.DrawFn) -> Container:
    streams = []
    for _ in range(draw(st.integers(1, 3))):
        tiles, groups = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        lattice = geometry("audio", (axis(tiles * groups * 2, tiles, groups),), channels=1)
        configuration = replace(draw(confs), fill=(0.5,))
        ids = st.integers(0, tiles - 1)
        chunks = st.dictionaries(ids, st.binary(min_size=1, max_size=9), min_size=1)
        widths = st.sampled_from((1, 2, 4))
        data = [
            GroupData(i, draw(st.binary(max_size=9)), draw(chunks), draw(widths))
            for i in range(groups)
        ]
        kept = draw(st.sets(st.integers(0, groups - 1), min_size=1))
        streams.append(StreamData(lattice, configuration, tuple(data[i] for i in sorted(kept))))
    types = st.from_regex(r"[a-z][a-zA-Z][A-Z][a-zA-Z]", fullmatch=True)
    ancillary = draw(st.dictionaries(types, st.binary(min_size=1, max_size=9), max_size=3))
    return Container(tuple(streams), ancillary, draw(st.integers(0, 255)))


@given(containers())
def test_round_trip(container: Container) -> None:
    """LGI-F-03."""
    data = dumps(container)
    assert loads(data) == container
    assert dumps(loads(data)) == data


@given(st.integers(0, 2), st.integers(0, 78), st.integers(0, 255), st.binary(max_size=2))
def test_what_is_accepted_is_canonical(which: int, at: int, byte: int, tail: bytes) -> None:
    """LGI-F-03 for bytes that no writer of ours made, their checksums repaired."""
    chunks = tiny()
    payload = bytearray(chunks[which].payload)
    payload[at % len(payload)] = byte
    chunks[which] = replace(chunks[which], payload=bytes(payload) + tail)
    data = assemble(chunks)
    try:
        assert dumps(loads(data)) == data
    except FileError as error:
        assert error.code in ERROR_CODES


def test_every_flipped_bit_is_noticed() -> None:
    """LGI-D-10 and all other checksums: no bit of a file is unprotected."""
    data = assemble([*tiny(), Chunk(b"mETa", b"x")])
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(FileError) as raised:
            loads(bytes(flipped))
        assert raised.value.code in ERROR_CODES


def test_every_truncation_is_noticed() -> None:
    """LGI-H-09."""
    for length in range(len(LITERAL)):
        with pytest.raises(FileError) as raised:
            loads(LITERAL[:length])
        assert raised.value.code == "E_TRUNC"


@pytest.mark.parametrize("tail", [b"\0", LITERAL, b"PK\5\6" + bytes(18)])
def test_extensions_are_noticed(tail: bytes) -> None:
    """LGI-H-09: a byte, a second file, the end of a ZIP."""
    with pytest.raises(FileError) as raised:
        loads(LITERAL + tail)
    assert (raised.value.code, raised.value.offset) == ("E_TRAILING", len(LITERAL))


def test_truncations_of_a_larger_file() -> None:
    data = dumps(video_with_sound())
    for length in range(0, len(data), 97):
        with pytest.raises(FileError, match="E_TRUNC"):
            loads(data[:length])


def test_a_single_partition_and_a_checkerboard() -> None:
    one = geometry("image", (axis(9, 1), axis(9, 1)), channels=1)
    board = geometry("image", (axis(64, 8), axis(64, 8)))
    gaps = frozenset((0, y * 8 + x) for y in range(8) for x in range(8) if (x + y) % 2)
    container = Container((stream(one), stream(board, gaps)))
    assert loads(dumps(container)) == container
    assert conf(3) == loads(dumps(container)).streams[1].conf
