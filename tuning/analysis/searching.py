"""Whether searching pays: all tuners together against each baseline, a family of its own beside their pairs.

A tuner's few replicates cannot show much by themselves. Together with the other tuners' they can: under the hypothesis
that no search gives another score than the baseline, its runs are as likely to stand at any place among them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.curves import mean_interval
from tuning.analysis.endpoints import Endpoint
from tuning.statistics.block_ranks import block_rank_p
from tuning.statistics.intervals import welch
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.sequential import Rule, one_sided, two_sided
from tuning.statistics.signed_rank import LEVEL, holm

TUNERS = "the tuners"
SEARCHING_COLUMNS = [
    "baseline", "searches", "replicates", "better", "difference", "low", "high", "p", "p_holm", "decided",
]  # fmt: skip
Floats = npt.NDArray[np.float64]


def searching(
    scored: Endpoint, tuners: Sequence[str], baselines: Sequence[str], *, rule: Rule | None = None, looks: int = 0
) -> pd.DataFrame:
    """Each baseline against all tuners, on one problem.

    Args:
        scored: The problem's endpoint.
        tuners: The contestants.
        baselines: Each is one comparison of the family.
        rule: If looks added replicates: then the mean of the tuners is compared, by the sequential test.
        looks: How many replicates were looked at by it.

    Returns:
        (num_baselines, 10), `SEARCHING_COLUMNS`: ``searches`` with a score, ``replicates`` that have both; ``better``,
        the share of comparisons of a search and a run of the baseline (of the same replicate, where replicates share a
        split) that the search wins, ties half; ``difference``, the tuners' mean minus the baseline in the metric's
        unit, with Student's interval over replicates, or Welch's of two samples where they share nothing; ``p`` and, by
        Holm over the baselines, ``p_holm``; ``decided``, which is better: `TUNERS`, the baseline, or empty.
    """
    scores, sign = scored.matrix(tuners), scored.objective.sign
    rows = []
    for baseline, runs in zip(baselines, scored.matrix(baselines).T, strict=True):
        differences = scores.mean(axis=1) - runs
        difference, *ends = _difference(scores, runs, paired=scored.paired)
        low, high = sorted(sign * end for end in ends)
        rows.append(
            {
                "baseline": baseline,
                "searches": int((~np.isnan(scores)).sum()),
                "replicates": int((~np.isnan(differences)).sum()),
                "better": _better(scores, runs, paired=scored.paired),
                "difference": sign * difference,
                "low": low,
                "high": high,
                "p": _looked_at(differences[:looks], rule, len(baselines))
                if rule is not None
                else _p(scores, runs, paired=scored.paired),
            }
        )
    frame = pd.DataFrame(rows, columns=[name for name in SEARCHING_COLUMNS if name not in ("p_holm", "decided")])
    frame["p_holm"] = holm(frame["p"])
    better = np.where(frame["better"] > 0.5, TUNERS, frame["baseline"])
    frame["decided"] = np.where(frame["p_holm"] <= LEVEL, better, "")
    return frame[SEARCHING_COLUMNS]


def _better(scores: Floats, runs: Floats, *, paired: bool) -> float:
    gaps = scores - runs[:, None] if paired else scores.reshape(-1, 1) - runs
    known = gaps[~np.isnan(gaps)]
    return float((known > 0).mean() + (known == 0).mean() / 2) if len(known) else np.nan


def _difference(scores: Floats, runs: Floats, *, paired: bool) -> tuple[float, float, float]:
    """The difference of the means, and the ends of its interval."""
    if paired:
        differences = scores.mean(axis=1) - runs
        known = differences[~np.isnan(differences)]
        return float(known.mean()) if len(known) else np.nan, *mean_interval(known)
    searches, baseline = scores[~np.isnan(scores)], runs[~np.isnan(runs)]
    if not len(searches) or not len(baseline):
        return np.nan, np.nan, np.nan
    difference = float(searches.mean() - baseline.mean())
    low, high = map(float, welch(searches, baseline))
    return difference, low, high


def _p(scores: Floats, runs: Floats, *, paired: bool) -> float:
    if paired:
        return block_rank_p(runs, scores)
    return rank_sum_p(runs[~np.isnan(runs)], scores[~np.isnan(scores)])


def _looked_at(differences: Floats, rule: Rule, family: int) -> float:
    p = two_sided(*one_sided(differences, rule, family))
    return float(p[-1]) if len(p) else 1.0
