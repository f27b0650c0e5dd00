"""Every pair of tuners on one problem, compared replicate by replicate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from tuning.objective import Objective
from tuning.statistics.power import MOST, like, power, replicates_for
from tuning.statistics.signed_rank import LEVEL, doubled_ranks, holm, shift_estimate, signed_rank_p, smallest_p

PAIR_COLUMNS = [
    "a", "b", "n", "a_better", "ties", "difference", "low", "high", "p", "p_holm", "smallest_p", "decided",
    "equal", "power", "needed",
]  # fmt: skip


def pairwise(
    finals: pd.DataFrame,
    tuners: Sequence[str],
    objective: Objective,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    rope: float | None = None,
    plan_ahead: bool = True,
) -> pd.DataFrame:
    """Pairs of tuners on one problem, over the replicates in which both have a score.

    Args:
        finals: (num_cells, 4) the problem's `curves.final_scores`, rows in any order.
        tuners: The contestants, in the plan's order: every two of them are a pair.
        objective: Says which direction is better.
        pairs: The family to adjust over, if not every two of `tuners`: each tuner with each baseline, say.
        rope: Half the width of the region of practical equivalence, in the metric's unit (Kruschke, Advances in
            Methods and Practices in Psychological Science 1, 2018). None: no pair is called practically equal.
        plan_ahead: Whether to simulate ``power`` and ``needed`` for all pairs, or only for the undecided one with
            smallest p; the others have NaN.

    Returns:
        (num_pairs, 15), `PAIR_COLUMNS`: a, b; n (replicates in both); a_better (probability that a beats b:
        the share of replicates in which a is better, ties count half); ties; difference, low and high
        (`shift_estimate` of a minus b, in the metric's unit; the interval is not adjusted for other pairs); p
        (`signed_rank_p`); p_holm (over all these pairs); smallest_p; decided (the better tuner, or empty); equal
        (whether low and high are within `rope`); power (with n more pairs like these, by `power.like`, at the
        level that Holm leaves for the next pair: `LEVEL` / pairs not decided); needed (replicates for a power of
        `power.ENOUGH`).
    """
    family = list(combinations(tuners, 2)) if pairs is None else list(pairs)
    wide = (
        finals.pivot(index="replicate", columns="tuner", values="score")
        .sort_index()
        .reindex(columns=list(dict.fromkeys([*tuners, *(name for pair in family for name in pair)])))
    )
    matched = [(wide[a] - wide[b]).dropna().to_numpy(dtype=float) for a, b in family]
    rows = []
    for (a, b), differences in zip(family, matched, strict=True):
        n = len(differences)
        ranks, signed = doubled_ranks(objective.sign * differences)
        better, ties = int((objective.sign * differences > 0).sum()), int((differences == 0).sum())
        difference, low, high = shift_estimate(differences)
        rows.append(
            {
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
