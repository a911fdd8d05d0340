"""One small network for each family and arrangement. A new family needs one entry in NETWORKS."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lgcodec.format.conf import Plug
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import KINDS, Kind
from lgcodec.nets import Family, Incode, Latent, ReluPe, Siren

__all__ = ["CODINGS_OF", "KINDS_OF", "MOVING", "NETWORKS", "Make"]

Make = Callable[[Geometry], Family]
RANGES: Final = {"t": (-2.0, 2.0)}


def _perceptrons(family: Callable[..., Family], **deep: Any) -> Mapping[str, Make]:
    """The arrangements of a family of perceptrons; `deep` are options of those with two paths."""

    def network(**options: Any) -> Make:
        def make(geometry: Geometry) -> Family:
            ranges = tuple(RANGES.get(name, (-1.0, 1.0)) for name in geometry.axis_names)
            return family(channels=geometry.channels, local_width=3, ranges=ranges, **options)

        return make

    return {
        "single": network(global_width=0, layers=3, tile_range=0.0),
        "per-partition": network(global_width=0, layers=3),
        "local-global": network(global_width=4, layers=4, tile_range=0.5, **deep),
        "local-global-add": network(global_width=2, layers=3, merge="add", **deep),
    }


def _latents(deepest: int, motion: int = 0) -> Make:
    """As many levels as tiles have, up to `deepest`: other axes may have fewer.

    Where that is above 1, time is split ahead in a video; `motion`: and blocks so large move.
    """

    def make(geometry: Geometry) -> Family:
        tile = tuple(axis.tile_len for axis in geometry.axes)
        levels = tuple(min(deepest, n.bit_length() - 1) for n in tile)
        return Latent(
            channels=geometry.channels,
            tile=tile,
            levels=levels,
            frame=tuple(axis.frame_len for axis in geometry.axes),
            ahead=int(geometry.kind == "video" and deepest > 1 and 0 not in levels),
            motion=motion,
        )

    return make


def context(network: Family) -> tuple[Plug, Plug]:
    """The coding that is made for latents."""
    assert isinstance(network, Latent)
    return Plug("integer"), Plug("context", network.coder.configuration)


# family -> arrangement -> the network of a stream with this geometry
NETWORKS: Final[Mapping[str, Mapping[str, Make]]] = {
    "siren": _perceptrons(Siren, w0=10.0),
    "incode": _perceptrons(Incode, w0=10.0),
    "relu-pe": _perceptrons(ReluPe, octaves=(3, 4)),
    "latent": {"local-global": _latents(4), "local-global-shallow": _latents(1)},
}
MOVING: Final[Make] = _latents(4, motion=4)  # of videos
# Families that do not have every kind of signal; of the others every kind is made.
KINDS_OF: Final[Mapping[str, tuple[Kind, ...]]] = dict.fromkeys(NETWORKS, tuple(KINDS))
# Families and arrangements with codings of their own, which take turns.
CODINGS_OF: Final[Mapping[tuple[str, str], Sequence[Callable[[Family], tuple[Plug, Plug]]]]] = {
    ("latent", "local-global"): (context,),
    ("latent", "local-global-shallow"): (
        lambda _: (Plug("integer"), Plug("rans")),
        context,
        lambda _: (Plug("integer"), Plug("scaled", {"differences": []})),
        lambda _: (Plug("integer"), Plug("zstd")),
        lambda _: (Plug("integer"), Plug("raw")),
    ),
}
