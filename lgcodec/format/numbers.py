"""Integers in as few bytes as they need.

LEB128, seven bits in a byte, the lowest first; and equally many bits for each of many numbers, from
the lowest bit of the first byte on.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from lgcodec.format.checks import require

__all__ = [
    "bits_size",
    "pack_bits",
    "pack_numbers",
    "signed",
    "unpack_bits",
    "unpack_numbers",
    "unsigned",
]

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


def bits_size(count: int, width: int) -> int:
    """Bytes of `count` numbers of `width` bits each."""
    return (count * width + 7) // 8


def pack_bits(numbers: Sequence[int], width: int) -> bytes:
    """Numbers of `width` bits each; the last byte is filled with zeros."""
    pieces = (numbers[at : at + 8] for at in range(0, len(numbers), 8))  # of whole bytes
    return b"".join(
        sum(number << i * width for i, number in enumerate(piece)).to_bytes(
            bits_size(len(piece), width), "little"
        )
        for piece in pieces
    )


def unpack_bits(data: bytes, width: int, count: int) -> tuple[int, ...]:
    """Undoes `pack_bits`; UsageError if a bit after the last number is not 0."""
    mask, shifts = (1 << width) - 1, range(0, 8 * width, width)
    pieces = (int.from_bytes(data[at : at + width], "little") for at in range(0, len(data), width))
    numbers = [piece >> shift & mask for piece in pieces for shift in shifts]
    require(not any(numbers[count:]), "bits after the last number are not 0")
    return tuple(numbers[:count])
