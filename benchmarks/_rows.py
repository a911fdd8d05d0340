"""Our own rows of the rate benchmark: what is encoded, and at which rates. One line adds one."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks._curves import Curve, Outcome, Setting, source_hash
from benchmarks.common import ROOT
from lgcodec import EncodeOptions, Signal, decode_stream
from lgcodec._encode import encode_signals
from lgcodec.format.container import BytesSource, Reader
from lgcodec.signal import Kind

__all__ = ["ours"]

Options = Mapping[str, Any]
SOURCE: Final = ROOT / "lgcodec"


def option(name: str, *values: float) -> tuple[Options, ...]:
    """Targets: values of one option of the encoder, such as bpp."""
    return tuple({name: value} for value in values)


def latent(*tile: int) -> Options:
    """Latents with tiles of these lengths."""
    return {"family": "latent", "partition_size": tile}


SIREN_IMAGES: Final = option("bpp", 0.15, 0.3, 0.6, 1.2, 2.4)
LATENT_IMAGES: Final = option("bpp", 0.15, 0.3, 0.5, 0.8, 1.3, 2.0)
FILM: Final = option("bpp", 0.03, 0.06, 0.12, 0.24)
# kind -> (name, the same without partitions, options, targets)
ROWS: Final[Mapping[Kind, tuple[tuple[str, str | None, Options, tuple[Options, ...]], ...]]] = {
    "image": (
        ("siren one", None, {"arrangement": "single"}, SIREN_IMAGES),
        (
            "siren 64",
            "siren one",
            {"arrangement": "per-partition", "partition_size": (64, 64)},
            SIREN_IMAGES,
        ),
        (
            "siren 64 local-global",
            "siren one",
            {"arrangement": "local-global", "partition_size": (64, 64)},
            SIREN_IMAGES,
        ),
        ("latent one", None, {"family": "latent", "partitions": (1, 1)}, LATENT_IMAGES),
        ("latent 128", "latent one", latent(128, 128), LATENT_IMAGES),
        ("latent 64", "latent one", latent(64, 64), LATENT_IMAGES),
    ),
    "audio": (
        ("siren", None, {"family": "siren"}, option("kbps", 16, 32, 64, 128)),
        ("latent", None, {"family": "latent"}, option("kbps", 16, 32, 64, 96, 128)),
    ),
    "video": (
        ("siren", None, {"family": "siren"}, FILM),
        ("latent 128", None, latent(16, 128, 128), FILM),
        ("latent 64", None, latent(16, 64, 64), FILM),
    ),
    "volume": (),
}
# What no fit depends on: these can change and cached points stay good.
UNRELATED: Final = {
    "__init__.py",
    "_compare.py",
    "_crop.py",
    "_damage.py",
    "_file.py",
    "_join.py",
    "_pictures.py",
    "_repair.py",
    "_rewrite.py",
    "_select.py",
    "_sides.py",
    "_verify.py",
    "media",
    "metrics.py",
    "remote",
}


def ours(kind: Kind, preset: str, seed: int) -> tuple[Curve, ...]:
    """The curves of a kind of signal, fitted with `preset` from `seed`."""
    version = source_hash(*(p for p in SOURCE.iterdir() if p.name not in UNRELATED))
    return tuple(
        Curve(
            name,
            "lgcodec",
            tuple({**options, **target, "preset": preset, "seed": seed} for target in targets),
            _fitted,
            version,
            whole,
        )
        for name, whole, options, targets in ROWS[kind]
    )


def _fitted(signal: Signal, setting: Setting) -> Outcome:
    data, _ = encode_signals([signal], EncodeOptions(**setting))
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0], max_samples=signal.size)
    return len(data), decoded.samples
