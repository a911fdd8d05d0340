"""One small network for each family and arrangement. A new family needs one entry in NETWORKS."""

from collections.abc import Callable, Mapping
from typing import Final

from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import KINDS, Kind
from lgcodec.nets import Family, Siren

__all__ = ["KINDS_OF", "NETWORKS"]

Make = Callable[[Geometry], Family]
RANGES: Final = {"t": (-2.0, 2.0)}


def _siren(global_width: int, tile_range: float = 1.0, layers: int = 3, w0: float = 30.0) -> Make:
    def make(geometry: Geometry) -> Family:
        return Siren(
            channels=geometry.channels,
            local_width=3,
            global_width=global_width,
            ranges=tuple(RANGES.get(name, (-1.0, 1.0)) for name in geometry.axis_names),
            tile_range=tile_range,
            layers=layers,
            w0=w0,
        )

    return make


# family -> arrangement -> the network of a stream with this geometry
NETWORKS: Final[Mapping[str, Mapping[str, Make]]] = {
    "siren": {
        "single": _siren(0, tile_range=0.0),
        "per-partition": _siren(0),
        "local-global": _siren(4, tile_range=0.5, layers=4, w0=10.0),
    },
}
# Families that do not have every kind of signal; of the others every kind is made.
KINDS_OF: Final[Mapping[str, tuple[Kind, ...]]] = dict.fromkeys(NETWORKS, tuple(KINDS))
