"""Turn logits into probabilities that mean what they say, and probabilities into decisions.

Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks"), with one bias for *absent* (and for
signals), because sentences written for training name more dimensions than life does. What is shown of an opinion, the
probability of that dimension with that polarity, gets a temperature and a bias of its own (Platt 1999), fitted on the
opinions that are shown: those of all labels together are mostly easy absences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from overheard.nlp.network import Logits, NetworkConfig, Targets


def probabilities(logits: Logits, config: NetworkConfig) -> Logits:
    """Return calibrated probabilities in the shapes of the logits; without calibration, the plain softmax."""
    factors = {"dimensions": [1.0, 0.0], "sentiment": [1.0], "touchpoint": [1.0], "signals": [1.0, 0.0]}
    factors |= config.calibration
    temperature, bias = factors["dimensions"]
    shift = torch.zeros(logits.dimensions.shape[-1])
    shift[0] = bias
    signal_temperature, signal_bias = factors["signals"]
    return type(logits)(
        (logits.dimensions / temperature + shift).softmax(-1),
        (logits.sentiment / factors["sentiment"][0]).softmax(-1),
        (logits.touchpoint / factors["touchpoint"][0]).softmax(-1),
        (logits.signals / signal_temperature + signal_bias).sigmoid(),
    )


def opinion_scores(scores: Tensor, config: NetworkConfig) -> Tensor:
    """Return the calibrated probability that a shown opinion, dimension with polarity, is right."""
    temperature, bias = config.calibration.get("opinions", [1.0, 0.0])
    return (_log_odds(scores) / temperature + bias).sigmoid()


def fit(logits: Logits, labels: Targets, config: NetworkConfig) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return (calibration, thresholds) fitted on rows that no training step saw.

    The threshold of the dimensions is one for all (a rare dimension has too few rows for its own): the one with the
    best micro F1 over (dimension, polarity); that of the signals likewise.
    """

    def dimension_loss(parameters: Tensor) -> Tensor:
        shift = torch.cat([parameters[1:], torch.zeros(3)])
        scaled = logits.dimensions / parameters[0].exp() + shift
        return functional.cross_entropy(scaled.flatten(0, 1), labels.dimensions.flatten())

    calibration = {
        "dimensions": _minimise(dimension_loss, 2),
        "sentiment": _minimise(lambda p: functional.cross_entropy(logits.sentiment / p.exp(), labels.sentiment), 1),
        "touchpoint": _minimise(lambda p: functional.cross_entropy(logits.touchpoint / p.exp(), labels.touchpoint), 1),
        "signals": _platt(logits.signals, labels.signals),
    }
    found = probabilities(logits, type(config)(**{**vars(config), "calibration": calibration}))
    present = 1 - found.dimensions[..., 0]
    right = (found.dimensions[..., 1:].argmax(-1) + 1 == labels.dimensions) & (labels.dimensions > 0)
    threshold = _best_threshold(present.flatten(), right.flatten(), int((labels.dimensions > 0).sum()))
    signal = _best_threshold(found.signals.flatten(), labels.signals.flatten() > 0, int(labels.signals.sum()))
    shown = present >= threshold
    if shown.any():
        calibration["opinions"] = _platt(_log_odds(found.dimensions[..., 1:].amax(-1)[shown]), right[shown].float())
    return calibration, {"dimensions": threshold, "signals": signal}


def _log_odds(scores: Tensor) -> Tensor:
    return scores.clamp(1e-4, 1 - 1e-4).logit()


def _platt(logits: Tensor, truth: Tensor) -> list[float]:
    """Return the temperature and the bias that make log odds fit what was true (0 or 1)."""
    return _minimise(lambda p: functional.binary_cross_entropy_with_logits(logits / p[0].exp() + p[1], truth), 2)


def _minimise(loss: Callable[[Tensor], Tensor], size: int) -> list[float]:
    """Return the parameters (log temperature first) that minimise the loss, the temperature as itself."""
    parameters = torch.zeros(size, requires_grad=True)
    optimiser = torch.optim.LBFGS([parameters], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(parameters)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    values = parameters.detach()
    return [round(float(values[0].exp()), 4), *(round(float(value), 4) for value in values[1:])]


def _best_threshold(scores: Tensor, right: Tensor, positives: int) -> float:
    """Return the threshold in [0.2, 0.8] with the best F1 when everything at or above it is called."""

    def f1(threshold: float) -> float:
        called = scores >= threshold
        return 2 * float((right & called).sum()) / max(1.0, float(called.sum()) + positives)

    return max((step / 100 for step in range(20, 81)), key=f1)
