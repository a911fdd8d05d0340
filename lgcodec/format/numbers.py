"""Integers in as few bytes as they need: LEB128, seven bits in a byte, the lowest first."""

from collections.abc import Iterable
from typing import Final

from lgcodec.format.checks import require

__all__ = ["pack_numbers", "signed", "unpack_numbers", "unsigned"]

MAX_BYTES: Final = 5  # of a number below 2**32


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Numbers from 0 to 2**35 - 1, each in its shortest form."""
    made = bytearray()
    for number in numbers:
        rest = number
        while rest > 127:
            made.append(rest & 127 | 128)
            rest >>= 7
        made.append(rest)
    return bytes(made)


def unpack_numbers(data: bytes) -> list[int]:
    """All numbers in `data`; UsageError if one is cut short, or longer than it must be."""
    numbers, value, size = [], 0, 0
    for byte in data:
        value |= (byte & 127) << 7 * size
        size += 1
        require(size <= MAX_BYTES, f"a number has more than {MAX_BYTES} bytes")
        if byte < 128:
            require(byte > 0 or size == 1, f"{value} has {size} bytes, which is not its shortest")
            numbers.append(value)
            value = size = 0
    require(size == 0, "the last number has no end")
    return numbers


def unsigned(number: int) -> int:
    """0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ..."""
    return 2 * number if number >= 0 else -2 * number - 1


def signed(number: int) -> int:
    """Undoes `unsigned`."""
    return -(number + 1) // 2 if number & 1 else number // 2
