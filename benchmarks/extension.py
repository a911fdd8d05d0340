"""Extending an encoded signal against encoding the larger one anew (paper, section 4.4, Figure 7).

A Local-Global SIREN of a part of each input is extended to the whole input by fine-tuning for a
twelfth, a sixth and a third of the steps that networks of the same size get from scratch, each with
a schedule of its own: the same Local-Global SIREN and, for pictures, a SIREN, as in the paper's
figure. All are quantised files; PSNR is that of all samples of the whole input. Pictures get one
column of partitions more and a sound is half as long again; then, the hard case of the paper, a
picture is doubled. With --data also a video and the camera picture of the paper.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import Signal, encode, extend, read
from lgcodec.fit.plan import Plan

SHARES = (12, 6, 3)  # of the steps from scratch


class Case(NamedTuple):
    """An input, which part of it is encoded first, and the network."""

    name: str
    whole: Signal
    part: tuple[slice, ...]
    options: dict[str, Any]


def main() -> None:
    """Extend everything and write results/extension.txt."""
    options = parser(__doc__).parse_args()
    steps = 240 if options.quick else 360
    table = Table(
        f"Extending against encoding anew in {steps} steps; dB of all samples",
        (
            "input",
            "seed",
            "part",
            "LG",
            "SIREN",
            *(f"tuned {steps // share}" for share in SHARES),
            f"frozen {steps // SHARES[-1]}",
            "steps as LG",
            "as SIREN",
        ),
    )
    for case in _cases(options.data):
        for seed in (0, 1):
            _compare(table, case, seed, steps)
    counts = ", ".join(str(steps // share) for share in SHARES)
    table.note(f"part: of what is extended; LG, SIREN: from scratch, {steps} steps")
    table.note("tuned: extended in so many steps; frozen: with all old chunks as they are")
    table.note(f"steps as: the fewest of {counts} that reach LG or SIREN from scratch")
    if not options.no_write:
        table.write("extension")


def _cases(data: Path | None) -> Iterator[Case]:
    picture, sound, film = (
        read(SAMPLES / name)[0] for name in ("cat.png", "speech.wav", "bunny.mp4")
    )
    frame = Signal("image", film.samples[0])
    network = {"local_width": 14, "global_width": 32, "partition_size": (32, 32)}
    left = Signal("image", picture.samples[:, :256])
    yield Case("cat, a column more", left, _slices(256, 224), network)
    yield Case("bunny, a column more", frame, _slices(176, 288), network)
    sound_network = {"local_width": 16, "global_width": 24, "partition_size": (1000,)}
    yield Case("speech, 3 s for 2 s", sound, _slices(32_000), sound_network)
    yield Case("cat, twice as wide", picture, _slices(256, 192), network)
    if data is not None:
        small = Signal("video", film.samples[:24, ::2, ::2], film.rate)
        film_network = {"local_width": 20, "global_width": 32, "partition_size": (8, 32, 32)}
        yield Case("bunny, 24 frames for 16", small, _slices(16, 88, 160), film_network)
        camera = read(data / "images/skimage/camera.png")[0]
        half = Signal("image", camera.samples[::2, ::2])
        yield Case("camera, twice as high", half, _slices(128, 256), network)


def _slices(*ends: int) -> tuple[slice, ...]:
    return tuple(map(slice, ends))


def _compare(table: Table, case: Case, seed: int, steps: int) -> None:
    """Add a row."""
    part = Signal(case.whole.kind, case.whole.samples[case.part], case.whole.rate)
    with TemporaryDirectory() as folder:
        old, new = Path(folder) / "old.lgi", Path(folder) / "new.lgi"
        common: dict[str, Any] = {"seed": seed, "iterations": steps}
        network = {**case.options, "arrangement": "local-global"}
        before = encode(part, old, **network, **common).streams[0]
        scratch = encode(case.whole, new, **network, **common).streams[0]
        goals = [scratch.psnr]
        if case.whole.kind == "image":
            goals.append(_siren(case.whole, new, scratch.plan, common))
        tuned = {
            steps // share: _extended(old, case.whole, new, steps // share, seed)
            for share in SHARES
        }
        frozen = _extended(old, case.whole, new, steps // SHARES[-1], seed, freeze_global=True)
    needed = [
        next((count for count, psnr in tuned.items() if psnr >= goal), "more") for goal in goals
    ]
    blank = [""] * (2 - len(goals))
    shown = (*goals, *blank, *tuned.values(), frozen, *needed, *blank)
    table.add(case.name, seed, before.psnr, *shown)


def _siren(whole: Signal, new: Path, plan: Plan, common: dict[str, Any]) -> float:
    """Quality of the SIREN of the paper with as many weights."""
    size = plan.params_local + plan.params_global
    network: dict[str, Any] = {"arrangement": "single", "coordinates": "frame", "params": size}
    return encode(whole, new, **network, **common).streams[0].psnr


def _extended(
    old: Path, whole: Signal, new: Path, steps: int, seed: int, *, freeze_global: bool = False
) -> float:
    done = extend(old, whole, new, iterations=steps, seed=seed, freeze_global=freeze_global)
    return done.streams[0].psnr


if __name__ == "__main__":
    main()
