"""Single trials that a report names: each tuner's best, and those that FAILED."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tuning.analysis.curves import CELL
from tuning.journal.records import TrialState
from tuning.objective import Objective


def best_configurations(
    trials: pd.DataFrame, epochs: pd.DataFrame, objective: Objective, tuners: Sequence[str]
) -> pd.DataFrame:
    """The best trial of each of a problem's tuners over all replicates, unfinished cells included.

    Among equal scores, the earliest trial of the earliest replicate.

    Args:
        trials: The problem's rows of `frames.trials_frame`.
        epochs: The problem's rows of `frames.epochs_frame`.
        objective: Of the problem.
        tuners: In the order wanted; one without a score has no row.

    Returns:
        (num_tuners at most, 7): problem, tuner, replicate, trial, score, epoch (trained up to, its
        parent's epochs included), configuration (mapping of the active hyperparameters).
    """
    columns = ["problem", "tuner", "replicate", "trial", "score", "epoch", "configuration"]
    counted = trials[(trials["state"] != TrialState.FAILED) & trials["score"].notna()]
    if counted.empty:
        return pd.DataFrame(columns=columns)
    ranked = counted.assign(badness=-objective.sign * counted["score"].astype(float))
    best = ranked.sort_values(["badness", "replicate", "trial"]).drop_duplicates("tuner")
    near = epochs.loc[epochs["trial"].isin(best["trial"]), [*CELL, "trial", "epoch"]]  # out of perhaps millions
    reached = best[[*CELL, "trial"]].merge(near, on=[*CELL, "trial"], how="left")
    last = reached.groupby([*CELL, "trial"])["epoch"].max().to_dict()
    order = {tuner: place for place, tuner in enumerate(tuners)}
    names = [name for name in trials.columns if str(name).startswith("hp.")]
    rows = [
        {
            **{name: row[name] for name in columns[:5]},
            "epoch": last.get((row["problem"], row["tuner"], row["replicate"], row["trial"])),
            "configuration": {str(name)[3:]: row[name] for name in names if not pd.isna(row[name])},
        }
        for row in sorted(best.to_dict("records"), key=lambda row: order[row["tuner"]])
    ]
    return pd.DataFrame(rows, columns=columns)


def failure_groups(trials: pd.DataFrame) -> pd.DataFrame:
    """FAILED trials, grouped by tuner and message.

    Returns:
        (num_groups, 6): problem, tuner, error, count, and replicate and trial of the first; largest first.
    """
    failed = trials[trials["state"] == TrialState.FAILED]
    if failed.empty:
        return pd.DataFrame(columns=["problem", "tuner", "error", "count", "replicate", "trial"])
    groups = failed.groupby(["problem", "tuner", "error"], sort=False).agg(
        count=("trial", "size"), replicate=("replicate", "first"), trial=("trial", "first")
    )
    return groups.reset_index().sort_values("count", ascending=False, kind="stable", ignore_index=True)
