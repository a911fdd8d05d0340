"""(weights, coordinates) -> samples. Adding a family: one file, one line below."""

from collections.abc import Mapping
from typing import Final

from lgcodec.errors import FileError
from lgcodec.format.conf import Conf
from lgcodec.format.geometry import Geometry
from lgcodec.nets.base import Family, TensorWeights
from lgcodec.nets.conditioner import Conditioner
from lgcodec.nets.evaluate import Evaluator, Partition, pick_device
from lgcodec.nets.incode import Incode
from lgcodec.nets.latent import Latent
from lgcodec.nets.merge import MERGES
from lgcodec.nets.mlp import Mlp
from lgcodec.nets.module import Network
from lgcodec.nets.relu_pe import ReluPe
from lgcodec.nets.request import Request
from lgcodec.nets.siren import Siren

__all__ = [
    "FAMILIES",
    "MERGES",
    "Conditioner",
    "Evaluator",
    "Family",
    "Incode",
    "Latent",
    "Mlp",
    "Network",
    "Partition",
    "ReluPe",
    "Request",
    "Siren",
    "TensorWeights",
    "family_of",
    "pick_device",
]

FAMILIES: Final[Mapping[str, type[Family]]] = {
    "siren": Siren,
    "incode": Incode,
    "relu-pe": ReluPe,
    "latent": Latent,
}


def family_of(conf: Conf, geometry: Geometry) -> Family:
    """The network that `conf` describes; FileError E_PROFILE if it is unknown or inconsistent."""
    if conf.family.name not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise FileError("E_PROFILE", f"family is {conf.family.name!r}, known are {known}")
    plug = FAMILIES[conf.family.name]
    family = plug.from_tables(conf.family.configuration, conf.local, conf.global_, geometry)
    family.check(conf, geometry)
    return family
