import pytest

from lgcodec import signal
from lgcodec.format import layout


def test_struct_sizes_are_those_of_the_specification() -> None:
    assert layout.HEADER_LENGTH == 32
    assert layout.ENTRY.size == 28
    assert layout.GEOMETRY.size == 3
    assert layout.DIRECTORY.size == 20


def test_tables_agree_with_the_signal() -> None:
    assert layout.AXES == signal.AXES
    assert tuple(layout.SAMPLE_TYPES) == signal.SAMPLE_TYPES
    assert layout.MAX_CHANNELS == signal.MAX_CHANNELS


def test_id_order_permutes_the_axes() -> None:
    assert {kind: sorted(names) for kind, names in layout.ID_ORDER.items()} == {
        kind: sorted(names) for kind, names in layout.AXES.items()
    }
    assert layout.ID_ORDER["video"] == ("y", "x", "t")


@pytest.mark.parametrize("name", ["GEOM", "CONF", "GRUP", "mETa", "tHMB", "abCd"])
def test_chunk_types(name: str) -> None:
    assert layout.is_chunk_type(name)
    assert layout.is_critical(name) == name[0].isupper()
    assert layout.survives_crop(name) == name[3].islower()


@pytest.mark.parametrize("name", ["", "abC", "abCde", "abcd", "a1Cd", "ab d", "abC\0", "abÇd"])
def test_not_chunk_types(name: str) -> None:
    assert not layout.is_chunk_type(name)
