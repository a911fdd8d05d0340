"""Tasks of the paper's Table 14: Local-Global INCODE and INCODE, beside a method without networks.

Denoising (40 photons, readout 2), 4x super-resolution, CT from 180 projections. On a part of a
shipped picture and, for CT, on the Shepp-Logan phantom; with --data on the camera picture too.
PSNR of peak 1 against the clean picture, and SSIM. --quick takes fewer steps and a smaller phantom.
`benchmarks.paper` has the pictures and the learning rates of the paper.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.data import shepp_logan_phantom
from skimage.restoration import denoise_nl_means
from skimage.transform import iradon, radon, resize

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, read, tasks
from lgcodec.fit.radon import sinogram
from lgcodec.metrics import ssim

__all__ = ["denoised", "enlarged", "reconstructed"]

ANGLES = tuple(range(180))
SINGLE: dict[str, Any] = {
    "arrangement": "single",
    "partitions": None,
    "global_width": None,
    "local_width": 256,
}
Floats = NDArray[np.floating[Any]]
Row = tuple[str, str, float, float]  # task, method, dB, SSIM


def main() -> None:
    """Run all tasks and write results/tasks.txt."""
    options = parser(__doc__).parse_args()
    pictures = [SAMPLES / "cat.png"]
    pictures += [options.data / "images/skimage/camera.png"] if options.data else []
    table = Table(
        "Tasks of Table 14 (paper: 32.37 and 32.26, 30.01 and 29.81, 31.23 and 31.01 dB)",
        ("picture", "task", "method", "seed", "dB", "SSIM"),
    )
    for seed in (0,) if options.quick else (0, 1, 2):
        few = {"iterations": 150} if options.quick else {}
        for path in pictures:
            picture = (read(path)[0].samples / 255).astype(np.float32)
            part = np.ascontiguousarray(picture[:256, -384:])
            for task in (denoised, enlarged):
                for name, method, *quality in task(part, {**few, "seed": seed}):
                    table.add(path.name, name, method, seed, *quality)
        size = 64 if options.quick else 256
        for name, method, *quality in reconstructed(_phantom(size), {**few, "seed": seed}):
            table.add("Shepp-Logan", name, method, seed, *quality)
    if not options.no_write:
        table.write("tasks")


def _phantom(size: int) -> NDArray[np.float32]:
    picture = resize(shepp_logan_phantom(), (size, size), anti_aliasing=True)  # type: ignore[no-untyped-call]
    return np.asarray(picture, np.float32)[..., None]


def denoised(clean: NDArray[np.float32], given: dict[str, Any], scale: int = 1) -> Iterator[Row]:
    """Noise added to `clean` [y, x, C], 0 to 1, and removed; widths are `scale` times less."""
    measured = tasks.noisy(clean, seed=given["seed"])
    yield "denoising", "nothing", *_quality(measured, clean)
    smooth = denoise_nl_means(measured, h=0.1, fast_mode=True, channel_axis=-1)
    yield "denoising", "non-local means", *_quality(smooth, clean)

    def run(options: EncodeOptions) -> Floats:
        return tasks.denoise(measured, options)[1].samples

    yield from _both("denoising", clean, tasks.DENOISING, {**given, "scale": scale}, run)


def enlarged(clean: NDArray[np.float32], given: dict[str, Any], scale: int = 1) -> Iterator[Row]:
    """A quarter of the edges of `clean`, enlarged; the rest as in `denoised`."""
    small = tasks.reduced(np.rint(clean * 255).astype(np.uint8))
    size = clean.shape[1::-1]
    channels = [
        np.asarray(Image.fromarray(small[..., i]).resize(size, Image.Resampling.BICUBIC))
        for i in range(small.shape[-1])
    ]
    yield "4x super-resolution", "bicubic", *_quality(np.stack(channels, -1) / 255, clean)

    def run(options: EncodeOptions) -> Floats:
        return tasks.enlarge(small, options=options)[1].samples.astype(np.float32) / 255

    yield from _both(
        "4x super-resolution", clean, tasks.SUPER_RESOLUTION, {**given, "scale": scale}, run
    )


def reconstructed(
    clean: NDArray[np.float32], given: dict[str, Any], scale: int = 1
) -> Iterator[Row]:
    """A sinogram of `clean`, reconstructed; the rest as in `denoised`."""
    measured = sinogram(clean, ANGLES)
    theirs = radon(clean[..., 0], ANGLES)  # type: ignore[no-untyped-call]
    back = iradon(theirs, ANGLES)  # type: ignore[no-untyped-call] # its centre is another
    yield "CT", "filtered back projection", *_quality(back[..., None], clean)

    def run(options: EncodeOptions) -> Floats:
        found = tasks.reconstruct(measured, ANGLES, clean.shape[:2], options)[1]
        return found.samples.astype(np.float32) / 65535

    yield from _both("CT", clean, tasks.RECONSTRUCTION, {**given, "scale": scale}, run)


def _both(
    task: str,
    clean: NDArray[np.float32],
    options: EncodeOptions,
    given: dict[str, Any],
    run: Callable[[EncodeOptions], Floats],
) -> Iterator[Row]:
    scale = given.pop("scale")
    widths = {name: getattr(options, name) // scale for name in ("local_width", "global_width")}
    found = run(replace(options, **{**widths, **given}))
    yield task, "Local-Global INCODE", *_quality(found, clean)
    width = (326 if task == "CT" else 256) // scale
    steps = 1000 if task == "denoising" else options.iterations  # Table 7
    single = {**SINGLE, "local_width": width, "layers": 5, "iterations": steps, **given}
    yield task, "INCODE", *_quality(run(replace(options, **single)), clean)


def _quality(found: NDArray[Any], clean: Floats) -> tuple[float, float]:
    """dB and SSIM."""
    clipped = np.clip(found, 0, 1).astype(np.float64)
    similarity = ssim(clean, clipped, 1.0)
    return float(-10 * np.log10(((clipped - clean) ** 2).mean())), similarity or 0.0


if __name__ == "__main__":
    main()
