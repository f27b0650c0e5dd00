"""The sequential rule of `--until-decided` and `--until-chosen`: pairs are tested after each replicate added.

Repeated tests with fixed-n p-values would find a difference between equal tuners far more often than the level allows.
Here one error rate holds for the whole sequence of looks, up to a cap fixed beforehand.

**Statistic.** A pair's differences d_1, d_2, ... arrive replicate by replicate. d_i scores ±R_i / (i + 1), where R_i is
the rank of |d_i| among the first i: Wilcoxon's signed ranks, each given when its difference arrives and never
changed (sequential ranks; Reynolds, Annals of Statistics 3, 1975). Zeros are dropped and ties share mid-ranks.

**Null distribution.** If two tuners do not differ, a difference is as likely as its opposite. Given the sizes, the
signs are fair coin flips. As no score changes later, the chance of every sum, and of having stopped before, follows by
one convolution per look: exact for any distribution, including ties and failed cells, without Monte Carlo. AdaStop
(Mathieu et al., TMLR 2024) spends its level in the same way, with permutations of means.

**Spending.** After k of `cap` replicates at most (k / cap)^2 of a level is spent, and what one look cannot use is
left for the next (Lan and DeMets, Biometrika 70, 1983; the power family of Kim and DeMets, Biometrika 74, 1987). The
exponent is between Pocock's early stops and O'Brien and Fleming's power at the cap. By the cap nearly all is spent,
so equal tuners are declared different at nearly the level. Anytime-valid methods (e-values) need no cap, but reserve
level for looks that never happen, so they declare less by any cap.

**Many pairs.** The p-value of a pair after a look is the smallest level whose sequence of tests has stopped by then:
valid for all looks together, and it never rises. So what Holm's adjustment (1979) declares at some look it would also
declare at the cap, where it keeps the level over all pairs.

**Practical equality.** Two tuners count as equal if their difference is shown to be within ±rope: one-sided, the same
test rejects a shift of -rope and one of +rope (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987;
like repeated confidence intervals: Jennison and Turnbull, JRSS B 51, 1989), Holm-adjusted as a separate family. The
chance of calling any pair equal that differs by `rope` or more is at most the level, if differences are symmetric
around the value by which the pair differs; the test for a difference needs no such assumption.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuning.errors import StudyError
from tuning.formatting import plural
from tuning.statistics.signed_rank import LEVEL, replicates_needed

CAP = 30
MAX_CAP = 500
LEAST_TO_CHOOSE = 2  # replicates, so that their spread is known
SPENDING_POWER = 2
SCALE = 40  # scores are whole numbers up to this, so sums can be counted; the level holds at any scale
GRID = np.geomspace(0.5, 5e-6, 36)  # one-sided levels that p is rounded up to, with those that Holm's method needs
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """When to stop adding replicates; fixed before the first look, as all looks share one level.

    Args:
        cap: Replicates at the last look.
        rope: Differences of less than this, in the metric's unit, do not matter; None to test for differences only.
        loss: Replicates are added only until the expected loss of the best choice is at most this, in the metric's
            unit; None to add them until every pair is decided. The tests are the same: their level holds wherever the
            looks end.

    Raises:
        StudyError: An argument is out of range.
    """

    cap: int = CAP
    rope: float | None = None
    loss: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.cap <= MAX_CAP:
            raise StudyError(f"a cap of {self.cap} replicates: expected 1 to {MAX_CAP}")
        if self.rope is not None and not 0 < self.rope < math.inf:
            raise StudyError(f"a rope of {self.rope:g}: expected a difference above 0, in the metric's unit")
        if self.loss is not None and not 0 < self.loss < math.inf:
            raise StudyError(f"an expected loss of {self.loss:g}: expected one above 0, in the metric's unit")
        if self.loss is not None and self.cap < LEAST_TO_CHOOSE:
            raise StudyError(f"a cap of {self.cap} replicate: a choice takes {LEAST_TO_CHOOSE} or more")

    def spent(self, looks: int) -> float:
        """Share of a level that may be spent by this many looks."""
        return min(1.0, looks / self.cap) ** SPENDING_POWER

    def smallest_p(self, looks: int, sides: int = 2) -> float:
        """The smallest possible p after this many looks, two-sided or one-sided: all differences have one sign."""
        return min(1.0, sides * 2.0**-looks / self.spent(looks)) if looks else 1.0

    def decides(self, num_pairs: int, sides: int = 2) -> bool:
        """Whether one of `num_pairs` pairs can be decided by the cap, in either of two directions or in one."""
        return self.smallest_p(self.cap, sides) * num_pairs <= LEVEL

    def first_look(self, num_pairs: int, sides: int = 2) -> int:
        """Fewest replicates with which one of `num_pairs` pairs can be decided, in either of two directions or in one.

        Raises:
            StudyError: Even at the cap none can be decided.
        """
        for looks in range(1, self.cap + 1):
            if self.smallest_p(looks, sides) * num_pairs <= LEVEL:
                return looks
        raise StudyError(
            f"a cap of {plural(self.cap, 'replicate')}: no difference in {plural(num_pairs, 'pair')} of tuners can be "
            f"shown by then at {LEVEL:.0%}; raise it to "
            f"{replicates_needed(num_pairs, 2 * LEVEL / sides)} or more"
        )


def p_values(differences: npt.ArrayLike, rule: Rule, num_pairs: int = 1) -> Floats:
    """Two-sided sequential p after each look at (num_looks,) differences in the order of the replicates.

    Args:
        differences: NaN if a replicate has none.
        rule: Differences after its cap are left out.
        num_pairs: Size of the family for Holm's adjustment.

    Returns:
        (min(num_looks, cap),), never rising. Without a difference, p is ``a`` or less at any of the looks with a
        chance of at most ``a``. Each is rounded up to a level of `GRID`, or to one that Holm's adjustment compares.
    """
    return two_sided(*one_sided(np.asarray(differences, dtype=float), rule, num_pairs))


def equality_p_values(differences: npt.ArrayLike, rope: float, rule: Rule, num_pairs: int = 1) -> Floats:
    """`p_values` of the hypothesis that the difference is `rope` or more in either direction."""
    values = np.asarray(differences, dtype=float)
    above, _ = one_sided(values + rope, rule, num_pairs)
    _, below = one_sided(values - rope, rule, num_pairs)
    return np.asarray(np.maximum(above, below))


def two_sided(above: Floats, below: Floats) -> Floats:
    """The p after each look of a difference in either direction, from the one-sided ones: all (num_looks,)."""
    # Half of the level for each side; a sequence almost never stops on both, so this loses nothing.
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)))


def one_sided(differences: Floats, rule: Rule, num_pairs: int) -> tuple[Floats, Floats]:
    """Sequential p after each look, of differences above 0 and of those below 0: each (min(num_looks, cap),)."""
    signed = signed_scores(differences[: rule.cap])
    asked = LEVEL / np.arange(1, num_pairs + 1)
    # Slightly lower, so that p times its number of pairs is not rounded to above the level.
    levels = np.unique(np.concatenate([GRID, asked, asked / 2]))[::-1] * (1 - 1e-12)
    most = boundaries(np.abs(signed), levels, rule)
    sides = []
    for losing in (signed < 0, signed > 0):
        losses = np.cumsum(np.where(losing, np.abs(signed), 0))
        stopped = np.logical_or.accumulate(losses <= most, axis=1)
        sides.append(np.where(stopped, levels[:, None], 1.0).min(axis=0))
    return sides[0], sides[1]


def signed_scores(differences: npt.ArrayLike) -> Integers:
    """±`SCALE` R_i / (i + 1), rounded, for (num_looks,) differences; R_i is the mid-rank of |d_i| among the first i.

    NaN and zeros score 0 and are not counted.
    """
    values = np.nan_to_num(np.asarray(differences, dtype=float), nan=0.0)
    sizes, counted = np.abs(values), values != 0
    so_far = np.tril(np.ones((len(values), len(values)), dtype=bool)) & counted
    smaller = (so_far & (sizes < sizes[:, None])).sum(axis=1)
    equal = (so_far & (sizes == sizes[:, None])).sum(axis=1)
    ranks = smaller + (equal + 1) / 2
    scores = np.rint(SCALE * ranks / (so_far.sum(axis=1) + 1)).astype(np.int64)
    return np.where(counted, np.sign(values).astype(np.int64) * scores, 0)


def boundaries(scores: npt.ArrayLike, levels: npt.ArrayLike, rule: Rule) -> Integers:
    """The largest sum of losing scores at which the one-sided test of each level stops at each look; -1 for none.

    Args:
        scores: (num_looks,) sizes, as of `signed_scores`.
        levels: (num_levels,) in falling order, at most 0.5.
        rule: Says how much is spent after each look.

    Returns:
        (num_levels, num_looks). A lower level never stops where a higher one would not: so the smallest level
        that has stopped is a p-value.
    """
    alpha = np.asarray(levels, dtype=float)
    sizes = np.asarray(scores, dtype=np.int64)
    # For each level and sum of losing scores: the number of sign patterns with that sum whose test has not stopped.
    # Losses only grow, and no level up to 0.5 stops above half of all scores: larger sums need not be counted.
    patterns = np.zeros((len(alpha), int(sizes.sum()) // 2 + 1))
    patterns[:, 0] = 1.0
    rows, columns = np.arange(len(alpha)), np.arange(patterns.shape[1])
    used = np.zeros(len(alpha))
    most = np.empty((len(alpha), len(sizes)), dtype=np.int64)
    for look, score in enumerate(sizes):
        lost = np.zeros_like(patterns)
        if score < patterns.shape[1]:
            lost[:, score:] = patterns[:, : patterns.shape[1] - score]
        patterns += lost
        used *= 2
        reached = np.cumsum(patterns, axis=1)
        reached += used[:, None]
        room = alpha * rule.spent(look + 1) * 2.0 ** (look + 1)
        stops = (reached <= room[:, None]).sum(axis=1) - 1
        most[:, look] = np.minimum.accumulate(stops)
        used = np.where(most[:, look] >= 0, reached[rows, most[:, look]], used)
        patterns *= columns > most[:, look, None]
    return most
