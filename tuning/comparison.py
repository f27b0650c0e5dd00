"""Who is shown better than whom: tuners compared pair by pair on their incumbents.

Pairs are matched by replicate, problem by problem; replicates of different problems are never pooled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuning.bootstrap import CONFIDENCE
from tuning.objective import Objective
from tuning.power import MOST, critical_value, like, power, replicates_for

LEVEL = 0.05  # a difference is declared at a Holm-adjusted p of at most this
PAIR_COLUMNS = [
    "problem", "a", "b", "n", "a_better", "ties", "difference", "low", "high", "p", "p_holm", "smallest_p", "decided",
    "equal", "power", "needed",
]  # fmt: skip


def signed_rank_p(differences: npt.ArrayLike) -> float:
    """Exact two-sided p of Wilcoxon's signed-rank test for (num_pairs,) paired differences.

    Zeros are dropped (Wilcoxon 1945); tied differences share mid-ranks and the distribution is the exact one given
    those ranks, which scipy's ``method="exact"`` gives for untied ranks only. NaN without pairs, 1 if all are zero.
    """
    values = np.asarray(differences, dtype=float)
    if not len(values):
        return math.nan
    ranks, values = _doubled_ranks(values)
    if not len(values):
        return 1.0
    chances = np.zeros(int(ranks.sum()) + 1)
    chances[0] = 1.0
    for rank in ranks:
        shifted = np.zeros_like(chances)
        shifted[rank:] = chances[:-rank]
        chances = (chances + shifted) / 2
    positive = int(ranks[values > 0].sum())
    return float(min(1.0, 2 * min(chances[: positive + 1].sum(), chances[positive:].sum())))


def _doubled_ranks(differences: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Twice the mid-ranks of the differences that are not zero, and those differences.

    Doubled they are whole numbers, so the sums of all 2^n sign patterns are counted by n convolutions.
    """
    values = differences[differences != 0]
    return np.rint(2 * stats.rankdata(np.abs(values))).astype(np.int64), values


def smallest_p(num_pairs: int) -> float:
    """The smallest two-sided p that this many pairs can give: all differences of one sign, 2 of 2^n patterns."""
    return min(1.0, 2.0 ** (1 - num_pairs)) if num_pairs else math.nan


def replicates_needed(num_comparisons: int, level: float = LEVEL) -> int:
    """Replicates from which on the smallest p, multiplied by Holm over `num_comparisons`, reaches `level`."""
    return 1 + math.ceil(round(math.log2(max(1, num_comparisons) / level), 9))


def holm(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Holm's step-down adjustment of (num_comparisons,) p-values (Holm 1979); a NaN counts as p = 1."""
    p = np.nan_to_num(np.asarray(p_values, dtype=float), nan=1.0)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p), dtype=np.float64)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def shift_estimate(differences: npt.ArrayLike) -> tuple[float, float, float]:
    """The typical paired difference and the exact `CONFIDENCE` interval that goes with the signed-rank test.

    Hodges and Lehmann's estimate, the median of all means of two differences (one with itself too), and the shifts that
    the test would not reject (Hollander & Wolfe, Nonparametric Statistical Methods, 1999, sections 3.2 and 3.3). The
    interval assumes that differences are symmetric about their centre. Fewer than 6 pairs have none: NaN.

    Args:
        differences: (num_pairs,).
    """
    values = np.sort(np.asarray(differences, dtype=float))
    if not len(values):
        return math.nan, math.nan, math.nan
    first, second = np.triu_indices(len(values))
    means = np.sort((values[first] + values[second]) / 2)
    critical = critical_value(len(values), 1 - CONFIDENCE)
    if critical < 0:
        return float(np.median(means)), math.nan, math.nan
    return float(np.median(means)), float(means[critical]), float(means[-1 - critical])


def pairwise(
    finals: pd.DataFrame,
    tuners: Sequence[str],
    problem: str,
    objective: Objective,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    rope: float | None = None,
    plan_ahead: bool = True,
) -> pd.DataFrame:
    """Pairs of tuners on one problem, over the replicates in which both have a score.

    Args:
        finals: (num_cells, 4) as `analysis.final_scores` gives it, rows in any order.
        tuners: The contestants, in the order of the plan: every two of them are a pair.
        problem: Whose cells.
        objective: Says which direction is better.
        pairs: The family to adjust over, where it is not every two of `tuners`: each tuner and each baseline, say.
        rope: Half the width of the region of practical equivalence, in the metric's unit (Kruschke, Advances in
            Methods and Practices in Psychological Science 1, 2018). None: no pair is called practically equal.
        plan_ahead: Whether to simulate ``power`` and ``needed`` for all pairs, or for the undecided one of smallest p
            only; they are NaN for the others.

    Returns:
        (num_pairs, 16), `PAIR_COLUMNS`: problem, a, b; n (replicates in both); a_better (probability that a beats b:
        the share of replicates in which a is better, a tie counts half); ties; difference, low and high
        (`shift_estimate` of a minus b, in the metric's unit; the interval is not adjusted for other pairs); p
        (`signed_rank_p`); p_holm (over all these pairs); smallest_p; decided (the better tuner, or empty); equal
        (whether low and high lie within `rope`); power (with n more pairs like these, by `power.like`, at the
        level that Holm leaves for the next pair: `LEVEL` / pairs not decided); needed (replicates for a power of
        `power.ENOUGH`).
    """
    family = list(combinations(tuners, 2)) if pairs is None else list(pairs)
    wide = (
        finals[finals["problem"] == problem]
        .pivot(index="replicate", columns="tuner", values="score")
        .sort_index()
        .reindex(columns=list(dict.fromkeys([*tuners, *(name for pair in family for name in pair)])))
    )
    sign = 1.0 if objective.direction == "max" else -1.0
    matched = [(wide[a] - wide[b]).dropna().to_numpy(dtype=float) for a, b in family]
    rows = []
    for (a, b), differences in zip(family, matched, strict=True):
        n = len(differences)
        ranks, signed = _doubled_ranks(sign * differences)
        better, ties = int((sign * differences > 0).sum()), int((differences == 0).sum())
        difference, low, high = shift_estimate(differences)
        rows.append(
            {
                "problem": problem,
                "a": a,
                "b": b,
                "n": n,
                "a_better": (better + ties / 2) / n if n else math.nan,
                "ties": ties,
                "difference": difference,
                "low": low,
                "high": high,
                "p": signed_rank_p(differences),
                "smallest_p": smallest_p(n),
                "decided": a if float((np.sign(signed) * ranks).sum()) > 0 else b,
                "equal": rope is not None and -rope <= low and high <= rope,
                "power": math.nan,
                "needed": math.nan,
            }
        )
    frame = pd.DataFrame(rows, columns=[name for name in PAIR_COLUMNS if name != "p_holm"])
    frame["p_holm"] = holm(frame["p"])
    frame.loc[frame["p_holm"] > LEVEL, "decided"] = ""
    left = frame.index[frame["decided"] == ""]
    level = LEVEL / max(1, len(left))
    nearest = frame.loc[left].sort_values(["p", "a", "b"], kind="stable").index[:1]
    for row in frame.index if plan_ahead else nearest:
        samples = like(matched[row], max(MOST, len(matched[row])))
        frame.loc[row, "power"] = power(samples, len(matched[row]), level)
        frame.loc[row, "needed"] = replicates_for(samples[:, :MOST], level)
    return frame[PAIR_COLUMNS]
