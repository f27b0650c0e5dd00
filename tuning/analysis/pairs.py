"""The family of pairs of tuners that a study declared, compared on one problem by its endpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.endpoints import Endpoint
from tuning.objective import Objective
from tuning.statistics import rank_sum, signed_rank
from tuning.statistics.equality import mean_within, unseen
from tuning.statistics.intervals import share_ends
from tuning.statistics.power import replicates_range
from tuning.statistics.signed_rank import LEVEL, holm

PAIR_COLUMNS = [
    "a", "b", "n", "a_better", "a_better_low", "a_better_high", "difference", "low", "high",
    "p", "p_holm", "smallest_p", "decided", "p_equal", "equal", "needed_low", "needed_high",
]  # fmt: skip
EVIDENCE = 0.2  # adjusted p up to which replicates needed are foreseen: above, nothing speaks for a difference
Floats: TypeAlias = npt.NDArray[np.float64]


def pairwise(
    scored: Endpoint, family: Sequence[tuple[str, str]], *, rope: float | None = None, sides: int = 2
) -> pd.DataFrame:
    """Each pair of a family on one problem: by replicate where replicates share a split, else as independent samples.

    Args:
        scored: The problem's endpoint. Which test is made, its `paired` says: the plan's splits, not the scores.
        family: Pairs of tuners; Holm's adjustment is over all of them.
        rope: Half the width of the region of practical equivalence, in the metric's unit. None: no pair is called
            practically equal.
        sides: 2: either tuner of a pair may be shown better; 1: only the first may, by a one-sided test. Intervals
            have two ends either way.

    Returns:
        (num_pairs, 17), `PAIR_COLUMNS`: a, b; n (replicates compared: in both, or the fewer of the two); a_better (the
        chance that a's score is better, ties half) with the ends of its interval; difference, low and high (the typical
        difference a minus b in the metric's unit, with the interval that goes with the test; not adjusted for other
        pairs); p; p_holm; smallest_p (what so many replicates can give at best); decided (the better tuner, or empty);
        p_equal (Holm-adjusted; NaN without a rope); equal; needed_low, needed_high (replicates that would show it, if
        it is as large as it may be, and as small; NaN unless p_holm is at most `EVIDENCE` and nothing is decided).
    """
    scores = _columns(scored, family)
    rows = []
    for a, b in family:
        compare = _by_replicate if scored.paired else _independent
        rows.append({"a": a, "b": b, **compare(scores[a], scores[b], scored.objective, rope, sides)})
    frame = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    frame["p_holm"], p_equal = holm(frame["p"]), holm(frame["p_equal"])
    better = np.where((frame["a_better"] > 0.5) | (sides == 1), frame["a"], frame["b"])
    frame["decided"] = np.where(frame["p_holm"] <= LEVEL, better, "")
    frame["p_equal"] = p_equal if rope is not None else math.nan
    frame["equal"] = (p_equal <= LEVEL) & (rope is not None)
    frame[["needed_low", "needed_high"]] = np.array(_needed(frame, scored.paired, sides)).reshape(-1, 2)
    return frame[PAIR_COLUMNS]


def _columns(scored: Endpoint, family: Sequence[tuple[str, str]]) -> dict[str, Floats]:
    """(num_replicates,) signed scores of each tuner in a family; NaN where there is none."""
    tuners = list(dict.fromkeys(name for pair in family for name in pair))
    return dict(zip(tuners, scored.matrix(tuners).T, strict=True))


def _by_replicate(a: Floats, b: Floats, objective: Objective, rope: float | None, sides: int) -> dict[str, float]:
    """The signed-rank test of the differences within replicates."""
    differences = (a - b)[~np.isnan(a - b)]
    n = len(differences)
    better = float((differences > 0).sum() + (differences == 0).sum() / 2)
    low, high = map(float, share_ends(better, n))
    share = better / n if n else math.nan
    p_equal = math.nan
    if rope is not None and n:
        ends = (signed_rank.one_sided_p(differences + rope), signed_rank.one_sided_p(rope - differences))
        p_equal = max(*ends, mean_within(differences, rope), unseen(n))
    return {
        "n": n,
        "a_better": share,
        "a_better_low": low,
        "a_better_high": high,
        **_signed(signed_rank.shift_estimate(differences), objective),
        "p": signed_rank.signed_rank_p(differences) if sides == 2 else signed_rank.one_sided_p(differences),
        "smallest_p": signed_rank.smallest_p(n) * sides / 2,
        "p_equal": p_equal,
    }


def _independent(a: Floats, b: Floats, objective: Objective, rope: float | None, sides: int) -> dict[str, float]:
    """The rank-sum test of two samples."""
    first, second = a[~np.isnan(a)], b[~np.isnan(b)]
    n = min(len(first), len(second))
    share, low, high = rank_sum.beats(first, second)
    p_equal = math.nan
    if rope is not None and n:
        ends = (rank_sum.rank_sum_sides(first + rope, second)[0], rank_sum.rank_sum_sides(first - rope, second)[1])
        p_equal = max(*ends, mean_within(first, rope, second), unseen(n))
    return {
        "n": n,
        "a_better": share,
        "a_better_low": low,
        "a_better_high": high,
        **_signed(rank_sum.shift_between(first, second), objective),
        "p": rank_sum.rank_sum_p(first, second) if sides == 2 else rank_sum.rank_sum_sides(first, second)[0],
        "smallest_p": rank_sum.smallest_rank_sum_p(len(first), len(second)) * sides / 2,
        "p_equal": p_equal,
    }


def _signed(estimate: tuple[float, float, float], objective: Objective) -> dict[str, float]:
    """A difference of signed scores in the metric's own direction."""
    difference, low, high = estimate
    ends = (low, high) if objective.sign > 0 else (-high, -low)
    return {"difference": objective.sign * difference, "low": ends[0], "high": ends[1]}


def _needed(frame: pd.DataFrame, paired: bool, sides: int) -> list[tuple[float, float]]:
    """Replicates that would show each pair, at the level that Holm's adjustment leaves for the next one."""
    level = 2 / sides * LEVEL / max(1, int((frame["decided"] == "").sum()))
    return [
        replicates_range(row["a_better_low"], row["a_better_high"], level, paired=paired)
        if row["p_holm"] <= EVIDENCE and not row["decided"]
        else (math.nan, math.nan)
        for row in frame.to_dict("records")
    ]
