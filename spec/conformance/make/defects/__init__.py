"""Files that a reader must refuse, one defect each; what surrounds it is repaired."""

from collections.abc import Iterator

from . import configuration, directory, geometry, header, latents, payload, profile, root
from .base import Defect

__all__ = ["Defect", "defects"]


def defects() -> Iterator[Defect]:
    """All of them, in the order in which a reader checks."""
    for module in (header, root, geometry, configuration, directory, profile, payload, latents):
        yield from module.defects()
