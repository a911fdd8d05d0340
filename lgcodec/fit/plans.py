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

    def refused_below(self) -> int:
        """Fewer bytes than these are refused before anything is fitted."""
        return self.smallest()

    def after(self, plan: Plan, psnr: float) -> Plan | None:  # noqa: ARG002 (others use them)
        """What to try for a quality after `plan` gave `psnr`; None if that was the last.

        UsageError if the quality is out of reach.
        """
        return None

    def is_enough(self, psnr: float) -> bool:  # noqa: ARG002
        """Whether `psnr` is the quality wanted."""
        return True
