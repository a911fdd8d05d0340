"""Strict deterministic CBOR (RFC 8949, 4.2.1): one item, one byte string, no tags, bounded depth.

What is allowed are maps whose keys are texts and unsigned integers, arrays, texts, 64-bit integers,
finite floats and booleans. cbor2 writes the scalars. It does not read here: it evaluates tags as it
goes, and its keys are either texts alone or anything at all, crafted collisions included. Nor does
it sort: by the lengths of keys first, as RFC 7049 had it, an empty text would come before 24.
"""

import math
from struct import unpack_from
from typing import Any, Final

import cbor2

from lgcodec.errors import UsageError
from lgcodec.format.checks import require

__all__ = ["check_scalar", "decode", "encode"]

UNSIGNED, NEGATIVE, TEXT, ARRAY, MAP = 0, 1, 3, 4, 5  # major types that are allowed
BOOLEANS: Final = {0xF4: False, 0xF5: True}
FLOATS: Final = {0xF9: ">e", 0xFA: ">f", 0xFB: ">d"}


def encode(item: object) -> bytes:
    """The bytes of `item`, whose scalars must pass `check_scalar`."""
    if isinstance(item, dict):
        # By key, since no encoded item is the beginning of another
        pairs = sorted(encode(key) + encode(value) for key, value in item.items())
        return _head(MAP, len(pairs)) + b"".join(pairs)
    if isinstance(item, list | tuple):
        return _head(ARRAY, len(item)) + b"".join(map(encode, item))
    return bytes(cbor2.dumps(item, canonical=True))


def decode(data: bytes, max_depth: int) -> Any:
    """The one item in `data`, at most `max_depth` containers deep.

    UsageError unless it is allowed and encodes to exactly `data` again: that excludes trailing
    bytes, repeated and unsorted keys, and numbers and lengths that are not in their shortest form.
    """
    item = _Reader(data).item(max_depth)
    again = encode(item)
    if again != data:
        at = next((i for i, pair in enumerate(zip(again, data)) if pair[0] != pair[1]), len(again))  # noqa: B905
        raise UsageError(f"byte {at} is not as the deterministic encoding of CBOR has it")
    return item


def check_scalar(item: object) -> None:
    """Raise UsageError unless `item` is a text, bool, 64-bit signed integer or finite float."""
    if type(item) is str:
        # Python has texts that UTF-8 has not
        surrogates = any("\ud800" <= letter <= "\udfff" for letter in item)
        require(not surrogates, f"text {item!r:.40} is not valid Unicode")
    elif type(item) is int:
        bits = item.bit_length()
        require(-(2**63) <= item < 2**63, f"an integer has {bits} bits, allowed are 63 and a sign")
    elif type(item) is float:
        require(math.isfinite(item), f"{item} is not a finite number")
    else:
        kind = type(item).__name__
        require(type(item) is bool, f"{kind} is not one of text, bool, int and float")


class _Reader:
    """Reads items one after the other; each takes a byte at least, so counts cost nothing."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def item(self, depth: int) -> Any:
        """The next item, at most `depth` containers deep."""
        start = self._at
        kind, value = self._head()
        if kind in (ARRAY, MAP):
            require(depth > 0, f"byte {start} begins a container that is nested too deeply")
        if kind == ARRAY:
            return [self.item(depth - 1) for _ in range(value)]
        if kind == MAP:
            return {self._key(): self.item(depth - 1) for _ in range(value)}
        scalar = self._scalar(start, kind, value)
        check_scalar(scalar)
        return scalar

    def _head(self) -> tuple[int, int]:
        """Major type and argument."""
        kind, value = divmod(self._take(1)[0], 32)
        require(value < 28, f"byte {self._at - 1} has an indefinite or reserved length")
        return kind, value if value < 24 else int.from_bytes(self._take(1 << value - 24), "big")

    def _take(self, size: int) -> bytes:
        self._at += size
        require(self._at <= len(self._data), f"an item does not end with byte {len(self._data)}")
        return self._data[self._at - size : self._at]

    def _key(self) -> str | int:
        start = self._at
        kind, value = self._head()
        require(
            kind in (UNSIGNED, TEXT),
            f"byte {start} begins a key that is neither a text nor an unsigned integer",
        )
        return self._text(value) if kind == TEXT else value

    def _scalar(self, start: int, kind: int, value: int) -> object:
        first = self._data[start]
        if kind in (UNSIGNED, NEGATIVE):
            return value if kind == UNSIGNED else ~value
        if kind == TEXT:
            return self._text(value)
        if first in FLOATS:
            return unpack_from(FLOATS[first], self._data, start + 1)[0]
        require(first in BOOLEANS, f"byte {start} begins an item of a type that is not allowed")
        return BOOLEANS[first]

    def _text(self, size: int) -> str:
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"a text before byte {self._at} is not valid UTF-8") from error


def _head(kind: int, count: int) -> bytes:
    """That of a map or an array: like the integer `count`, but for the major type."""
    first, *rest = cbor2.dumps(count)
    return bytes([kind << 5 | first, *rest])
