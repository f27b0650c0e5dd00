"""The model behind a choice: what the mean scores of tuners may be, given a few replicates of each.

**Model.** The score of tuner j in replicate i is

    y_ij = mu_j + b_i + e_ij,        z_ij ~ Bernoulli(q_j): whether the search fell off
    e_ij ~ N(0, sigma_j^2)           if it did not
    e_ij ~ N(delta, (lambda s)^2)    if it did

and the quantity of interest is a tuner's mean, theta_j = mu_j + q_j delta. So a score far off moves the mean of its
tuner little where all tuners have some such scores, and much where one tuner has many: a mixture of location and
outliers (Box and Tiao, Biometrika 55, 1968; Verdinelli and Wasserman, Statistics and Computing 1, 1991). With delta
below 0 the mixture is skewed as scores under a ceiling are, with delta near 0 it is symmetric with heavy tails.

**Partial pooling** (Gelman et al., Bayesian Data Analysis, 3rd edition, chapters 5 and 17), so that two replicates
suffice and tuners that hardly differ are not told apart by chance:

    mu_j      ~ N(m, (r s)^2)             m flat; r half-t with 3 degrees of freedom and scale 0.5 (Gelman, Bayesian
                                          Analysis 1, 2006): in the studies of this repository tuners differ by 0 to
                                          2.5 standard deviations of their scores, mostly by less than one
    sigma_j^-2 ~ Gamma(a, a s^2)          a on `SPREADS`, p(s) ~ 1 / s
    q_j       ~ Beta(c q, c (1 - q))      (q, c) on `FALLS`
    delta     ~ N(0, (2.5 s)^2)           lambda on `WIDTHS`
    b_i       ~ N(0, (w s)^2)             if replicates share a split, else 0; w as r

**Assumed**: replicates are independent; tuners of a study are alike enough to be pooled; the scores of a tuner have a
mean, and a sample like this one would show what moves it. Scores are taken as known to half the smallest gap between
two of them, which keeps spreads above 0 where few values occur.

**Computed** by Gibbs sampling in several chains at once; r, w, a, (q, c) and lambda lie on grids, s takes a Metropolis
step. That its statements hold is simulated in `tests/simulations/choice.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

Floats = npt.NDArray[np.float64]

CHAINS, BURN_IN, KEPT = 32, 50, 125  # one matrix gets chains x kept draws
SCALE, FREEDOM = 0.5, 3  # of the prior of r and w
RATIOS = np.geomspace(0.02, 10, 21)[:, None]
SPREADS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 64.0])[:, None]
FALLS = np.array([(q, c) for q in (0.01, 0.03, 0.1, 0.2) for c in (5.0, 30.0, 100.0)])
WIDTHS = np.array([1.0, 2.0, 4.0])[:, None]
SHIFT = 2.5  # prior standard deviation of delta, in units of s
_LOG_RATIO_PRIOR = np.log(RATIOS) - (FREEDOM + 1) / 2 * np.log1p((RATIOS / SCALE) ** 2 / FREEDOM)
_YES, _NO = FALLS[:, :1] * FALLS[:, 1:], (1 - FALLS[:, :1]) * FALLS[:, 1:]
_LOG_BETA = gammaln(_YES) + gammaln(_NO) - gammaln(_YES + _NO)
_TINY = 1e-300


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior, of each chain.

    Attributes:
        means: (num_draws, num_tuners, num_chains) theta.
        expected: (num_tuners, num_chains), the mean of theta, from the means of its conditional distributions: more
            exact than the mean of the draws (Gelfand and Smith, JASA 85, 1990).
        noise: (num_tuners, num_chains), the expected variance of one more score, without what replicates share.
    """

    means: Floats
    expected: Floats
    noise: Floats

    def pooled(self) -> Posterior:
        """One chain of all, where all had the same scores."""
        tuners = self.means.shape[1]
        return Posterior(
            np.moveaxis(self.means, 1, 2).reshape(-1, tuners, 1),
            self.expected.mean(axis=1, keepdims=True),
            self.noise.mean(axis=1, keepdims=True),
        )


def sample(scores: Floats, paired: bool, generator: np.random.Generator, burn_in: int, kept: int) -> Posterior:
    """Draws for several matrices of scores at once, one chain each.

    Args:
        scores: (num_replicates, num_tuners, num_chains), higher is better; NaN where a score is missing. Each tuner
            has one, at least one tuner has two, and not all scores of a matrix are equal.
        paired: Whether the scores of a replicate share a split.
        generator: Of all draws.
        burn_in: Draws to leave out first.
        kept: Draws to return.
    """
    centre, unit = np.nanmean(scores, axis=(0, 1)), _spread(scores)
    chains = _Chains((scores - centre) / unit, paired, generator)
    means = np.empty((kept, *scores.shape[1:]))
    expected, noise = np.zeros(scores.shape[1:]), np.zeros(scores.shape[1:])
    for step in range(-burn_in, kept):
        chains.step()
        if step >= 0:
            means[step] = chains.mu + chains.q * chains.delta
            expected += chains.expected() / kept
            noise += chains.noise() / kept
    return Posterior(means * unit + centre, expected * unit + centre, noise * unit**2)


def _spread(scores: Floats) -> Floats:
    """(num_chains,): the pooled standard deviation within tuners, at least that of rounding."""
    known = (~np.isnan(scores)).sum(axis=0)
    squares = np.nansum((scores - np.nanmean(scores, axis=0)) ** 2, axis=(0, 1))
    return np.asarray(np.maximum(np.sqrt(squares / (known - 1).sum(axis=0)), _rounding(scores)))


def _rounding(scores: Floats) -> Floats:
    """(num_chains,): the standard deviation of what is rounded off, by the smallest gap between two scores."""
    ordered = np.sort(scores.reshape(-1, scores.shape[2]), axis=0)  # NaN at the end
    gaps = np.diff(ordered, axis=0)
    equal = 1e-9 * (np.nanmax(ordered, axis=0) - np.nanmin(ordered, axis=0))  # but for the last bits
    return np.asarray(np.where(gaps > equal, gaps, np.inf).min(axis=0) / np.sqrt(12))


class _Chains:
    """The state of all chains, and one sweep over it; letters as in the module's docstring, precisions for variances.

    Chains come last in every shape: sums over replicates and tuners then add whole rows.

    Attributes:
        y, fell: (replicates, tuners, chains), scores (0 where there is none) and z.
        mu, q, precision: (tuners, chains).
        b: (replicates, 1, chains).
        m, delta, s2, fell2: (chains,): m, delta, s squared, and (lambda s) squared.
        ratio, share, shape, fall, width: (chains,), places of r, w, a, (q, c) and lambda on their grids.
    """

    def __init__(self, scores: Floats, paired: bool, generator: np.random.Generator) -> None:
        replicates, tuners, chains = scores.shape
        self.known, self.generator, self.paired = ~np.isnan(scores), generator, paired
        self.y, self.count, self.each = np.nan_to_num(scores), self.known.sum(axis=0), np.arange(chains)
        self.most_precise = 1 / _rounding(scores) ** 2
        self.fell, self.q = np.zeros(scores.shape, dtype=bool), np.full((tuners, chains), 0.05)
        self.mu, self.precision = np.zeros((tuners, chains)), np.ones((tuners, chains))
        self.b, self.m, self.delta, self.s2 = np.zeros((replicates, 1, chains)), *np.zeros((2, chains)), np.ones(chains)
        self.ratio = self.share = np.full(chains, len(RATIOS) // 2)
        self.shape, self.fall, self.width = (np.full(chains, place) for place in (2, 4, 1))

    @property
    def fell2(self) -> Floats:
        return np.asarray(WIDTHS[self.width, 0] ** 2 * self.s2)

    def step(self) -> None:
        """One draw of every unknown from its distribution given the others."""
        self.weight = np.where(self.fell, 1 / self.fell2, self.precision) * self.known
        self.clean = self.y - self.fell * self.delta
        self._draw_mu()
        if self.paired:
            self._draw_b()
        self.residual = (self.y - self.mu - self.b) * self.known
        self._draw_fell()
        self._draw_delta()
        self._draw_precision()
        self._draw_s()

    def _draw_mu(self) -> None:
        """The place of r with m and mu integrated out, then m, then mu."""
        total = self.weight.sum(axis=0)
        observed = ((self.clean - self.b) * self.weight).sum(axis=0) / total
        between = RATIOS**2 * self.s2  # (grid, chains)
        weight = 1 / (between[:, None] + 1 / total)  # (grid, tuners, chains)
        summed = weight.sum(axis=1)
        centre = (weight * observed).sum(axis=1) / summed
        off = (weight * (observed - centre[:, None]) ** 2).sum(axis=1)
        self.ratio = self._place((np.log(weight).sum(axis=1) - np.log(summed) - off) / 2 + _LOG_RATIO_PRIOR)
        here = self.ratio, self.each
        self.m = centre[here] + self._normal(self.m.shape) / np.sqrt(summed[here])
        prior = 1 / between[here]
        self.mu_expected = (total * observed + prior * self.m) / (total + prior)
        self.mu = self.mu_expected + self._normal(self.mu.shape) / np.sqrt(total + prior)

    def _draw_b(self) -> None:
        """What the scores of a replicate share, then w."""
        between = RATIOS**2 * self.s2
        precision = self.weight.sum(axis=1) + 1 / between[self.share, self.each]
        expected = ((self.clean - self.mu) * self.weight).sum(axis=1) / precision
        drawn = expected + self._normal(expected.shape) / np.sqrt(precision)
        self.share = self._place(
            -(len(drawn) * np.log(between) + (drawn**2).sum(axis=0) / between) / 2 + _LOG_RATIO_PRIOR
        )
        self.b = drawn[:, None]

    def _draw_fell(self) -> None:
        """First z, then q of each tuner, then (q, c)."""
        odds = np.log(self.q / (1 - self.q)) - np.log(self.fell2 * self.precision) / 2
        away = self.residual**2 * self.precision - (self.residual - self.delta) ** 2 / self.fell2
        chance = self.generator.random(away.shape)
        with np.errstate(divide="ignore", over="ignore"):
            self.fell = (np.log(1 / chance - 1) > -(odds + away / 2)) & self.known
        times, (q, c) = self.fell.sum(axis=0), FALLS[self.fall].T
        self.q_expected = (q * c + times) / (c + self.count)
        self.q = np.clip(self.generator.beta(q * c + times, (1 - q) * c + self.count - times), 1e-9, 1 - 1e-9)
        yes, no = np.log(self.q).sum(axis=0), np.log1p(-self.q).sum(axis=0)
        self.fall = self._place((_YES - 1) * yes + (_NO - 1) * no - len(self.q) * _LOG_BETA)

    def _draw_delta(self) -> None:
        """First delta, then lambda."""
        times = self.fell.sum(axis=(0, 1))
        precision = times / self.fell2 + 1 / (SHIFT**2 * self.s2)
        expected = (self.residual * self.fell).sum(axis=(0, 1)) / self.fell2 / precision
        self.delta = expected + self._normal(expected.shape) / np.sqrt(precision)
        self.squares = ((self.residual - self.delta) ** 2 * self.fell).sum(axis=(0, 1))
        width2 = WIDTHS**2 * self.s2
        self.width = self._place(-(times * np.log(width2) + self.squares / width2) / 2)

    def _draw_precision(self) -> None:
        """The sigma of each tuner, then a."""
        regular = self.known & ~self.fell
        squares = (self.residual**2 * regular).sum(axis=0)
        a = SPREADS[self.shape, 0]
        drawn = self.generator.standard_gamma(a + regular.sum(axis=0) / 2) / (a * self.s2 + squares / 2)
        self.precision = np.clip(drawn, _TINY, self.most_precise)
        constant = len(self.mu) * (SPREADS * np.log(SPREADS * self.s2) - gammaln(SPREADS))
        logs, total = np.log(self.precision).sum(axis=0), self.precision.sum(axis=0)
        self.shape = self._place(constant + (SPREADS - 1) * logs - SPREADS * self.s2 * total)

    def _draw_s(self) -> None:
        """For s: proposed as the spreads alone have it, accepted by what else is in units of s."""
        a = SPREADS[self.shape, 0]
        proposed = self.generator.standard_gamma(len(self.mu) * a) / (a * self.precision.sum(axis=0))
        off = ((self.mu - self.m) ** 2).sum(axis=0) / RATIOS[self.ratio, 0] ** 2
        off += self.delta**2 / SHIFT**2 + self.squares / WIDTHS[self.width, 0] ** 2
        times = len(self.mu) + 1 + self.fell.sum(axis=(0, 1))
        if self.paired:
            off += (self.b**2).sum(axis=(0, 1)) / RATIOS[self.share, 0] ** 2
            times = times + len(self.b)
        gain = (times * np.log(self.s2 / proposed) + off / self.s2 - off / proposed) / 2
        self.s2 = np.where(-self.generator.standard_exponential(gain.shape) < gain, proposed, self.s2)

    def expected(self) -> Floats:
        """(tuners, chains): the mean of theta given the others of this sweep."""
        return np.asarray(self.mu_expected + self.q_expected * self.delta)

    def noise(self) -> Floats:
        """(tuners, chains): the variance of one more score."""
        within = (1 - self.q) / self.precision + self.q * self.fell2
        return np.asarray(within + self.q * (1 - self.q) * self.delta**2)

    def _place(self, log_weights: Floats) -> npt.NDArray[np.int64]:
        """(chains,): places on a grid, drawn by (grid, chains) log weights."""
        weights = np.exp(log_weights - log_weights.max(axis=0)).cumsum(axis=0)
        return np.asarray((weights < self.generator.random(weights.shape[1]) * weights[-1]).sum(axis=0))

    def _normal(self, shape: tuple[int, ...]) -> Floats:
        return self.generator.standard_normal(shape)
