"""Whether a difference holds for new data of the same kind, too, where replicates are splits of one data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import pandas as pd

from tuning.analysis.winners import retrained_means
from tuning.objective import Objective
from tuning.statistics.resampled import resampled_t
from tuning.statistics.signed_rank import LEVEL, holm

NEW_DATA_COLUMNS = ["a", "b", "splits", "difference", "low", "high", "p", "p_holm", "decided"]


def new_data_pairs(
    retrainings: pd.DataFrame, tuners: Sequence[str], objective: Objective, rows: Mapping[str, int]
) -> pd.DataFrame:
    """Every two tuners by the corrected resampled t-test, `tuning.statistics.resampled`; a family of its own.

    Args:
        retrainings: The problem's rows of `frames.retrainings_frame`.
        tuners: Those compared.
        objective: Of the problem.
        rows: Samples of the parts ``development`` and ``test`` of each split; empty if replicates share one split.

    Returns:
        (num_pairs, 9), `NEW_DATA_COLUMNS`: splits that both have a test score of; a minus b of the winners' mean test
        scores, in the metric's unit, with a `CONFIDENCE` interval; p, and p by Holm over all pairs; the better tuner,
        empty if p_holm is above `LEVEL`. No rows without test scores.
    """
    means = retrained_means(retrainings)
    finals = means[means["final"] & means["tuner"].isin(tuners)].dropna(subset=["test"])
    if finals.empty or not rows.get("test"):
        return pd.DataFrame(columns=NEW_DATA_COLUMNS)
    wide = finals.pivot(index="replicate", columns="tuner", values="test").reindex(columns=list(tuners))
    pairs = []
    for a, b in combinations(tuners, 2):
        differences = (wide[a] - wide[b]).dropna().to_numpy(dtype=float)
        found = resampled_t(differences, rows["development"], rows["test"])
        better = a if objective.sign * found.mean > 0 else b
        pairs.append((a, b, len(differences), found.mean, found.low, found.high, found.p, better))
    frame = pd.DataFrame(pairs, columns=[name for name in NEW_DATA_COLUMNS if name != "p_holm"])
    frame["p_holm"] = holm(frame["p"])
    frame.loc[frame["p_holm"] > LEVEL, "decided"] = ""
    return frame[NEW_DATA_COLUMNS]
