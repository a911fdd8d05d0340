"""Adam in the axes along which gradients of a layer vary: SOAP, Vyas et al. 2024, algorithm 3.

A layer of tens of neurons in and out has matrices of products of its gradients, G G^T and G^T G,
that are small beside its samples. Turned to their eigenvectors, which one step of a power iteration
keeps up to date, Adam sees a landscape whose valleys lie along its axes: a network of 13 thousand
weights ends 0.2 to 0.6 dB better for it after as many steps (kodim05, 600 and 1000 of them).

Letters in shapes: P partitions, I inputs with the 1 of the bias and O outputs of a layer.
"""

from collections.abc import Mapping, Sequence
from typing import Final, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.fit.optimiser import Optimiser

__all__ = ["Soap"]

DIRECTION: Final = 0.9  # decay of the mean gradient
SQUARES: Final = 0.99  # of the mean of its squares, in turned axes
PRODUCTS: Final = 0.95  # of the mean products
TURN_EVERY: Final = 2  # steps
MOST: Final = 3.0  # that a number of a step may be, in units of the learning rate
LAST: Final = 3  # times the learning rate, of the layer that nothing follows
NOISE: Final = 1e-5  # of the largest number of a gradient, what float32 makes of 0
TINY: Final = 1e-30


@final
class Soap(Optimiser):
    """Of weights and biases of layers.

    layers   weights [P, I - 1, O] and biases [P, O] of each
    rate     of learning, before it is scaled
    """

    def __init__(self, layers: Sequence[tuple[Tensor, Tensor]], rate: float) -> None:
        self._layers, self._rate = list(layers), rate
        self._begin()

    def _begin(self) -> None:
        self._steps = 0
        self._states = [_begun(*layer) for layer in self._layers]

    def restart(self) -> None:
        """Begin anew, at half the rate, where weights have been set."""
        self._rate /= 2
        self._begin()

    @override
    def clear(self) -> None:
        for layer in self._layers:
            for parameter in layer:
                parameter.grad = torch.zeros_like(parameter)

    @override
    @torch.no_grad()
    def step(self, warm: float, level: float) -> None:
        self._steps += 1
        for number, (layer, state) in enumerate(zip(self._layers, self._states, strict=True)):
            weights, biases = layer
            _accumulate(state, _joined(_slope(weights), _slope(biases)), self._steps)
            if self._steps == 1:  # for the axes alone: in its own it has numbers that are all noise
                continue
            last = number == len(self._layers) - 1
            rate = self._rate * warm * level * (LAST if last else 1)
            change = rate * _direction(state, self._steps - 1)
            weights.sub_(change[:, :-1])
            biases.sub_(change[:, -1])

    @override
    def state(self) -> dict[str, Tensor]:
        states = enumerate(self._states)
        found = {f"{n}.{key}": value for n, state in states for key, value in state.items()}
        rate = torch.tensor(self._rate, dtype=torch.double)
        return {"steps": torch.tensor(self._steps), "rate": rate, **found}

    @override
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        self._steps, self._rate = int(tensors["steps"]), float(tensors["rate"])
        for n, state in enumerate(self._states):
            state.update({key: tensors[f"{n}.{key}"].to(state[key]) for key in state})


def _begun(weights: Tensor, biases: Tensor) -> dict[str, Tensor]:
    """Moments of 0, and the axes as they are."""
    zeros = torch.zeros_like(_joined(weights.detach(), biases.detach()))
    state = {"mean": zeros, "squares": zeros.clone()}
    for side, length in zip(("in", "out"), zeros.shape[1:], strict=True):
        state[side] = zeros.new_zeros(len(zeros), length, length)
        state[f"axes {side}"] = torch.eye(length).to(zeros).repeat(len(zeros), 1, 1)
    return state


def _accumulate(state: dict[str, Tensor], gradient: Tensor, step: int) -> None:
    """Bring moments and axes up to date."""
    turned = gradient.transpose(1, 2)
    for side, products in (("in", gradient @ turned), ("out", turned @ gradient)):
        state[side].lerp_(products, 1 - PRODUCTS)
        axes = state[f"axes {side}"]
        if step == 1:
            axes.copy_(torch.linalg.eigh(products)[1].flip(-1))  # those without a length last
        elif step % TURN_EVERY == 0:
            axes.copy_(torch.linalg.qr(state[side] @ axes)[0])
    if step == 1:
        return
    state["mean"].lerp_(gradient, 1 - DIRECTION)
    state["squares"].lerp_(_turned(state, gradient).square(), 1 - SQUARES)


def _direction(state: Mapping[str, Tensor], step: int) -> Tensor:
    """[P, I, O] of length about 1 in every number."""
    mean = _turned(state, state["mean"]) / (1 - DIRECTION**step)
    scale = (state["squares"] / (1 - SQUARES**step)).sqrt()
    scale += NOISE * scale.amax((1, 2), keepdim=True) + TINY
    change = (mean / scale).clamp(-MOST, MOST)
    back: Tensor = state["axes in"] @ change @ state["axes out"].transpose(1, 2)
    return back


def _turned(state: Mapping[str, Tensor], values: Tensor) -> Tensor:
    """[P, I, O] in the axes of the gradients."""
    turned: Tensor = state["axes in"].transpose(1, 2) @ values @ state["axes out"]
    return turned


def _joined(weights: Tensor, biases: Tensor) -> Tensor:
    return torch.cat([weights, biases[:, None]], 1)


def _slope(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
