"""Two files: what is compared of them, and what comes out."""

import json
import sys
from fractions import Fraction
from math import inf, log10
from pathlib import Path

import numpy as np
import pytest
from encodes import CASES, encoded

import lgcodec as lg
from lgcodec import Signal, UsageError, _compare
from lgcodec._compare import compare
from lgcodec._ranges import parse_range

RNG = np.random.default_rng(3)


def saved(path: Path, *signals: Signal) -> Path:
    lg.write(path, signals)
    return path


def case(folder: Path, name: str) -> tuple[Path, Path, Signal]:
    """The original and the .lgi file of a case, and what the latter decodes to."""
    path = folder / f"{name}.lgi"
    path.write_bytes(encoded(name)[0])
    original = saved(folder / f"{name}.npz", CASES[name][0])
    return original, path, lg.open(path).decode(device="cpu")


@pytest.mark.parametrize("name", ["rgb", "rgba", "grey16", "mono", "stereo", "video", "volume"])
def test_an_original_and_its_file(tmp_path, name) -> None:
    original, path, decoded = case(tmp_path, name)
    found = compare(original, path, device="cpu")
    (stream,) = found.streams
    samples = CASES[name][0].samples
    assert stream.psnr == pytest.approx(encoded(name)[1].streams[0].psnr)
    error = samples.astype(float) - decoded.samples
    assert stream.largest_error == np.abs(error).max()
    assert stream.snr == pytest.approx(
        10 * log10((samples.astype(float) ** 2).sum() / (error**2).sum())
    )
    assert stream.absent == 0
    assert (stream.pictures is None) == (stream.kind == "audio")
    first, second = found.files
    assert (first.bytes, second.bytes) == (original.stat().st_size, path.stat().st_size)
    assert second.bits_per_sample == 8 * second.bytes / CASES[name][0].size


def test_seconds_count_where_there_is_time(tmp_path) -> None:
    sound = Signal("audio", RNG.integers(-99, 99, (4000, 2), np.int16), Fraction(8000))
    path = saved(tmp_path / "a.wav", sound)
    rate = compare(path, path).files[0]
    assert rate.kbps == 8 * path.stat().st_size / 0.5 / 1000
    picture = saved(tmp_path / "a.png", Signal("image", np.zeros((4, 4, 1), np.uint8)))
    assert compare(picture, picture).files[0].kbps is None


def test_slabs_change_nothing(tmp_path, monkeypatch) -> None:
    original, path, _ = case(tmp_path, "video")
    told: list[float] = []
    whole = compare(original, path, device="cpu", progress=told.append)
    assert told == [1]
    monkeypatch.setattr(_compare, "SLAB", 1)
    slabs = compare(original, path, device="cpu", progress=told.append)
    assert told[1:] == pytest.approx([(frame + 1) / 6 for frame in range(6)])
    (stream,), (expected,) = slabs.streams, whole.streams
    assert stream.pictures == expected.pictures
    assert stream.psnr == pytest.approx(expected.psnr)


def test_frames_by_hand(tmp_path) -> None:
    """Frames 0, 1 and 2 are off by 1, 10 and nothing: 48.13 and 28.13 dB."""
    frames = np.full((3, 12, 12, 1), 100, np.uint8)
    shift = np.array([1, 10, 0], np.uint8)[:, None, None, None]
    first = saved(tmp_path / "a.npz", Signal("video", frames, Fraction(25)))
    second = saved(tmp_path / "b.npz", Signal("video", frames + shift, Fraction(25)))
    quality = compare(first, second).streams[0].pictures
    assert (quality.count, quality.worst) == (3, 1)
    assert quality.worst_psnr == pytest.approx(20 * log10(25.5))
    assert quality.mean_psnr == pytest.approx(20 * log10(255) - 10)
    assert 0.9 < quality.ssim < 1
    assert quality.ms_ssim is None
    same = compare(first, first).streams[0]
    assert (same.psnr, same.pictures.mean_psnr, same.pictures.worst_psnr) == (inf, inf, inf)


def test_occupancy(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.arange(60).reshape(4, 3, 5) < 30)
    np.save(tmp_path / "b.npy", np.arange(60).reshape(4, 3, 5) < 15)
    stream = compare(tmp_path / "a.npy", tmp_path / "b.npy").streams[0]
    assert stream.iou == 0.5
    assert (stream.pictures.worst, stream.pictures.ssim) == (1, None)


def test_silence_is_no_occupancy(tmp_path) -> None:
    silence = Signal("audio", np.zeros((400, 1), np.int16), Fraction(8000))
    path = saved(tmp_path / "a.wav", silence)
    assert compare(path, path).streams[0].iou is None


# --- what is compared


def crops(folder: Path, name: str, *places: tuple) -> list[Path]:
    source = folder / f"{name}.lgi"
    paths = [folder / f"part{number}.lgi" for number in range(len(places))]
    for path, place in zip(paths, places, strict=True):
        lg.open(source)[place].save(path)
    return paths


def test_a_crop_keeps_its_samples(tmp_path) -> None:
    _, path, _ = case(tmp_path, "rgb")
    (part,) = crops(tmp_path, "rgb", ("5px:20px", "3px:17px"))
    for pair in ((path, part), (part, path)):
        (stream,) = compare(*pair, device="cpu").streams
        assert stream.psnr == inf
        assert stream.window == (range(5, 20), range(3, 17))
    assert compare(path, part, device="cpu").files[1].bits_per_sample == (
        8 * part.stat().st_size / (15 * 14)
    )


@pytest.mark.parametrize("name", ["rgb", "rgba"])
def test_a_crop_and_the_original(tmp_path, name) -> None:
    original, _, decoded = case(tmp_path, name)
    (part,) = crops(tmp_path, name, ("5px:20px", "3px:17px"))
    (stream,) = compare(original, part, device="cpu").streams
    place = np.s_[5:20, 3:17]
    expected = lg.psnr(CASES[name][0].samples[place], decoded.samples[place])
    assert stream.psnr == pytest.approx(expected)


def test_a_crop_and_a_picture_of_its_size(tmp_path) -> None:
    """The lattice of a picture that was cut is its own."""
    _, _, decoded = case(tmp_path, "rgb")
    (part,) = crops(tmp_path, "rgb", ("5px:20px", "3px:17px"))
    cut = saved(tmp_path / "cut.png", Signal("image", decoded.samples[5:20, 3:17].copy()))
    (stream,) = compare(cut, part, device="cpu").streams
    assert (stream.psnr, stream.window) == (inf, (range(15), range(14)))


def test_parts_of_which_neither_holds_the_other(tmp_path) -> None:
    case(tmp_path, "rgb")
    first, second = crops(tmp_path, "rgb", ("0px:8px", ":"), ("8px:16px", ":"))
    with pytest.raises(UsageError, match="y 0:8, x 0:24, the other y 8:16, x 0:24"):
        compare(first, second)


def test_absent_samples_are_left_out(tmp_path) -> None:
    """Of 4 x 3 tiles of 8 x 8 pixels two are absent."""
    original, whole, decoded = case(tmp_path, "rgb")
    path = tmp_path / "holes.lgi"
    lg.crop(whole, path, {}, drop={"y": parse_range("1"), "x": parse_range("1:3")})
    (found,) = compare(original, path, device="cpu").streams
    present = lg.open(path).decode(device="cpu").present
    assert found.absent == 128
    assert found.psnr == pytest.approx(
        lg.psnr(CASES["rgb"][0].samples[present], decoded.samples[present])
    )
    assert found.pictures.ssim is None


def picture(*shape: int, dtype: str = "uint8") -> Signal:
    return Signal("image", RNG.integers(0, 200, shape).astype(dtype))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (picture(8, 9, 3), "image has y 0:8, x 0:8, the other y 0:8, x 0:9"),
        (picture(8, 8, 1), "channels is 3 in one file, 1 in the other"),
        (picture(8, 8, 3, dtype="uint16"), "sample type is uint8 in one file, uint16"),
        (Signal("volume", np.zeros((8, 8, 3, 1), np.uint8)), "kind is image in one file, volume"),
    ],
)
def test_what_cannot_be_compared(tmp_path, other, words) -> None:
    first, second = saved(tmp_path / "a.npz", picture(8, 8, 3)), saved(tmp_path / "b.npz", other)
    with pytest.raises(UsageError, match=words):
        compare(first, second)


def test_sounds_of_two_types(tmp_path) -> None:
    samples = RNG.integers(-3000, 3000, (500, 1)).astype(np.int16)
    whole = saved(tmp_path / "a.wav", Signal("audio", samples, Fraction(8000)))
    floats = (samples / 2.0**15).astype(np.float32)
    other = saved(tmp_path / "b.wav", Signal("audio", floats, Fraction(8000)))
    assert compare(whole, other).streams[0].psnr == inf


def test_a_folder_of_frames(tmp_path) -> None:
    frames = RNG.integers(0, 255, (3, 6, 5, 3), np.uint8)
    video = Signal("video", frames, Fraction(25))
    (tmp_path / "frames").mkdir()
    pattern = saved(tmp_path / "frames/%02d.png", video)
    found = compare(pattern, saved(tmp_path / "a.npz", video))
    assert found.streams[0].psnr == inf
    assert found.files[0].bytes == sum(f.stat().st_size for f in pattern.parent.iterdir())


# --- the picture of the difference


def test_difference(tmp_path) -> None:
    """B - A is 3, -2 and 60; at a gain of 10 the last leaves the range."""
    first = saved(tmp_path / "a.png", Signal("image", np.full((1, 3, 1), 100, np.uint8)))
    values = np.array([[[103], [98], [160]]], np.uint8)
    second = saved(tmp_path / "b.png", Signal("image", values))
    compare(first, second, difference=tmp_path / "d.png", gain=10)
    shown = lg.read(tmp_path / "d.png")[0].samples
    assert shown.ravel().tolist() == [158, 108, 255]


def test_difference_of_the_worst_frame(tmp_path) -> None:
    frames = np.full((3, 4, 4, 4), 100, np.uint8)
    other = frames.copy()
    other[1, ..., 0] += 2
    other[..., 3] = 0  # alpha, which is not shown
    first = saved(tmp_path / "a.npz", Signal("video", frames, Fraction(25)))
    second = saved(tmp_path / "b.npz", Signal("video", other, Fraction(25)))
    compare(first, second, difference=tmp_path / "d.png")
    assert (lg.read(tmp_path / "d.png")[0].samples == [144, 128, 128]).all()


def test_no_picture_of_sounds(tmp_path) -> None:
    sound = saved(tmp_path / "a.wav", Signal("audio", np.ones((9, 1), np.int16), Fraction(9)))
    with pytest.raises(UsageError, match="no picture"):
        compare(sound, sound, difference=tmp_path / "d.png")
    assert not (tmp_path / "d.png").exists()


# --- the command


@pytest.fixture
def run(capsys):
    from lgcodec_cli.main import run

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run(["compare", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command(tmp_path, run) -> None:
    original, path, _ = case(tmp_path, "rgb")
    code, out, err = run(original, path, "--difference", tmp_path / "d.png")
    quality = encoded("rgb")[1].streams[0].psnr
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "image: y 0:32, x 0:24"
    assert lines[1].startswith(f"  PSNR {quality:.2f} dB (peak 255), SNR ")
    assert lines[3].startswith("  SSIM 0.")
    assert lines[5].startswith(f"{path}: {path.stat().st_size:,} bytes, ")
    assert lines[6] == f"difference: {tmp_path / 'd.png'}"
    assert (tmp_path / "d.png").exists()


def test_command_for_machines(tmp_path, run) -> None:
    _, path, _ = case(tmp_path, "mono")
    code, out, _ = run(path, path, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["streams"][0]["psnr"] is None
    assert report["streams"][0]["window"] == {"t": [0, 1500]}
    assert report["files"][0]["bytes"] == path.stat().st_size


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["a.png", "no.png"], 4, "cannot read no.png: No such file"),
        (["a.png", "no.lgi"], 4, "no.lgi"),
        (["a.png", "b.png"], 2, "x 0:3, the other y 0:5"),
        (["a.png", "a.png", "--gain", "3"], 2, "--gain is about"),
        (["a.png", "a.png", "--difference", "d.wav"], 5, "not image"),
        (["a.png", "a.png", "--difference", "no/d.png"], 5, "the folder no does not exist"),
        (["a.png", "bad.lgi"], 3, "E_"),
    ],
)
def test_mistakes(here, run, arguments, code, words) -> None:
    saved(Path("a.png"), picture(3, 3, 3))
    saved(Path("b.png"), picture(5, 3, 3))
    Path("bad.lgi").write_bytes(b"\x89LGI" * 20)
    found, out, err = run(*arguments)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert words in err
    assert {path.name for path in here.iterdir()} == {"a.png", "b.png", "bad.lgi"}


def test_without_scikit_image(tmp_path, monkeypatch, run) -> None:
    saved(tmp_path / "a.png", picture(200, 200, 3))
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setattr("lgcodec.metrics.find_spec", lambda _: None)
    code, out, _ = run(tmp_path / "a.png", tmp_path / "a.png")
    assert code == 0
    assert "SSIM needs scikit-image: pip install 'lgcodec[compare]'" in out
