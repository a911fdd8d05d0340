"""Seconds to a quality, and of latents: to encode, to decode, to decode one partition.

`--only training`: our encoder against plain full-batch PyTorch, in the same run, on the paper's
199k parameters and the 512x512 camera picture. The baseline counts its optimisation steps alone;
ours is the whole encode, from samples in memory to the bytes of a quantised file, and its PSNR is
that of the decoded 8-bit file. Needs --data with images/skimage/camera.png; without it
scikit-image's own copy is taken.

`--only latents`: a picture of Kodak at 0.5 bpp by every preset. Decoding is timed from the path to
the samples, in a process that has decoded before, the fastest of some runs; the command is `lgi
decode` as a process of its own. CPU seconds are those of all threads. Needs --data with kodak/;
without it samples/cat.png is taken.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common import SAMPLES, Table, parser
from benchmarks.plain import PlainLocalGlobal, grid_of, psnr_of
from lgcodec import EncodeOptions, Signal, read
from lgcodec._encode import encode_signals
from lgcodec._file import open_file
from lgcodec.fit.options import Preset

PARAMETERS = 198_930  # Table 6, Cameraman, Local-Global SIREN
SCHEDULES = (50, 75, 100, 150, 200, 300, 400)


PRESETS: tuple[Preset, ...] = ("fast", "medium", "best")
BPP = 0.5


def main() -> None:
    """Run the comparisons and write results/speed.txt and results/speed-latents.txt."""
    options = parser(__doc__)
    options.add_argument("--only", choices=("training", "latents"))
    asked = options.parse_args()
    if asked.only != "latents":
        _training(asked.data, quick=asked.quick, write=not asked.no_write)
    if asked.only != "training":
        path = asked.data / "kodak/kodim15.png" if asked.data else SAMPLES / "cat.png"
        _latents(path, PRESETS[: 1 if asked.quick else None], write=not asked.no_write)


def _latents(path: Path, presets: tuple[Preset, ...], *, write: bool) -> None:
    (picture,) = read(path)
    columns = ("preset", "dB", "bytes", "encode s", "CPU s", "decode ms", "CPU ms",
               "64x64 ms", "CPU ms", "command s")  # fmt: skip
    sides = " x ".join(map(str, reversed(picture.grid)))
    table = Table(f"Latents at {BPP} bpp, {path.name}, {sides}, 64x64 partitions", columns)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "coded.lgi"
        for preset in presets:
            started, used = perf_counter(), process_time()
            asked = EncodeOptions(preset=preset, family="latent", partition_size=(64, 64), bpp=BPP)
            data, report = encode_signals([picture], asked)
            coding = perf_counter() - started, process_time() - used
            target.write_bytes(data)
            whole = _fastest(open_file(target).decode, 5)
            part = _fastest(open_file(target)[2, 2].decode, 25)
            command = [Path(sys.executable).with_name("lgi"), "decode", target]
            started = perf_counter()
            subprocess.run([*map(str, command), f"{folder}/out.png", "--quiet"], check=True)
            main = report.streams[0]
            table.add(preset, main.psnr, report.bytes, *coding, *whole, *part,
                      perf_counter() - started)  # fmt: skip
    each = main.plan.family.multiplications()
    table.note(f"{each} multiplications per pixel: networks, wavelet, spline, filter, colours")
    if write:
        table.write("speed-latents")


def _fastest(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Milliseconds of the fastest of some runs: by the clock, and of the CPU."""
    seconds = []
    for _ in range(runs + 1):
        started, used = perf_counter(), process_time()
        work()
        seconds.append((perf_counter() - started, process_time() - used))
    clock, cpu = zip(*seconds[1:], strict=True)
    return 1000 * min(clock), 1000 * min(cpu)


def _training(data: Path | None, *, quick: bool, write: bool) -> None:
    picture = _camera(data)
    steps = 20 if quick else 300
    table = Table(
        f"Time to the PSNR that plain full-batch PyTorch has after {steps} steps, camera 512x512",
        ("what", "steps", "dB", "bytes", "seconds", "share of the baseline"),
    )
    target, seconds = _plain(picture, steps)
    table.add("plain, Local-Global 14/84, 16x16", steps, target, 4 * PARAMETERS, seconds, "1")
    for arrangement in ("per-partition", "local-global"):
        _ours(table, picture, arrangement, target, seconds)
    if write:
        table.write("speed")


def _camera(data: Path | None) -> NDArray[np.uint8]:
    if data is None:
        from skimage.data import camera

        return np.asarray(camera(), np.uint8)  # type: ignore[no-untyped-call]
    return np.asarray(read(data / "images/skimage/camera.png")[0].samples[..., 0], np.uint8)


def _plain(picture: NDArray[np.uint8], steps: int) -> tuple[float, float]:
    """PSNR after `steps` of the paper's settings (Adam, 5e-4, all pixels), and their seconds."""
    torch.manual_seed(0)
    network = PlainLocalGlobal(256, 14, 84, 1)
    coordinates, values = grid_of(picture, 16)
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-4)
    started = perf_counter()
    for step in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(network(coordinates), values)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step % 25 == 0:
            print(f"plain step {step}: {perf_counter() - started:.0f} s", flush=True)
    seconds = perf_counter() - started
    with torch.no_grad():
        return psnr_of(network(coordinates), values), seconds


def _ours(
    table: Table,
    picture: NDArray[np.uint8],
    arrangement: str,
    target: float,
    baseline: float,
) -> None:
    """Encode with longer and longer schedules until the file is as good as the baseline."""
    signal = Signal("image", picture[..., None])
    for iterations in SCHEDULES:
        started = perf_counter()
        asked = EncodeOptions(
            params=PARAMETERS,
            arrangement=arrangement,  # type: ignore[arg-type]
            iterations=iterations,
        )
        data, report = encode_signals([signal], asked)
        seconds = perf_counter() - started
        plan, psnr = report.streams[0].plan, report.streams[0].psnr
        family = plan.family
        widths = f"{family.sizes['local_width']}/{family.sizes['global_width']}"
        name = f"lgcodec, {arrangement} {widths}, {plan.tiles}"
        ratio = f"1/{baseline / seconds:.0f}" if psnr >= target else "below the target"
        table.add(name, iterations, psnr, len(data), seconds, ratio)
        if psnr >= target:
            return
    table.note(f"{arrangement} did not reach {target:.2f} dB")


if __name__ == "__main__":
    main()
