"""What an encoder asks of whoever plans a stream, whatever the family."""

from abc import ABC, abstractmethod

from lgcodec.fit.plan import Plan

__all__ = ["Plans"]


class Plans(ABC):
    """Plans for one stream.

    size             bytes that the stream may take, or None
    psnr             dB that takes several fits to meet, or None
    lossless_bytes   of a lossless file of the signal
    """

    size: int | None
    psnr: float | None
    lossless_bytes: int

    @abstractmethod
    def first(self) -> Plan:
        """The plan to begin with."""

    @abstractmethod
    def smallest(self) -> int:
        """The fewest bytes that a plan can promise; UsageError if there are none."""

    def leaner(self, plan: Plan, size: int) -> Plan | None:  # noqa: ARG002 (others use them)
        """A plan for fewer than `size` bytes, what `plan` took to the quality; None if it fits."""
        return None

    def after(self, plan: Plan, psnr: float) -> Plan:  # noqa: ARG002
        """A larger plan than `plan`, which gave `psnr` only; UsageError if there is none."""
        return plan
