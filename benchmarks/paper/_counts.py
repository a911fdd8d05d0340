"""Tables 6 and 7: weights of the paper's networks, beside those of the networks built here.

Rows of automatic partitioning are means over the paper's pictures and left out, and so is INCODE
for denoising, which has another harmonizer there. `tests/nets/test_counts.py` has all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import torch

from benchmarks.common import Table
from lgcodec.nets import Incode, Siren

__all__ = ["COUNTS", "counts", "fitted"]

Printed = tuple[str, Siren | Incode, int, str]  # name, network, partitions, what the paper prints


def _siren(axes: int, channels: int, local: int, global_: int = 0) -> Siren:
    return Siren(channels, local, global_, ((-1.0, 1.0),) * axes)


def _incode(channels: int, local: int, global_: int = 0, layers: int = 5) -> Incode:
    return Incode(channels, local, global_, ((-1.0, 1.0),) * 2, layers=layers)


# In all; of Local-Global networks then local and global. The paper gives those of CT reconstruction
# in each other's column; its total leaves no other reading.
COUNTS: Final[Mapping[str, Sequence[Printed]]] = {
    "table6": (
        ("Cameraman SIREN", _siren(2, 1, 256), 1, "198.4k"),
        ("Cameraman SPP", _siren(2, 1, 15), 256, "200k"),
        ("Cameraman LGS", _siren(2, 1, 14, 84), 256, "198.9k 175.9k 23k"),
        ("DIV2K SIREN", _siren(2, 3, 256), 1, "198.9k"),
        ("DIV2K SPP", _siren(2, 3, 15), 256, "208.1k"),
        ("DIV2K LGS", _siren(2, 3, 14, 68), 256, "199k 183.6k 15.4k"),
        ("Audio SIREN", _siren(1, 1, 256), 1, "198.1k"),
        ("Audio SPP", _siren(1, 1, 45), 32, "203k"),
        ("Audio LGS", _siren(1, 1, 42, 72), 32, "198.2k 177k 20.7k"),
        ("Video SIREN", _siren(3, 3, 1030), 1, "3.19M"),
        ("Video SPP", _siren(3, 3, 56), 320, "3.19M"),
        ("Video LGS", _siren(3, 3, 55, 180), 320, "3.19M 3.08M 111k"),
        ("Half image SIREN", _siren(2, 1, 191), 1, "111k"),
        ("Half image LGS", _siren(2, 1, 14, 84), 128, "111k 88k 23k"),
        ("Partitioning 2x2", _siren(2, 1, 112, 86), 4, "198.7k 153.6k 45k"),
        ("Partitioning 4x4", _siren(2, 1, 59, 72), 16, "197.5k 173.7k 23.8k"),
        ("Partitioning 8x8", _siren(2, 1, 29, 82), 64, "198.4k 174.5k 23.9k"),
        ("Partitioning 32x32", _siren(2, 1, 7, 52), 1024, "210.6k 201.8k 8.8k"),
        ("Partitioning 5x4x4", _siren(3, 3, 111, 180), 80, "3.18M 3.05M 131k"),
        ("Partitioning 5x16x16", _siren(3, 3, 27, 180), 1280, "3.25M 3.15M 104k"),
        ("Weights 13/120", _siren(2, 1, 13, 120), 256, "199k 153.3k 45.7k"),
        ("Weights 12/146", _siren(2, 1, 12, 146), 256, "199k 132.4k 66.7k"),
        ("Weights 53/318", _siren(3, 3, 53, 318), 320, "3.19M 2.87M 325.3k"),
        ("3D SIREN", _siren(3, 1, 256), 1, "198.7k"),
        ("3D SPP", _siren(3, 1, 18), 179, "199.9k"),
        ("3D LGS", _siren(3, 1, 17, 76), 179, "199.2k 179.7k 19.5k"),
    ),
    "table7": (
        ("DIV2K INCODE", _incode(3, 256), 1, "205.3k"),
        ("DIV2K IPP", _incode(3, 31), 64, "208.9k"),
        ("DIV2K LGI", _incode(3, 28, 96), 64, "205.2k 166.8k 38.4k"),
        ("Super res. INCODE", _incode(3, 256), 1, "205.3k"),
        ("Super res. LGI", _incode(3, 34, 68), 48, "205.7k 181.3k 24.4k"),
        ("CT INCODE", _incode(1, 326), 1, "327.5k"),
        ("CT LGI", _incode(1, 230, 300, layers=3), 2, "328.1k 108.1k 220k"),
    ),
}


def counts(name: str) -> Table:
    """Table 6 or 7."""
    table = Table(
        f"Table {name[-1]}: weights, harmonizers included",
        ("network", "paper", "ours", "paper local", "local", "paper global", "global"),
    )
    for title, network, partitions, printed in COUNTS[name]:
        local, global_ = fitted(network, partitions)
        theirs = [*printed.split(), "", ""]
        ours = [f"{count:,}" for count in (local + global_, local, global_)]
        table.add(title, *(cell for pair in zip(theirs, ours, strict=False) for cell in pair))
    return table


def fitted(network: Siren | Incode, partitions: int) -> tuple[int, int]:
    """Local and global weights while fitting: a harmonizer in the place of what it emits."""
    local, global_ = network.parameters(partitions)
    conditioner = network.conditioner(torch.zeros(network.channels, 8, 8))
    if conditioner is not None:
        global_ -= sum(tensor.numel() for tensor in conditioner()[0].values())
        global_ += sum(parameter.numel() for parameter in conditioner.parameters())
    return local, global_
