"""The model behind a choice over problems: what tuners may be worth on these problems, and on problems like these.

The mean score of tuner j on problem p, in spreads (`effects`), is

    y_pj = m_p + alpha_j + gamma_cj + e_pj,      e_pj ~ N(0, noise_pj)

where c is the draw that problem p belongs to: problems that share data are one draw. alpha_j is what the tuner is worth
on problems in general, theta_cj = alpha_j + gamma_cj on those of a draw.

    m_p      flat: problems may be as easy as they like
    alpha_j  ~ N(0, a²)        a and t half-t with 3 degrees of freedom and scale 0.5, the prior that `posterior`
    gamma_cj ~ N(0, t²)        gives to the differences of tuners in the same unit (Gelman, Bayesian Analysis 1, 2006)

so tuners, and what single problems say of them, are drawn together as far as the scores speak for it (Gelman et al.,
Bayesian Data Analysis, 3rd edition, chapter 5; Higgins, Thompson and Spiegelhalter, JRSS A 172, 2009, for new draws).

**Computed** without a chain: given (a, t) everything is normal, so the posterior is a mixture of normals over a grid of
(a, t), and draws from it are independent. That its statements hold is simulated in `tests/simulations/problems.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tuning.statistics.effects import Floats
from tuning.statistics.posterior import FREEDOM, SCALE

SCALES = np.geomspace(0.02, 10, 16)
KEPT = 4000  # draws
_LOG_PRIOR = np.log(SCALES) - (FREEDOM + 1) / 2 * np.log1p((SCALES / SCALE) ** 2 / FREEDOM)


class Worth(NamedTuple):
    """Draws from the posterior, in spreads; only differences between tuners mean anything.

    Attributes:
        general: (num_kept, num_tuners) alpha.
        by_draw: (num_kept, num_draws, num_tuners) theta.
        new: (num_kept, num_tuners) theta of a draw that was not seen.
        varies: (num_kept,) t.
        expected: (num_tuners,) mean of alpha, without the error of drawing.
    """

    general: Floats
    by_draw: Floats
    new: Floats
    varies: Floats
    expected: Floats


def worth(
    means: Floats, noise: Floats, draws: npt.ArrayLike, generator: np.random.Generator, kept: int = KEPT
) -> Worth:
    """Draws of what tuners may be worth.

    Args:
        means: (num_problems, num_tuners), `effects.Effects.means`; NaN where a tuner was not compared.
        noise: (num_problems, num_tuners) their sampling variances.
        draws: (num_problems,) places of the draw of each problem, from 0 without gaps.
        generator: Of all draws.
        kept: Number of draws.
    """
    precision, weighted = _observed(means, noise, np.asarray(draws))
    values, axes = np.linalg.eigh(precision)  # each draw by itself: (num_draws, num_tuners), and its directions
    values = np.maximum(values, 0)
    turned = np.einsum("cki,ck->ci", axes, weighted)
    grid = _grid(values, axes, turned)
    at_a, at_t = np.unravel_index(_places(grid.log_weight.ravel(), generator, kept), grid.log_weight.shape)
    normal = generator.standard_normal((kept, means.shape[1]))
    general = _solved(grid.root[at_a, at_t], grid.half[at_a, at_t] + normal)
    t = SCALES[at_t]
    spread2 = 1 / (values + t[:, None, None] ** -2)  # of gamma, given alpha
    centre = spread2 * (turned - values * np.einsum("cki,sk->sci", axes, general))
    around = centre + np.sqrt(spread2) * generator.standard_normal(spread2.shape)
    by_draw = general[:, None] + np.einsum("cki,sci->sck", axes, around)
    new = general + t[:, None] * generator.standard_normal(general.shape)
    share = np.exp(grid.log_weight - grid.log_weight.max())
    expected = np.einsum("at,atk->k", share / share.sum(), _solved(grid.root, grid.half))
    return Worth(general, by_draw, new, t, expected)


class _Grid(NamedTuple):
    """The posterior of alpha given (a, t), at each place of the grid: normal, with L L' as precision.

    Attributes:
        root: (num_a, num_t, num_tuners, num_tuners) L.
        half: (num_a, num_t, num_tuners) L' times the mean.
        log_weight: (num_a, num_t) logarithm of the posterior of (a, t), but for a constant.
    """

    root: Floats
    half: Floats
    log_weight: Floats


def _grid(values: Floats, axes: Floats, turned: Floats) -> _Grid:
    """From the eigenvalues of each draw's precision, its directions, and precision times value along them."""
    tuners, t = values.shape[1], SCALES[:, None, None]
    # With gamma integrated out: precision of alpha, precision times value, and the logarithm of what is left.
    left = 1 / (1 + t**2 * values)  # (num_t, num_draws, num_tuners)
    precision = np.einsum("cki,gci,cli->gkl", axes, left * values, axes)
    weighted = np.einsum("cki,gci->gk", axes, left * turned)
    log_left = ((np.log(left) + t**2 * turned**2 * left) / 2).sum(axis=(1, 2))
    root = np.linalg.cholesky(precision + np.eye(tuners) / SCALES[:, None, None, None] ** 2)
    half = np.linalg.solve(root, np.broadcast_to(weighted[..., None], (*root.shape[:-1], 1)))[..., 0]
    log_weight = log_left + (half**2).sum(axis=-1) / 2 - np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    return _Grid(root, half, log_weight + (_LOG_PRIOR - tuners * np.log(SCALES))[:, None] + _LOG_PRIOR)


def _solved(root: Floats, half: Floats) -> Floats:
    """What L' has to be multiplied with to give `half`."""
    return np.asarray(np.linalg.solve(np.swapaxes(root, -1, -2), half[..., None])[..., 0])


def _places(log_weight: Floats, generator: np.random.Generator, kept: int) -> npt.NDArray[np.int64]:
    """(kept,) places on the grid, each as often as its weight says; only the fractions are left to chance."""
    weight = np.exp(log_weight - log_weight.max()).cumsum()
    return np.searchsorted(weight / weight[-1], (np.arange(kept) + generator.random()) / kept)


def _observed(means: Floats, noise: Floats, draws: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """What the scores say of theta, (num_draws, num_tuners, num_tuners) precision and precision times value.

    m_p is integrated out, so that adding a constant to a problem's means changes nothing.
    """
    number, tuners = int(draws.max()) + 1, means.shape[1]
    precision, weighted = np.zeros((number, tuners, tuners)), np.zeros((number, tuners))
    for mean, variance, draw in zip(means, noise, draws, strict=True):
        weight = np.where(np.isnan(mean), 0, 1 / variance)
        if (weight > 0).sum() < 2:
            continue
        centred = np.diag(weight) - np.outer(weight, weight) / weight.sum()
        precision[draw] += centred
        weighted[draw] += centred @ np.nan_to_num(mean)
    return precision, weighted
