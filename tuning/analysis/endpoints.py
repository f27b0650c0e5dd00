"""What a study's verdict and choice are about: one score for each search, the endpoint declared in the plan.

The best score that a search saw is the best of many draws: more draws give a luckier maximum, whatever they are worth.
So a search is judged by its winner's mean score on fresh seeds, on test where there is a test part; by the best score
seen only where nothing was retrained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from msgspec import UNSET

from tuning.analysis.curves import CELL
from tuning.journal.plan import RETRAINED, SEARCH, TEST
from tuning.journal.study_record import DataRecord
from tuning.objective import Objective
from tuning.statistics.intervals import student

ENDPOINT_COLUMNS = ["tuner", "scored", "mean", "low", "high", "smallest", "largest"]


@dataclass(frozen=True)
class Endpoint:
    """The scores that are judged.

    Attributes:
        kind: One of `tuning.journal.plan.ENDPOINTS`.
        metric: Short, such as ``test accuracy``.
        name: What a score is, in words.
        scores: (num_cells, 4): problem, tuner, replicate, score; NaN where a cell has none. In the order of
            `curves.final_scores`, baselines included.
        objective: Says which direction is better.
        paired: Whether the scores of a replicate share a split, or a table.
        noise_free: Whether retrainings are curves without noise, computed from a table.
    """

    kind: str
    metric: str
    name: str
    scores: pd.DataFrame
    objective: Objective
    paired: bool
    noise_free: bool = False

    def matrix(self, tuners: Sequence[str]) -> npt.NDArray[np.float64]:
        """(num_replicates, num_tuners) scores, signed so that higher is better; NaN where there is none."""
        wide = self.scores.pivot(index="replicate", columns="tuner", values="score").sort_index()
        return np.asarray(self.objective.sign * wide.reindex(columns=list(tuners)).to_numpy(dtype=float))

    def table(self, tuners: Sequence[str]) -> pd.DataFrame:
        """A row for each tuner.

        Returns:
            (num_tuners, 7), `ENDPOINT_COLUMNS`: ``scored`` counts replicates with a score, ``low`` and ``high`` are the
            ends of `intervals.student` of the mean.
        """
        rows = []
        for tuner in tuners:
            known = self.scores.loc[self.scores["tuner"] == tuner, "score"].dropna().to_numpy(dtype=float)
            low, high = map(float, student(known))
            ends = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
            mean = known.mean() if len(known) else np.nan
            rows.append((tuner, len(known), mean, low, high, *ends))
        return pd.DataFrame(rows, columns=ENDPOINT_COLUMNS)


def endpoint(
    kind: str,
    finals: pd.DataFrame,
    retrained: pd.DataFrame,
    objective: Objective,
    data: DataRecord,
    *,
    noise_free: bool = False,
) -> Endpoint:
    """What one problem's tuners are judged and chosen by. The only place that says so.

    Args:
        kind: One of `tuning.journal.plan.ENDPOINTS`.
        finals: The problem's `curves.final_scores`.
        retrained: Its `winners.retrained_cells`: a score is the mean over those of its retrainings that did not fail.
        objective: Of the problem.
        data: Of the problem: with a resampling, the searches of a replicate share its split; without, nothing.
        noise_free: Whether a retraining is the curve without noise; `tuning.journal.study_record.ProblemRecord`.
    """
    paired = data.resampling is not UNSET
    if kind == SEARCH:
        best = f"best {objective.metric}"
        return Endpoint(kind, best, f"{best} of a search", finals, objective, paired, noise_free)
    column, metric = (TEST, f"test {objective.test_metric}") if kind == TEST else (RETRAINED, objective.metric)
    scores = finals[CELL].merge(retrained[[*CELL, column]], on=CELL, how="left").rename(columns={column: "score"})
    scores = scores.assign(score=scores["score"].astype(float))
    if noise_free:
        name = f"{metric} of a search's winner without noise"
        return Endpoint(kind, f"noise-free {metric}", name, scores, objective, paired, noise_free)
    short = metric if kind == TEST else f"retrained {metric}"
    name = f"{metric} of a search's winner, retrained on fresh seeds"
    return Endpoint(kind, short, name, scores, objective, paired)


def endpoint_steps(kind: str, steps: pd.DataFrame, retrainings: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """What one would have got at each budget: the endpoint's score of each incumbent that a search had.

    Args:
        kind: One of `tuning.journal.plan.ENDPOINTS`.
        steps: The problem's `curves.incumbents`.
        retrainings: The problem's rows of `frames.retrainings_frame`.
        trials: The problem's rows of `frames.trials_frame`: a continued trial has its parent's configuration, and the
            two share retrainings.

    Returns:
        (num_steps, 6), as `steps`, with the endpoint's score; NaN of an incumbent that was not retrained.
    """
    if kind == SEARCH:
        return steps
    column = TEST if kind == TEST else "score"
    means = retrainings.assign(worth=retrainings[column].astype(float)).groupby([*CELL, "trial"])["worth"].mean()
    configuration = [name for name in trials.columns if str(name).startswith("hp.")]
    known = trials.merge(steps[[*CELL, "trial"]].drop_duplicates(), on=[*CELL, "trial"])
    known = known.merge(means.reset_index(), on=[*CELL, "trial"], how="left")
    known["key"] = [repr(values) for values in known[configuration].itertuples(index=False, name=None)]
    known["worth"] = known.groupby([*CELL, "key"])["worth"].transform("max")  # one trial of each has it
    judged = steps.merge(known[[*CELL, "trial", "worth"]], on=[*CELL, "trial"], how="left")
    return judged.assign(score=judged["worth"]).drop(columns="worth")
