"""`hparams/best`: the log directory that people see first, with the best trials of every tuner in order of rank.

TensorBoard shows a hundred rows at a time, in the order of their names, and its parallel coordinates and scatter plots
show the same rows. Of ten thousand trials those would be a hundred of one tuner. Here they are the best of each tuner
in turn, named by their rank; baselines come last. The hyperparameters are in order of importance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from tuning.exploration.dimensions import Dimension, dimensions
from tuning.exploration.exploration import searched
from tuning.exploration.importance import POOLED, Importance, importance
from tuning.journal.journal import Journal
from tuning.journal.records import Trial
from tuning.tensorboard.hparams import FOLDER, HparamsWriter, refuse_link, retrained_in_order, safe_folder

BEST = f"{FOLDER}/best"  # TensorBoard's log directory
MOST = 100  # rows that TensorBoard's table shows at a time


def write_best(journal: Journal, directory: Path, known: Mapping[str, Importance] | None = None) -> int:
    """Rebuilds ``<directory>/hparams/best``; returns how many trials it holds.

    Args:
        known: By problem, the importances of hyperparameters, if the caller has them.

    Raises:
        JournalError: ``<directory>/hparams``, or its ``best``, is a link or a file.
    """
    refuse_link(Path(directory) / FOLDER)
    several = len(journal.problems) > 1
    names = {
        (trial.cell, trial.trial): _name(rank, trial, several)
        for rank, trial in enumerate(best_of_each(journal), start=1)
    }
    writer = HparamsWriter(
        directory, journal.study, journal.plan, folder=BEST, order=by_importance(journal, known), names=names
    )
    for trial in journal.all_trials():
        writer.write(trial)
    for retraining in retrained_in_order(journal):
        writer.retrained(retraining)
    return len(names)


def best_of_each(journal: Journal, most: int = MOST) -> list[Trial]:
    """At most so many trials with a score: in rounds, the best of each tuner on each problem, its second best, ...

    Within a round of one problem, the better comes first. Baselines follow in rounds of their own.
    """
    by_search: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in journal.all_trials():
        if trial.score == trial.score:
            by_search[trial.cell.problem, trial.cell.tuner].append(trial)
    signs = {name: journal.objective(name).sign for name in journal.problems}

    def badness(trial: Trial) -> float:
        return -signs[trial.cell.problem] * trial.score

    for trials in by_search.values():
        trials.sort(key=badness)
    tuners = set(journal.plan.tuners)
    chosen: list[Trial] = []
    for contestants in (True, False):
        searches = [trials for (_, tuner), trials in by_search.items() if (tuner in tuners) == contestants]
        for found in zip_longest(*searches):
            of_round = [trial for trial in found if trial is not None]
            chosen += sorted(of_round, key=lambda trial: (trial.cell.problem, badness(trial)))
    return chosen[:most]


def by_importance(journal: Journal, known: Mapping[str, Importance] | None = None) -> list[str]:
    """Names of the hyperparameters, the most important first; none where too few trials tell.

    Args:
        known: As in `write_best`.
    """
    shares: dict[str, float] = defaultdict(float)
    for name, recorded in journal.problems.items():
        space = dimensions(recorded.space)
        found = (_importance(journal, name, space) if known is None else known[name]).frame
        names = {dimension.key: dimension.name for dimension in space}
        for row in found[found["tuner"] == POOLED].to_dict("records"):
            shares[names[row["hyperparameter"]]] += row["importance"]
    return sorted(shares, key=lambda name: -shares[name])


def _importance(journal: Journal, name: str, space: list[Dimension]) -> Importance:
    objective, most = journal.objective(name), journal.problems[name].max_epochs
    trials = [trial for trial in journal.all_trials() if trial.cell.problem == name]
    return importance(searched(trials, space, objective, most), space, objective, ())


def _name(rank: int, trial: Trial, several: bool) -> str:
    """``0001_tuner_r01_t0028``: sorted by rank, safe as a folder."""
    cell = trial.cell
    parts = [*([safe_folder(cell.problem)] if several else []), safe_folder(cell.tuner)]
    return "_".join([f"{rank:04}", *parts, f"r{cell.replicate:02}", f"t{trial.trial:04}"])
