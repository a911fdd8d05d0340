"""Linear equations solved by products alone."""

import torch

from lgcodec.fit.krylov import minimised


def equations(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix near the identity, of no symmetry, and two right sides."""
    random = torch.Generator().manual_seed(size)
    matrix = torch.eye(size) + 0.4 * torch.randn(size, size, generator=random) / size**0.5
    return matrix.double(), torch.randn(2, size, generator=random).double()


def test_equations_are_solved() -> None:
    matrix, target = equations(40)
    found = minimised(lambda x: x @ matrix.T, target, 40, 1e-12)
    torch.testing.assert_close(found, torch.linalg.solve(matrix, target.T).T, rtol=0, atol=1e-9)


def test_more_times_leave_less_and_enough_is_enough() -> None:
    matrix, target = equations(60)
    asked = list[torch.Tensor]()

    def product(x: torch.Tensor) -> torch.Tensor:
        asked.append(x)
        return x @ matrix.T

    left = []
    for most in (1, 3, 6):
        found = minimised(product, target, most, 0.0)
        left.append((found @ matrix.T - target).norm(dim=1))
    assert (left[1] < left[0]).all()
    assert (left[2] < left[1]).all()
    asked.clear()
    found = minimised(product, target, 60, 0.05)
    assert ((found @ matrix.T - target).norm(dim=1) <= 0.05 * target.norm(dim=1)).all()
    assert len(asked) < 12


def test_nothing_is_asked_for() -> None:
    matrix, target = equations(5)
    found = minimised(lambda x: x @ matrix.T, 0 * target, 5, 1e-6)
    assert torch.equal(found, 0 * target)
