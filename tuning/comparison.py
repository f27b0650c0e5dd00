"""Who is shown better than whom: tuners compared pair by pair on their final incumbents.

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

from tuning.objective import Objective

LEVEL = 0.05  # a difference is declared at a Holm-adjusted p of at most this
PAIR_COLUMNS = ["problem", "a", "b", "n", "a_better", "ties", "difference", "p", "p_holm", "smallest_p", "decided"]


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


def pairwise(finals: pd.DataFrame, tuners: Sequence[str], problem: str, objective: Objective) -> pd.DataFrame:
    """Every pair of tuners on one problem, over the replicates in which both have a final score.

    Args:
        finals: (num_cells, 4) as `analysis.final_scores` gives it, rows in any order.
        tuners: In the order of the plan.
        problem: Whose cells.
        objective: Says which direction is better.

    Returns:
        (num_tuners * (num_tuners - 1) / 2, 11): problem, a, b; n (replicates in both); a_better (share of them in
        which a is better, a tie counts half); ties; difference (median of a minus b, in the metric's unit); p
        (`signed_rank_p`); p_holm (over all these pairs); smallest_p; decided (the better tuner, or empty).
    """
    wide = (
        finals[finals["problem"] == problem]
        .pivot(index="replicate", columns="tuner", values="score")
        .sort_index()
        .reindex(columns=list(tuners))
    )
    sign = 1.0 if objective.direction == "max" else -1.0
    rows = []
    for a, b in combinations(tuners, 2):
        differences = (wide[a] - wide[b]).dropna().to_numpy(dtype=float)
        n = len(differences)
        ranks, signed = _doubled_ranks(sign * differences)
        better, ties = int((sign * differences > 0).sum()), int((differences == 0).sum())
        rows.append(
            {
                "problem": problem,
                "a": a,
                "b": b,
                "n": n,
                "a_better": (better + ties / 2) / n if n else math.nan,
                "ties": ties,
                "difference": float(np.median(differences)) if n else math.nan,
                "p": signed_rank_p(differences),
                "smallest_p": smallest_p(n),
                "decided": a if float((np.sign(signed) * ranks).sum()) > 0 else b,
            }
        )
    pairs = pd.DataFrame(rows, columns=[name for name in PAIR_COLUMNS if name != "p_holm"])
    pairs["p_holm"] = holm(pairs["p"])
    pairs.loc[pairs["p_holm"] > LEVEL, "decided"] = ""
    return pairs[PAIR_COLUMNS]
