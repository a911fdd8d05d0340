"""Pictures: PNG, JPEG, TIFF, WebP and BMP files as images of 8 or 16 bits per channel."""

import io
import warnings
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, final

import av
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

from lgcodec.errors import InputError, InputWarning, OutputError
from lgcodec.media.base import ReadOptions, SingleFile, check_pixels
from lgcodec.media.pixels import check_pixel_type, eight_bit, opaque, with_alpha
from lgcodec.signal import Signal

__all__ = ["ImageFile", "image_bytes"]

Samples = NDArray[Any]

FORMATS: Final = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
}
WITHOUT_ALPHA: Final = ("JPEG", "BMP")
DEEP: Final = ("PNG", "TIFF")  # these hold 16 bits per channel
SAVE_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
}
DEEP_PNG: Final = {1: "gray16be", 3: "rgb48be", 4: "rgba64be"}


@final
class ImageFile(SingleFile):
    """One picture per file; of several pages or frames the first, with an InputWarning.

    Reads uint8 or uint16 samples [y, x, c], c = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Palettes
    and CMYK become RGB, one bit becomes 0 and 255, the EXIF orientation is applied. Writes an
    image, or the first frame of a video; absent samples become transparent where the format has
    alpha, and alpha is laid over black where it has none.
    """

    kinds = ("image", "video")
    readable = tuple(FORMATS)
    writable = tuple(FORMATS)

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:  # noqa: ARG002
        name = FORMATS[path.suffix.lower()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large pictures and of metadata we do not use
            try:
                picture = Image.open(path, formats=[name])
            except UnidentifiedImageError as error:
                raise InputError(f"the content is not {name}") from error
            with picture:
                samples, count = _upright_samples(path, picture), _pictures(picture)
        if count > 1:
            warnings.warn(_only_first(path, count), InputWarning, stacklevel=2)
        return (Signal("image", samples),)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        signal = signals[0]
        samples, present = signal.samples, signal.present
        if signal.kind == "video":
            samples, present = samples[0], None if present is None else present[0]
        path.write_bytes(image_bytes(samples, present, FORMATS[path.suffix.lower()]))


def image_bytes(samples: Samples, present: NDArray[np.bool_] | None, name: str) -> bytes:
    """A picture file in memory.

    samples  uint8 or uint16 [y, x, c], c from 1 to 4
    present  [y, x], False where a sample is absent, or None
    name     Pillow's name of the format, such as "PNG"

    Raises OutputError for other samples and for sizes the format cannot hold.
    """
    check_pixel_type(samples)
    samples = opaque(samples) if name in WITHOUT_ALPHA else with_alpha(samples, present)
    if name not in DEEP:
        samples = eight_bit(samples)
    if name == "TIFF":
        return _tiff_bytes(samples)
    if samples.dtype == np.uint16:
        return _deep_png_bytes(samples)
    buffer = io.BytesIO()
    flat = np.ascontiguousarray(samples[..., 0] if samples.shape[-1] == 1 else samples)
    try:
        Image.fromarray(flat).save(buffer, name, **SAVE_OPTIONS.get(name, {}))
    except (OSError, ValueError) as error:
        raise OutputError(f"{name} cannot hold samples {samples.shape}: {error}") from error
    return buffer.getvalue()


def _pictures(picture: Image.Image) -> int:
    """Pages or frames; previews and the like, which JPEGs of telephones carry along, are none."""
    if picture.format in ("JPEG", "MPO"):
        return 1
    with suppress(Exception):  # what is broken behind the first picture is not asked for
        return int(getattr(picture, "n_frames", 1))
    return 1


def _only_first(path: Path, count: int) -> str:
    return (
        f"{path} holds {count} pictures, the first is taken; all of them as one video: numbered "
        "files such as frames/%04d.png, or a gif"
    )


def _upright_samples(path: Path, picture: Image.Image) -> Samples:
    check_pixels(picture.width, picture.height)
    samples = _deep_samples(path, picture)
    if samples is None:
        samples = _samples(picture)
    # After loading: only then has Pillow seen a late EXIF chunk, or turned a TIFF by itself.
    return _oriented(samples, picture.getexif().get(ExifTags.Base.Orientation, 1))


def _samples(picture: Image.Image) -> Samples:
    if picture.mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16)[..., np.newaxis]
    if picture.mode in ("I", "F"):
        raise InputError("32 bits per channel, allowed are 8 and 16")
    colour = "L" if picture.mode in ("1", "L", "LA") else "RGB"
    alpha = "A" if picture.has_transparency_data else ""
    samples = np.asarray(picture.convert(colour + alpha))
    return samples.reshape(*samples.shape[:2], -1)


def _deep_samples(path: Path, picture: Image.Image) -> Samples | None:
    """16-bit samples of several channels, which Pillow would cut to 8 bits; else None."""
    if picture.mode.startswith("I"):
        return None
    if isinstance(picture, TiffImageFile):
        deep = max(picture.tag_v2.get(BITSPERSAMPLE, (8,))) == 16
        return _deep_tiff_samples(path) if deep else None
    if isinstance(picture, PngImageFile):
        data = path.read_bytes()
        return _deep_png_samples(data) if data[24] == 16 else None  # IHDR, bit depth
    return None


def _deep_png_samples(data: bytes) -> Samples:
    decoder = av.CodecContext.create("png", "r")
    (frame,) = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    if frame.format.name == "ya16be":  # has no array form of its own
        return frame.to_ndarray(format="rgba64le")[..., [0, 3]]
    return frame.to_ndarray()


def _deep_tiff_samples(path: Path) -> Samples:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.photometric not in (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.MINISBLACK):
            raise InputError(f"16 bits and {page.photometric!s}, allowed are grey and RGB")
        return np.moveaxis(page.asarray(), page.axes.index("S"), -1)


def _deep_png_bytes(samples: Samples) -> bytes:
    if samples.shape[-1] == 2:  # the encoder takes no grey and alpha: write it as RGBA
        samples = samples[..., [0, 0, 0, 1]]
    channels = samples.shape[-1]
    encoder = av.CodecContext.create("png", "w")
    encoder.height, encoder.width = samples.shape[:2]
    encoder.pix_fmt = DEEP_PNG[channels]
    encoder.time_base = Fraction(1)
    encoder.options = {"pred": "mixed"}
    flat = np.ascontiguousarray(samples[..., 0] if channels == 1 else samples)
    frame = av.VideoFrame.from_ndarray(flat, format=DEEP_PNG[channels])
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def _tiff_bytes(samples: Samples) -> bytes:
    channels = samples.shape[-1]
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        samples[..., 0] if channels == 1 else samples,
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig=None if channels == 1 else "contig",
        extrasamples=("unassalpha",) if channels in (2, 4) else None,
        compression="zlib",
        predictor=True,
        metadata=None,
    )
    return buffer.getvalue()


def _oriented(samples: Samples, orientation: int) -> Samples:
    """`samples`, [y, x, c], turned and mirrored as the EXIF orientation, 1 to 8, asks."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return np.ascontiguousarray(samples)
