"""How far a fit is, by iterations and by the clock, and the learning rates that go with it."""

from collections.abc import Mapping
from math import cos, pi
from time import monotonic
from typing import Any, Final, final

from lgcodec.fit.settings import FitSettings

__all__ = ["ROOM", "Schedule"]

ROOM: Final = 0.5  # dB above the target, for rounding to take away


@final
class Schedule:
    """A float phase, then one with rounding in the loop.

    is_float     there is no second phase
    warm_up      iterations
    iteration    those behind us
    aware_from   where in the schedule quantisation enters the loop
    """

    def __init__(self, settings: FitSettings, *, is_float: bool, warm_up: int) -> None:
        self._settings, self._is_float, self._warm_up = settings, is_float, warm_up
        self.aware_from = 1.0 if is_float else 1 - settings.aware_share
        self.iteration, self._shift = 0, 0.0
        self._spent, self._started = 0.0, monotonic()

    def elapsed(self) -> float:
        """Seconds of fitting, those before a resumption included."""
        return self._spent + monotonic() - self._started

    def done(self) -> float:
        """Share of the schedule that is behind us; 1 or more at its end."""
        by_count = self.iteration / self._settings.iterations
        limit = self._settings.seconds
        return max(by_count, self.elapsed() / limit if limit else 0.0) + self._shift

    def left(self) -> float:
        """Share of the second phase that is before us, once it has begun."""
        return (1 - self.done()) / self._settings.aware_share

    def skip_ahead(self, psnr: float) -> None:
        """Go on to the phase with quantisation once the float phase is good enough, in dB."""
        target, done = self._settings.psnr, self.done()
        if target is None or done >= self.aware_from:
            return
        if psnr >= target + (ROOM if self._settings.bits else 0.0):
            self._shift += self.aware_from - done

    def rates(self, done: float) -> tuple[float, float]:
        """Learning rate against its first: by the warm-up, and by the phase."""
        return min(1.0, (self.iteration + 1) / self._warm_up), self._level(min(done, 1.0))

    def _level(self, done: float) -> float:
        """Half a cosine for each of the two phases."""
        if self._is_float:
            return 0.5 + 0.5 * cos(pi * done)
        low = self._settings.aware_rate
        if done < self.aware_from:
            part = done / self.aware_from
            return low + (1 - low) * (0.5 + 0.5 * cos(pi * part))
        part = (done - self.aware_from) / self._settings.aware_share
        return low * (0.5 + 0.5 * cos(pi * part))

    def state(self) -> dict[str, float]:
        """What `restore` needs."""
        return {"iteration": self.iteration, "spent": self.elapsed(), "shift": self._shift}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Undo `state`."""
        self.iteration, self._shift = state["iteration"], state["shift"]
        self._spent, self._started = state["spent"], monotonic()
