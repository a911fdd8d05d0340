"""Videos, animations and image sequences: pictures, rates, sound on the same clock, bad files."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.media.sequence import ImageSequence
from lgcodec.signal import Signal, psnr
from media.builders import SAMPLES, assert_equal, audio, image, video

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


def encode(path: Path, configure: Callable[[Any], None] | None = None, **options: Any) -> None:
    """Six frames of `video()` written with PyAV alone; `configure` is given the stream."""
    clip = video()
    with av.open(path, "w") as output:
        stream = output.add_stream(options.pop("codec", "ffv1"), rate=25)
        stream.height, stream.width = clip.grid[1:]
        stream.pix_fmt = options.pop("pix_fmt", "bgr0")
        if configure is not None:
            configure(stream)
        for picture in clip.samples:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            output.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        output.mux(stream.encode(None))


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


# --- pictures


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize(("height", "width"), [(64, 80), (63, 77), (1, 1)])
def test_round_trip(tmp_path: Path, suffix: str, height: int, width: int) -> None:
    clip = video(height=height, width=width, rate=NTSC)
    media.write(tmp_path / f"x{suffix}", [clip])
    (found,) = media.read(tmp_path / f"x{suffix}")
    assert (found.kind, found.rate, found.samples.shape) == ("video", NTSC, clip.samples.shape)
    assert found.samples.flags.c_contiguous
    for t, picture in enumerate(found.samples):
        assert psnr(clip.samples[t], picture) > 30


@pytest.mark.parametrize("rate", [Fraction(1, 2), Fraction(24), Fraction(2997, 100), Fraction(240)])
def test_rates(tmp_path: Path, rate: Fraction) -> None:
    media.write(tmp_path / "x.mp4", [video(rate=rate)])
    assert media.read(tmp_path / "x.mp4")[0].rate == rate


@pytest.mark.parametrize("rate", [Fraction(1, 100_000), Fraction(5000)])
def test_rates_that_no_container_holds(tmp_path: Path, rate: Fraction) -> None:
    with pytest.raises(OutputError, match="frames per second"):
        media.write(tmp_path / "x.mp4", [video(rate=rate)])


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
@pytest.mark.parametrize(("frames", "rate"), [(1, 25), (2, 30), (90, NTSC)])
def test_a_rate_that_only_the_time_stamps_tell(
    tmp_path: Path, suffix: str, frames: int, rate: Fraction
) -> None:
    media.write(tmp_path / f"x{suffix}", [video(frames, rate=NTSC)])
    whole = (tmp_path / f"x{suffix}").read_bytes()
    assert whole.count(DEFAULT_DURATION) == 1
    nameless = whole.replace(DEFAULT_DURATION, b"\x23\xe3\x84")
    (tmp_path / f"x{suffix}").write_bytes(nameless)
    found = media.read(tmp_path / f"x{suffix}")[0].rate
    assert found is not None
    assert abs(found / rate - 1) < 0.02


def test_a_live_recording_declares_no_length(tmp_path: Path) -> None:
    media.write(tmp_path / "x.mkv", [video()])
    whole = bytearray((tmp_path / "x.mkv").read_bytes())
    segment = whole.index(bytes.fromhex("18538067")) + 4
    assert whole[segment] == 1  # a size of eight bytes
    whole[segment : segment + 8] = b"\x01" + b"\xff" * 7
    (tmp_path / "x.mkv").write_bytes(whole)
    assert media.read(tmp_path / "x.mkv")[0].grid == video().grid


def test_a_variable_rate_becomes_its_average(tmp_path: Path) -> None:
    with av.open(tmp_path / "x.mkv", "w") as output:
        stream = output.add_stream("ffv1", rate=100)
        stream.height, stream.width, stream.pix_fmt = 64, 80, "bgr0"
        for t, picture in zip((0, 10, 50, 60, 80, 100), video().samples, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
            frame.pts = t
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert media.read(tmp_path / "x.mkv")[0].rate == 5


def test_colours_are_tagged_and_survive(tmp_path: Path) -> None:
    primaries = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]])
    bars = primaries.repeat(16, 0).astype(np.uint8)[None, None].repeat(32, 1).repeat(3, 0)
    media.write(tmp_path / "x.mp4", [Signal("video", bars, Fraction(25))])
    with av.open(tmp_path / "x.mp4") as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, limited
    (found,) = media.read(tmp_path / "x.mp4")
    middles = found.samples[:, :, 8::16].astype(int)
    assert np.abs(middles - bars[:, :, 8::16]).max() <= 6


@pytest.mark.parametrize(("channels", "factor"), [(1, 1.0), (2, 0.5), (4, 0.5)])
def test_grey_becomes_rgb_and_alpha_lies_over_black(
    tmp_path: Path, channels: int, factor: float
) -> None:
    samples = np.full((3, 32, 32, channels), 200, np.uint8)
    if channels in (2, 4):
        samples[..., -1] = round(255 * factor)
    media.write(tmp_path / "x.mp4", [Signal("video", samples, Fraction(25))])
    (found,) = media.read(tmp_path / "x.mp4")
    assert found.channels == 3
    assert np.abs(found.samples - 200 * factor).max() <= 4


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    clip = video(dtype="uint16")
    media.write(tmp_path / "x.mkv", [clip])
    (found,) = media.read(tmp_path / "x.mkv")
    assert psnr(np.rint(clip.samples / 257).astype(np.uint8), found.samples) > 30


def test_grey_formats_have_one_channel(tmp_path: Path) -> None:
    encode(tmp_path / "x.mkv", pix_fmt="gray")
    (found,) = media.read(tmp_path / "x.mkv")
    luma = video().samples @ np.array([0.299, 0.587, 0.114])
    assert found.channels == 1
    assert np.abs(found.samples[..., 0] - luma).max() < 2


def test_lossless_rgb_is_exact(tmp_path: Path) -> None:
    encode(tmp_path / "x.mkv")
    assert_equal(media.read(tmp_path / "x.mkv")[0], video())


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotation(tmp_path: Path, turn: int) -> None:
    encode(tmp_path / "x.mkv", lambda stream: stream.set_display_rotation(turn))
    (found,) = media.read(tmp_path / "x.mkv")
    with av.open(tmp_path / "x.mkv") as container:
        degrees = next(container.decode(video=0)).rotation  # counterclockwise
    assert degrees % 360 != 0
    expected = np.rot90(video().samples, degrees // 90, axes=(1, 2))
    np.testing.assert_array_equal(found.samples, expected)


def test_samples_that_no_video_can_hold(tmp_path: Path) -> None:
    volume = Signal("video", np.zeros((2, 4, 4, 3), np.float32), Fraction(25))
    for suffix in (".mp4", ".gif"):
        with pytest.raises(OutputError, match="uint8 or uint16"):
            media.write(tmp_path / f"x{suffix}", [volume])


@pytest.mark.parametrize("suffix", [*CONTAINERS, ".gif"])
def test_a_size_that_no_encoder_takes(tmp_path: Path, suffix: str) -> None:
    wide = Signal("video", np.zeros((1, 2, 70_000, 1), np.uint8), Fraction(25))
    path = tmp_path / f"x{suffix}"
    with pytest.raises(OutputError, match=rf"^cannot write {path}: "):
        media.write(path, [wide])
    assert not list(tmp_path.iterdir())


# --- sound


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


# --- animations


def test_gif(tmp_path: Path) -> None:
    clip = video(rate=Fraction(20))
    media.write(tmp_path / "x.gif", [clip, audio()])
    (found,) = media.read(tmp_path / "x.gif")
    assert (found.rate, found.samples.shape) == (20, clip.samples.shape)
    for t, picture in enumerate(found.samples):
        assert psnr(clip.samples[t], picture) > 30


def test_grey_gif(tmp_path: Path) -> None:
    clip = video(channels=1)
    media.write(tmp_path / "x.gif", [clip])
    (found,) = media.read(tmp_path / "x.gif")
    assert np.abs(found.samples.astype(int) - clip.samples).max() <= 2


def test_gif_keeps_equal_frames(tmp_path: Path) -> None:
    still = Signal("video", video(1).samples.repeat(5, 0), Fraction(10))
    media.write(tmp_path / "x.gif", [still])
    (found,) = media.read(tmp_path / "x.gif")
    assert (found.grid, found.rate) == (still.grid, 10)


@pytest.mark.parametrize(("rate", "expected"), [(NTSC, 30), (Fraction(120), 50)])
def test_gif_rounds_its_rate(tmp_path: Path, rate: Fraction, expected: int) -> None:
    media.write(tmp_path / "x.gif", [video(60, 8, 8, rate=rate)])
    found = media.read(tmp_path / "x.gif")[0].rate
    assert found is not None
    assert abs(found / expected - 1) < 0.01


def test_gif_with_a_canvas_too_large_is_refused(tmp_path: Path) -> None:
    media.write(tmp_path / "x.gif", [video(1)])
    data = bytearray((tmp_path / "x.gif").read_bytes())
    data[6:10] = (40_000).to_bytes(2, "little") * 2
    (tmp_path / "x.gif").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.gif: "):
        media.read(tmp_path / "x.gif")


# --- image sequences


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


# --- what is refused


@pytest.mark.parametrize("suffix", [*CONTAINERS, ".gif"])
def test_a_file_cut_anywhere(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    media.write(path, [video(20)])
    whole, (expected,) = path.read_bytes(), media.read(path)
    refused = 0
    for length in range(1, len(whole) - 20, len(whole) // 23):
        path.write_bytes(whole[:length])
        try:
            (found,) = media.read(path)
        except InputError as error:
            assert str(error).startswith(f"cannot read {path}: ")
            refused += 1
        else:  # only the name of the encoder is missing
            assert_equal(found, expected)
    assert refused >= 20


def test_a_film_cut_behind_its_index(tmp_path: Path) -> None:
    with (
        av.open(SAMPLES / "bunny.mp4") as source,
        av.open(tmp_path / "x.mp4", "w", options={"movflags": "+faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    whole = (tmp_path / "x.mp4").read_bytes()
    assert whole.index(b"moov") < whole.index(b"mdat")
    assert media.read(tmp_path / "x.mp4")[0].grid[0] == 48
    for part in (0.3, 0.7, 0.95):
        (tmp_path / "x.mp4").write_bytes(whole[: round(part * len(whole))])
        with pytest.raises(InputError, match=r"x\.mp4: "):
            media.read(tmp_path / "x.mp4")


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    media.write(tmp_path / "secret.mp4", [video()])
    (tmp_path / "x.mp4").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    with pytest.raises(InputError, match=r"x\.mp4: "):
        media.read(tmp_path / "x.mp4")


def test_a_film_without_pictures(tmp_path: Path) -> None:
    sound = audio()
    with av.open(tmp_path / "x.mkv", "w") as output:
        track = output.add_stream("pcm_s16le", rate=16_000, layout="mono")
        block = av.AudioFrame.from_ndarray(sound.samples.T, format="s16", layout="mono")
        block.sample_rate = 16_000
        output.mux([*track.encode(block), *track.encode(None)])
    with pytest.raises(InputError, match=r"x\.mkv: it holds no video"):
        media.read(tmp_path / "x.mkv")


def test_the_sample() -> None:
    clip, sound = media.read(SAMPLES / "bunny.mp4")
    assert (clip.grid, clip.rate) == ((48, 176, 320), 25)
    assert (sound.channels, sound.rate) == (2, 48_000)
    assert abs(sound.grid[0] / 48_000 - 48 / 25) < 0.03
