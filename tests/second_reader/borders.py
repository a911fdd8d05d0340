"""Files at a limit and just beyond it, each with the verdict that the specification gives it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from string import ascii_letters, ascii_lowercase, ascii_uppercase

from .editable import File, Group, Payload, numbers

__all__ = ["borders"]

Case = tuple[str, str, bytes]
RATED = 6  # bytes of the head and the rate of the seed, 8000/1

ITEMS = {
    "ok": (
        *("00", "17", "1818", "18ff", "190100", "19ffff", "1a00010000", "1b0000000100000000"),
        *("1b7fffffffffffffff", "3b7fffffffffffffff", "20", "f4", "f5", "60", "80", "818181818180"),
        *("f90000", "f98000", "f90001", "f903ff", "f97bff", "f9fbff"),
        *("fa477ff000", "fa47800000", "fa33000000", "fa33c00001", "fa00000001", "fa7f7fffff"),
        *("fa3f801000", "fb3ff0000000000001", "fb0000000000000001"),
        *("fb7fefffffffffffff", "fb47f0000000000000", "fb3690000000000000", "fb36a8000000000001"),
        *("fb3ff0000010000000", "fb47efffffe8000000", "62c280", "62dfbf", "63e0a080", "63ed9fbf"),
        *("63ee8080", "63efbfbf", "64f0908080", "64f48fbfbf", "6100", "81818181818180"),
    ),
    "E_CONF": (
        *("1800", "1817", "190017", "1900ff", "1a000000ff", "1a0000ffff", "1b00000000ffffffff"),
        *("3817", "780161", "980100", "1b8000000000000000", "3b8000000000000000", "c24101"),
        *("f6", "f7", "f0", "e0", "f814", "f8ff", "40", "4161", "a0", "c000", "9f00ff", "9fff"),
        *("7f6161ff", "5f4161ff", "1c", "1f", "3f", "fc", "ff", "8181818181818180"),
        *("f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "fb7ff0000000000000"),
        *(
            "fa00000000",
            "fa3f800000",
            "fa3f802000",
            "fa477fe000",
            "fa33800000",
            "fa38800000",
            "fa387fc000",
        ),
        *("fb0000000000000000", "fb3ff0000000000000", "fb3ff0000020000000", "fb47efffffe0000000"),
        *("fb36a0000000000000", "fb380fffffc0000000", "fb7ff8000000000000"),
        *(
            "8181818181818180f4",
            "6180",
            "61ff",
            "62c080",
            "62c1bf",
            "63e09fbf",
            "63eda080",
            "63edbfbf",
            "64f08fbfbf",
        ),
        *("64f4908080", "64f5808080", "62c261", "63e28228", "64f09f9861", "61c3", "62e282"),
        *("9bffffffffffffffff", "7bffffffffffffffff", "9affffffff", "0000", "8181818181818180f4"),
    ),
}

CONFIGURATIONS = {  # numbers up to 52, and texts that are not on the list, as keys
    "ok": (
        *("a10000", "a11700", "a1181800", "a1183700", "a2000b0b00", "a20000181800"),
        *("a21818006000", "a16000", "a16362697400", "a165626974737300"),
    ),
    "E_CONF": (
        *("a1183800", "a118ff00", "a119010000", "a11bffffffffffffffff00", "a1180000"),
        *("a26000181800", "a21818001700", "a20b000b00", "a1646269747300", "a16666616d696c7900"),
        *("a163372e7700", "a12000", "a1f500", "a1f9000000", "a14000", "a18000", "a1a000"),
    ),
}
PLUGS = {
    "ok": ("00", "0a", "182a", "1837", "6172"),
    "E_CONF": ("12", "182e", "1838", "1b0000000100000000", "6472616e73", "20"),
}
TENSORS = {
    "ok": ("00", "12", "182e", "1837", "63382e77"),
    "E_CONF": ("1838", "1b0000000100000000", "63302e77", "6462697473", "f4"),
}


def borders(seed: bytes) -> Iterator[Case]:
    """`seed` is a sound of one group of two chunks; its coder is called r 32 times."""
    for make in (_items, _names, _listed, _rows, _sizes, _axes, _directories):
        yield from make(seed)


def _items(seed: bytes) -> Iterator[Case]:
    """An item as the value of the coder's configuration, which is empty in the seed."""
    for expected, items in ITEMS.items():
        for item in items:
            yield f"item {item}", expected, _configured(seed, bytes.fromhex(item))


def _names(seed: bytes) -> Iterator[Case]:
    """The longest name; as many tensors as there may be, in the place of the two of the seed."""
    tensors = b"\x82\x82\x63w.0\x82\x03\x04\x82\x63b_0\x80"
    for old, new, expected in (
        *((b"\x78\x20" + b"r" * 32, b"\x78\x21" + b"r" * 33, "E_CONF"),),
        *((b"\x78\x40" + b"w" * 64, b"\x78\x41" + b"w" * 65, "E_CONF"),),
        *((tensors, _tensors(256), "ok"), (tensors, _tensors(257), "E_CONF")),
    ):
        file = File.of(seed)
        assert old in _body(file, 1)
        file.payloads[1].body = _body(file, 1).replace(old, new)
        yield f"{len(new)} bytes of names", expected, file.pack()


def _listed(seed: bytes) -> Iterator[Case]:
    """Numbers and texts as keys of the coder, in its name's place and in that of a tensor's."""
    coder = b"\x78\x20" + b"r" * 32
    for old, kept, items in (
        (coder + b"\xa0", coder, CONFIGURATIONS),
        (coder, b"", PLUGS),
        (b"\x63w.0", b"", TENSORS),
    ):
        for expected, item in ((code, item) for code, some in items.items() for item in some):
            file = File.of(seed)
            file.payloads[1].body = _body(file, 1).replace(old, kept + bytes.fromhex(item))
            yield f"{item} for {old.hex()}", expected, file.pack()


def _tensors(count: int) -> bytes:
    return (
        b"\x99"
        + count.to_bytes(2, "big")
        + b"".join(b"\x82\x63%03d\x80" % number for number in range(count))
    )


def _configured(seed: bytes, item: bytes) -> bytes:
    file = File.of(seed)
    empty = b"r" * 32 + b"\xa0"
    file.payloads[1].body = _body(file, 1).replace(empty, empty[:-1] + b"\xa1\x61a" + item)
    return file.pack()


def _body(file: File, index: int) -> bytes:
    body = file.payloads[index].body
    assert isinstance(body, bytes)
    return body


def _rows(seed: bytes) -> Iterator[Case]:
    payloads = File.of(seed).payloads
    letters = (ascii_lowercase, ascii_uppercase + ascii_lowercase, ascii_uppercase, ascii_letters)
    types = map("".join, product(*letters))
    ancillary = [Payload(kind.encode(), 0, 0, b"x") for kind in islice(types, 65_534)]
    ancillary.sort(key=lambda payload: payload.type)
    for count, expected in ((65_536, "ok"), (65_537, "E_LIMIT")):
        yield f"{count} entries", expected, File(payloads + ancillary[: count - 3]).pack()
    for count, expected in ((16, "ok"), (17, "E_LIMIT")):
        streams = [[replace(payload, stream=i) for payload in payloads] for i in range(count)]
        heads = [payload for geom, conf, _ in streams for payload in (geom, conf)]
        file = File([*heads, *(group for _, _, group in streams)])
        yield f"{count} streams", expected, file.pack()
    orphan = replace(payloads[2], stream=1)
    yield "a group without its stream", "E_ORDER", File([*payloads, orphan]).pack()
    for index, dir_len, length, expected in (
        *((2, 40, 2**48 - 1, "E_SIZE"), (2, 40, 2**48, "E_LIMIT"), (2, 40, 40, "E_LIMIT")),
        *((2, 20, 2**25, "E_SIZE"), (2, 19, 2**25, "E_LIMIT")),
        *((2, 16_777_236, 2**25, "E_SIZE"), (2, 16_777_237, 2**25, "E_LIMIT")),
        *((3, 0, 2**26, "E_SIZE"), (3, 0, 2**26 + 1, "E_LIMIT"), (3, 1, 2**26, "E_LIMIT")),
        *((0, 0, 2**16, "E_SIZE"), (0, 0, 2**16 + 1, "E_LIMIT"), (0, 1, 2**16, "E_LIMIT")),
    ):
        file = File([*payloads, Payload(b"aaAa", 0, 0, b"x")])
        file.payloads[index] = replace(file.payloads[index], dir_len=dir_len, length=length)
        yield f"payload {index}, {dir_len} of {length}", expected, file.pack()


def _sizes(seed: bytes) -> Iterator[Case]:
    """CONF and chunks as long as they may be."""
    empty = File.of(_configured(seed, b"\x79\x00\x00"))
    room = 2**16 - len(_body(empty, 1))
    for size, expected in ((room, "ok"), (room + 1, "E_LIMIT")):
        item = b"\x79" + size.to_bytes(2, "big") + b"x" * size
        yield f"CONF with a text of {size}", expected, _configured(seed, item)
    for size, width, expected in (
        *((0, 1, "E_LIMIT"), (0, 9, "E_LIMIT"), (2, 1, "E_LIMIT"), (2, 2, "ok"), (2, 3, "E_WIDTH")),
        *((3, 2, "ok"), (4, 3, "ok"), (255, 8, "ok"), (255, 9, "E_WIDTH"), (256, 9, "ok")),
        *((65_535, 16, "ok"), (65_535, 25, "E_WIDTH"), (65_536, 17, "ok"), (65_536, 18, "E_WIDTH")),
        *((2**24 - 1, 24, "ok"), (2**24, 25, "ok"), (2**24, 26, "E_WIDTH")),
        *((2**24 + 1, 25, "E_LIMIT"), (1, 1, "E_WIDTH"), (1, 0, "ok")),
    ):
        group = Group([[0, 2]], b"", [bytes(size), b"x"], width)
        yield f"chunk of {size}, width {width}", expected, _grouped(seed, group)


def _grouped(seed: bytes, group: Group) -> bytes:
    file = File.of(seed)
    file.payloads[2].body = group
    return file.pack()


def _axes(seed: bytes) -> Iterator[Case]:
    """frame_len, win_at, win_len, grid_lo as stored, tile_len, tiles, groups of the axis t."""
    last = 2**31 - 1
    for axis, expected in (
        ((last, 0, last, 2 * last - 1, last, 1, 1), "E_GRID"),  # the seed holds two tiles
        ((1, 0, 1, 2 * last, 1, 2, 1), "ok"),
        ((1, 0, 1, 2 * last + 1, 1, 2, 1), "E_GEOM"),
        ((1, 0, 1, 2 * last + 2, 1, 2, 1), "E_GEOM"),
        ((1, 1, 1, 1, 1, 2, 1), "ok"),
        ((1, 2, 1, 1, 1, 2, 1), "E_GEOM"),
        ((last + 1, 0, 1, 0, 1, 2, 1), "E_GEOM"),
        ((1, 0, last, 0, 1, 2, 1), "E_GEOM"),
        ((1, 0, 1, 0, 2**11, 2**20 - 1, 1), "ok"),
        ((1, 0, 1, 0, 2**11, 2**20, 1), "E_GEOM"),
        ((1, 0, 1, 0, 2**11 - 1, 2**20, 1), "ok"),
        ((1, 0, 1, 0, 1, 2**20 + 1, 1), "E_GEOM"),
        ((1, 0, 1, 0, 1, 2, 2**16), "ok"),
        ((1, 0, 1, 0, 1, 2, 2**16 + 1), "E_GEOM"),
        ((1, 0, 1, 0, 2**14, 2, 2**16), "E_GEOM"),
        ((1, 0, 1, 0, 2**32 - 1, 2**32 - 1, 2**32 - 1), "E_GEOM"),
        ((1, 2**35 - 1, 1, 0, 1, 2, 1), "E_GEOM"),
        ((1, 2**63 - 1, 1, 0, 1, 2, 1), "E_GEOM"),
        ((1, 2**32 - 1, 1, 0, 1, 2, 1), "E_GEOM"),
        ((1, 1, 1, 0, 1, 2, 1), "ok"),
        ((1, 1, 2, 0, 1, 2, 1), "E_GEOM"),
    ):
        file = File.of(seed)
        file.payloads[0].body = _body(file, 0)[:RATED] + numbers(axis)
        yield f"axis {axis}", expected, file.pack()


def _directories(seed: bytes) -> Iterator[Case]:
    """Runs that end at the last id; groups of as many partitions as there may be."""
    last = 2**20 - 1
    for runs, expected in (
        ([[last - 1, 2]], "E_GRID"),
        ([[last, 2]], "E_RUNS"),
        ([[2**32 - 1, 2]], "E_RUNS"),
        ([[0, 1], [1, 1]], "E_RUNS"),
        ([[1, 1], [0, 1]], "E_RUNS"),
        ([[0, 0], [1, 2]], "E_RUNS"),
        ([[0, 1], [2, 1]], "E_GRID"),
        ([[0, 1]], "E_RUNS"),
        ([[0, 2]], "ok"),
    ):
        yield f"runs {runs}", expected, _grouped(seed, Group(runs, b"", [b"a", b"b"], 0))
    for width in range(2, 9):
        group = Group([[0, 2]], b"", [b"a", bytes(2**width - 1)], width)
        yield f"width {width}", "ok", _grouped(seed, group)
        if width % 4:
            filled = replace(group, filling=128)
            yield f"width {width}, filled", "E_RESERVED", _grouped(seed, filled)
    for count, expected in ((last + 1, "ok"), (last + 2, "E_LIMIT")):
        file = File.of(_grouped(seed, Group([[0, count]], b"", [b"x"] * count, 0)))
        axis = numbers((1, 0, 1, 0, 1, last + 1, 1))
        file.payloads[0].body = _body(file, 0)[:RATED] + axis
        yield f"{count} partitions", expected, file.pack()
