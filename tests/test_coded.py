"""lgcodec._coded: what was coded last is kept, and told from all else."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fit.builders import smooth

from lgcodec._coded import Coding
from lgcodec._job import Job
from lgcodec.coding import ChunkCodec
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import Fitted
from lgcodec.format.container import StreamData

Given = tuple[Sampler, Fitted]


@pytest.fixture
def encodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every time that chunks are made."""
    made, encode = list[int](), ChunkCodec.encode

    def counted(*given: Any, **more: Any) -> Any:
        made.append(1)
        return encode(*given, **more)

    monkeypatch.setattr(ChunkCodec, "encode", counted)
    return made


def fitted(bits: int | None = 8, **options: Any) -> tuple[Coding, Given]:
    """Networks as they begin, of one group."""
    signal = smooth("image", (24, 20), 1)
    network = {
        "family": "siren",
        "arrangement": "local-global",
        "partitions": (2, 2),
        "params": 900,
    }
    asked = EncodeOptions(**{**network, **options}, device="cpu")
    job = Job(0, signal, asked, None, 2**20)
    family, sampler = job.plan.family, job._sampler(0)
    random = np.random.default_rng(0)

    def weights(specs: Any, *lead: int) -> dict[str, Any]:
        return {s.name: random.normal(size=(*lead, *s.shape)).astype(np.float32) for s in specs}

    local = weights(family.local_tensors(), sampler.partitions)
    global_ = weights(family.global_tensors())
    names = [f"local.{n}" for n in local] + [f"global.{n}" for n in global_]
    steps = None if bits is None else dict.fromkeys(names, 0.05)
    best = Fitted(local, global_, steps, bits, 0.0, 1)
    return Coding(job.plan, job.values, asked.float_bits), (sampler, best)


def test_the_same_is_coded_once(encodes: list[int]) -> None:
    coding, one = fitted()
    assert coding.stream((), [one]) == coding.stream((), [one])
    assert len(encodes) == 1


@pytest.mark.parametrize("scope", ["local", "global_"])
def test_other_weights_are_coded_anew(scope: str, encodes: list[int]) -> None:
    coding, (sampler, best) = fitted()
    before = coding.stream((), [(sampler, best)])
    changed = {name: -values for name, values in getattr(best, scope).items()}
    after = coding.stream((), [(sampler, replace(best, **{scope: changed}))])
    assert len(encodes) == 2
    assert payload(after) != payload(before)


def test_other_steps_are_coded_anew(encodes: list[int]) -> None:
    coding, (sampler, best) = fitted()
    before = coding.stream((), [(sampler, best)])
    assert best.steps is not None
    wider = {name: 4 * step for name, step in best.steps.items()}
    after = coding.stream((), [(sampler, replace(best, steps=wider))])
    assert len(encodes) == 2
    assert len(payload(after)) < len(payload(before))


def test_floats_are_coded_by_both_coders(encodes: list[int]) -> None:
    """And those that take fewer bytes are kept: what has random bits cannot be compressed."""
    coding, (sampler, best) = fitted(None, float_bits=32)
    assert coding.stream((), [(sampler, best)]).conf.coder.name == "zstd"
    assert len(encodes) == 2
    random, noise = np.random.default_rng(0), dict[str, Any]()
    for name, values in best.local.items():
        bits = random.integers(2**23, 2**31 - 2**23, values.shape).astype(np.uint32)
        noise[name] = bits.view(np.float32)
    stream = coding.stream((), [(sampler, replace(best, local=noise))])
    assert len(encodes) == 4
    assert stream.conf.coder.name == "raw"


def payload(stream: StreamData) -> bytes:
    (group,) = stream.groups
    return b"".join([group.global_chunk, *group.local_chunks.values()])
