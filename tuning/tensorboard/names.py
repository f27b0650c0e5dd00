"""What the columns of HPARAMS are called, so that a user's names and ours do not meet.

A hyperparameter keeps its name, unless a column of ours has it, in HPARAMS or in `trials.csv`: then it is
``hp.<name>``, as every hyperparameter is in `trials.csv`. That holds in every study, whether it shows that column or
not. A metric of a model keeps its name too, unless a metric of ours has it: then it is ``epoch_<name>``.
"""

from __future__ import annotations

from collections.abc import Iterable

from tuning.journal.frames import TRIAL_COLUMNS
from tuning.tensorboard.messages import encodable

METRICS = ("score", "best_score", "epochs", "train_seconds", "suggest_seconds")
# Only retrained incumbents have it. It is the sixth metric: the page ticks the first five, and its parallel coordinates
# leave out every trial that lacks a ticked column.
TEST = "test_score"
SUMMARY_METRICS = {
    "median": "median over replicates of the best score when the budget was spent",
    "low": "lower end of the median's exact interval",
    "high": "upper end of the median's exact interval",
    "retrained": "mean validation score of the winners on fresh seeds",
    "test": "mean test score of the winners on fresh seeds",
    "optimism": "how much better the search saw its winners than they are on fresh seeds",
    "replicates_done": "replicates that are finished",
    "charged_epochs": "epochs charged, over all replicates",
    "trials": "over all replicates",
    "trials_failed": "over all replicates",
    "train_seconds": "over all replicates",
    "suggest_seconds": "the tuner's own thinking, over all replicates",
}
OURS = frozenset((*TRIAL_COLUMNS, *METRICS, TEST, *SUMMARY_METRICS))


def column_names(hyperparameters: Iterable[str]) -> dict[str, str]:
    """By hyperparameter, the name of its column; all different."""
    columns: dict[str, str] = {}
    used = set(OURS)
    for name in hyperparameters:
        free = encodable(name)
        while free in used:
            free = f"hp.{free}"
        used.add(free)
        columns[name] = free
    return columns


def curve_tag(metric: str) -> str:
    """The tag of a model's metric."""
    return f"epoch_{metric}" if metric in (*METRICS, TEST) else encodable(metric)
