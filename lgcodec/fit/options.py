"""What a caller may ask of an encoder."""

from dataclasses import dataclass, replace
from itertools import combinations, product
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, final, get_args

from lgcodec.errors import UsageError

if TYPE_CHECKING:  # options are asked for where torch is not wanted
    from lgcodec.fit.measurement import Measurement

__all__ = ["Arrangement", "EncodeOptions", "Preset"]

Arrangement = Literal["local-global", "per-partition", "single"]
Preset = Literal["fast", "medium", "best"]


POSITIVE: Final = (
    "params",
    "global_ratio",
    "local_width",
    "layers",
    "groups",
    "iterations",
    "samples",
    "rates",
    "seconds",
    "psnr",
    "size",
    "bpp",
    "kbps",
)
NUMBERS: Final = ("quality", "seed", "bits", "float_bits")  # that have other bounds
TARGETS: Final = ("size", "bpp", "kbps", "psnr", "quality")
NETWORK: Final = ("params", "local_width", "float_bits")  # what a target of bytes leaves open
CONFLICTS: Final = (
    ("partitions", "partition_size"),
    ("params", "local_width"),
    ("global_ratio", "local_width"),
    ("bits", "float_bits"),
)
QUICKLY: Final = 5.0  # seconds for a fit that is begun after Ctrl-C, where it can be ended at all
MAX_BITS: Final = 8  # five more, for tensors that need them, still fit the entropy coder


@final
@dataclass(frozen=True)
class EncodeOptions:
    """What the caller may ask for; None leaves the choice to the encoder.

    family           name of a family of networks, see `nets.FAMILIES`; "auto" is what was measured
                     best for the kind, or what has the options given: see `planner.BEST`
    params           weights of the main stream in all, Algorithm 1 of the paper
    partitions       partitions per axis, in the order of the signal's axes
    partition_size   samples of a partition per axis, same order
    global_ratio     share of global weights (merge included), 0 to 1
    arrangement      "auto" is what was measured best for the kind: see `architecture.ARRANGEMENTS`
    coordinates      what the local sub-networks see: "tile", or "frame" as in the paper
    merge            name of a merge operator, see `nets.MERGES`; needs a global sub-network
    w0               frequency of the sines
    groups           networks along the first axis, each with partitions and a global of its own;
                     None: 1, of latents as many as keep memory bounded, see `latent_plan.GROUP`
    iterations       steps per group; samples: per partition and step
    rates            learning rates of local and of global weights to begin with
    seconds          limit of a group's fit
    size             bytes of the file at most, and at least 95 % of them
    bpp              the same in bits per sample of the main stream; kbps: in kbit/s
    psnr             dB of the main stream, 0.1 less at worst, in as few bytes as the network that
                     is chosen allows; with params or widths given, the float phase ends there
    quality          0 to 100, a rate of the main stream: see `points.QUALITY`
    bits             of a quantised weight: nominal ones, 8 if None; with a target as coded, so that
                     more of them leave fewer weights, by what was measured best if None
    float_bits       keep floats of so many bits
    measurement      fit the network to it instead; of the signal, size, type and range count then
    checkpoint       file that a killed fit resumes from; one per stream and group is made of it
    """

    preset: Preset = "medium"
    family: str = "auto"
    params: int | None = None
    partitions: tuple[int, ...] | None = None
    partition_size: tuple[int, ...] | None = None
    global_ratio: float | None = None
    arrangement: Literal["auto"] | Arrangement = "auto"
    local_width: int | None = None
    global_width: int | None = None
    layers: int | None = None
    merge: str | None = None
    w0: float | None = None
    coordinates: Literal["tile", "frame"] = "tile"
    groups: int | None = None
    iterations: int | None = None
    samples: int | None = None
    rates: tuple[float, float] | None = None
    seconds: float | None = None
    size: int | None = None
    bpp: float | None = None
    kbps: float | None = None
    psnr: float | None = None
    quality: float | None = None
    bits: int | None = None
    float_bits: Literal[16, 32] | None = None
    seed: int = 0
    device: str = "auto"
    checkpoint: Path | None = None
    measurement: "Measurement | None" = None

    def __post_init__(self) -> None:
        for name in (*POSITIVE, *NUMBERS):
            value = getattr(self, name)
            for number in value if isinstance(value, tuple) else (value,):
                _check_number(name, number)
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"seed is {self.seed}, allowed are 0 to 2**31 - 1")
        if self.bits is not None and not 2 <= self.bits <= MAX_BITS:
            raise UsageError(f"bits is {self.bits}, allowed are 2 to {MAX_BITS}")
        if self.float_bits not in (None, 16, 32):
            raise UsageError(f"float_bits is {self.float_bits}, allowed are 16 and 32")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality is {self.quality}, allowed are 0 to 100")
        open_ = product((t for t in TARGETS if t != "psnr"), NETWORK)
        for first, second in (*CONFLICTS, *combinations(TARGETS, 2), *open_):
            if None not in (getattr(self, first), getattr(self, second)):
                raise UsageError(f"{first} and {second} exclude each other")
        if self.preset not in get_args(Preset):
            raise UsageError(f"preset is {self.preset!r}, allowed: {', '.join(get_args(Preset))}")

    def checkpoint_of(self, stream: int, group: int, attempt: int = 0) -> Path | None:
        """The file of one fit: of a stream, of a group of it, and which try that is."""
        path, again = self.checkpoint, f".{attempt}" if attempt else ""
        return path and path.with_name(f"{path.name}.{stream}.{group}{again}")

    def look_of(self, stream: int, group: int) -> Path | None:
        """The file of what a group shows before its fit."""
        path = self.checkpoint
        return path and path.with_name(f"{path.name}.{stream}.{group}.look")

    @property
    def hurried(self) -> "EncodeOptions":
        """The same in little time; a checkpoint would be that of another fit."""
        return replace(self, preset="fast", iterations=None, seconds=QUICKLY, checkpoint=None)

    @property
    def leaves_size_open(self) -> bool:
        """Whether nothing was said about how large the file may get."""
        return all(getattr(self, name) is None for name in (*NETWORK, *TARGETS))

    @property
    def leaves_network_open(self) -> bool:
        """Whether nothing was said about how many weights there are."""
        return all(getattr(self, name) is None for name in NETWORK)


def _check_number(name: str, number: object) -> None:
    if number is None:
        return
    if not isinstance(number, Real):
        raise UsageError(f"{name} is {number!r}, expected a number")
    if name in POSITIVE and not float(number) > 0:
        raise UsageError(f"{name} is {number}, expected a number above 0")
