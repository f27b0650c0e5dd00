"""What each tuner did: how much of its search was drawn at random, and whether anything was trained in full."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import pandas as pd

from tuning.formatting import names, plural
from tuning.journal.journal import Journal
from tuning.journal.plan import Plan, TunerSettings
from tuning.journal.records import Trial, TrialState

CONDUCT_COLUMNS = [
    "tuner", "searches", "configurations", "random", "always", "full", "searches_without_full", "plain", "brackets",
    "fewest_brackets", "most_brackets",
]  # fmt: skip
HYPERBAND = "kt-hyperband"
RANDOM_BY_NAME = ("kt-random", "sklearn-randomized", "optuna-random", "random-2x")
"""Registered names that can only draw at random, whatever their settings: journals of earlier releases do not say."""


def conduct(journal: Journal, problem: str) -> pd.DataFrame:
    """A row for each tuner of a plan, over its searches on one problem that have a trial.

    Returns:
        (num_tuners, 11), `CONDUCT_COLUMNS`: ``configurations`` tried, of which ``random`` were drawn at random, as far
        as the plan or the tuner's name says (the first ones, or ``always``; not a default that the search was begun
        with), and ``full`` were to be trained in full and were not stopped; in ``searches_without_full`` none was.
        ``plain``: all of it was random search, every configuration (but a given default) drawn at random and none
        stopped by the tuner.
        ``brackets`` of KerasTuner's Hyperband, of which its searches saw from ``fewest_brackets`` to
        ``most_brackets``; 0 for other tuners.
    """
    plan, most = journal.plan, journal.problems[problem].max_epochs
    rows = []
    for tuner in plan.tuners:
        first = _first_draws(plan, tuner, problem)
        searches = [trials for cell, trials in journal.trials.items() if cell[:2] == (problem, tuner) and trials]
        tried = [sum(trial.parent is None for trial in trials) for trials in searches]
        full = [sum(_in_full(trial, most) for trial in trials) for trials in searches]
        given = 1 if plan.starts_at_default(tuner) else 0
        random = sum(max((number if first is None else min(first, number)) - given, 0) for number in tried)
        starts = _starts(plan.tuners[tuner], most)
        seen = [len(starts & {trial.target_epochs for trial in trials if trial.parent is None}) for trials in searches]
        stopped = any(_stopped(trial, most) for trials in searches for trial in trials)
        rows.append(
            {
                "tuner": tuner,
                "searches": len(searches),
                "configurations": sum(tried),
                "random": random,
                "always": first is None,
                "full": sum(full),
                "searches_without_full": sum(not number for number in full),
                "plain": bool(searches) and random + given * len(searches) == sum(tried) and not stopped,
                "brackets": len(starts),
                "fewest_brackets": min(seen, default=0),
                "most_brackets": max(seen, default=0),
            }
        )
    return pd.DataFrame(rows, columns=CONDUCT_COLUMNS)


def _first_draws(plan: Plan, tuner: str, problem: str) -> int | None:
    """How many of its first configurations a tuner draws at random, as far as is known; None for all."""
    said = plan.random_draws.get(tuner, {})
    return said.get(problem, None if plan.tuners[tuner].tuner in RANDOM_BY_NAME else 0)


def _starts(settings: TunerSettings, most: int) -> set[int]:
    """The epochs with which each bracket of KerasTuner's Hyperband begins; none for another tuner."""
    starts: set[int] = set()
    epochs = float(str(settings.get("max_epochs", most))) if settings.tuner == HYPERBAND else 0.0
    while epochs >= 1:
        starts.add(math.ceil(epochs))
        epochs /= float(str(settings.get("factor", 3)))
    return starts


def _in_full(trial: Trial, most: int) -> bool:
    """Whether a trial was to be trained in full, and was neither stopped by its tuner nor by the budget."""
    return trial.target_epochs >= most and trial.state in (TrialState.COMPLETE, TrialState.FAILED)


def _stopped(trial: Trial, most: int) -> bool:
    """Whether a tuner gave a trial fewer epochs than a full training: it learned from the short ones."""
    return trial.state == TrialState.PRUNED or trial.target_epochs < most or trial.parent is not None


def plain_random(conducted: pd.DataFrame) -> list[str]:
    """The tuners that were all random search, if several: one algorithm under several names."""
    alike = [str(tuner) for tuner in conducted.loc[conducted["plain"].astype(bool), "tuner"]]
    return alike if len(alike) > 1 else []


def said(conducted: pd.DataFrame) -> tuple[str, ...]:
    """What the verdict's reader must know of it, a sentence each."""
    lines = []
    if alike := plain_random(conducted):
        rows = conducted[conducted["tuner"].isin(alike)]
        but = " but the first" if (rows["random"] < rows["configurations"]).any() else ""
        lines.append(
            f"{names(alike)} were random search here: every configuration{but} was drawn at random, and none was "
            "stopped early. They are one algorithm and are not compared with each other."
        )
    for row in conducted[conducted["searches"] > 0].to_dict("records"):
        if row["random"] and not row["always"]:
            drawn = f"{row['random']} of {plural(row['configurations'], 'configuration')}"
            lines.append(f"{row['tuner']} drew {drawn} at random, before it learned anything.")
        if row["fewest_brackets"] < row["brackets"]:
            some = str(row["fewest_brackets"])
            some += f" to {row['most_brackets']}" if row["most_brackets"] > row["fewest_brackets"] else ""
            lines.append(
                f"A search of {row['tuner']} got to only {some} of its {plural(row['brackets'], 'bracket')}: the "
                "budget pays for no more."
            )
        if row["searches_without_full"]:
            some = row["searches"] - row["searches_without_full"]
            where = f"only {some} of {plural(row['searches'], 'search', 'searches')}" if some else "no search"
            lines.append(f"{row['tuner']} trained a configuration in full in {where}.")
    return tuple(lines)


def algorithms(tuners: Sequence[str], alike: Collection[str]) -> list[tuple[str, ...]]:
    """The names of each algorithm, in the order of the tuners: those of `alike` are one."""
    one = tuple(tuner for tuner in tuners if tuner in alike)
    return list(dict.fromkeys(one if tuner in alike else (tuner,) for tuner in tuners))


def without(family: Sequence[tuple[str, str]], alike: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of a family that are not of one algorithm."""
    return [pair for pair in family if not set(pair) <= set(alike)]
