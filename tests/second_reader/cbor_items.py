"""Items of CBOR, good and bad, and where the items of a good one lie."""

from random import Random

__all__ = ["alike", "item", "spans", "widened"]

INTEGERS = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2**24, 2**24 + 1, 2**28, 2**32 - 1, 2**32]
INTEGERS += [2**63 - 1, 2**63, 2**64 - 1]
INTEGERS += [7, 18, 55, 56]  # names: the first of a plug, the first of a tensor, the last, none
WORDS = [b"", b"a", b"w.0", b"A", b"a\n", b"a\0", b"a_b", b"a-b", b"a.b", "é".encode(), b"x" * 64]
WORDS += [b"latent", b"rans", b"levels", b"0.w", b"0.", b"bits", b"8.w"]
WORDS += [b"x" * 32, b"x" * 33, b"x" * 65, b"fill", b"coder", b"\xed\xa0\x80", b"\xc0\x80"]
WORDS += [b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]
ODDITIES = [
    *("f6", "f7", "e0", "f820", "f814", "fc", "ff", "40", "4161", "c000", "c100", "c24101"),
    *("9fff", "bfff", "7fff", "7f6161ff", "a0", "a16161f5", "a1f4f5", "a10101", "80", "8100"),
    *("a2616100616200", "a2616200616100", "a2616100616100", "a2616200626161f4", "a2626161006162f4"),
    *("9bffffffffffffffff", "bbffffffffffffffff", "7bffffffffffffffff", "9affffffff", "1c", "3f"),
    *("f97e00", "f97c00", "f9fc00", "fa7f800000", "fb7ff0000000000000", "fb7ff8000000000000"),
    *(
        "f98000",
        "f90001",
        "f983ff",
        "f97bff",
        "fa80000000",
        "fa38800000",
        "fa33800000",
        "fa33000000",
    ),
    *("fa47800000", "fa477fe000", "fa477ff000", "fa00000001", "fa007fffff", "fa7f7fffff"),
    *("fb47efffffe0000000", "fb47effffff0000000", "fb36a0000000000000", "fb3690000000000000"),
    *("fb380fffffc0000000", "fb3ff0000000000001", "fb0000000000000001", "fb7fefffffffffffff"),
]
ODD_ITEMS = [bytes.fromhex(text) for text in ODDITIES]


def item(rng: Random) -> bytes:
    """An item that is well-formed more often than not."""
    return rng.choice((_integer, _float, _text, _array, _map, _odd))(rng)


def alike(data: bytes, rng: Random) -> bytes:
    """Another item of the type of the good item `data`, near it or near a limit."""
    major, inner = data[0] >> 5, spans(data)[1:]
    if major == 7:
        return _float(rng)
    if major < 2:
        near = min(abs(_count(data) + rng.choice((-1, 1))), 2**64 - 1)
        return head(major, rng.choice((near, rng.choice(INTEGERS))))
    if major == 3:
        return _word(data[len(data) - _count(data) :], rng)
    first = inner[0][0] if inner else len(data)
    child = data[slice(*inner[0])] if inner else b"\0"
    if rng.random() < 0.5:
        return head(major, _count(data) + 1) + data[first:] + child * (major - 3)
    count = rng.choice((0, 1, 2, 3, 4, 5, 64, 65, 256, 257))
    return head(major, count) + child * count * (major - 3)


def head(major: int, value: int, size: int | None = None) -> bytes:
    """The head of an item; `size` 0, 1, 2, 4, 8 bytes of the value, None the fewest."""
    if size is None:
        size = next(n for n in (0, 1, 2, 4, 8) if value < (256**n if n else 24))
    if size == 0:
        return bytes([major << 5 | value])
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + value.to_bytes(size, "big")


def widened(data: bytes, size: int) -> bytes:
    """The good item `data`, its small number told in more bytes than it needs."""
    major, info = data[0] >> 5, data[0] & 31
    return head(major, info, size) + data[1:] if info < 24 else data


def spans(data: bytes, at: int = 0) -> list[tuple[int, int]]:
    """Start and end of the good item at `at`, then of all the items in it."""
    major, info = data[at] >> 5, data[at] & 31
    end = at + (1 if info < 24 else 1 + (1 << (info - 24)))
    count = _count(data[at:end])
    inner: list[tuple[int, int]] = []
    if major == 3:
        end += count
    for _ in range({4: count, 5: 2 * count}.get(major, 0)):
        found = spans(data, end)
        inner += found
        end = found[0][1]
    return [(at, end), *inner]


def _count(data: bytes) -> int:
    """The argument of the head of a good item."""
    info = data[0] & 31
    size = 0 if info < 24 else 1 << (info - 24)
    return int.from_bytes(data[1 : 1 + size], "big") if size else info


def _word(word: bytes, rng: Random) -> bytes:
    """A text like `word` with one character more or less or changed, or as long as a limit."""
    at = rng.randint(0, len(word))
    added = rng.choice((b"", b"a", b"A", b"_", b"-", b".", b"\n", b"\0", b"/", b":", b"`", b"{"))
    added = rng.choice((added, _character(rng)))
    length = rng.choice((0, 1, 31, 32, 33, 63, 64, 65))
    made = rng.choice((word[:at] + added + word[at + rng.randrange(2) :], b"x" * length))
    return head(3, len(made)) + made


def _number(rng: Random) -> bytes:
    """One that stands for a name, or just does not."""
    return head(0, rng.randint(0, 52))


def _integer(rng: Random) -> bytes:
    value = rng.choice((rng.choice(INTEGERS), rng.getrandbits(rng.randint(1, 64))))
    fitting = [n for n in (1, 2, 4, 8) if value < 256**n]
    return head(rng.choice((0, 0, 1)), value, rng.choice((None, None, rng.choice(fitting))))


def _float(rng: Random) -> bytes:
    """One that is shortest, or of a width at random, in the neighbourhood of a border."""
    size = rng.choice((2, 4, 8))
    bits = rng.getrandbits(8 * size)
    if rng.random() < 0.7:
        bits &= -1 << rng.randint(0, 8 * size - 6)  # trailing zeros: may fit into less
    if size == 8 and rng.random() < 0.7:  # an exponent that a narrower format may have
        border = rng.choice((-1074, -149, -126, -24, -14, 0, 15, 127, 128)) + rng.randint(-3, 3)
        bits = bits & (1 << 52) - 1 | max(0, min(2047, border + 1023)) << 52
    if size == 4 and rng.random() < 0.7:
        border = rng.choice((-24, -14, 0, 15)) + rng.randint(-3, 3)
        bits = bits & (1 << 23) - 1 | (border + 127) << 23
    return bytes([{2: 0xF9, 4: 0xFA, 8: 0xFB}[size]]) + bits.to_bytes(size, "big")


def _text(rng: Random) -> bytes:
    word = rng.choice((rng.choice(WORDS), rng.randbytes(rng.randint(1, 4)), _character(rng)))
    return head(3, len(word)) + word


def _character(rng: Random) -> bytes:
    """The UTF-8 pattern of a number that may be too large, too small or a surrogate."""
    size = rng.randint(1, 4)
    number = rng.choice((rng.getrandbits((7, 11, 16, 21)[size - 1]), 0xD800, 0xDFFF, 0x10FFFF))
    tail = [0x80 | number >> 6 * i & 0x3F for i in range(size - 1)]
    first = (0, 0xC0, 0xE0, 0xF0)[size - 1] | number >> 6 * (size - 1)
    return bytes([first & 0xFF, *reversed(tail)])


def _array(rng: Random) -> bytes:
    if rng.random() < 0.4:
        depth = rng.randint(5, 10)
        return b"\x81" * depth + rng.choice((b"\x80", b"\x00"))
    if rng.random() < 0.2:
        count = rng.choice((64, 65, 256, 257))
        names = [f"t{i}".encode() for i in range(count)]
        return head(4, count) + b"".join(b"\x82" + head(3, len(n)) + n + b"\x80" for n in names)
    count = rng.randint(0, 5)
    return head(4, count) + b"".join(item(rng) for _ in range(count))


def _map(rng: Random) -> bytes:
    keys = [rng.choice((_text, _number))(rng) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.7:
        keys.sort()
    return head(5, len(keys)) + b"".join(key + item(rng) for key in keys)


def _odd(rng: Random) -> bytes:
    return rng.choice(ODD_ITEMS)
