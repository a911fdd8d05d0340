"""How far a fit of latents is, counted in choices of all symbols."""

from typing import Final, final

__all__ = ["TRAININGS", "Work"]

TRAININGS: Final = 2  # of the network of a fit, before the first rounds
SEARCH: Final = 5  # choices of all symbols that a search takes, roughly
SYMBOLS_PER_ITERATION: Final = 20_000  # that are chosen in the time of a step of training
ALMOST: Final = 0.99  # the most that is done before all is


@final
class Work:
    """A search if there is a target, rounds, and a search again.

    symbols      of all partitions; iterations: of a training
    quickly      whether searches look at few symbols
    done         so far
    training     of the network, once
    """

    def __init__(
        self, symbols: int, iterations: int, rounds: int, *, searches: bool, quickly: bool = False
    ) -> None:
        self._rounds, self._first, self._search = rounds, 0, 0
        if searches:
            self._first, self._search = (SEARCH, 1) if quickly else (SEARCH, SEARCH)
        self.training = iterations * SYMBOLS_PER_ITERATION / symbols
        self.done, self._told = 0.0, 0.0

    def search_slowly(self) -> None:
        """Searches look at all symbols from now on: one begins anew."""
        self._first, self._search = self._first + SEARCH, SEARCH

    def until(self, rounds: int) -> float:
        """Work of the first search, if there is one, and of so many rounds."""
        return self._first + 1 + rounds + min(rounds, TRAININGS) * self.training

    def share(self) -> float:
        """How much is done, 0 to 1; never less than before."""
        whole = self.until(self._rounds) + self._search + 1
        self._told = max(self._told, min(self.done / whole, ALMOST))
        return self._told
