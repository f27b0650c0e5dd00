"""What the incumbents are worth: retrained on fresh seeds, scored on test, and compared with their search scores.

Optimism is how much better the search's best score was than its configuration is on fresh seeds: the luck of the best
of many. An incumbent that its search trained for fewer epochs than the retraining has none. On a surrogate a
configuration's worth is its curve without noise, and regret is how much better the best of the table is.

Pure functions over `frames.retrainings_frame` and `curves.final_scores`. A cell's value is the mean over its seeds;
only cells are independent of one another, so every interval is over cells.

A tuner's winner is its final incumbent with the best such value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tuning.analysis.curves import CELL, mean_interval
from tuning.journal.frames import retrainings_frame
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, Retraining, Trial, TrialState
from tuning.journal.winner_record import Winner
from tuning.objective import Objective

CELL_COLUMNS = [*CELL, "seen", "retrained", "test", "seeds", "failed", "in_full", "optimism"]
_ENDS = ("", "_low", "_high")
TUNER_COLUMNS = [
    "problem", "tuner", "cells", "seen",
    *(f"{name}{end}" for name in ("retrained", "test", "optimism") for end in _ENDS),
    "in_full",
]  # fmt: skip


def retrained_cells(retrainings: pd.DataFrame, finals: pd.DataFrame, objective: Objective) -> pd.DataFrame:
    """The final incumbent of each finished cell of a problem that was retrained.

    Args:
        retrainings: The problem's rows of `frames.retrainings_frame`, in any order.
        finals: The problem's `curves.final_scores`.
        objective: Of the problem.

    Returns:
        (num_cells, 10), `CELL_COLUMNS`: ``seen`` is the search's best score, ``retrained`` and ``test`` are means over
        ``seeds`` retrainings (``failed`` more failed); ``in_full`` tells whether the search had trained it in full, and
        if so, ``optimism`` is seen minus retrained, signed so that positive is too good to be true. If winners are
        worth their curves without noise, a last column ``regret`` tells how much better the best of the table is.
    """
    regret = ["regret"] if "best_of_table" in retrainings else []
    means = dict(list(retrained_means(retrainings).groupby(CELL)))
    rows = []
    for cell in finals.dropna(subset=["score"]).to_dict("records"):
        key = tuple(cell[name] for name in CELL)
        if key not in means or not means[key]["final"].any():
            continue
        retrained = means[key]
        final = retrained[retrained["final"]].to_dict("records")[0]
        rows.append(
            {
                **{name: cell[name] for name in CELL},
                "seen": cell["score"],
                "retrained": final["score"],
                "test": final["test"],
                "seeds": final["seeds"],
                "failed": final["failed"],
                "in_full": final["in_full"],
                "optimism": objective.sign * (cell["score"] - final["score"]) if final["in_full"] else math.nan,
                **({"regret": objective.sign * (final["best_of_table"] - final["score"])} if regret else {}),
            }
        )
    return pd.DataFrame(rows, columns=[*CELL_COLUMNS, *regret])


def retrained_means(retrainings: pd.DataFrame) -> pd.DataFrame:
    """A row for each retrained incumbent: its means over seeds; FAILED ones are counted, but left out."""
    done = retrainings["state"] == TrialState.COMPLETE
    known = retrainings.assign(
        score=retrainings["score"].where(done).astype(float),
        test=retrainings["test"].where(done).astype(float),
        done=done.astype(int),
        failed=(~done).astype(int),
    )
    best = {"best_of_table": ("best_of_table", "first")} if "best_of_table" in known else {}
    means = known.groupby([*CELL, "trial", "final"], sort=True).agg(
        **best,
        score=("score", "mean"),
        test=("test", "mean"),
        seeds=("done", "sum"),
        failed=("failed", "sum"),
        in_full=("in_full", "first"),
    )
    means = means.reset_index()
    return means.astype({"final": bool, "in_full": bool})


def winner_table(cells: pd.DataFrame) -> pd.DataFrame:
    """A row for each of a problem's tuners with a retrained cell, in the order of `retrained_cells`.

    Returns:
        (num_tuners, 14), `TUNER_COLUMNS`: means over ``cells`` cells with `curves.mean_interval`, of optimism over
        those ``in_full``. A cell whose retrainings all failed is left out. After cross-validation there is no
        validation score on fresh seeds, and no optimism. Then ``regret`` with its interval, if `cells` has it.
    """
    rows = []
    regret = ["regret"] if "regret" in cells else []
    for (problem, tuner), part in cells[cells["seeds"] > 0].groupby(["problem", "tuner"], sort=False):
        row = {"problem": problem, "tuner": tuner, "cells": len(part), "seen": float(part["seen"].mean())}
        for name in ("retrained", "test", "optimism", *regret):
            values = part[name].dropna()
            row[name] = float(values.mean())
            row[f"{name}_low"], row[f"{name}_high"] = mean_interval(values)
        rows.append({**row, "in_full": int(part["in_full"].sum())})
    return pd.DataFrame(rows, columns=[*TUNER_COLUMNS, *(f"{name}{end}" for name in regret for end in _ENDS)])


def winners(journal: Journal) -> dict[tuple[str, str], Retraining]:
    """By problem and tuner: the incumbent that is best on fresh seeds, with its best seed.

    Incumbents are compared by their mean score over seeds on the validation split, because the test split must not
    choose; after cross-validation, which leaves none, by the mean over folds that the search has seen. Baselines are
    not tuners and have no winner.
    """
    frame = retrainings_frame(journal)
    frame = frame[frame["final"].astype(bool) & (frame["state"] == TrialState.COMPLETE)]
    chosen = {}
    for key, part in frame.groupby(["problem", "tuner"], sort=False):
        problem, tuner = map(str, key)
        if tuner in journal.plan.tuners:
            objective = journal.objective(problem)
            if part["score"].isna().all():
                part = part.assign(score=part.apply(lambda row: _searched(journal, row).score, axis=1))
            replicate = _best(part.groupby("replicate")["score"].mean(), objective)
            repeat = _best(part[part["replicate"] == replicate].set_index("repeat")["score"], objective)
            configuration = _searched(journal, part[part["replicate"] == replicate].iloc[0]).configuration
            chosen[problem, tuner] = next(
                done
                for done in journal.retrainings[Cell(problem, tuner, replicate)]
                if done.configuration == configuration and done.repeat == repeat
            )
    return chosen


def mean_score(journal: Journal, winner: Retraining) -> float:
    """A winner's mean score on the validation split, over its seeds; after cross-validation its search's score."""
    scores = [
        done.score
        for done in journal.retrainings[winner.cell]
        if done.configuration == winner.configuration and done.state == TrialState.COMPLETE
    ]
    mean = sum(scores) / len(scores)
    return journal.trials[winner.cell][winner.trial].score if math.isnan(mean) else mean


def record_of(journal: Journal, winner: Retraining) -> Winner | None:
    """The record of this winner as it was saved; None if none is, or only an earlier winner."""
    known = journal.winners.get(winner.cell[:2])
    same = known is not None and (known.cell, known.trial, known.repeat) == (winner.cell, winner.trial, winner.repeat)
    return known if same else None


def best_winner(journal: Journal, found: Iterable[Retraining]) -> Retraining | None:
    """Of the winners of one problem the first that is best by `mean_score`, which is the model to use; None of none."""
    means = [(winner, mean_score(journal, winner)) for winner in found]
    if not means:
        return None
    best = journal.objective(means[0][0].cell.problem).best(mean for _, mean in means)
    return next(winner for winner, mean in means if mean == best)


def _searched(journal: Journal, row: pd.Series[Any]) -> Trial:
    """The trial whose configuration a row of `retrainings_frame` is of."""
    return journal.trials[Cell(row["problem"], row["tuner"], row["replicate"])][int(row["trial"])]


def _best(scores: pd.Series[float], objective: Objective) -> Any:
    """The first index of the best score."""
    ordered = scores.sort_index()
    return ordered.idxmax() if objective.sign > 0 else ordered.idxmin()
