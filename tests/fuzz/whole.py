"""Harnesses of whole files; see `harnesses`."""

from collections.abc import Sequence

import numpy as np

from lgcodec._damage import Damage
from lgcodec._repair import repair
from lgcodec._verify import verify
from lgcodec._weights import LocalWeights
from lgcodec.coding import Weights, codec_of
from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec
from lgcodec.format.container import BytesSource, Reader, Stream, dumps
from lgcodec.format.layout import ERROR_CODES

from .outcome import code_of, folder, read, stored

__all__ = ["container", "payload", "repairing", "verifying"]


def container(data: bytes) -> str:
    """Strict and lazy readers agree; what they accept is written as it was."""
    outcome, value = read(data)
    assert (value is not None) == _is_read_lazily(data), "strict and lazy readers disagree"
    assert value is None or dumps(value) == data, "accepted and not canonical"
    return outcome


def verifying(data: bytes) -> str:
    """No damage is found in a file exactly if it is read; the first that there is."""
    accepted = read(data)[1] is not None
    try:
        report = verify(stored(data))
    except FileError as error:
        assert not accepted, "refused by the verifier alone"
        return code_of(error)
    damage = [item for item in report.damage if not _is_of_plug(item)]
    assert accepted == (not damage), "reader and verifier disagree"
    assert {item.code for item in report.damage} <= set(ERROR_CODES)
    return report.damage[0].code if report.damage else "ok"


def payload(data: bytes) -> str:
    """Chunks decode to finite weights of their shapes, each as if it were alone."""
    try:
        for stream in Reader(BytesSource(data)).streams:
            _decode(stream)
    except FileError as error:
        return code_of(error)
    return "ok"


def repairing(data: bytes) -> str:
    """What a repair writes is whole; a whole file comes out as it is."""
    outcome, value = read(data)
    target = folder() / "repaired.lgi"
    try:
        report = repair(stored(data), target)
    except FileError as error:
        assert value is None, "a good file is not repaired"
        return code_of(error)
    made = target.read_bytes()
    assert (value is None) or (made == data and not report.damage)
    again = read(made)[1]
    assert again is not None, "the repaired file is bad"
    assert dumps(again) == made
    repair(stored(made), target)
    assert target.read_bytes() == made, "repairing again changes something"
    return outcome


def _is_read_lazily(data: bytes) -> bool:
    try:
        reader = Reader(BytesSource(data), lazy=True)
        for stream in reader.streams:
            for ordinal, group in stream.groups.items():
                stream.read_global(ordinal)
                stream.read_locals(ordinal, group.ids)
        for name in reader.ancillary:
            reader.read_ancillary(name)
    except FileError as error:
        code_of(error)
        return False
    return True


def _is_of_plug(item: Damage) -> bool:
    """Whether this is not damage but a configuration that only a decoder reads."""
    of_stream = item.stream is not None and item.group is None
    return of_stream and item.code in ("E_CONF", "E_PROFILE")


def _decode(stream: Stream) -> None:
    codec = codec_of(stream.conf)
    for ordinal, group in stream.groups.items():
        head = codec.decode_global(stream.read_global(ordinal))
        for tensor in stream.conf.global_:
            assert head.weights[tensor.name].shape == tensor.shape
        together = LocalWeights(stream, codec, "mask")
        found = dict(together.of(ordinal, head, group.ids))
        alone = LocalWeights(stream, codec, "mask")
        for partition in group.ids:
            weights = dict(alone.of(ordinal, head, [partition])).get(partition)
            _check_alike(stream.conf.local, weights, found.get(partition))
        for _, partition in together.damaged[:1]:  # for the outcome
            codec.decode_local(head, list(stream.read_locals(ordinal, [partition]).values()))


def _check_alike(
    tensors: Sequence[TensorSpec], alone: Weights | None, beside: Weights | None
) -> None:
    """Weights of a partition decoded alone and among others."""
    if alone is None or beside is None:
        assert alone is beside, "depends on its neighbours"
        return
    for tensor in tensors:
        one, other = alone[tensor.name], beside[tensor.name]
        assert one.shape == tensor.shape
        assert np.isfinite(one).all()
        assert one.tobytes() == other.tobytes(), "depends on its neighbours"
