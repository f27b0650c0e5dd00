"""What a verdict could not use: missing cells and retrainings, each by name."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tuning.analysis.curves import CELL, MISSING, UNFINISHED
from tuning.analysis.endpoints import Endpoint
from tuning.formatting import names, plural
from tuning.journal.records import SEARCH_ENDED, CellState


def uncompared(cells: pd.DataFrame, table: pd.DataFrame, contestants: Sequence[str]) -> tuple[str, ...]:
    """The cells that no comparison could use, by name.

    Args:
        cells: One problem's rows of `curves.cells_frame`.
        table: Its `tuner_table.tuner_table`.
        contestants: The tuners; others in `table` are baselines.
    """
    lines = []
    for state, what in ((CellState.FAILED, "failed"), (UNFINISHED, "unfinished"), (MISSING, "not started")):
        part = cells[cells["state"] == state]
        if len(part):
            lines.append(f"{plural(len(part), 'cell')} {what} and not compared: {_cell_names(part)}.")
    scoreless = table[table["replicates_done"] > table["scored"]]
    for row in scoreless.to_dict("records"):
        missing = row["replicates_done"] - row["scored"]
        lines.append(
            f"{row['tuner']} ended {plural(missing, 'replicate')} without any score: no trial of theirs has one."
        )
    # A baseline may need less: the default configuration is trained once.
    ended = cells[(cells["state"] == CellState.DONE) & cells["tuner"].isin(list(contestants))]
    short = ended[(ended["charged_epochs"] < ended["planned_epochs"]) | (ended["reason"] == SEARCH_ENDED)]
    if len(short):
        lines.append(f"{plural(len(short), 'cell')} ended before the budget was spent: {_cell_names(short)}.")
    return tuple(lines)


def not_retrained(retrained: pd.DataFrame, finals: pd.DataFrame, repeats: int) -> tuple[str, ...]:
    """The finished cells of one problem whose final incumbent has fewer retrainings than planned, by name.

    Args:
        retrained: From `winners.retrained_cells`.
        finals: The problem's `curves.final_scores`.
        repeats: Retrainings planned for each.
    """
    scored = finals.dropna(subset=["score"]).merge(retrained, on=["problem", "tuner", "replicate"], how="left")
    lines = []
    short = scored[scored[["seeds", "failed"]].astype(float).sum(axis=1) < repeats]  # NaN, without any, counts as 0
    if len(short):
        lines.append(f"{plural(len(short), 'cell')} with fewer retrainings than planned: {_cell_names(short)}.")
    failed = scored[scored["failed"].astype(float) > 0]
    if len(failed):
        where = f"{plural(len(failed), 'cell')}: {_cell_names(failed)}"
        lines.append(f"Retrainings FAILED and left out in {where}; retrainings.csv has their messages.")
    return tuple(lines)


def unscored(finals: pd.DataFrame, scored: Endpoint) -> tuple[str, ...]:
    """The cells of one problem whose search has a score, but not the one that is judged, by name."""
    both = finals.merge(scored.scores, on=CELL, suffixes=("", "_judged"))
    lacking = both[both["score"].notna() & both["score_judged"].isna()]
    if lacking.empty:
        return ()
    return (f"{plural(len(lacking), 'cell')} without {scored.metric} and not compared: {_cell_names(lacking)}.",)


def _cell_names(part: pd.DataFrame) -> str:
    """``tuner (replicates 1, 2)`` for each tuner."""
    listed = []
    for tuner, of_tuner in part.groupby("tuner", sort=False):
        replicates = [str(replicate) for replicate in of_tuner["replicate"]]
        listed.append(f"{tuner} ({'replicate' if len(replicates) == 1 else 'replicates'} {names(replicates, most=8)})")
    return names(listed)
