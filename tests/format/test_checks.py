import pytest

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


def test_a_mistake_of_the_caller_is_a_defect_when_read() -> None:
    message = r"^E_GEOM: two apples \(at byte 7\)$"
    with pytest.raises(FileError, match=message) as raised, reading("E_GEOM", 7):
        require(False, "two apples")
    assert (raised.value.code, raised.value.offset) == ("E_GEOM", 7)
    assert isinstance(raised.value.__cause__, UsageError)
