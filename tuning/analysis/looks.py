"""A problem's pairs, judged by the sequence of looks of `tuning run --until-decided`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.endpoints import Endpoint
from tuning.analysis.verdict.verdict import Verdict
from tuning.formatting import names, plural
from tuning.journal.plan import Plan
from tuning.journal.records import CellState
from tuning.statistics.equality import mean_within, unseen
from tuning.statistics.sequential import Rule, equality_p_values, one_sided, two_sided
from tuning.statistics.signed_rank import LEVEL, holm


def rule_of(plan: Plan) -> Rule | None:
    """The rule of a journal's plan; None for a study with a fixed number of replicates."""
    looks = plan.until_decided
    return None if looks is None else Rule(looks.cap, looks.rope, looks.loss)


def complete_replicates(cells: pd.DataFrame) -> int:
    """Replicates, counted from the first without a gap, whose cells in a problem's `cells_frame` have all ended."""
    ended = cells["state"].isin([CellState.DONE, CellState.FAILED]).groupby(cells["replicate"]).all().sort_index()
    return int(ended.cummin().sum())


def judged(pairs: pd.DataFrame, scored: Endpoint, cells: pd.DataFrame, rule: Rule, sides: int = 2) -> pd.DataFrame:
    """One problem's pairs, judged by the sequence of looks instead of by one test at the end.

    Args:
        pairs: (num_pairs, ...) from `pairs.pairwise`; one family.
        scored: The problem's endpoint.
        cells: The problem's rows of `curves.cells_frame`; a look takes in a replicate once all its cells ended.
        rule: The plan's.
        sides: As in `pairs.pairwise`. With one, a pair whose first tuner is not better stays open up to the cap.

    Returns:
        `pairs` with ``p``, ``p_holm``, ``smallest_p``, ``decided``, ``p_equal`` and ``equal`` replaced, and what a test
        at the end would need NaN. Added: ``looks`` (replicates seen) and ``settled_at`` (the replicate after which the
        pair was decided or found equal; None if neither).
    """
    if pairs.empty:
        return pairs
    looks = min(rule.cap, complete_replicates(cells))
    tuners = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    by_tuner = dict(zip(tuners, scored.matrix(tuners)[:looks].T, strict=True))
    above, below, equal = (np.ones((len(pairs), looks + 1)) for _ in range(3))  # column 0: before the first look
    for row, (a, b) in enumerate(zip(pairs["a"], pairs["b"], strict=True)):
        differences = by_tuner[a] - by_tuner[b]
        above[row, 1:], below[row, 1:] = one_sided(differences, rule, len(pairs))
        if rule.rope is not None:
            on_ranks = equality_p_values(differences, rule.rope, rule, len(pairs))
            equal[row, 1:] = np.minimum.accumulate(np.maximum(on_ranks, _on_means(differences, rule.rope, rule)))
    p = two_sided(above, below) if sides == 2 else above
    p_holm, p_equal = (np.apply_along_axis(holm, 0, values) for values in (p, equal))
    better = np.where((above[:, -1] < below[:, -1]) | (sides == 1), pairs["a"], pairs["b"])
    settled = (p_holm <= LEVEL) | (p_equal <= LEVEL)
    return pairs.assign(
        p=p[:, -1],
        p_holm=p_holm[:, -1],
        smallest_p=rule.smallest_p(looks, sides),
        decided=np.where(p_holm[:, -1] <= LEVEL, better, ""),
        needed_low=math.nan,
        needed_high=math.nan,
        looks=looks,
        p_equal=math.nan if rule.rope is None else p_equal[:, -1],
        equal=p_equal[:, -1] <= LEVEL,
        settled_at=pd.Series([int(row.argmax()) or None for row in settled], index=pairs.index, dtype=object),
    )


def _on_means(differences: npt.NDArray[np.float64], rope: float, rule: Rule) -> npt.NDArray[np.float64]:
    """(num_looks,): the p of `equality` after each look, divided by the share of a level spent by then.

    Tests after each look, at the share spent by then, would spend up to twice as much over all of them: so the mean's
    p is doubled. That of a failure not seen is not: of all looks, the first that may stop is the likeliest to miss it.
    """
    seen = [differences[:look][~np.isnan(differences[:look])] for look in range(1, len(differences) + 1)]
    p = [max(2 * mean_within(part, rope), unseen(len(part))) / rule.spent(at) for at, part in enumerate(seen, start=1)]
    return np.minimum(1.0, p)


def still_open(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs of `judged` that a further replicate may settle; not those that no replicate could compare."""
    return pairs[(pairs["decided"] == "") & ~pairs["equal"].astype(bool) & (pairs["n"] > 0)]


def account(pairs: pd.DataFrame, rule: Rule) -> str:
    """What the looks settled of one problem's pairs, after which replicate, and what is open."""
    rows = pairs.to_dict("records")
    looks = rows[0]["looks"] if rows else 0
    decided = [
        f"{row['decided']} over {row['b'] if row['decided'] == row['a'] else row['a']} ({row['settled_at']})"
        for row in rows
        if row["decided"]
    ]
    equal = [f"{row['a']} / {row['b']} ({row['settled_at']})" for row in rows if row["equal"]]
    opened = [f"{row['a']} / {row['b']}" for row in still_open(pairs).to_dict("records")]
    parts = [f"{plural(looks, 'replicate')} of at most {rule.cap} looked at, one by one"]
    parts += [f"decided (after replicate): {names(decided)}"] if decided else []
    parts += [f"practically equal (after replicate): {names(equal)}"] if equal else []
    parts += [f"{'undecided at the cap' if looks == rule.cap else 'open'}: {names(opened)}"] if opened else []
    return f"{'; '.join(parts)}."


def accounts(pairs: Mapping[str, pd.DataFrame], rule: Rule) -> list[str]:
    """A line for each problem, from its pairs by its name; the line has the name if there are several."""
    return [
        (f"{problem}: " if len(pairs) > 1 else "") + account(family, rule)
        for problem, family in pairs.items()
        if len(family)
    ]


def with_looks(verdict: Verdict, pairs: pd.DataFrame, rule: Rule) -> Verdict:
    """One problem's verdict, with what its looks settled."""
    equal = [f"{row['a']} / {row['b']}" for row in pairs.to_dict("records") if row["equal"]]
    line = f"{verdict.line} Practically equal, within ±{rule.rope:g}: {names(equal)}." if equal else verdict.line
    return replace(verdict, line=line, details=(account(pairs, rule), *verdict.details))
