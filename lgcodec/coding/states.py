"""Chunks of few lanes, whose states take as few bytes as can be.

So that few bytes cannot claim many symbols, there is a lane for so many of them. See context.md,
LGI-K-44.
"""

from struct import unpack_from

from lgcodec.coding.base import bad_payload
from lgcodec.coding.lanes import LOWEST

__all__ = ["closed", "few_lanes_of", "first_state", "opened"]


def few_lanes_of(total: int, each: int) -> int:
    """States of a chunk of `total` symbols, one for `each` of them."""
    return max(1, total // each)


def first_state(lanes: int) -> int:
    """What an encoder starts with: nothing, which saves two bytes, where no lane waits for another.

    A lane alone has used all words once its state stays below LOWEST.
    """
    return LOWEST if lanes > 1 else 0


def opened(chunk: bytes, lanes: int) -> tuple[bytes, bytes]:
    """The states of a chunk, four bytes each, and its words; FileError E_PAYLOAD if damaged.

    A lane alone writes its state in as few bytes as hold it, three or four before words: whether
    their number is odd tells which.
    """
    if lanes == 1 and len(chunk) <= 4:
        if not chunk or (len(chunk) > 1 and not chunk[-1]):
            raise bad_payload(f"a state of {len(chunk)} bytes that would fit fewer")
        return chunk.ljust(4, b"\0"), b""
    head = 4 * lanes - (lanes == 1) * (len(chunk) % 2)
    if len(chunk) < head or (len(chunk) - head) % 2:
        raise bad_payload(f"a chunk of {lanes} lanes has {len(chunk)} bytes")
    states = chunk[:head].ljust(4 * lanes, b"\0")
    if min(unpack_from(f"<{lanes}I", states)) < (LOWEST if head % 4 or lanes > 1 else 1 << 24):
        raise bad_payload("a rANS state is below 2**16, or would fit fewer bytes")
    return states, chunk[head:]


def closed(states: bytes, words: bytes) -> bytes:
    """The chunk of states, four bytes each, and words."""
    if len(states) > 4:
        return states + words
    short = states.rstrip(b"\0")
    return (short or b"\0") if not words else short.ljust(3, b"\0") + words
