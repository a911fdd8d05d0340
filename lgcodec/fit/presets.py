"""How long and how fast to fit: what the presets stand for."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Final, TypeGuard

from lgcodec.fit.budget import BITS
from lgcodec.fit.options import EncodeOptions, Preset
from lgcodec.fit.refine import can_refine
from lgcodec.fit.settings import FitSettings
from lgcodec.format.geometry import Geometry
from lgcodec.nets import Family, Siren
from lgcodec.signal import Kind

__all__ = ["make_settings"]

ITERATIONS: Final[Mapping[Preset, int]] = {"fast": 300, "medium": 1000, "best": 4000}
STEP_SAMPLES: Final[Mapping[Preset, int]] = {"fast": 2**15, "medium": 2**16, "best": 2**17}
STEP_SHARE: Final[Mapping[Preset, int]] = {"fast": 8, "medium": 8, "best": 4}
# Share of the schedule with rounding in the loop, and the learning rate where that begins; for
# pictures these gave 0.1 to 0.25 dB more than the usual ones.
AWARE: Final[Mapping[Kind, tuple[float, float]]] = {"image": (0.3, 0.5)}
USUAL_AWARE: Final = (0.15, 0.15)
# Learning rate of networks of a partition, times their width, 10 at least, where second-order steps
# follow: 0.5 dB more than the usual rate after 1000 steps; twice as much lets fits diverge. Where
# nothing follows 300 steps, a picture of 80 x 96 pixels was worse by it.
SMALL: Final = 24  # widest of these networks
SMALL_RATE: Final[Mapping[Kind, float]] = {"image": 0.1}
# Second-order steps that end fits for a size, and the most samples of a partition, all of which
# they must see: with half of them they fit these and not the others, 0.6 dB worse. They are worth
# 8 to 9 dB of one sound (2 bits per sample, fast, two seeds) in three times the time, and 1.0 to
# 2.0 dB of three pictures (0.3 bits per pixel, fast, two seeds) in twice the time.
REFINED: Final[Mapping[Kind, Mapping[Preset, int]]] = {
    "audio": {"fast": 12, "medium": 24, "best": 120},
    "image": {"fast": 12, "medium": 24, "best": 120},
}
MOST_REFINED: Final = 2**13
# Share of the error that a few of them must bring. Of pictures a step of large networks takes as
# long as 500 first-order ones, which bring more: four times the default ends fits of 1.2 bits per
# pixel in half the time, no worse. Sounds lose 0.1 dB by it.
SETTLED: Final[Mapping[Kind, float]] = {"image": 0.02}
USUAL_SETTLED: Final = 0.005
# Networks of a single partition that are wider than SMALL: steps in the axes of their gradients, of
# which each sees so many samples, at a learning rate of this over their width.
SINGLE: Final[Mapping[Kind, float]] = {"image": 0.2}
SINGLE_SAMPLES: Final = 2**15
UNLIMITED: Final = 10**9  # iterations, where time is the limit


def make_settings(
    geometry: Geometry,
    family: Family,
    options: EncodeOptions,
    partitions: int,
    size: int | None = None,
) -> FitSettings:
    """The schedule of a group in which `partitions` are fitted, for a file of `size` bytes."""
    tile = prod(axis.tile_len for axis in geometry.axes)
    most = STEP_SAMPLES[options.preset] // partitions
    samples = options.samples or max(32, min(tile // STEP_SHARE[options.preset], most))
    iterations = UNLIMITED if options.seconds else ITERATIONS[options.preset]
    aware_share, aware_rate = AWARE.get(geometry.kind, USUAL_AWARE)
    settings = FitSettings(
        iterations=options.iterations or iterations,
        samples=min(samples, tile),
        rate=family.learning_rate,
        global_rate=family.learning_rate,
        bits=None if options.float_bits else _nominal_bits(options, size),
        aware_share=aware_share,
        aware_rate=aware_rate,
        seconds=options.seconds,
        size=size,
        psnr=options.psnr if size is None else None,
        seed=options.seed,
        refine=_refine(geometry.kind, options.preset, tile),
        settled=SETTLED.get(geometry.kind, USUAL_SETTLED),
        measurement=options.measurement,
    )
    refined = can_refine(family, settings, partitions, tile)
    if not refined and partitions == 1 and _is_single(family, geometry.kind, settings):
        samples = min(options.samples or SINGLE_SAMPLES, tile)
        rate, _ = options.rates or (SINGLE[geometry.kind] / family.local_width, 0.0)
        return replace(settings, single=True, samples=samples, rate=rate)
    rate = _rate(geometry.kind, family, refined=refined)
    local_rate, global_rate = options.rates or (rate, rate / 2)
    return replace(settings, rate=local_rate, global_rate=global_rate)


def _nominal_bits(options: EncodeOptions, size: int | None) -> int:
    """Those that steps begin with; a file of `size` bytes finds its own."""
    return options.bits if options.bits is not None and size is None else BITS


def _is_single(family: Family, kind: Kind, settings: FitSettings) -> TypeGuard[Siren]:
    """Whether a network of one partition is fitted as a single one of many weights."""
    sines = isinstance(family, Siren) and not family.global_tensors() and family.local_width > SMALL
    simple = settings.measurement is None and None not in (settings.size, settings.bits)
    return sines and simple and kind in SINGLE


def _rate(kind: Kind, family: Family, *, refined: bool) -> float:
    """Learning rate of the local weights, to begin with."""
    if family.global_tensors():
        return family.learning_rate / 2
    if refined and kind in SMALL_RATE and isinstance(family, Siren) and family.local_width <= SMALL:
        return SMALL_RATE[kind] / max(10, family.local_width)
    return family.learning_rate


def _refine(kind: Kind, preset: Preset, tile: int) -> int:
    """Second-order steps for partitions of so many samples."""
    return REFINED.get(kind, {}).get(preset, 0) if tile <= MOST_REFINED else 0
