"""Which network to fit: its arrangement, and the family with the widths that a budget allows."""

from collections.abc import Mapping
from typing import Final

from lgcodec.errors import UsageError
from lgcodec.fit.options import Arrangement, EncodeOptions
from lgcodec.format.geometry import Geometry
from lgcodec.nets import FAMILIES, Family, Request
from lgcodec.partition import Content
from lgcodec.signal import Kind, Signal

__all__ = ["arrangement_of", "family_for"]

# Fed with tile coordinates, local sub-networks of this size reach as much on their own as with a
# global one, in a quarter of the time (benchmarks/results/arrangements.txt).
ARRANGEMENTS: Final[Mapping[Kind, Arrangement]] = {
    "audio": "per-partition",
    "image": "per-partition",
    "video": "per-partition",
    "volume": "per-partition",
}
GLOBAL_RATIO: Final = 0.08


def arrangement_of(kind: Kind, options: EncodeOptions) -> Arrangement:
    """What was asked for, or what was measured best; UsageError where options contradict it."""
    wants_global = any((options.global_ratio is not None, options.global_width, options.merge))
    if options.global_width and options.local_width is None:
        raise UsageError("global_width needs local_width beside it")
    if options.merge and options.local_width is not None and not options.global_width:
        raise UsageError("merge needs a global sub-network, global_width is not given")
    if options.arrangement == "auto":
        return "local-global" if wants_global else ARRANGEMENTS[kind]
    if wants_global and options.arrangement != "local-global":
        raise UsageError(f"arrangement {options.arrangement} has no global sub-network to size")
    if options.arrangement == "single" and (options.partitions or options.partition_size):
        raise UsageError("arrangement single has one partition, partitions cannot be chosen")
    if options.arrangement == "local-global" and (options.global_width is None) != (
        options.local_width is None
    ):
        raise UsageError("of a local-global network both widths are given, or none")
    return options.arrangement


def family_for(
    signal: Signal,
    geometry: Geometry,
    options: EncodeOptions,
    arrangement: Arrangement,
    params: int,
    *,
    content: Content,
) -> Family:
    """The network of one group, of about `params` weights over all groups.

    UsageError for a family that is unknown, and where so many weights are too few.
    """
    ratio = options.global_ratio or GLOBAL_RATIO
    request = Request(
        kind=signal.kind,
        channels=signal.channels,
        frame=tuple(axis.frame_len for axis in geometry.axes),
        tile=tuple(axis.tile_len for axis in geometry.axes),
        partitions=-(-content.partitions // geometry.groups),
        params=params // geometry.groups,
        global_ratio=ratio if arrangement == "local-global" else None,
        local_width=options.local_width,
        global_width=options.global_width,
        layers=options.layers or 5,
        merge=options.merge or "concat",
        w0=options.w0,
        coordinates=options.coordinates,
    )
    name = "siren" if options.family == "auto" else options.family
    if name not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise UsageError(f"family is {name!r}, known are auto, {known}")
    return FAMILIES[name].for_request(request)
