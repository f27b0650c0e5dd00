"""The table of tuners: scores over replicates, cells and trials by state, epochs and seconds."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pandas as pd

from tuning.analysis.curves import MISSING, UNFINISHED, median_interval
from tuning.journal.records import CellState, TrialState

TUNER_COLUMNS = [
    "problem", "tuner", "scored", "median", "low", "high", "smallest", "largest",
    "replicates_planned", "replicates_done", "replicates_unfinished", "replicates_failed", "replicates_missing",
    "trials", *(f"trials_{state.lower()}" for state in TrialState),
    "charged_epochs", "planned_epochs", "train_seconds", "suggest_seconds",
]  # fmt: skip


def tuner_table(trials: pd.DataFrame, cells: pd.DataFrame, finals: pd.DataFrame) -> pd.DataFrame:
    """A row for each tuner and baseline of a problem, in the plan's order.

    Args:
        trials: The problem's rows of `frames.trials_frame`.
        cells: The problem's rows of `curves.cells_frame`.
        finals: The problem's `curves.final_scores`.

    Returns:
        (num_tuners, 22), `TUNER_COLUMNS`: ``scored`` counts replicates with a final score; ``median``
        is their median, ``low`` and ``high`` its `curves.median_interval`, ``smallest`` and ``largest`` the range;
        trials, epochs and seconds are summed over all replicates.
    """
    by_state: Mapping[Hashable, int] = trials.groupby(["tuner", "state"]).size().to_dict() if len(trials) else {}
    rows = []
    for (problem, tuner), part in cells.groupby(["problem", "tuner"], sort=False):
        scores = finals.loc[finals["tuner"] == tuner, "score"].dropna()
        low, high = median_interval(scores)
        states = part["state"].value_counts()
        rows.append(
            {
                "problem": problem,
                "tuner": tuner,
                "scored": len(scores),
                "median": float(scores.median()),
                "low": low,
                "high": high,
                "smallest": float(scores.min()),
                "largest": float(scores.max()),
                "replicates_planned": len(part),
                **{
                    f"replicates_{state.lower()}": int(states.get(state, 0))
                    for state in (CellState.DONE, UNFINISHED, CellState.FAILED, MISSING)
                },
                "trials": int(part["trials"].sum()),
                **{f"trials_{state.lower()}": int(by_state.get((tuner, state), 0)) for state in TrialState},
                "charged_epochs": int(part["charged_epochs"].sum()),
                "planned_epochs": int(part["planned_epochs"].sum()),
                "train_seconds": float(part["train_seconds"].sum()),
                "suggest_seconds": float(part["suggest_seconds"].sum()),
            }
        )
    return pd.DataFrame(rows, columns=TUNER_COLUMNS)
