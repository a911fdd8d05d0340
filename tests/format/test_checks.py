import pytest
from hypothesis import given
from hypothesis import strategies as st
from second_reader.editable import crc8

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import checksum, crc32c, reading, require


def test_checksum_is_that_of_the_specification() -> None:
    """LGI-F-04."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


def test_the_short_checksum_finds_every_two_bits() -> None:
    """LGI-F-05: in 4095 bytes no two bits are as far apart as the order of x."""
    assert checksum(b"123456789", 2) == 0x29B1
    assert checksum(b"", 2) == 0xFFFF
    power, order = 2, 1
    while power != 1:
        power = power << 1 ^ (0x11021 if power & 0x8000 else 0)
        order += 1
    assert order == 8 * 4096 - 1  # first and last bit of one byte more would go unnoticed
    sound, both = bytearray(4096), bytearray(4096)
    both[0], both[-1] = 0x80, 1
    assert checksum(both, 2) == checksum(sound, 2)


def test_the_shortest_checksum_finds_every_two_bits_nearby() -> None:
    """LGI-F-06: two bits that are less than 255 apart, the order of x."""
    assert checksum(b"123456789", 1) == 0x4B
    assert checksum(b"", 1) == 0
    nothing = checksum(bytes(33), 1)
    for apart in range(1, 256):
        both = (1 << apart | 1).to_bytes(33, "big")
        assert (checksum(both, 1) == nothing) == (apart == 255)


@given(st.binary(max_size=40))
def test_the_shortest_checksum_by_the_definition(data: bytes) -> None:
    """LGI-F-06, by division."""
    assert checksum(data, 1) == crc8(data)


@given(st.binary(min_size=1, max_size=1023), st.data())
def test_the_shortest_checksum_finds_a_burst(data: bytes, drawn: st.DataObject) -> None:
    """Of at most eight bits, wherever they lie."""
    bits, mask = 8 * len(data), drawn.draw(st.integers(1, 255))
    at = drawn.draw(st.integers(0, max(0, bits - 8)))
    damaged = int.from_bytes(data, "big") ^ mask << at
    assert checksum(damaged.to_bytes(len(data), "big"), 1) != checksum(data, 1)


def test_a_mistake_of_the_caller_is_a_defect_when_read() -> None:
    message = r"^E_GEOM: two apples \(at byte 7\)$"
    with pytest.raises(FileError, match=message) as raised, reading("E_GEOM", 7):
        require(False, "two apples")
    assert (raised.value.code, raised.value.offset) == ("E_GEOM", 7)
    assert isinstance(raised.value.__cause__, UsageError)
