"""Strict deterministic CBOR (RFC 8949, 4.2.1): one item, one byte string, no tags, bounded depth.

What is allowed are maps with text keys, arrays, texts, 64-bit integers, finite floats and booleans.
"""

import math
from typing import Any, Final

import cbor2

from lgcodec.errors import UsageError
from lgcodec.format.checks import require

__all__ = ["check_scalar", "decode", "encode"]

# cbor2 evaluates tags while it reads. Those of big numbers and of shared values can cost far more
# than their bytes, so they are refused there; what others make is refused by its type.
COSTLY_TAGS: Final = (2, 3, 4, 5, 25, 28, 29, 30, 256)


def encode(item: object) -> bytes:
    """The bytes of `item`, whose scalars must pass `check_scalar`."""
    return bytes(cbor2.dumps(item, canonical=True))


def decode(data: bytes, max_depth: int) -> Any:
    """The one item in `data`, at most `max_depth` containers deep.

    UsageError unless it is allowed and encodes to exactly `data` again: that excludes trailing
    bytes, unsorted keys, and numbers and lengths that are not in their shortest form.
    """
    try:
        item = cbor2.loads(
            data,
            max_depth=max_depth,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=dict.fromkeys(COSTLY_TAGS, _refuse),
        )
    except cbor2.CBORDecodeError as error:
        raise UsageError(f"not strict CBOR: {error}") from error
    _check(item)
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


def _check(item: object) -> None:
    if isinstance(item, dict):
        for key, value in item.items():
            require(isinstance(key, str), f"key {key!r:.40} is not a text")
            _check(value)
    elif isinstance(item, list):
        for element in item:
            _check(element)
    else:
        check_scalar(item)


def _refuse(*_: object) -> None:
    raise ValueError("this tag is not allowed")
