"""Pictures: every format against an independent writer or reader, and what is refused."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from lgcodec import media
from lgcodec.errors import InputError, InputWarning, OutputError
from lgcodec.media.base import MAX_PIXELS
from lgcodec.signal import Signal, psnr
from media.builders import SAMPLES, assert_equal, image, video

ORIENTATION = 0x0112


def read_image(path: Path) -> Signal:
    (signal,) = media.read(path)
    assert signal.kind == "image"
    assert signal.rate is None
    return signal


def png(samples: np.ndarray, colour_type: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG written without any image library: 8 or 16 bits, no filter, `extra` chunks."""
    height, width = samples.shape[:2]
    depth = samples.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = b"".join(
        b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples
    )
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


# --- writing and reading back


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_lossless_round_trip(tmp_path: Path, suffix: str, dtype: str, channels: int) -> None:
    picture = image(channels=channels, dtype=dtype)
    media.write(tmp_path / f"x{suffix}", [picture])
    assert_equal(read_image(tmp_path / f"x{suffix}"), picture)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_grey_with_alpha_keeps_two_channels(tmp_path: Path, suffix: str) -> None:
    picture = image(channels=2)
    media.write(tmp_path / f"x{suffix}", [picture])
    assert_equal(read_image(tmp_path / f"x{suffix}"), picture)


def test_deep_grey_with_alpha_is_written_as_rgba(tmp_path: Path) -> None:
    picture = image(channels=2, dtype="uint16")
    media.write(tmp_path / "x.png", [picture])
    samples = read_image(tmp_path / "x.png").samples
    np.testing.assert_array_equal(samples, picture.samples[..., [0, 0, 0, 1]])


def test_webp_is_lossless_even_under_full_transparency(tmp_path: Path) -> None:
    picture = image(channels=4)
    picture.samples[:10, :, 3] = 0
    media.write(tmp_path / "x.webp", [picture])
    assert_equal(read_image(tmp_path / "x.webp"), picture)


def test_bmp_is_lossless(tmp_path: Path) -> None:
    media.write(tmp_path / "x.bmp", [image()])
    assert_equal(read_image(tmp_path / "x.bmp"), image())


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_alpha_over_black_is_rounded_to_nearest(tmp_path: Path, dtype: str) -> None:
    picture = image(channels=4, dtype=dtype)
    media.write(tmp_path / "x.bmp", [picture])
    unit = picture.samples / np.iinfo(dtype).max
    expected = 255 * unit[..., :3] * unit[..., 3:]
    found = read_image(tmp_path / "x.bmp").samples
    assert np.abs(found - expected).max() < 0.51


@pytest.mark.parametrize("suffix", [".webp", ".bmp"])
def test_sixteen_bits_are_rounded_where_only_eight_fit(tmp_path: Path, suffix: str) -> None:
    levels = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, 2)
    media.write(tmp_path / f"x{suffix}", [Signal("image", levels)])
    samples = read_image(tmp_path / f"x{suffix}").samples
    np.testing.assert_array_equal(samples, np.rint(levels / 257).astype(np.uint8))


def test_jpeg_has_full_chroma_and_high_quality(tmp_path: Path) -> None:
    (cat,) = media.read(SAMPLES / "cat.png")
    media.write(tmp_path / "x.jpg", [cat])
    with Image.open(tmp_path / "x.jpg") as picture:
        assert [layer[1:3] for layer in picture.layer] == [(1, 1)] * 3
    assert psnr(cat.samples, read_image(tmp_path / "x.jpg").samples) > 36


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_absent_samples_are_transparent(tmp_path: Path, suffix: str, channels: int) -> None:
    present = np.ones((40, 56), np.bool_)
    present[8:16, 20:40] = False
    picture = image(channels=channels)
    media.write(tmp_path / f"x{suffix}", [Signal("image", picture.samples, present=present)])
    samples = read_image(tmp_path / f"x{suffix}").samples
    assert samples.shape[-1] in (2, 4)
    assert (samples[~present, -1] == 0).all()
    expected = picture.samples[present, -1] if channels in (2, 4) else 255
    np.testing.assert_array_equal(samples[present, -1], expected)
    np.testing.assert_array_equal(samples[..., 0], picture.samples[..., 0])


def test_absent_deep_samples_are_transparent(tmp_path: Path) -> None:
    present = np.ones((40, 56), np.bool_)
    present[0] = False
    picture = image(dtype="uint16")
    media.write(tmp_path / "x.png", [Signal("image", picture.samples, present=present)])
    samples = read_image(tmp_path / "x.png").samples
    np.testing.assert_array_equal(samples[..., 3], np.where(present, 65_535, 0))


def test_a_mask_without_gaps_adds_no_alpha(tmp_path: Path) -> None:
    present = np.ones((40, 56), np.bool_)
    media.write(tmp_path / "x.png", [Signal("image", image().samples, present=present)])
    assert read_image(tmp_path / "x.png").channels == 3


def test_jpeg_keeps_the_fill_and_lays_alpha_over_black(tmp_path: Path) -> None:
    present = np.zeros((40, 56), np.bool_)
    filled = Signal("image", np.full((40, 56, 3), 200, np.uint8), present=present)
    media.write(tmp_path / "fill.jpg", [filled])
    assert abs(read_image(tmp_path / "fill.jpg").samples.astype(int) - 200).max() <= 2
    half = np.full((40, 56, 4), 200, np.uint8)
    half[..., 3] = 51
    media.write(tmp_path / "alpha.jpg", [Signal("image", half)])
    assert abs(read_image(tmp_path / "alpha.jpg").samples.astype(int) - 40).max() <= 2


def test_a_video_gives_its_first_frame_with_its_gaps(tmp_path: Path) -> None:
    clip = video()
    present = np.ones(clip.grid, np.bool_)
    present[0, :4] = False
    media.write(tmp_path / "x.png", [Signal("video", clip.samples, clip.rate, present)])
    samples = read_image(tmp_path / "x.png").samples
    np.testing.assert_array_equal(samples[..., :3], clip.samples[0])
    np.testing.assert_array_equal(samples[..., 3] == 0, ~present[0])


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.int16),
        np.zeros((4, 4, 5), np.uint8),
    ],
)
def test_samples_that_no_picture_can_hold(tmp_path: Path, samples: np.ndarray) -> None:
    with pytest.raises(OutputError, match=r"uint8 or uint16 samples of 1 to 4 channels"):
        media.write(tmp_path / "x.png", [Signal("image", samples)])
    assert not list(tmp_path.iterdir())


def test_a_size_that_the_format_cannot_hold(tmp_path: Path) -> None:
    wide = Signal("image", np.zeros((1, 20_000, 3), np.uint8))
    with pytest.raises(OutputError, match="WEBP cannot hold"):
        media.write(tmp_path / "x.webp", [wide])


# --- reading what others write


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (4, 2), (2, 3), (6, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png_of_every_colour_type(
    tmp_path: Path, colour_type: int, channels: int, dtype: str
) -> None:
    picture = image(channels=channels, dtype=dtype)
    (tmp_path / "x.png").write_bytes(png(picture.samples, colour_type))
    assert_equal(read_image(tmp_path / "x.png"), picture)


def test_png_with_a_transparent_colour(tmp_path: Path) -> None:
    samples = image().samples
    samples[0, 0] = (1, 2, 3)
    (tmp_path / "x.png").write_bytes(png(samples, 2, (b"tRNS", bytes([0, 1, 0, 2, 0, 3]))))
    found = read_image(tmp_path / "x.png").samples
    np.testing.assert_array_equal(found[..., :3], samples)
    assert found[0, 0, 3] == 0
    assert found[..., 3].sum() == 255 * (40 * 56 - 1)


@pytest.mark.parametrize("mode", ["1", "P", "PA", "L", "LA", "CMYK"])
def test_modes_of_pillow(tmp_path: Path, mode: str) -> None:
    source = Image.fromarray(image().samples).convert(mode if mode != "PA" else "P")
    if mode == "PA":
        source.info["transparency"] = 0
        source.save(tmp_path / "x.png", transparency=0)
    elif mode == "CMYK":
        source.save(tmp_path / "x.tif")
    else:
        source.save(tmp_path / "x.png")
    found = read_image(tmp_path / ("x.tif" if mode == "CMYK" else "x.png")).samples
    target = {"1": "L", "P": "RGB", "PA": "RGBA", "CMYK": "RGB"}.get(mode, mode)
    expected = np.asarray(source.convert(target)).reshape(40, 56, -1)
    np.testing.assert_array_equal(found, expected)
    if mode == "1":
        assert set(np.unique(found)) == {0, 255}
    if mode == "PA":
        assert set(np.unique(found[..., 3])) == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    source = Image.fromarray(image().samples)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    source.save(tmp_path / "x.png", exif=exif)
    source.save(tmp_path / "x.webp", exif=exif, lossless=True)
    source.save(tmp_path / "x.tif", exif=exif)
    with Image.open(tmp_path / "x.png") as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))
    for name in ("x.png", "x.webp", "x.tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name).samples, expected)


def test_exif_orientation_of_deep_tiff(tmp_path: Path) -> None:
    samples = image(dtype="uint16").samples
    tag = (ORIENTATION, "H", 1, 6, True)
    tifffile.imwrite(tmp_path / "x.tif", samples, photometric="rgb", extratags=[tag])
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif").samples, np.rot90(samples, -1))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tile": (16, 16)},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"compression": "zlib", "predictor": True},
        {"planarconfig": "separate"},
    ],
)
def test_deep_tiff_of_every_layout(tmp_path: Path, options: dict[str, object]) -> None:
    picture = image(dtype="uint16")
    planar = options.get("planarconfig") == "separate"
    stored = np.moveaxis(picture.samples, 2, 0) if planar else picture.samples
    tifffile.imwrite(tmp_path / "x.tif", stored, photometric="rgb", **options)
    assert_equal(read_image(tmp_path / "x.tif"), picture)


def test_our_tiff_is_read_by_others(tmp_path: Path) -> None:
    picture = image(dtype="uint16", channels=4)
    media.write(tmp_path / "x.tif", [picture])
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        np.testing.assert_array_equal(file.asarray(), picture.samples)
        assert file.pages.first.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)


# --- what is refused


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint32"])
def test_more_than_sixteen_bits(tmp_path: Path, dtype: str) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((4, 4), dtype))
    with pytest.raises(InputError, match=r"x\.tif: "):
        media.read(tmp_path / "x.tif")


def test_deep_tiff_of_other_colours(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((4, 4, 4), np.uint16), photometric="separated")
    with pytest.raises(InputError, match=r"x\.tif: "):
        media.read(tmp_path / "x.tif")


@pytest.mark.parametrize("side", [10_000, 30_000, 2**31 - 1])
def test_a_picture_too_large_is_refused_from_its_header(tmp_path: Path, side: int) -> None:
    bomb = bytearray(png(np.zeros((1, 1), np.uint8), 0))
    bomb[16:24] = struct.pack(">II", side, side)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    (tmp_path / "x.png").write_bytes(bomb)
    assert side**2 > MAX_PIXELS
    with pytest.raises(InputError, match=rf"x\.png: .*{side}|{side**2} pixels"):
        media.read(tmp_path / "x.png")


def test_the_content_decides_against_the_suffix(tmp_path: Path) -> None:
    Image.fromarray(image().samples).save(tmp_path / "x.jpg")
    (tmp_path / "x.jpg").rename(tmp_path / "x.png")
    with pytest.raises(InputError, match=r"x\.png: the content is not PNG"):
        media.read(tmp_path / "x.png")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_deep_png_cut_anywhere(tmp_path: Path, channels: int) -> None:
    media.write(tmp_path / "x.png", [image(channels=channels, dtype="uint16")])
    whole = (tmp_path / "x.png").read_bytes()
    for length in range(1, len(whole) - 20, len(whole) // 37):
        (tmp_path / "x.png").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.png: "):
            media.read(tmp_path / "x.png")


# --- several pictures in a file


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_of_several_pictures_the_first(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    first, *others = (Image.fromarray(np.full((9, 8, 3), shade, np.uint8)) for shade in (7, 70, 99))
    first.save(path, save_all=True, append_images=others)
    with pytest.warns(InputWarning, match=r"x\.\w+ holds 3 pictures, the first is taken"):
        samples = read_image(path).samples
    assert (abs(samples.astype(int) - 7) <= 2).all()


def test_previews_are_no_pictures(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """As telephones write them: a JPEG with others behind it (MPO)."""
    first, other = (Image.fromarray(np.full((16, 16, 3), shade, np.uint8)) for shade in (7, 70))
    first.save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=[other])
    with Image.open(tmp_path / "x.jpg") as picture:
        assert picture.n_frames == 2
    assert abs(read_image(tmp_path / "x.jpg").samples.astype(int) - 7).max() <= 2
    assert not [item for item in recwarn if item.category is InputWarning]


def test_what_is_broken_behind_the_first_picture(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    pictures = [Image.fromarray(np.full((9, 8), shade, np.uint8)) for shade in (7, 70)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    data = path.read_bytes()
    with tifffile.TiffFile(path) as pages:
        behind = pages.pages[1].offset
    path.write_bytes(data[: behind + 4])
    np.testing.assert_array_equal(read_image(path).samples[..., 0], 7)
