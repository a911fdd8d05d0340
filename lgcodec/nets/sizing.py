"""Hidden widths of a perceptron for a request."""

from dataclasses import replace
from typing import TypeVar

from lgcodec.nets.mlp import Mlp
from lgcodec.nets.request import Request
from lgcodec.partition import automatic_widths, largest_width

__all__ = ["sized"]

Network = TypeVar("Network", bound=Mlp)


def sized(network: Network, request: Request) -> Network:
    """`network` with the widths asked for, or with those that spend `request.params`.

    UsageError if not even the smallest fits.
    """

    def count(local: int, global_: int) -> tuple[int, int]:
        return _with(network, local, global_).parameters(request.partitions)

    if request.local_width is not None:
        return _with(network, request.local_width, request.global_width or 0)
    if request.global_ratio is None:
        return _with(network, largest_width(count, request.params), 0)
    return _with(network, *automatic_widths(count, request.params, request.global_ratio))


def _with(network: Network, local: int, global_: int) -> Network:
    return replace(network, local_width=local, global_width=global_)
