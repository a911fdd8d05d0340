"""Seconds to a quality: our encoder against plain full-batch PyTorch, in the same run.

The paper's 199k parameters on the 512x512 camera picture. The baseline counts its optimisation
steps alone; ours is the whole encode, from samples in memory to the bytes of a quantised file, and
its PSNR is that of the decoded 8-bit file. Needs --data with images/skimage/camera.png; without it
scikit-image's own copy is taken.
"""

from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common import Table, parser
from benchmarks.plain import PlainLocalGlobal, grid_of, psnr_of
from lgcodec import EncodeOptions, Signal, read
from lgcodec._encode import encode_signals

PARAMETERS = 198_930  # Table 6, Cameraman, Local-Global SIREN
SCHEDULES = (50, 75, 100, 150, 200, 300, 400)


def main() -> None:
    """Run the comparison and write results/speed.txt."""
    options = parser(__doc__).parse_args()
    picture = _camera(options.data)
    steps = 20 if options.quick else 300
    table = Table(
        f"Time to the PSNR that plain full-batch PyTorch has after {steps} steps, camera 512x512",
        ("what", "steps", "dB", "bytes", "seconds", "share of the baseline"),
    )
    target, seconds = _plain(picture, steps)
    table.add("plain, Local-Global 14/84, 16x16", steps, target, 4 * PARAMETERS, seconds, "1")
    for arrangement in ("per-partition", "local-global"):
        _ours(table, picture, arrangement, target, seconds)
    if not options.no_write:
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
