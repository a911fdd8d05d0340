"""Videos and animations: pictures, rates, bad files."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from lgcodec import media
from lgcodec.errors import InputError, OutputError
from lgcodec.signal import Signal, psnr
from media.builders import SAMPLES, assert_equal, audio, video

CONTAINERS = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
NTSC = Fraction(30_000, 1001)
DEFAULT_DURATION = bytes.fromhex("23e383")  # Matroska: nanoseconds per frame


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


def flipped(packets: Sequence[av.Packet]) -> bytes:
    """The bytes of the sample, some wrong in the middle of each of these."""
    data = bytearray((SAMPLES / "bunny.mp4").read_bytes())
    for packet in packets:
        assert packet.pos is not None
        middle = packet.pos + packet.size // 2
        data[middle : middle + 32] = bytes(0xFF ^ value for value in data[middle : middle + 32])
    return bytes(data)


def packets_of(kind: str) -> list[av.Packet]:
    """Of the pictures or the sound of the sample, the largest first."""
    with av.open(SAMPLES / "bunny.mp4") as container:
        found = [packet for packet in container.demux() if packet.stream.type == kind]
    return sorted(found, key=lambda packet: -packet.size)


@pytest.mark.parametrize("place", range(5))
def test_what_a_decoder_conceals_is_refused(tmp_path: Path, place: int) -> None:
    """With the number and the time of the frame, a part of which it takes from others."""
    packet = packets_of("video")[place]
    (tmp_path / "x.mp4").write_bytes(flipped([packet]))
    seconds = float(packet.pts * packet.time_base)
    message = rf"x\.mp4: frame {round(25 * seconds)} is damaged, at {seconds:.2f} s$"
    with pytest.raises(InputError, match=message):
        media.read(tmp_path / "x.mp4")


def test_sound_that_cannot_be_decoded_says_when(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(flipped(packets_of("audio")[:10]))
    with pytest.raises(InputError, match=r"x\.mp4: .*, at \d\.\d\d s$"):
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
