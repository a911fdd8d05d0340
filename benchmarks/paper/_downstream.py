"""Tables 14 and 15: denoising, CT reconstruction and 4x super-resolution with INCODE.

On the paper's own pictures where --data has them. Learning rates are the paper's, for local and
global weights alike; widths are `scale` times less, and so are the edges of the pictures.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.data import shepp_logan_phantom

from benchmarks import tasks
from benchmarks.common import SAMPLES, Table
from lgcodec import read

__all__ = ["table14", "table15"]

Floats = NDArray[np.float32]
Figures = Mapping[str, tuple[float, float | None]]  # method -> dB, SSIM


class Task(NamedTuple):
    """A task, the paper's picture with the edges (x, y) that it has there, and its figures."""

    run: Callable[[Floats, dict[str, Any], int], Iterator[tuple[str, str, float, float]]]
    picture: str
    size: tuple[int, int]
    rate: float
    paper: Figures


TASKS: Final = (
    Task(
        tasks.denoised,
        "div2k/0055.png",
        (512, 288),
        1.5e-4,
        {"Local-Global INCODE": (32.37, 0.866), "INCODE": (32.26, 0.864)},
    ),
    Task(
        tasks.reconstructed,
        "ct_img377.png",
        (256, 256),
        2e-4,
        {"Local-Global INCODE": (31.23, None), "INCODE": (31.01, None)},
    ),
    Task(
        tasks.enlarged,
        "div2k/0882.png",
        (2016, 1344),
        9e-4,
        {"Local-Global INCODE": (30.01, 0.904), "INCODE": (29.81, 0.881)},
    ),
)


class Extent(NamedTuple):
    """How much of a task is done; `steps` None: as many as in the paper."""

    scale: int
    seeds: tuple[int, ...]
    steps: int | None


FEW: Final = 150  # steps of --quick
LESS: Final = 300  # steps of a full run, but for denoising: where it stops is what it does
MORE_PICTURES: Final = {"Local-Global INCODE": (26.76, 0.734), "INCODE": (26.68, 0.703)}


def table14(data: Path | None, *, quick: bool, plot: Path | None) -> Table:  # noqa: ARG001
    """All three tasks."""
    table = _table("Table 14: tasks, 10 seeds in the paper")
    for task in TASKS:
        steps = None if task.run is tasks.denoised else LESS
        full = Extent(scale=4, seeds=(0, 1), steps=steps)
        _rows(table, task, [_picture(data, task)], _quick() if quick else full)
    return table


def table15(data: Path | None, *, quick: bool, plot: Path | None) -> Table:  # noqa: ARG001
    """Super-resolution of several pictures, 25 in the paper."""
    task = TASKS[-1]._replace(paper=MORE_PICTURES, size=(512, 512))
    paths = [SAMPLES / "cat.png"]
    if data:
        paths = sorted((data / "images/tancik_div2k_train").glob("*.png"))[: 2 if quick else 4]
    table = _table(f"Table 15: super-resolution, {len(paths)} pictures")
    full = Extent(scale=2, seeds=(0, 1), steps=LESS)
    pictures = [Image.open(path).convert("RGB") for path in paths]
    _rows(table, task, pictures, _quick() if quick else full)
    return table


def _quick() -> Extent:
    return Extent(scale=4, seeds=(0,), steps=FEW)


def _table(title: str) -> Table:
    columns = ("task", "method", "paper SSIM", "SSIM", "paper dB", "dB")
    return Table(title, columns)


def _picture(data: Path | None, task: Task) -> Image.Image:
    """The paper's; without --data a shipped one, and a phantom for CT."""
    if data:
        return Image.fromarray(read(data / "images" / task.picture)[0].samples)
    if task.run is tasks.reconstructed:
        return Image.fromarray(np.uint8(255 * shepp_logan_phantom()))  # type: ignore[no-untyped-call]
    return Image.open(SAMPLES / "cat.png")


def _rows(table: Table, task: Task, pictures: list[Image.Image], extent: Extent) -> None:
    """Every method's mean over pictures and seeds, with the deviation of all fits."""
    scale, seeds, steps = extent
    few: dict[str, Any] = {} if steps is None else {"iterations": steps}
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for picture in pictures:
        clean = _clean(picture, task, scale)
        for seed in seeds:
            given = {**few, "rates": (task.rate, task.rate), "seed": seed}
            for name, method, *quality in task.run(clean, given, scale):
                found.setdefault((name, method), []).append((quality[0], quality[1]))
    for (name, method), qualities in found.items():
        theirs = task.paper.get(method, (None, None))
        decibels, similarities = zip(*qualities, strict=True)
        spread = f" ±{stdev(decibels):.2f}" if len(decibels) > 1 else ""
        figures = [f"{mean(similarities):.3f}", f"{mean(decibels):.2f}{spread}"]
        paper = ["" if value is None else f"{value:g}" for value in theirs]
        table.add(name, method, paper[1], figures[0], paper[0], figures[1])
    table.note(
        f"{name}: {'x'.join(map(str, clean.shape))}, scale {scale}, {len(pictures)} pictures, "
        f"{len(seeds)} seeds, {few.get('iterations', 'as many as in the paper')} steps"
    )


def _clean(picture: Image.Image, task: Task, scale: int) -> Floats:
    """[y, x, C] 0 to 1, grey for CT."""
    size = (task.size[0] // scale, task.size[1] // scale)
    mode = "L" if task.run is tasks.reconstructed else "RGB"
    small = np.asarray(picture.convert(mode).resize(size, Image.Resampling.BOX), np.float32)
    return np.float32(1 / 255) * small.reshape(*small.shape[:2], -1)
