"""Where fuzzing starts: files of every kind, some with chunks that decode, and their parts."""

from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from second_reader.seeds import seeds as container_seeds

from lgcodec.coding import ChunkCodec
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    StreamData,
    dumps,
    loads,
)
from lgcodec.format.geometry import AxisGeometry, Geometry

from .harnesses import OF_FILES
from .parts import SIZES, codec_for, codecs

__all__ = ["corpus", "folder_of", "folders", "seeds"]

CORPUS = Path(__file__).parent / "corpus"
CONFORMANCE = Path(__file__).parents[2] / "spec" / "conformance"
LONGEST = 8192  # bytes of a seed


def folder_of(harness: str) -> Path:
    """Where the inputs of a harness lie; those of files have one in common."""
    return CORPUS / ("files" if harness in OF_FILES else harness)


def folders(harness: str) -> list[Path]:
    """Where inputs of a harness lie: its corpus, and the conformance suite if they are files."""
    wanted = [folder_of(harness), *([CONFORMANCE] if harness in OF_FILES else [])]
    return [folder for folder in wanted if folder.is_dir()]


def corpus(harness: str) -> dict[str, bytes]:
    """What was kept for a harness, by name."""
    paths = sorted(folder_of(harness).glob("*"))
    return {path.name: path.read_bytes() for path in paths}


@cache
def seeds(harness: str) -> list[bytes]:
    """Good inputs of a harness, of at most 8 KiB."""
    if harness == "payload":  # of the others no chunk decodes
        return _coded_files()
    made = _files() if harness in OF_FILES else _PARTS[harness]()
    return [data for data in made if len(data) <= LONGEST]


def _files() -> list[bytes]:
    return [*container_seeds(), *_coded_files()]


def _coded_files() -> list[bytes]:
    return [dumps(Container((_coded(which),))) for which in range(len(codecs()))]


def _coded(which: int) -> StreamData:
    """Six partitions of a picture whose weights are small random numbers."""
    codec = codec_for(which, 7, 3)
    head, chunks = _encoded(codec, 6)
    plugs = (Plug(plug.name, plug.configuration) for plug in (codec.quantiser, codec.coder))
    tables = codec.local, codec.global_
    conf = Conf(Plug("siren", {"w0": 30.0}), *plugs, *tables, (0.0, 255.0), (0.0,))
    axes = (AxisGeometry(8, 0, 8, 0, 4, 2), AxisGeometry(9, 0, 9, 0, 3, 3))
    groups = (GroupData(0, head, dict(enumerate(chunks))),)
    return StreamData(Geometry("image", 1, "uint8", None, axes), conf, groups)


def _encoded(codec: ChunkCodec, partitions: int) -> tuple[bytes, list[bytes]]:
    """Chunks of small random numbers, of few symbols whatever the quantiser."""
    rng = np.random.default_rng(1)
    wide = 9 if codec.quantiser.name == "integer" else 0.1
    local, global_ = (
        {t.name: rng.normal(0, wide, (*rows, *t.shape)).astype(np.float32) for t in tensors}
        for tensors, rows in ((codec.local, (partitions,)), (codec.global_, ()))
    )
    names = [f"local.{t.name}" for t in codec.local] + [f"global.{t.name}" for t in codec.global_]
    return codec.encode(global_, local, dict.fromkeys(names, 0.05))


def _geometries() -> list[bytes]:
    made = [one.geometry.pack() for data in _files() for one in loads(data).streams]
    sound = AxisGeometry(2**31 - 1, -5, 5, -5, 2**10, 2**10, 2**10)
    return [*made, Geometry("audio", 1, "int16", Fraction(48_000), (sound,)).pack()]


def _confs() -> list[bytes]:
    return [one.conf.pack() for data in _files() for one in loads(data).streams]


def _directories() -> list[bytes]:
    readers = [Reader(BytesSource(data)) for data in _files()]
    streams = [one for reader in readers for one in reader.streams]
    return [group.pack() for one in streams for group in one.groups.values()]


def _codings() -> list[bytes]:
    """See `parts.coding`."""
    made = []
    for which, one in product(range(len(codecs())), range(len(SIZES))):
        choice = bytes([which, one, len(SIZES) - 1 - one])
        head, (chunk,) = _encoded(codec_for(*choice), 1)
        made.append(choice + len(head).to_bytes(2, "little") + head + chunk)
    return made


_PARTS = {
    "geometry": _geometries,
    "conf": _confs,
    "directory": _directories,
    "coding": _codings,
}
