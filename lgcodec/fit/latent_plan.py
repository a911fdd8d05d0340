"""Plans for latents: tiles and schedule; the fit itself finds the step for a target."""

from collections.abc import Iterator, Mapping
from typing import Final, final

from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.fit.options import EncodeOptions, Preset
from lgcodec.fit.plan import Plan
from lgcodec.fit.plans import Plans
from lgcodec.fit.settings import FitSettings
from lgcodec.fit.tiles import geometry_of
from lgcodec.nets import Latent, Request
from lgcodec.partition import RULES, Content
from lgcodec.signal import Kind, Signal

__all__ = ["LatentPlanner", "latent_settings", "wants_perceptrons"]

TILES: Final[Mapping[Kind, tuple[int, ...]]] = {
    "audio": (4096,),
    "image": (64, 64),
    "video": (16, 128, 128),
    "volume": (32, 32, 32),
}
TRAINING: Final[Mapping[Preset, int]] = {"fast": 0, "medium": 0, "best": 1000}  # iterations
DESCENTS: Final[Mapping[Preset, int]] = {"fast": 1, "medium": 3, "best": 6}
PERCEPTRONS: Final = (
    "arrangement",
    "coordinates",
    "params",
    "global_ratio",
    "local_width",
    "global_width",
    "layers",
    "merge",
    "w0",
    "samples",
    "rates",
    "bits",
    "float_bits",
    "measurement",
)
USUAL_PSNR: Final[Mapping[Kind, float]] = {"audio": 50.0}  # dB where nothing is said
USUAL_BITS: Final[Mapping[Kind, float]] = {  # per sample without a target, roughly
    "audio": 3.0,
    "image": 1.5,
    "video": 0.5,
    "volume": 0.5,
}
EVEN: Final = 8  # samples: partitions of videos that nobody asked for are multiples
GROUP: Final = 2**27  # values that are fitted together, where nobody asks for groups
PROMISED: Final = (1100, 14)  # bytes of a stream, and of each partition: few signals need as many


@final
class LatentPlanner(Plans):
    """Plans for one stream; see `planner.Planner`, whose place it takes.

    UsageError for options that latents do not have.
    """

    def __init__(
        self,
        signal: Signal,
        options: EncodeOptions,
        lossless_bytes: int,
        *,
        size: int | None = None,
    ) -> None:
        for name in _perceptron_options(options):
            raise UsageError(f"latents have no {name}: say bpp, size, psnr or quality")
        self.signal, self.options = signal, options
        self.lossless_bytes, self.size = lossless_bytes, size
        self.psnr = None  # one fit meets a quality: there is nothing to try again

    @override
    def first(self) -> Plan:
        """The plan; there is only one."""
        signal, options = self.signal, self.options
        if options.partitions is not None:
            tilings = RULES["counts"](signal.grid, options.partitions)
        else:
            tile = options.partition_size or _tile(signal)
            tilings = RULES["size"](signal.grid, tile)
        groups = options.groups or _groups(signal, tilings[0].tiles)
        geometry = geometry_of(signal, tilings, groups)
        family = Latent.for_request(
            Request(
                kind=signal.kind,
                channels=signal.channels,
                frame=tuple(axis.frame_len for axis in geometry.axes),
                tile=tuple(axis.tile_len for axis in geometry.axes),
                partitions=geometry.tiles_per_group,
                params=0,
                global_ratio=None,
            )
        )
        local, global_ = family.parameters(geometry.tiles_per_group)
        psnr = options.psnr or (None if self.size else USUAL_PSNR.get(signal.kind))
        return Plan(
            geometry=geometry,
            arrangement="local-global",
            family=family,
            settings=latent_settings(options, self.size, psnr),
            params_local=local * geometry.groups,
            params_global=global_ * geometry.groups,
            expected_bytes=self.size or self._usual(),
            lossless_bytes=self.lossless_bytes,
            content=Content.everything(tilings, signal.channels),
            weight_bits=0.0,
            for_target=True,
        )

    def _usual(self) -> int:
        return int(USUAL_BITS[self.signal.kind] * self.signal.size / 8)

    @override
    def smallest(self) -> int:
        """Bytes that are enough for nearly any signal in these partitions."""
        fixed, each = PROMISED
        geometry = self.first().geometry
        return fixed + each * geometry.tiles_per_group * geometry.groups

    @override
    def refused_below(self) -> int:
        """0: how few bytes can be, only a fit of this signal finds."""
        return 0


def _tile(signal: Signal) -> tuple[int, ...]:
    """As large as TILES says, but of a picture of a video even parts: none is padded."""
    usual = TILES[signal.kind]
    if signal.kind != "video":
        return usual
    parts = [-(-length // most) for length, most in zip(signal.grid, usual, strict=True)]
    even = [-(-n // (EVEN * count)) * EVEN for n, count in zip(signal.grid, parts, strict=True)]
    return usual[0], even[1], even[2]


def _groups(signal: Signal, tiles: int) -> int:
    """As few as have GROUP values each, or one of `tiles` along the axis where it has more."""
    each = max(1, tiles * GROUP // signal.samples.size)
    return -(-tiles // each)


def latent_settings(options: EncodeOptions, size: int | None, psnr: float | None) -> FitSettings:
    """How long to fit: a step of training is one of the network that predicts symbols."""
    iterations = TRAINING[options.preset] if options.iterations is None else options.iterations
    return FitSettings(
        iterations=iterations,
        samples=0,
        rate=0,
        global_rate=0,
        size=size,
        psnr=psnr,
        seconds=options.seconds,
        seed=options.seed,
        descents=DESCENTS[options.preset],
    )


def wants_perceptrons(options: EncodeOptions) -> bool:
    """Whether options were given that latents do not have."""
    return any(_perceptron_options(options))


def _perceptron_options(options: EncodeOptions) -> Iterator[str]:
    """Names of options given that latents do not have."""
    plain = EncodeOptions()
    return (name for name in PERCEPTRONS if getattr(options, name) != getattr(plain, name))
