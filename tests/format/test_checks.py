import pytest

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import crc32c, reading, require


def test_checksum_is_that_of_the_specification() -> None:
    """LGI-F-04."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0


def test_a_mistake_of_the_caller_is_a_defect_when_read() -> None:
    message = r"^E_GEOM: two apples \(at byte 7\)$"
    with pytest.raises(FileError, match=message) as raised, reading("E_GEOM", 7):
        require(False, "two apples")
    assert (raised.value.code, raised.value.offset) == ("E_GEOM", 7)
    assert isinstance(raised.value.__cause__, UsageError)
