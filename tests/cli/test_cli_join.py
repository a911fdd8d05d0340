"""`lgi join`: what people and machines are told of parts that are sewn together."""

import json
from pathlib import Path

import pytest

CAT = Path(__file__).parents[2] / "samples" / "cat.lgi"


@pytest.fixture
def parts(lgi, tmp_path) -> list[Path]:
    found = [tmp_path / "left.lgi", tmp_path / "right.lgi"]
    for path, span in zip(found, (":3", "2:"), strict=True):
        assert lgi("crop", CAT, "-o", path, "--x", span).code == 0
    return found


def test_a_picture_in_two_parts(lgi, parts, tmp_path) -> None:
    shown = lgi("join", *parts, "-o", tmp_path / "whole.lgi")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines() == [
        f"{tmp_path / 'whole.lgi'}: {CAT.stat().st_size:,} bytes",
        "image: 24 partitions of 12 + 16",
        "  window y 0:256, x 0:384",
    ]
    assert (tmp_path / "whole.lgi").read_bytes() == CAT.read_bytes()


def test_for_machines(lgi, parts, tmp_path) -> None:
    told = json.loads(lgi("join", *parts, "-o", tmp_path / "whole.lgi", "--json").out)
    assert told["bytes_before"] == [part.stat().st_size for part in parts]
    assert told["bytes_after"] == CAT.stat().st_size
    assert told["streams"][0]["partitions_before"] == [12, 16]


def test_mistakes_write_nothing(lgi, parts, tmp_path) -> None:
    before = sorted(tmp_path.iterdir())
    lgi("join", parts[0], "-o", tmp_path / "w.lgi").failed(2, "two parts or more")
    lgi("join", *parts, parts[0], "-o", parts[0]).failed(2, "one of the parts")
    lgi("join", *parts).failed(2, "Missing option")
    lgi("join", *parts, "-o", tmp_path / "w.png").failed(2, ".lgi")
    lgi("join", parts[0], tmp_path / "none.lgi", "-o", tmp_path / "w.lgi").failed(4, "none.lgi")
    assert sorted(tmp_path.iterdir()) == before
