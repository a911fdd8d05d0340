import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import conf
from lgcodec.errors import UsageError
from lgcodec.format.cbor import check_scalar, decode, encode

keys = st.text(max_size=9) | st.integers(0, 2**64 - 1)
plain = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=9,
)
anything = st.recursive(
    plain
    | st.none()
    | st.binary(max_size=9)
    | st.integers()
    | st.floats()
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.just(datetime(2026, 11, 20, tzinfo=UTC))
    | st.builds(cbor2.CBORTag, st.integers(0, 300), st.integers() | st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(plain)
def test_round_trip(item: object) -> None:
    assert decode(encode(item), 12) == item


@given(st.binary(max_size=40) | anything.map(cbor2.dumps))
def test_any_bytes_are_refused_or_canonical(data: bytes) -> None:
    """LGI-C-01."""
    try:
        assert encode(decode(data, 12)) == data
    except UsageError as error:
        assert len(str(error)) < 1000


@given(st.data())
def test_any_damage_is_refused_or_canonical(data: st.DataObject) -> None:
    payload = bytearray(conf().pack())
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert encode(decode(bytes(payload), 12)) == payload
    except UsageError as error:
        assert len(str(error)) < 1000


def test_depth_is_bounded() -> None:
    assert decode(b"\x81" * 4 + b"\0", 4) == [[[[0]]]]
    with pytest.raises(UsageError, match="byte 4 begins a container that is nested too deeply"):
        decode(b"\x81" * 5 + b"\0", 4)


def test_keys_are_sorted_by_their_bytes() -> None:
    """RFC 8949, 4.2.1; by their lengths first, the empty text would come before 24."""
    item = {"": 0, "b": 1, "aa": 2, 100: 3, 24: 4, 10: 5, 256: 6}
    stored = "a7 0a 05 18 18 04 18 64 03 19 01 00 06 60 00 61 62 01 62 61 61 02"
    assert encode(item).hex(" ") == stored
    assert decode(encode(item), 1) == item


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256])
def test_heads_of_containers(size: int) -> None:
    items = {number: number for number in range(size)}
    assert encode(items) == cbor2.dumps(items)
    assert encode([*items]) == cbor2.dumps([*items])


@pytest.mark.parametrize("key", ["20", "f5", "f90000", "4161", "80", "a0", "c060", "f6", "ff"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(UsageError, match=r"byte 1 (begins a key|has an indefinite)"):
        decode(b"\xa1" + bytes.fromhex(key) + b"\0", 2)


def test_float_and_integer_stay_apart() -> None:
    assert encode([1, 1.0, 0.1]).hex(" ") == "83 01 f9 3c 00 fb 3f b9 99 99 99 99 99 9a"
    assert [type(item) for item in decode(encode([1, 1.0]), 2)] == [int, float]


@pytest.mark.parametrize(
    "item", [None, b"", [], {}, math.inf, 2**63, Decimal(1), Fraction(1), "\ud800"]
)
def test_what_is_no_scalar(item: object) -> None:
    with pytest.raises(UsageError):
        check_scalar(item)
