"""The contract of every medium, and of the functions that choose one."""

import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgcodec import media
from lgcodec.errors import InputError, OutputError, UsageError
from lgcodec.media import MEDIA, lossless
from lgcodec.media.base import GrowingArray
from lgcodec.signal import AXES, Kind, Signal
from media.builders import SAMPLES, assert_equal, audio, example, image, video, volume

READABLE = sorted({suffix for medium in MEDIA for suffix in medium.readable})
WRITABLE = sorted({suffix for medium in MEDIA for suffix in medium.writable})
PAIRS = sorted(
    {(kind, suffix) for medium in MEDIA for kind in medium.kinds for suffix in medium.writable}
)
# A pattern such as %d.png makes a video of the suffix of a picture; test_video.py has it.
MESHES = (".obj", ".ply", ".stl")  # made into a volume anew
SINGLE = [pair for pair in PAIRS if pair[0] != "video" or pair[1] not in MEDIA[0].readable]


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read and write everything, so be nobody for a while."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65_534, 65_534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def make(path: Path) -> None:
    """A good file of the suffix of `path`, also of those that only others write."""
    if path.suffix == ".mp3":
        soundfile.write(path, audio(1, dtype="float32").samples, 16_000)
    else:
        kind = media.check_writable(path, *AXES).kinds[0]
        media.write(path, [example(kind)])


# --- the table


def test_every_suffix_belongs_to_one_medium() -> None:
    for suffix in {*READABLE, *WRITABLE}:
        assert sum(medium.claims(Path(f"x{suffix}")) for medium in MEDIA) == 1
        assert suffix == suffix.lower()
        assert suffix.startswith(".")


def test_the_formats_of_the_specification() -> None:
    assert {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"} <= {*READABLE}
    assert {".wav", ".flac", ".ogg", ".mp3", ".npy", ".npz"} <= {*READABLE}
    assert {".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif"} <= {*READABLE}
    assert {*READABLE} - {*WRITABLE} == {".mp3"}


@pytest.mark.parametrize(("kind", "suffix"), SINGLE)
def test_what_is_written_can_be_read(tmp_path: Path, kind: Kind, suffix: str) -> None:
    signal = example(kind)
    rate = signal.rate if suffix == ".npy" else None
    option = kind if suffix == ".npy" else None
    path = tmp_path / f"x{suffix.upper()}"
    media.write(str(path), [signal])
    (found,) = media.read(str(path), kind=option, rate=rate)
    assert found.kind == kind
    assert found.grid == signal.grid or suffix in MESHES
    assert found.rate == signal.rate
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [(kind, s) for s in WRITABLE for kind in AXES if (kind, s) not in PAIRS],
)
def test_a_kind_that_the_suffix_cannot_hold(tmp_path: Path, kind: Kind, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    with pytest.raises(OutputError, match=rf"^cannot write {path}: {suffix} holds .*, not {kind}$"):
        media.check_writable(path, kind)
    with pytest.raises(OutputError, match=rf"not {kind}$"):
        media.write(path, [example(kind)])
    assert not list(tmp_path.iterdir())


# --- bad inputs, for every suffix


@pytest.mark.parametrize("suffix", READABLE)
@pytest.mark.parametrize("content", ["missing", "folder", "empty", "text", "device"])
def test_bad_inputs(tmp_path: Path, suffix: str, content: str) -> None:
    path = tmp_path / f"x{suffix}"
    reasons = {
        "missing": "No such file or directory",
        "folder": "it is a folder",
        "empty": "the file is empty",
        "text": ".+",
        "device": "it is not a regular file",
    }
    if content == "folder":
        path.mkdir()
    elif content == "device":
        path.symlink_to("/dev/zero")
    elif content != "missing":
        path.write_text("" if content == "empty" else "Not a picture, nor a sound.\n" * 20)
    with pytest.raises(InputError, match=rf"^cannot read {path}: {reasons[content]}$"):
        media.read(path)


@pytest.mark.parametrize("suffix", sorted({*READABLE} - {".mp3"}))  # MP3 has no end to miss
def test_half_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    make(path)
    media.read(path, rate=Fraction(8000) if suffix == ".npy" else None)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=rf"^cannot read {path}: .+$"):
        media.read(path)


@pytest.mark.parametrize("suffix", READABLE)
def test_permission_to_read(public_folder: Path, suffix: str) -> None:
    path = public_folder / f"x{suffix}"
    make(path)
    path.chmod(0)
    message = rf"^cannot read {path}: Permission denied$"
    with without_privileges(), pytest.raises(InputError, match=message):
        media.read(path)


@pytest.mark.parametrize("name", ["x.xyz", "x", "x.png.lgi", "%d.mp4x"])
def test_unsupported_suffixes(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"unsupported suffix .*, allowed are \.avi, \.bmp"):
        media.read(tmp_path / name)
    with pytest.raises(OutputError, match=r"unsupported suffix .*, allowed are \.avi, \.bmp"):
        media.write(tmp_path / name, [image()])


def test_a_suffix_that_can_only_be_read(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"unsupported suffix '\.mp3'"):
        media.check_writable(tmp_path / "x.mp3", "audio")


# --- options of read


def test_a_kind_that_the_content_is_not() -> None:
    with pytest.raises(UsageError, match=r"cat\.png holds kind image, not audio"):
        media.read(SAMPLES / "cat.png", kind="audio")
    assert media.read(SAMPLES / "cat.png", kind="image")[0].grid == (256, 384)


def test_a_rate_plays_sound_and_picture_faster() -> None:
    plain = media.read(SAMPLES / "bunny.mp4")
    fast = media.read(SAMPLES / "bunny.mp4", rate=Fraction(50))
    assert [signal.rate for signal in fast] == [50, 96_000]
    for a, b in zip(plain, fast, strict=True):
        np.testing.assert_array_equal(a.samples, b.samples)


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-25)])
def test_a_rate_must_be_positive(rate: Fraction) -> None:
    with pytest.raises(UsageError, match="rate"):
        media.read(SAMPLES / "speech.wav", rate=rate)


# --- writing


def test_the_stream_that_fits_is_written(tmp_path: Path) -> None:
    clip, sound = video(), audio()
    media.write(tmp_path / "x.wav", [clip, sound])
    assert_equal(media.read(tmp_path / "x.wav")[0], sound)
    media.write(tmp_path / "x.png", [clip, sound])
    np.testing.assert_array_equal(media.read(tmp_path / "x.png")[0].samples, clip.samples[0])
    media.write(tmp_path / "x.npz", [sound, clip])
    assert_equal(media.read(tmp_path / "x.npz")[0], sound)
    assert media.check_writable(tmp_path / "y.wav", "video", "audio").kinds == ("audio",)


def test_check_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    for kind, suffix in PAIRS:
        name = f"x{suffix}" if (kind, suffix) in SINGLE else f"%d{suffix}"
        media.check_writable(tmp_path / name, kind)
    media.check_writable(tmp_path / "new" / "%04d.png", "video")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["missing/x.png", "missing/x/%d.png", "file/x.png"])
def test_a_folder_that_does_not_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    for attempt in (
        lambda: media.check_writable(tmp_path / name, "video"),
        lambda: media.write(tmp_path / name, [video()]),
    ):
        with pytest.raises(OutputError, match=r"^cannot write .*: the folder .* does not exist$"):
            attempt()


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    with pytest.raises(OutputError, match="it is a folder"):
        media.write(tmp_path / "x.png", [image()])


@pytest.mark.parametrize("name", ["x.png", "%d.png"])
def test_permission_to_write(public_folder: Path, name: str) -> None:
    public_folder.chmod(0o555)
    with without_privileges():
        with pytest.raises(OutputError, match=r"^cannot write .* is not writable$"):
            media.check_writable(public_folder / name, "video")
        with pytest.raises(OutputError, match=r"^cannot write "):
            media.write(public_folder / name, [video()])


FULL_DISK = """
import resource, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from lgcodec import media
from lgcodec.errors import OutputError
from lgcodec.signal import Signal

noise = np.random.default_rng(0).integers(0, 256, (9, 64, 64, 3)).astype(np.uint8)
clip = Signal("video", noise, Fraction(25))
sound = Signal("audio", noise.reshape(-1, 1).astype(np.int16) * 100, Fraction(8000))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for path in map(Path, sys.argv[1:]):
    try:
        media.write(path, [clip, sound])
    except OutputError as error:
        print(error)
    else:
        print("written", path)
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    paths = [tmp_path / f"x{suffix}" for suffix in WRITABLE]
    for path in paths:
        path.write_text("old")
    command = [sys.executable, "-W", "error", "-c", FULL_DISK, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(paths)
    for path, line in zip(paths, done.stdout.splitlines(), strict=True):
        assert line.startswith(f"cannot write {path}: ")
        assert path.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == sorted(paths)


# --- memory


def test_a_growing_array_needs_an_eighth_more_than_its_content() -> None:
    block = np.ones((1, 2**18), np.uint8)
    tracemalloc.start()
    growing = GrowingArray()
    for _ in range(64):
        growing.append(block)
    joined = growing.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert joined.shape == (64, 2**18)
    assert joined.all()
    assert peak < 1.25 * joined.nbytes


def test_a_growing_array_has_a_limit() -> None:
    growing = GrowingArray(limit=100)
    growing.append(np.zeros((9, 10)))
    with pytest.raises(InputError, match="more than 100 values"):
        growing.append(np.zeros((2, 10)))
    with pytest.raises(InputError, match="no samples"):
        GrowingArray().finish()


# --- lossless size


def test_lossless_sizes_are_those_of_files(tmp_path: Path) -> None:
    for name, suffix in (("cat.png", ".png"), ("speech.wav", ".flac")):
        (signal,) = media.read(SAMPLES / name)
        media.write(tmp_path / f"x{suffix}", [signal])
        assert media.lossless_bytes(signal) == (tmp_path / f"x{suffix}").stat().st_size


def test_lossless_video_lies_between_lossy_and_raw() -> None:
    clip, sound = media.read(SAMPLES / "bunny.mp4")
    assert 2 * (SAMPLES / "bunny.mp4").stat().st_size < media.lossless_bytes(clip)
    assert media.lossless_bytes(clip) < clip.samples.nbytes / 2
    assert media.lossless_bytes(sound) < sound.samples.nbytes * 3 / 4


def test_the_loudness_of_a_float_sound_does_not_change_its_size() -> None:
    sound = audio(1, dtype="float32")
    quiet = Signal("audio", sound.samples / np.float32(64), sound.rate)
    assert media.lossless_bytes(quiet) == media.lossless_bytes(sound)
    silent = Signal("audio", np.zeros((9, 1), np.float32), Fraction(8000))
    assert media.lossless_bytes(silent) > 0


@pytest.mark.parametrize("kind", list(AXES))
def test_estimates_are_close(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    signal = {
        "image": image(800, 40),
        "audio": audio(10),
        "video": video(200),
        "volume": volume(90),
    }[kind]
    exact = media.lossless_bytes(signal)
    monkeypatch.setattr(lossless, "MAX_COMPRESSED", signal.samples.size // 3)
    estimate = media.lossless_bytes(signal)
    assert estimate != exact
    assert abs(estimate / exact - 1) < 0.2


@pytest.mark.parametrize(
    "signal",
    [
        Signal("image", np.ones((9, 9, 3), np.float32)),
        Signal("image", np.ones((9, 9, 5), np.uint8)),
        Signal("video", np.ones((3, 9, 1, 3), np.uint8), Fraction(25)),
        Signal("video", np.ones((3, 1, 9, 1), np.uint8), Fraction(25)),
        image(dtype="uint16"),
        Signal("audio", np.ones((9, 12), np.int16), Fraction(8000)),
        Signal("audio", np.ones((9, 1), np.uint8), Fraction(8000)),
        *(video(2, 8, 8, c, dtype=dtype) for c in (1, 2, 3, 4) for dtype in ("uint8", "uint16")),
        Signal("video", np.ones((2, 4, 4, 1), np.float32), Fraction(25)),
        volume(),
    ],
)
def test_every_signal_has_a_lossless_size(signal: Signal) -> None:
    assert 0 < media.lossless_bytes(signal) < signal.samples.nbytes + 20_000
