"""One fit of one signal, as the paper fits: frame coordinates, float32 weights, its learning rates.

What was fitted once lies in out/paper, so an interrupted run takes up where it stopped.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from time import process_time
from typing import Any, Final, cast, final

import numpy as np

from benchmarks._curves import digest, source_hash
from benchmarks._rows import SOURCE, UNRELATED
from benchmarks.common import ROOT
from benchmarks.paper._networks import System, divisors
from lgcodec import EncodeOptions, Signal, decode_stream, psnr
from lgcodec._job import Job, Listener
from lgcodec.format.container import BytesSource, Container, Reader, dumps
from lgcodec.media import lossless_bytes
from lgcodec.metrics import ssim
from lgcodec.nets import Siren
from lgcodec.signal import peak_of

__all__ = ["Outcome", "encoded", "options_of", "outcome"]

CACHE: Final = ROOT / "out" / "paper"
VERSION: Final = source_hash(*(path for path in SOURCE.iterdir() if path.name not in UNRELATED))


@final
@dataclass(frozen=True)
class Outcome:
    """Quality of the stored samples, decoded from the file; `ssim` of pictures and films alone.

    weights   that the file holds; seconds: of processors, to fit and to write
    """

    psnr: float
    ssim: float | None
    weights: int
    seconds: float


def options_of(
    system: System, signal: Signal, scale: int, share: float, more: Mapping[str, Any]
) -> dict[str, Any]:
    """Options for a fit of which each step takes a `share` of the samples; `more` goes before."""
    options = {"coordinates": "frame", "float_bits": 32, **system.options(scale), **more}
    plan = Job(0, signal, EncodeOptions(**options), None, lossless_bytes(signal)).plan
    tile = prod(axis.tile_len for axis in plan.geometry.axes)
    return {"samples": max(1, round(share * tile)), **options}


def outcome(signal: Signal, options: Mapping[str, Any], scale: int) -> Outcome:
    """From out/paper, or measured now."""
    key = json.dumps([digest(signal), VERSION, scale, sorted(options.items())])
    path = CACHE / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    if not path.exists():
        found = _measured(signal, options, scale)
        CACHE.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(found)))
    return Outcome(**json.loads(path.read_text()))


def encoded(
    signal: Signal, options: Mapping[str, Any], scale: int, listener: Listener | None = None
) -> tuple[bytes, Job]:
    """A file, and the job that made it; coordinates of a sample are as far apart as at scale 1."""
    job = Job(0, signal, EncodeOptions(**options), listener, lossless_bytes(signal))
    family = cast(Siren, job.plan.family)
    parts = zip(family.ranges, divisors(len(signal.grid), scale), strict=True)
    ranges = tuple((low / part, high / part) for (low, high), part in parts)
    job.plan = replace(job.plan, family=replace(family, ranges=ranges))
    return dumps(Container((job.encode(),))), job


def _measured(signal: Signal, options: Mapping[str, Any], scale: int) -> Outcome:
    started = process_time()  # the clock tells what else the machine had to do
    data, job = encoded(signal, options, scale)
    seconds = process_time() - started
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0], max_samples=signal.size)
    return Outcome(
        psnr(signal.samples, decoded.samples),
        _similarity(signal, decoded.samples),
        job.plan.params_local + job.plan.params_global,
        seconds,
    )


def _similarity(signal: Signal, decoded: Any) -> float | None:
    if signal.kind not in ("image", "video"):
        return None
    pairs = [(signal.samples, decoded)]
    if signal.kind == "video":
        pairs = list(zip(signal.samples, decoded, strict=True))
    return float(np.mean([cast(float, ssim(*pair, peak_of(signal.samples))) for pair in pairs]))
