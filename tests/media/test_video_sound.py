"""The sound of videos: on the same clock as the pictures."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.signal import Signal
from media.builders import SAMPLES, assert_equal, audio, video

CONTAINERS = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
NTSC = Fraction(30_000, 1001)
DEFAULT_DURATION = bytes.fromhex("23e383")  # Matroska: nanoseconds per frame


def shift_of(found: Signal, expected: Signal) -> int:
    """Samples by which `found` lags behind `expected`, mono, from their cross-correlation."""
    a = found.samples[:, 0].astype(np.float64)
    b = expected.samples[:, 0].astype(np.float64)
    size = len(a) + len(b)
    correlation = np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size).conj(), size)
    lag = int(np.argmax(correlation))
    return lag if lag < size // 2 else lag - size


def film(path: Path, sound: Signal, delay: int) -> None:
    """A second of video with `sound`, 16 kHz int16 mono, `delay` samples after it."""
    with av.open(path, "w") as output:
        pictures = output.add_stream("ffv1", rate=25)
        pictures.height, pictures.width, pictures.pix_fmt = 64, 80, "bgr0"
        track = output.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for t, picture in enumerate(video(25).samples):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
            frame.pts = t + 25  # everything a second late: Matroska's times are not negative
            output.mux(pictures.encode(frame))
        output.mux(pictures.encode(None))
        block = av.AudioFrame.from_ndarray(sound.samples.T, format="s16", layout="mono")
        block.sample_rate, block.time_base, block.pts = 16_000, Fraction(1, 16_000), 16_000 + delay
        output.mux(track.encode(block))
        output.mux(track.encode(None))


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_sound_keeps_its_place(tmp_path: Path, suffix: str, dtype: str) -> None:
    clip, sound = video(25, 32, 32), audio(1, 48_000, dtype=dtype)
    media.write(tmp_path / f"x{suffix}", [clip, sound])
    found_video, found = media.read(tmp_path / f"x{suffix}")
    assert found_video.grid == clip.grid
    assert (found.kind, found.rate, found.channels) == ("audio", 48_000, 1)
    assert abs(shift_of(found, sound)) <= 1
    assert 0 <= found.grid[0] - sound.grid[0] < 1024  # codecs fill their last frame
    scale = {"int16": 32_768, "float32": 1}
    error = found.samples[:48_000] / scale[found.samples.dtype.name] - sound.samples / scale[dtype]
    assert np.sqrt(np.mean(error**2)) < 0.01


def test_pcm_sound_stays_int16(tmp_path: Path) -> None:
    sound = audio(1, 11_025, channels=2)
    media.write(tmp_path / "x.avi", [video(25), sound])
    assert_equal(media.read(tmp_path / "x.avi")[1], sound)


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_of_sound(tmp_path: Path, channels: int) -> None:
    sound = audio(1, 44_100, channels, "float32")
    media.write(tmp_path / "x.mp4", [video(25), sound])
    found = media.read(tmp_path / "x.mp4")[1]
    assert found.channels == channels
    for c in (0, 1):  # a sixth channel is filtered as bass
        level = np.sqrt(np.mean(np.square(found.samples[:, c])))
        expected = np.sqrt(np.mean(np.square(sound.samples[:, c])))
        assert abs(level / expected - 1) < 0.05


def test_a_rate_that_the_codec_lacks_becomes_48_khz(tmp_path: Path) -> None:
    sound = audio(1, 37_000, dtype="float32")
    media.write(tmp_path / "x.mp4", [video(25), sound])
    found = media.read(tmp_path / "x.mp4")[1]
    assert found.rate == 48_000
    assert abs(found.grid[0] - 48_000) < 1100


def test_sound_lies_beside_its_pictures_in_the_file(tmp_path: Path) -> None:
    media.write(tmp_path / "x.mp4", [video(300, 16, 16), audio(12, dtype="float32")])
    with av.open(tmp_path / "x.mp4") as container:
        packets = [
            (packet.pos, packet.stream.type, packet.dts * packet.time_base)
            for packet in container.demux()
            if packet.size
        ]
    assert {kind for _, kind, _ in packets} == {"video", "audio"}
    times = {"video": Fraction(0), "audio": Fraction(0)}
    for _, kind, time in sorted(packets):
        times[kind] = time
        assert abs(times["video"] - times["audio"]) < 1.5


def test_sound_can_be_left_out() -> None:
    assert [s.kind for s in media.read(SAMPLES / "bunny.mp4")] == ["video", "audio"]
    assert [s.kind for s in media.read(SAMPLES / "bunny.mp4", keep_audio=False)] == ["video"]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((99, 9), np.int16), "1 to 8 channels"),
        (np.zeros((99, 1), np.uint8), "int16 or float32"),
    ],
)
def test_sounds_that_no_video_can_hold(tmp_path: Path, samples: np.ndarray, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        media.write(tmp_path / "x.mp4", [video(), Signal("audio", samples, Fraction(8000))])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("delay", [-4000, 0, 4000])
def test_sound_that_starts_elsewhere(tmp_path: Path, delay: int) -> None:
    sound = audio(1, 16_000)
    film(tmp_path / "x.mkv", sound, delay)
    found = media.read(tmp_path / "x.mkv")[1].samples
    silence = np.zeros((max(delay, 0), 1), np.int16)
    expected = np.concatenate([silence, sound.samples])[max(-delay, 0) :]
    np.testing.assert_array_equal(found, expected)


def test_sound_that_starts_hours_later_is_refused(tmp_path: Path) -> None:
    film(tmp_path / "x.mkv", audio(1, 16_000), delay=16_000 * 7200)
    with pytest.raises(InputError, match=r"x\.mkv: the sound starts 7200 s after the video"):
        media.read(tmp_path / "x.mkv")
