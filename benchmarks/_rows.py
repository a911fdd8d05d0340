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


def weights(*per_sample: float) -> tuple[Options, ...]:
    """Targets: weights per sample of the signal."""
    return tuple({"params_per_sample": value} for value in per_sample)


def option(name: str, *values: float) -> tuple[Options, ...]:
    """Targets: values of one option of the encoder, such as bpp."""
    return tuple({name: value} for value in values)


# kind -> (name, the same without partitions, options, targets)
ROWS: Final[Mapping[Kind, tuple[tuple[str, str | None, Options, tuple[Options, ...]], ...]]] = {
    "image": (
        ("siren one", None, {"arrangement": "single"}, weights(0.03, 0.06, 0.12, 0.24)),
        (
            "siren 64",
            "siren one",
            {"arrangement": "per-partition", "partition_size": (64, 64)},
            weights(0.03, 0.06, 0.12, 0.24),
        ),
        (
            "siren 64 local-global",
            "siren one",
            {"arrangement": "local-global", "partition_size": (64, 64)},
            weights(0.03, 0.06, 0.12, 0.24),
        ),
    ),
    "audio": (("siren", None, {}, weights(0.25, 0.5, 1.0, 2.0)),),
    "video": (("siren", None, {}, weights(0.02, 0.05, 0.1, 0.2)),),
    "volume": (),
}
# What no fit depends on: these can change and cached points stay good.
UNRELATED: Final = {
    "__init__.py",
    "_compare.py",
    "_crop.py",
    "_damage.py",
    "_file.py",
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
    asked = dict(setting)
    if "params_per_sample" in asked:
        asked["params"] = max(1, round(asked.pop("params_per_sample") * signal.size))
    data, _ = encode_signals([signal], EncodeOptions(**asked))
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0], max_samples=signal.size)
    return len(data), decoded.samples
