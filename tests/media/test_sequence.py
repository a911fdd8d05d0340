"""Image sequences: names, rates, gaps."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.media.sequence import ImageSequence
from lgcodec.signal import Signal
from media.builders import assert_equal, image, video

CONTAINERS = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
NTSC = Fraction(30_000, 1001)
DEFAULT_DURATION = bytes.fromhex("23e383")  # Matroska: nanoseconds per frame


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_sequence_round_trip(tmp_path: Path, dtype: str) -> None:
    clip = video(12, dtype=dtype)
    pattern = tmp_path / "frames" / "50%_%02d.png"
    media.write(pattern, [clip])
    names = sorted(file.name for file in pattern.parent.iterdir())
    assert names == [f"50%_{t:02d}.png" for t in range(12)]
    assert_equal(media.read(pattern)[0], clip)


def test_sequence_goes_by_number_and_takes_the_rate(tmp_path: Path) -> None:
    clip = video(3)
    for number, picture in zip((2, 10, 9), clip.samples, strict=True):
        media.write(tmp_path / f"{number}.png", [Signal("image", picture)])
    media.write(tmp_path / "x11.png", [image()])
    (found,) = media.read(tmp_path / "%d.png", rate=NTSC)
    assert found.rate == NTSC
    np.testing.assert_array_equal(found.samples, clip.samples[[0, 2, 1]])


def test_sequence_makes_gaps_transparent(tmp_path: Path) -> None:
    clip = video(2)
    present = np.ones(clip.grid, np.bool_)
    present[:, 3] = False
    media.write(tmp_path / "%d.png", [Signal("video", clip.samples, clip.rate, present)])
    found = media.read(tmp_path / "%d.png")[0].samples
    np.testing.assert_array_equal(found[..., 3] == 255, present)


def test_sequence_of_unequal_pictures(tmp_path: Path) -> None:
    media.write(tmp_path / "0.png", [image()])
    media.write(tmp_path / "1.png", [image(channels=1)])
    with pytest.raises(InputError, match=r"cannot read .*1\.png: it changes from"):
        media.read(tmp_path / "%d.png")


def test_sequence_with_a_bad_picture(tmp_path: Path) -> None:
    media.write(tmp_path / "%d.png", [video(3)])
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"^cannot read .*1\.png: the file is empty"):
        media.read(tmp_path / "%d.png")


@pytest.mark.parametrize("folder", ["", "missing"])
def test_sequence_without_files(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputError, match=r"%d\.png: (no file matches|No such file)"):
        media.read(tmp_path / folder / "%d.png")


def test_sequence_creates_one_folder_only(tmp_path: Path) -> None:
    pattern = tmp_path / "a" / "b" / "%d.png"
    with pytest.raises(OutputError, match="does not exist"):
        media.write(pattern, [video(2)])
    with pytest.raises(OutputError, match=rf"^cannot write {pattern}: No such file"):
        ImageSequence().write(pattern, [video(2)])
