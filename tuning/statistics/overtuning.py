"""Whether a search ended at something truly worse than what it had before, given how much single trainings vary.

The mean of a few seeds is noisy, and the best of several such means is above the last one more often than not: of
searches among equal configurations, a count calls 60 to 70 % overtuned. So true worths are estimated together. The
worth of incumbent k of search s is w_sk = a_s + b x_sk + u_sk, with x_sk what validation says it is better than the
last one, u ~ N(0, tau^2 + (kappa x_sk)^2), as what is far from the last one may differ by more; a training's score is
w_sk + e, e ~ N(0, sigma^2). a and b have flat priors, tau a half-Cauchy one of scale sigma (Gelman, Bayesian Analysis
1, 2006), kappa an even one; sigma is that between seeds. tau and kappa are drawn from a grid, the rest from its normal
distributions (Gelman et al., Bayesian Data Analysis, 3rd edition, section 5.4). Where all incumbents are alike, tau is
small, and so are all differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DRAWS = 1000
_TAUS = np.concatenate([[0.0], np.geomspace(0.05, 20, 24)])  # in units of sigma
_KAPPAS = np.array([0.0, 0.1, 0.2, 0.4, 0.8])
TAU, KAPPA = (grid.ravel() for grid in np.meshgrid(_TAUS, _KAPPAS))
LOG_PRIOR = np.tile(np.log(np.concatenate([[0.025], np.gradient(_TAUS[1:])])) - np.log1p(_TAUS**2), len(_KAPPAS))


def lost(scores: npt.ArrayLike, seen: npt.ArrayLike, seed: int) -> tuple[Floats, float]:
    """How much better the best earlier incumbent of each search truly is than its last one: draws from the posterior.

    Args:
        scores: (num_searches, num_incumbents, num_seeds), higher is better, each search's incumbents in their order,
            the last one at the end of its row; NaN in front, and where a training failed. Each search has two or more.
        seen: (num_searches, num_incumbents): what the search saw of each, higher is better.
        seed: Of the draws.

    Returns:
        (`DRAWS`, num_searches) true differences, negative where the last one is the best; and sigma. Empty if no
        incumbent has two seeds, or if seeds make no difference.
    """
    values, shown = np.asarray(scores, dtype=float), np.asarray(seen, dtype=float)
    counts = (~np.isnan(values)).sum(axis=2)
    there = counts > 0
    means = np.where(there, np.nansum(values, axis=2) / np.maximum(counts, 1), 0.0)
    freedom, squares = int((counts - 1)[there].sum()), float(np.nansum((values - means[..., None]) ** 2))
    if not freedom or not squares:
        return np.empty((0, len(values))), 0.0
    sigma = float(np.sqrt(squares / freedom))
    better = np.where(there, shown - shown[:, -1:], 0.0) / sigma
    model = _Model(means / sigma, better, np.where(there, 1 / np.maximum(counts, 1), np.inf))
    worth = np.where(there, model.draws(np.random.default_rng(seed)), -np.inf)
    return sigma * (worth[:, :, :-1].max(axis=2) - worth[:, :, -1]), sigma


@dataclass(frozen=True)
class _Model:
    """The model, in units of sigma.

    Attributes:
        means: (num_searches, num_incumbents) over seeds.
        better: Likewise, x.
        error: Likewise, the variances of the means; infinite where there is none.
    """

    means: Floats
    better: Floats
    error: Floats

    def draws(self, generator: np.random.Generator) -> Floats:
        """(`DRAWS`, num_searches, num_incumbents) worths."""
        spread = (TAU**2)[:, None, None] + (KAPPA**2)[:, None, None] * self.better**2  # of u, by point of the grid
        weights = 1 / (spread + self.error)
        total = weights.sum(axis=2)
        middle, base = ((weights * values).sum(axis=2) / total for values in (self.better, self.means))
        x, y = self.better - middle[..., None], self.means - base[..., None]
        precision = (weights * x**2).sum(axis=(1, 2)) + 1e-12  # where validation saw no difference, there is no slope
        slope = (weights * x * y).sum(axis=(1, 2)) / precision
        misfit = (weights * (y - slope[:, None, None] * x) ** 2).sum(axis=(1, 2))
        known = np.log(weights, where=weights > 0, out=np.zeros_like(weights)).sum(axis=(1, 2))
        log_chance = LOG_PRIOR + 0.5 * (known - np.log(total).sum(axis=1) - np.log(precision) - misfit)
        chances = np.exp(log_chance - log_chance.max())
        at = generator.choice(len(TAU), DRAWS, p=chances / chances.sum())

        drawn = slope[at] + generator.normal(size=DRAWS) / np.sqrt(precision[at])
        start = base[at] - drawn[:, None] * middle[at]
        start += generator.normal(size=start.shape) / np.sqrt(total[at])
        expected = start[..., None] + drawn[:, None, None] * self.better
        own = spread[at] / (spread[at] + self.error)  # how far its own mean counts; 0 where it is missing
        noise = np.sqrt(own * np.where(np.isinf(self.error), 0.0, self.error)) * generator.normal(size=own.shape)
        return np.asarray(expected + own * (self.means - expected) + noise)
