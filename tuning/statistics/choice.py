"""Which tuner to take now, how probably it is the best, and what a wrong choice is expected to cost.

A test asks what could be claimed, and with few replicates the answer is nothing. Somebody who has to take one tuner
asks another question, that of statistical decision theory: of the tuners there are, which has the smallest expected
loss, the expected difference between the best tuner's mean score and its own? (Berger, Statistical Decision Theory and
Bayesian Analysis, 1985; Benavoli et al., Time for a Change, JMLR 18, 2017, for comparing learners.) It has an answer
from two replicates on, with a probability and a cost, and claims nothing. The model is in `posterior`.

**What more replicates are worth.** The expected loss of the best choice is what knowing everything would gain (the
expected value of perfect information), so no number of replicates can gain more. What a few more would gain is
simulated before they are run: means and further scores are drawn from the posterior, the posterior means that would
follow are approximated by the linear regression of one on the other, and the best of them is taken (preposterior
analysis: Raiffa and Schlaifer, Applied Statistical Decision Theory, 1961; by regression: Strong, Oakley and Brennan,
Medical Decision Making 35, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tuning.statistics.bootstrap import CONFIDENCE
from tuning.statistics.intervals import by_fewest
from tuning.statistics.posterior import BURN_IN, CHAINS, KEPT, Posterior, sample

Floats = npt.NDArray[np.float64]

MORE = (1, 3, 10)  # further replicates whose worth is foreseen
MOST_AT_ONCE = 10_000  # scores in all chains: with many scores fewer chains do, as there is less to know
FEWEST_CHAINS = 8
CREDIBLE_COVERAGE = {2: 0.90, 3: 0.88, 5: 0.89, 10: 0.91}
"""By the fewest scores of a tuner, how often the interval of its mean holds it, of the kinds of scores in
`tests.simulations.intervals` the one of which it holds least: skewed ones, and of 2 and 3 those that share a split."""
_LAST_BITS = 1e-12  # of the largest score: what a sum may be off


@dataclass(frozen=True)
class Choice:
    """What is known of (num_tuners,) tuners, for choosing one. NaN for a tuner without any score.

    Attributes:
        best: (num_tuners,) probability that the tuner has the highest mean score.
        loss: (num_tuners,) expected loss of choosing it, in the unit of the scores.
        mean, low, high: (num_tuners,) its mean score and the ends of its 95 % credible interval.
        recommended: Place of the tuner with the smallest expected loss.
        equal: Places of the tuners whose mean is within `rope` of the recommended one's with 95 % probability, itself
            included.
        gains: For each of `MORE`, what so many further replicates of each tuner are expected to take off the loss.
        flat: Whether all scores are the same, so that nothing tells tuners apart.
    """

    best: Floats
    loss: Floats
    mean: Floats
    low: Floats
    high: Floats
    recommended: int
    equal: tuple[int, ...]
    gains: tuple[float, ...]
    flat: bool = False

    @property
    def expected_loss(self) -> float:
        """Of the recommended tuner."""
        return float(self.loss[self.recommended])


def credible_coverage(n: int) -> float:
    """How often the credible interval of the mean of n scores holds it, where that suits the model least."""
    return by_fewest(CREDIBLE_COVERAGE, n)


def choose(scores: npt.ArrayLike, *, paired: bool, seed: int, rope: float | None = None) -> Choice | None:
    """The choice that these scores suggest; None with fewer than two tuners, or with no two scores of one tuner.

    Args:
        scores: (num_replicates, num_tuners), higher is better; NaN where a score is missing.
        paired: Whether the scores of a replicate share a split.
        seed: Of the draws; the same seed gives the same numbers.
        rope: A difference up to this does not matter, in the unit of the scores; None to call no two tuners equal.
    """
    values = np.asarray(scores, dtype=float)
    scored = ~np.isnan(values).all(axis=0)
    known = values[:, scored]
    if known.shape[1] < 2 or (~np.isnan(known)).sum(axis=0).max() < 2:
        return None
    if np.nanmax(known) - np.nanmin(known) <= _LAST_BITS * np.nanmax(np.abs(known)):
        return _spread_out(_of_equal(float(np.nanmax(known)), known.shape[1]), scored)
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed])))
    return _spread_out(_chosen(known, paired, rope, generator), scored)


def _chosen(scores: Floats, paired: bool, rope: float | None, generator: np.random.Generator) -> Choice:
    """The choice between tuners that all have a score, where not all scores are equal."""
    chains = int(np.clip(MOST_AT_ONCE // scores.size, FEWEST_CHAINS, CHAINS))
    drawn = sample(np.repeat(scores[:, :, None], chains, axis=2), paired, generator, BURN_IN, KEPT).pooled()
    best, loss = statements(drawn)
    tails = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(drawn.means[:, :, 0], [tails, 100 - tails], axis=0)
    alike = _alike(scores, paired)
    best, loss, mean, low, high = (
        alike @ numbers for numbers in (best[:, 0], loss[:, 0], drawn.expected[:, 0], low, high)
    )
    recommended = int(loss.argmin())
    away = np.abs(drawn.means[:, :, 0] - drawn.means[:, recommended])
    near = np.zeros(len(mean)) if rope is None else (away <= rope).mean(axis=0)
    near[recommended] = 1.0
    equal = tuple(int(place) for place in np.flatnonzero(near >= CONFIDENCE))
    gains = tuple(float(expected_gain(drawn, more, generator)[0]) for more in MORE)
    return Choice(best, loss, mean, low, high, recommended, equal, gains)


def statements(drawn: Posterior) -> tuple[Floats, Floats]:
    """Of each tuner: the probability of being best, and the expected loss of choosing it; (num_tuners, num_chains)."""
    tuners = np.arange(drawn.means.shape[1])[:, None]
    best = (drawn.means.argmax(axis=1)[:, None] == tuners).mean(axis=0)
    leader = drawn.expected.argmax(axis=0)[None]
    # The highest mean is known from the draws alone, so its distance to the leader is taken within the draws.
    above = drawn.means.max(axis=1) - np.take_along_axis(drawn.means, leader[None], axis=1)[:, 0]
    return best, np.asarray(above.mean(axis=0) + drawn.expected.max(axis=0) - drawn.expected)


def expected_gain(drawn: Posterior, more: int, generator: np.random.Generator) -> Floats:
    """(num_chains,): what `more` further scores of each tuner are expected to take off the loss of the best choice."""
    gained = np.empty(drawn.means.shape[2])
    for chain in range(len(gained)):
        means = drawn.means[:, :, chain]
        noise = drawn.noise[:, chain] / more
        covariance = np.cov(means, rowvar=False)
        slopes = np.linalg.solve(covariance + np.diag(noise), covariance)
        further = means - means.mean(axis=0) + generator.standard_normal(means.shape) * np.sqrt(noise)
        foreseen = drawn.expected[:, chain] + (further - further.mean(axis=0)) @ slopes
        gained[chain] = foreseen.max(axis=1).mean() - drawn.expected[:, chain].max()
    return gained


def enough(choice: Choice | None, loss: float) -> bool:
    """Whether nothing that is left to gain is worth a replicate: the expected loss is at most `loss`.

    That is an upper bound of what any number of further replicates can be expected to gain, and one further replicate
    gains less. A posterior does not depend on when one looks at it, so this may be asked after each replicate (Berger,
    section 7.7); what that does to the loss is simulated too.
    """
    return choice is not None and choice.expected_loss <= loss


def _alike(scores: Floats, paired: bool) -> Floats:
    """(num_tuners, num_tuners) weights that share what is said of tuners with the same scores, which is to be equal."""
    columns = scores if paired else np.sort(scores, axis=0)
    same = (np.nan_to_num(columns[:, :, None], nan=np.inf) == np.nan_to_num(columns[:, None], nan=np.inf)).all(axis=0)
    return np.asarray(same / same.sum(axis=1, keepdims=True))


def _of_equal(score: float, tuners: int) -> Choice:
    """Where all scores are the same: nothing to lose, as far as these scores show."""
    numbers = np.full(tuners, score)
    return Choice(
        np.full(tuners, 1 / tuners),
        np.zeros(tuners),
        numbers,
        numbers,
        numbers,
        recommended=0,
        equal=tuple(range(tuners)),
        gains=(0.0,) * len(MORE),
        flat=True,
    )


def _spread_out(choice: Choice, scored: npt.NDArray[np.bool_]) -> Choice:
    """A choice of the tuners with a score, as one of all; NaN for the others."""
    places = np.flatnonzero(scored)

    def of_all(numbers: Floats) -> Floats:
        every = np.full(len(scored), np.nan)
        every[places] = numbers
        return every

    return replace(
        choice,
        best=of_all(choice.best),
        loss=of_all(choice.loss),
        mean=of_all(choice.mean),
        low=of_all(choice.low),
        high=of_all(choice.high),
        recommended=int(places[choice.recommended]),
        equal=tuple(int(places[place]) for place in choice.equal),
    )
