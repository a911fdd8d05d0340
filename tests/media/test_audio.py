"""Sounds: exact where the format is, close where it is lossy, and what is refused."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.signal import Signal, psnr
from media.builders import SAMPLES, assert_equal, audio


def read_audio(path: Path) -> Signal:
    (signal,) = media.read(path)
    assert signal.kind == "audio"
    return signal


# --- writing and reading back


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_int16_is_exact(tmp_path: Path, suffix: str, channels: int, rate: int) -> None:
    sound = audio(0.1, rate, channels)
    media.write(tmp_path / f"x{suffix}", [sound])
    assert_equal(read_audio(tmp_path / f"x{suffix}"), sound)


def test_float_wav_is_exact_beyond_full_scale(tmp_path: Path) -> None:
    sound = audio(channels=2, dtype="float32")
    loud = Signal("audio", sound.samples * np.float32(5), sound.rate)
    media.write(tmp_path / "x.wav", [loud])
    assert soundfile.info(tmp_path / "x.wav").subtype == "FLOAT"
    assert_equal(read_audio(tmp_path / "x.wav"), loud)


def test_float_flac_has_24_bits_and_clips(tmp_path: Path) -> None:
    samples = np.array([[0.25], [1.5], [-1.5], [2**-23]], np.float32)
    media.write(tmp_path / "x.flac", [Signal("audio", samples, Fraction(8000))])
    assert soundfile.info(tmp_path / "x.flac").subtype == "PCM_24"
    found = read_audio(tmp_path / "x.flac").samples
    np.testing.assert_allclose(found, np.clip(samples, -1, 1), atol=2**-23)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_vorbis_is_close(tmp_path: Path, dtype: str) -> None:
    sound = audio(dtype=dtype)
    media.write(tmp_path / "x.ogg", [sound])
    found = read_audio(tmp_path / "x.ogg")
    assert (found.rate, found.samples.dtype) == (sound.rate, np.float32)
    original = sound.samples / np.float32(32_768 if dtype == "int16" else 1)
    assert psnr(original, found.samples) > 25


def test_vorbis_of_minutes(tmp_path: Path) -> None:
    # One write of this length overflows the stack of libsndfile's encoder.
    silence = Signal("audio", np.zeros((2_200_000, 1), np.int16), Fraction(8000))
    media.write(tmp_path / "x.ogg", [silence])
    assert read_audio(tmp_path / "x.ogg").grid == (2_200_000,)


def test_a_fractional_rate_is_rounded(tmp_path: Path) -> None:
    sound = Signal("audio", audio().samples, Fraction(44_100 * 1001, 1000))
    media.write(tmp_path / "x.wav", [sound])
    assert read_audio(tmp_path / "x.wav").rate == 44_144


@pytest.mark.parametrize(
    ("name", "samples", "rate"),
    [
        ("x.wav", np.zeros((9, 1), np.uint8), 8000),
        ("x.flac", np.zeros((9, 9), np.int16), 8000),
        ("x.flac", np.zeros((9, 1), np.int16), 700_000),
        ("x.flac", np.full((9, 1), np.nan, np.float32), 8000),
        ("x.flac", np.full((9, 1), np.inf, np.float32), 8000),
        ("x.ogg", np.zeros((9, 1), np.int16), 384_000),
        ("x.wav", np.zeros((9, 1), np.int16), Fraction(1, 3)),
    ],
)
def test_sounds_that_the_format_cannot_hold(
    tmp_path: Path, name: str, samples: np.ndarray, rate: Fraction
) -> None:
    with pytest.raises(OutputError, match=r"WAV|FLAC|OGG"):
        media.write(tmp_path / name, [Signal("audio", samples, Fraction(rate))])
    assert not list(tmp_path.iterdir())


# --- reading what others write


@pytest.mark.parametrize(
    ("subtype", "dtype", "tolerance"),
    [
        ("PCM_U8", "int16", 1 / 128),
        ("ULAW", "int16", 1 / 32),
        ("PCM_24", "float32", 2**-23),
        ("PCM_32", "float32", 2**-24),
        ("DOUBLE", "float32", 2**-24),
    ],
)
def test_wav_subtypes(tmp_path: Path, subtype: str, dtype: str, tolerance: float) -> None:
    original = audio(dtype="float32").samples
    soundfile.write(tmp_path / "x.wav", original, 16_000, subtype=subtype)
    found = read_audio(tmp_path / "x.wav").samples
    assert found.dtype == dtype
    scaled = found / 32_768 if dtype == "int16" else found
    np.testing.assert_allclose(scaled, original, atol=tolerance)


def test_mp3(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.mp3", audio(1, dtype="float32").samples, 16_000)
    found = read_audio(tmp_path / "x.mp3")
    assert found.rate == 16_000
    assert abs(found.grid[0] - 16_000) < 2_000
    assert 0.3 < np.abs(found.samples).max() < 0.7


def test_a_streamed_wav_declares_no_length(tmp_path: Path) -> None:
    media.write(tmp_path / "x.wav", [audio()])
    data = bytearray((tmp_path / "x.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    (tmp_path / "x.wav").write_bytes(data)
    np.testing.assert_array_equal(read_audio(tmp_path / "x.wav").samples, audio().samples)


def test_the_sample() -> None:
    speech = read_audio(SAMPLES / "speech.wav")
    assert (speech.grid, speech.channels, speech.rate) == ((48_000,), 1, 16_000)
    assert speech.samples.dtype == np.int16


# --- what is refused


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_file_cut_anywhere(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    media.write(path, [audio(2)])
    whole = path.read_bytes()
    for length in range(1, len(whole) - 20, len(whole) // 37):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=rf"^cannot read {path}: "):
            media.read(path)


def test_an_ogg_without_its_last_page(tmp_path: Path) -> None:
    media.write(tmp_path / "x.ogg", [audio(30)])
    whole = (tmp_path / "x.ogg").read_bytes()
    (tmp_path / "x.ogg").write_bytes(whole[: whole.rindex(b"OggS")])
    with pytest.raises(InputError, match=r"x\.ogg: truncated: the last page is missing"):
        media.read(tmp_path / "x.ogg")


def test_the_content_decides_against_the_suffix(tmp_path: Path) -> None:
    media.write(tmp_path / "x.flac", [audio()])
    (tmp_path / "x.flac").rename(tmp_path / "x.wav")
    with pytest.raises(InputError, match=r"x\.wav: the content is FLAC"):
        media.read(tmp_path / "x.wav")


def test_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((0, 1), np.int16), 8000)
    with pytest.raises(InputError, match=r"x\.wav: it holds no samples"):
        media.read(tmp_path / "x.wav")


def test_more_channels_than_a_signal_has(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((9, 65), np.int16), 8000)
    with pytest.raises(InputError, match=r"x\.wav: .* 64 channels"):
        media.read(tmp_path / "x.wav")


def test_nan(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.array([0, np.nan]), 8000, subtype="FLOAT")
    with pytest.raises(InputError, match=r"x\.wav: samples are NaN or infinite"):
        media.read(tmp_path / "x.wav")


def test_a_flac_header_that_lies_about_the_length(tmp_path: Path) -> None:
    media.write(tmp_path / "x.flac", [audio()])
    data = bytearray((tmp_path / "x.flac").read_bytes())
    data[21] |= 0x0F  # 36-bit count of samples in STREAMINFO: some 2^36
    (tmp_path / "x.flac").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.flac: "):
        media.read(tmp_path / "x.flac")
