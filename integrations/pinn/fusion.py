"""Fits the physics head, and decides how much the network may say beside it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.folds import group_folds
from integrations.core.data.splits import Split
from integrations.core.data.windows import IntArray, WindowIndex, group_indices
from integrations.pinn.model import ScoresHead, fuse

PENALTIES = (0.001, 0.01, 0.1, 0.3, 1.0)
"""Weight of the squared coefficients beside the mean loss."""
FOLDS = 5
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
SHARPNESSES = (0.5, 1.0, 2.0, 4.0)
EQUAL = 0.005
"""Nats by which losses may differ and still count as equal."""
SMALLEST_DEVIATION = 1e-6
MOST_STEPS = 200


def fit_scores_head(
    head: ScoresHead, scores: torch.Tensor, labels: torch.Tensor, info: DatasetInfo,
    index: WindowIndex, seed: int,
) -> float:  # fmt: skip
    """Fit the linear head on the training part; strong enough a penalty is found by group.

    Args:
        head: Filled in.
        scores: Physics scores of the training windows, shape (n, n_scores).
        labels: Class indices, shape (n,).
        info: The data set, for its groups.
        index: Where the training windows lie.
        seed: Of the folds.

    Returns:
        The strongest penalty whose loss on left-out groups is within one standard error, over
        groups, of the best one.
    """
    n_classes = head.bias.shape[0]
    fold = torch.from_numpy(group_folds(info, index, FOLDS, seed))
    units = group_indices(info)[index.recording]
    losses = np.stack(
        [_left_out_losses(scores, labels, fold, units, each, n_classes) for each in PENALTIES]
    )
    gap = losses - losses[losses.mean(axis=1).argmin()]
    error = gap.std(axis=1) / np.sqrt(max(1, gap.shape[1] - 1))
    penalty = max(p for p, ok in zip(PENALTIES, gap.mean(axis=1) <= error, strict=True) if ok)
    _fit(head, scores, labels, penalty)
    return penalty


def _left_out_losses(
    scores: torch.Tensor, labels: torch.Tensor, fold: torch.Tensor, units: IntArray,
    penalty: float, n_classes: int,
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Mean loss of every group, each fold's by a head that was fitted without it."""
    loss = torch.zeros(len(labels))
    for number in range(int(fold.max()) + 1):
        out = fold == number
        head = ScoresHead(scores.shape[1], n_classes)
        _fit(head, scores[~out], labels[~out], penalty)
        loss[out] = functional.cross_entropy(head(scores[out]), labels[out], reduction="none")
    return _by_unit(loss, units)


def _fit(head: ScoresHead, scores: torch.Tensor, labels: torch.Tensor, penalty: float) -> None:
    """Multinomial logistic regression, every class counting the same."""
    head.mean.copy_(scores.mean(dim=0))
    head.deviation.copy_(scores.std(dim=0).clamp(min=SMALLEST_DEVIATION))
    x = head.standardised(scores).double()
    n_classes = head.bias.shape[0]
    weights = balance(labels, n_classes).double()
    weight = torch.zeros(n_classes, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(n_classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=MOST_STEPS, line_search_fn="strong_wolfe", tolerance_change=1e-7
    )

    def closure() -> torch.Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(functional.linear(x, weight, bias), labels, weight=weights)
        loss = loss + 0.5 * penalty * weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        solver.step(closure)
    head.weight.copy_(weight.detach())
    head.bias.copy_(bias.detach())


def balance(labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Class weights that make every class that occurs count the same."""
    counts = torch.bincount(labels, minlength=n_classes).clamp(min=1)
    return (len(labels) / (n_classes * counts)).float()


def validation_can_judge(info: DatasetInfo, parts: Split) -> bool:
    """Say whether the validation part is as new to the network as the test part is.

    Where a network is tested on machines it has not met but validated on ones it has, validation
    praises what it learnt by heart and must not set its share.
    """
    groups = group_indices(info)
    trained = np.unique(groups[parts.train.recording])
    return _unseen(groups, parts.validation, trained) >= 0.5 * _unseen(groups, parts.test, trained)


def _unseen(groups: IntArray, part: WindowIndex, trained: IntArray) -> float:
    return float((~np.isin(groups[part.recording], trained)).mean())


def choose_fusion(
    network: torch.Tensor, physics: torch.Tensor, labels: torch.Tensor, units: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Choose the network's share on the validation part, conservatively.

    The smallest share whose loss is as good as the best one's. Every group counts the same.

    Args:
        network: Scores of the network alone, shape (n, classes).
        physics: Scores of the physics head alone, shape (n, classes).
        labels: Class indices, shape (n,).
        units: Group of each window, shape (n,).

    Returns:
        The share, 0 to 1, and the sharpness of the physics head.
    """
    options = [(share, sharp) for share in SHARES for sharp in SHARPNESSES]
    losses = np.stack([_losses(network, physics, labels, units, *each) for each in options])
    means = dict(zip(options, losses.mean(axis=1).tolist(), strict=True))
    good = [share for share, sharp in options if means[share, sharp] <= min(means.values()) + EQUAL]
    share = min(good)
    return share, min(SHARPNESSES, key=lambda sharp: means[share, sharp])


def _losses(
    network: torch.Tensor, physics: torch.Tensor, labels: torch.Tensor,
    units: npt.NDArray[np.int64], share: float, sharp: float,
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Mean loss of every group."""
    scores = fuse(network, physics, torch.tensor(share), torch.tensor(sharp))
    return _by_unit(functional.nll_loss(scores, labels, reduction="none"), units)


def _by_unit(loss: torch.Tensor, units: IntArray) -> npt.NDArray[np.float64]:
    _, number = np.unique(units, return_inverse=True)
    return np.asarray(np.bincount(number, loss.double().numpy()) / np.bincount(number))
