"""`lgi decode`: which streams, which samples, which sizes; nothing written when it fails."""

import json
from fractions import Fraction
from pathlib import Path

import cli_files
import numpy as np
import pytest

from lgcodec._crop import crop, parse_range
from lgcodec._decode import decode_stream
from lgcodec.format.container import Reader
from lgcodec.media import read

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def film(tmp_path) -> Path:
    return cli_files.save(tmp_path / "a.lgi", cli_files.clip(), cli_files.sound())


@pytest.fixture
def picture(tmp_path) -> Path:
    return cli_files.save(tmp_path / "a.lgi", cli_files.picture())


def decoded(path, stream=0):
    with Reader.open(path) as reader:
        return decode_stream(reader.streams[stream], device="cpu").samples


def written(path):
    return read(path)[0].samples


def test_a_picture(lgi, picture) -> None:
    out = picture.with_name("b.png")
    shown = lgi("decode", picture, out)
    assert (shown.code, shown.err) == (0, "")
    size = f"{picture.stat().st_size:,}"
    assert shown.out.startswith(f"{out}: image of 60 x 40\n")
    assert shown.out.endswith(f"read {size} of {size} bytes (100.0 %)\n")
    assert np.array_equal(written(out), decoded(picture))


def test_a_window_reads_only_its_chunks(lgi, picture) -> None:
    out = picture.with_name("b.npy")
    report = json.loads(lgi("decode", picture, out, "--xy", "25px:35px,0px:10px", "--json").out)
    assert np.array_equal(np.load(out), decoded(picture)[:10, 25:35])
    assert report["bytes_read"] == report["bytes"] - 5 * 66
    assert report["streams"] == [
        {
            "kind": "image",
            "grid": [10, 10],
            "channels": 3,
            "sample_type": "uint8",
            "rate": None,
            "absent_samples": 0,
        }
    ]


@pytest.mark.parametrize(
    ("time", "frame"), [([], 0), (["--t", "1.5s"], 9), (["--t", "-1"], 8), (["--t", "5f:"], 5)]
)
def test_a_picture_of_a_video_is_one_frame(lgi, film, time, frame) -> None:
    out = film.with_name("b.png")
    report = json.loads(lgi("decode", film, out, *time, "--json").out)
    assert np.array_equal(written(out), decoded(film)[frame])
    assert (report["streams"][0]["kind"], report["streams"][0]["grid"]) == ("image", [16, 24])
    assert report["bytes_read"] < report["bytes"] - 12 * 72  # of three time tiles one is read


def test_a_video_with_its_sound(lgi, film) -> None:
    out = film.with_name("b.mp4")
    shown = lgi("decode", film, out, "--t", "0.5s:1.5s")
    assert shown.out.splitlines()[:2] == [
        f"{out}: video of 6 frames, 24 x 16, 1 s at 6 fps",
        f"{out}: sound of 1 s at 8000 Hz",
    ]
    video, sound = read(out)
    assert (video.grid, video.rate, sound.rate) == ((6, 16, 24), 6, 8000)


def test_the_sound_of_a_video(lgi, film) -> None:
    out = film.with_name("b.wav")
    assert lgi("decode", film, out, "--t", "2:").code == 0
    assert np.array_equal(written(out), decoded(film, 1)[10667:])


def test_a_sequence(lgi, film) -> None:
    out = film.parent / "frames" / "%04d.png"
    assert lgi("decode", film, out, "--t", "1").code == 0
    assert sorted(path.name for path in out.parent.iterdir())[-1] == "0003.png"
    assert np.array_equal(written(out), decoded(film)[4:8])


def test_a_volume(lgi, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.volume())
    out = tmp_path / "b.npz"
    assert lgi("decode", path, out, "--z", "1:", "--scale", "2").code == 0
    assert written(out).shape == (8, 12, 10, 1)


@pytest.mark.parametrize(
    ("arguments", "grid", "rate"),
    [
        (["--scale", "2"], (12, 32, 48), 6),
        (["--scale", "1/2"], (12, 8, 12), 6),
        (["--size", "100x7"], (12, 7, 100), 6),
        (["--size", "100x7", "--x", "3px:11px"], (12, 7, 100), 6),
        (["--fps", "3"], (6, 16, 24), 3),
        (["--fps", "24", "--scale", "0.5", "--t", "0:1"], (16, 8, 12), 24),
        (["--fps", "30000/1001"], (60, 16, 24), Fraction(30000, 1001)),
    ],
)
def test_sizes(lgi, film, arguments, grid, rate) -> None:
    out = film.with_name("b.npz")
    assert lgi("decode", film, out, *arguments).code == 0
    (video,) = read(out)
    assert (video.grid, video.rate) == (grid, rate)


def test_the_scale_of_a_sound_is_its_rate(lgi, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.sound())
    out = tmp_path / "b.wav"
    assert lgi("decode", path, out, "--scale", "1/2").code == 0
    (sound,) = read(out)
    assert (sound.grid, sound.rate) == ((8000,), 4000)


def test_absent_partitions_are_transparent(lgi, picture) -> None:
    crop(picture, picture, {}, drop={"x": parse_range("0:1"), "y": parse_range("0:1")})
    out = picture.with_name("b.png")
    shown = lgi("decode", picture, out)
    assert "16.7 % of the samples absent" in shown.out
    alpha = written(out)[..., 3]
    assert not alpha[:20, :20].any()
    assert alpha[20:].all()


@pytest.mark.parametrize(("fill", "colour"), [("7", (7, 7, 7)), ("255,0,300", (255, 0, 255))])
def test_fill(lgi, picture, fill, colour) -> None:
    crop(picture, picture, {}, drop={"x": parse_range("0:1"), "y": parse_range("0:1")})
    out = picture.with_name("b.npy")
    assert lgi("decode", picture, out, "--fill", fill).code == 0
    assert np.load(out)[0, 0].tolist() == list(colour)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["b.txt"], 5, "unsupported suffix '.txt'"),
        (["b.lgi"], 5, "unsupported suffix '.lgi'"),
        (["nowhere/b.png"], 5, "does not exist"),
        (["b.wav"], 5, ".wav holds audio, not image"),
        (["b.png", "--t", "0"], 2, "no axis t"),
        (["b.png", "--x", "60px"], 2, "is outside"),
        (["b.png", "--scale", "0"], 2, "Invalid value for '--scale'"),
        (["b.png", "--scale", "1e9"], 2, "expected a number above 0"),
        (["b.png", "--scale", "1/0"], 2, "divides by 0"),
        (["b.png", "--scale", "2", "--size", "3x3"], 2, "give one or the other"),
        (["b.png", "--size", "3"], 2, "640x480"),
        (["b.png", "--fps", "3"], 2, "--fps is for videos, the output is kind image"),
        (["b.npy", "--fps", "3"], 2, "--fps is for videos, the output is kind image"),
        (["b.png", "--fill", "1,2"], 2, "--fill has 2 values, expected 1 or 3"),
        (["b.png", "--fill", "nan"], 2, "expected finite numbers"),
        (["b.png", "--fill", "red"], 2, "Invalid value for '--fill'"),
        (["b.png", "--max-samples", "2399"], 2, "40 x 60 samples"),
        (["b.png", "--scale", "1000000"], 2, "max_samples"),
    ],
)
def test_mistakes_write_nothing(lgi, picture, arguments, code, words) -> None:
    lgi("decode", picture, *arguments).failed(code, words)
    assert list(picture.parent.iterdir()) == [picture]


def test_a_frame_has_no_rate(lgi, film) -> None:
    lgi("decode", film, "b.png", "--fps", "3").failed(2, "the output is one frame")


def test_a_size_needs_pixels(lgi, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.sound())
    lgi("decode", path, tmp_path / "b.wav", "--size", "3x3").failed(2, "this is kind audio")


def test_a_damaged_chunk(lgi, picture) -> None:
    data = bytearray(picture.read_bytes())
    data[-1] ^= 1
    picture.write_bytes(data)
    out = picture.with_name("b.png")
    out.write_bytes(b"old")
    lgi("decode", picture, out).failed(3, "E_CHUNK_CRC", "partition 5")
    assert out.read_bytes() == b"old"
    assert lgi("decode", picture, out, "--x", "0:2").code == 0
    shown = lgi("decode", picture, out, "--on-error", "mask")  # which reads what is beside it again
    assert shown.code == 0
    assert shown.out.endswith(f"read {len(data):,} of {len(data):,} bytes (100.0 %)\n")


def test_an_unknown_family(lgi, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture(family="oracle"))
    lgi("decode", path, tmp_path / "b.png").failed(3, "E_PROFILE: family is 'oracle'")


def test_outputs_are_checked_before_torch_is_imported(lgi_process, picture) -> None:
    lgi_process("decode", picture, "nowhere/b.png").failed(5, "does not exist")


def test_smooth_changes_what_lies_at_borders(lgi, tmp_path) -> None:
    """And nothing else; what does not suit is refused before anything is written."""
    exact, out = tmp_path / "exact.png", tmp_path / "smooth.png"
    for path, flags in ((exact, ()), (out, ("--smooth",))):
        assert lgi("decode", SAMPLES / "cat.lgi", path, *flags).code == 0
    changed = (written(out) != written(exact)).any(-1)
    assert changed[:, 58:70].any(1).all()
    assert not changed[6:58, 6:58].any()
    lgi("decode", SAMPLES / "cat.lgi", tmp_path / "part.png", "--smooth", "--xy", "1:2,64px:130px")
    np.testing.assert_array_equal(written(tmp_path / "part.png"), written(out)[64:130, 64:128])
    refused = lgi("decode", SAMPLES / "speech.lgi", tmp_path / "b.wav", "--smooth")
    assert refused.code == 2
    assert "pictures and videos" in refused.err
    assert not (tmp_path / "b.wav").exists()


def test_smaller_pictures_are_of_means(lgi, tmp_path) -> None:
    """--reduce says how small, or else --scale and --size what is needed; 0: points."""
    asked = {
        "reduced": ("--reduce", "2"),
        "scaled": ("--scale", "1/4"),
        "sized": ("--size", "96x64"),
        "points": ("--scale", "1/4", "--reduce", "0"),
        "other": ("--size", "80x60"),
        "both": ("--size", "80x60", "--reduce", "2"),
    }
    found = {}
    for name, options in asked.items():
        path = tmp_path / f"{name}.png"
        assert lgi("decode", SAMPLES / "cat.lgi", path, *options).code == 0
        found[name] = written(path)
    whole = decoded(SAMPLES / "cat.lgi").astype(float)
    means = whole.reshape(64, 4, 96, 4, 3).mean((1, 3))
    assert np.abs(found["reduced"] - means).mean() < 1 < np.abs(found["points"] - means).mean() / 2
    assert (found["reduced"] == found["scaled"]).all()
    assert (found["reduced"] == found["sized"]).all()
    assert (found["other"] == found["both"]).all()
    refused = lgi("decode", SAMPLES / "bunny.lgi", tmp_path / "b.mp4", "--reduce", "1")
    assert (refused.code, "allowed are 0 to 0 for this file" in refused.err) == (2, True)
    refused = lgi("decode", SAMPLES / "cat.lgi", tmp_path / "b.png", "--reduce", "1", "--smooth")
    assert (refused.code, "scale 1" in refused.err) == (2, True)
    assert not list(tmp_path.glob("b.*"))
