"""`tuning check`: what a study will do, shown before it runs. No search, no folder."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuning import seeds
from tuning.formatting import MISSING, count, plural, seconds
from tuning.journal.incumbents import SHARES
from tuning.journal.plan import compared_words, endpoint_words, start_said
from tuning.problems.computed import Computed
from tuning.problems.problem import Problem, TrainingProblem, trainings_of
from tuning.runner.cell import CellTask
from tuning.runner.outlook import outlook
from tuning.runner.plan import StudyPlan
from tuning.space import sampling_check
from tuning.space.converters import optuna_words
from tuning.space.hyperparameter import describe
from tuning.splits import size

TIMED_EPOCHS = 3  # at the defaults, on part of the data: the first traces, the last is steady
TIMED_SAMPLES = 2048
SHOWN_CLASSES = 10
Facts: TypeAlias = dict[str, Any]
"""As in JSON; docs/json.md describes the fields."""


def examine(study: StudyPlan, draws: int) -> Facts:
    """All that `tuning check` shows, as `tuning check --json` prints it.

    Raises:
        DataError, SpaceError, ObjectiveError: A problem cannot be searched.
    """
    from tuning.process.setup import prepare_process

    prepare_process()
    problems = [_problem(problem, study.name, draws) for problem in study.problems]
    study.check_budget()
    for problem in study.problems:
        for tuner in (*study.tuners, *study.baselines):
            tuner.check(problem)
    tasks = study.tasks()
    return {
        "study": study.name,
        "alike": all(problem["equality"]["alike"] for problem in problems),
        "problems": problems,
        "budgets": _budgets(study),
        "cells": [{**task.cell._asdict(), "seed": seeds.of_tuner(study.name, *task.cell)} for task in tasks],
        "epochs": None if study.budget.epochs is None else sum(task.budget.epochs or 0 for task in tasks),
        "baseline_epochs": None
        if study.budget.epochs is None
        else sum(task.budget.epochs or 0 for task in tasks if task.tuner in study.baselines),
        "budget_seconds": study.budget.seconds,
        "retrain": study.retrain,
        "retraining_epochs": sum(map(_retraining_epochs, tasks)),
        "noise_free": study.noise_free,
        "endpoint": study.endpoint,
        "reference": study.reference,
        "alternative": study.alternative,
        "start": study.start or "",
        "own_start": study.own_start,
        "outlook": outlook(study),
        **_seconds(study, tasks),
    }


def _problem(problem: TrainingProblem, study: str, draws: int) -> Facts:
    reported = problem.check()
    first = seeds.of_splits(study, problem.name, 1, {})
    matches = sampling_check.check(problem.space, draws, seeds.derive("check", problem.name))
    smallest = min(matches, key=lambda match: match.p_value)
    return {
        "problem": problem.name,
        "space": [
            {
                "hyperparameter": key,
                "declared": describe(hp),
                "default": hp.default,
                "active_when": {condition.name: list(condition.values) for condition in hp.conditions},
                "optuna": optuna_words(hp),
            }
            for key, hp in zip(problem.space.keys, problem.space.hyperparameters, strict=True)
        ],
        "notes": list(problem.space.notes),
        "splits": _splits(problem, first),
        "configurations": int(problem.space.size) if math.isfinite(problem.space.size) else None,
        "objective": problem.objective.to_json(),
        "metrics": list(reported),
        "equality": {
            "alike": not (bad := sampling_check.differing(matches)),
            "draws": draws,
            "tests": len(matches),
            "smallest_p": smallest.p_value,
            "smallest": f"{smallest.library}, {smallest.key}",
            "different": [
                {"library": match.library, "hyperparameter": match.key, "test": match.test, "p": match.p_value}
                for match in bad
            ],
        },
    }


def _budgets(study: StudyPlan) -> list[Facts]:
    return [
        {
            "problem": problem.name,
            "tuner": tuner.label,
            "settings": (settings := {name: value for name, value in tuner.describe().items() if name != "tuner"}),
            "epochs": (budget := study.budget_of(tuner, problem)).epochs,
            "seconds": budget.seconds,
            "full_trials": budget.epochs / (problem.max_epochs * trainings_of(problem)) if budget.epochs else None,
            "random_draws": tuner.random_draws(problem),
            "shorter_trials": bool(tuner.resumes or (tuner.prunes and settings.get("pruner"))),
        }
        for problem in study.problems
        for tuner in (*study.tuners, *study.baselines)
    ]


def _splits(problem: TrainingProblem, first: seeds.SplitSeeds) -> Facts | None:
    """How the data are split, and the parts of the first replicate; None if nothing is trained."""
    if not isinstance(problem, Problem):
        return None
    data = problem.resampled
    return {
        "resampling": None if data.resampling is None else repr(data.resampling),
        "folds": problem.folds,
        "repeats": problem.repeats,
        "parts": data.sizes(first),
    }


def _retraining_epochs(task: CellTask) -> int:
    """At most: incumbents at smaller shares of the budget may be the last one, or have few epochs; none without noise.

    A retraining after cross-validation is one, on all folds together.
    """
    if isinstance(task.problem, Computed):
        return 0
    earlier = len(SHARES) - 1 if task.retrain and task.tuner.epochs is None else 0
    return (task.retrain + earlier) * task.problem.max_epochs


def _seconds(study: StudyPlan, tasks: Sequence[CellTask]) -> dict[str, float | None]:
    """Training time of all cells on one core, at most; of the baselines among them; and of retraining, beside them.

    None if a problem trains nothing that could be timed.
    """
    epochs_count = study.budget.epochs is not None or any(tuner.epochs for tuner in study.baselines) or study.retrain
    paces = {problem.name: _seconds_an_epoch(problem) if epochs_count else None for problem in study.problems}

    def searching(task: CellTask) -> float | None:
        epochs, limit = task.budget.limits
        pace = paces[task.problem.name]
        if math.isinf(epochs):
            return limit
        return None if pace is None else min(epochs * pace, limit)

    def retraining(task: CellTask) -> float | None:
        epochs, pace = _retraining_epochs(task), paces[task.problem.name]
        return None if epochs and pace is None else epochs * (pace or 0.0)

    return {
        "seconds": _total(map(searching, tasks)),
        "baseline_seconds": _total(searching(task) for task in tasks if task.tuner in study.baselines),
        "retraining_seconds": _total(map(retraining, tasks)),
    }


def _total(parts: Iterable[float | None]) -> float | None:
    """Their sum; None if one is unknown."""
    known = list(parts)
    return None if None in known else float(sum(part or 0.0 for part in known))


def _seconds_an_epoch(problem: TrainingProblem) -> float | None:
    """With its share of the start of a trial, measured at the defaults on part of the data; None if untrained."""
    if not isinstance(problem, Problem):
        return None
    from tuning.training.probe import timed

    ends = [time.perf_counter()]

    def on_epoch(logs: dict[str, float]) -> bool:
        ends.append(time.perf_counter())
        return False

    samples = timed(problem.recipe, problem.space, problem.objective, TIMED_SAMPLES, TIMED_EPOCHS, on_epoch)
    steady = ends[-1] - ends[-2]
    whole = size(problem.recipe.splits.train)
    build = max(ends[1] - ends[0] - steady, 0.0)
    return build / problem.max_epochs + steady * (whole / samples if whole and samples else 1.0)


def show(examined: Facts, console: Console, with_seeds: bool = False) -> None:
    """Prints what `examine` found: spaces, equality by sampling, budgets and time; seeds on request."""
    for problem in examined["problems"]:
        _show_problem(problem, console)
    _show_budgets(examined, console)
    about = endpoint_words(examined["endpoint"], examined["noise_free"])
    console.print(f"The verdict will be about {about}.", markup=False)
    if examined["reference"]:
        words = compared_words(examined["reference"], examined["alternative"])
        console.print(f"It will compare {words}.", markup=False, highlight=False)
    if said := start_said(examined["start"], examined["own_start"]):
        console.print(said, markup=False)
    for line in examined["outlook"]:
        console.print(line, style="yellow", markup=False, highlight=False)
    if with_seeds:
        _show_seeds(examined, console)


def _show_seeds(examined: Facts, console: Console) -> None:
    table = _table("cell", "seed of its search")
    for cell in examined["cells"]:
        table.add_row(escape(f"{cell['problem']}/{cell['tuner']}/{cell['replicate']}"), str(cell["seed"]))
    console.print(table)
    console.print("Seeds of trainings come from study, problem, replicate and configuration, the same for every tuner.")


def _show_problem(problem: Facts, console: Console) -> None:
    console.print(f"Problem {problem['problem']}", style="bold", markup=False)
    table = _table("hyperparameter", "declared, as KerasTuner draws it", "active when", "Optuna is asked for")
    for row in problem["space"]:
        conditions = " and ".join(
            f"{name} is {' or '.join(str(value) for value in values)}" for name, values in row["active_when"].items()
        )
        declared = f"{row['declared']}, default {row['default']}"
        table.add_row(
            escape(row["hyperparameter"]), escape(declared), escape(conditions) or "always", escape(row["optuna"])
        )
    console.print(table)
    console.print("scikit-learn draws a whole configuration at once, by KerasTuner's mapping.")
    for note in problem["notes"]:
        console.print(f"Note: {note}.", markup=False, highlight=False)
    if problem["splits"] is not None:
        _show_splits(problem["splits"], console)
    size = problem["configurations"]
    console.print(
        f"Distinct configurations: {'continuous, or past counting' if size is None else count(size)}", highlight=False
    )
    objective = problem["objective"]
    console.print(
        f"Objective: {objective['metric']}, {objective['direction']}, {objective['epoch']} epoch of a trial; "
        f"the model reports {', '.join(problem['metrics'])}",
        markup=False,
        highlight=False,
    )
    equal = problem["equality"]
    console.print(
        f"Equality: {count(equal['draws'])} configurations drawn by each of KerasTuner, scikit-learn and Optuna; "
        f"{equal['tests']} tests against the declared distributions, smallest p {equal['smallest_p']:.3g} "
        f"({equal['smallest']}): {'no difference shown' if equal['alike'] else 'DIFFERENT'}.",
        markup=False,
        highlight=False,
        style="green" if equal["alike"] else "red",
    )
    for match in equal["different"]:
        console.print(
            f"  {match['library']} draws {match['hyperparameter']} otherwise: {match['test']}, p {match['p']:.3g}",
            markup=False,
            highlight=False,
            style="red",
        )


def _show_splits(splits: Facts, console: Console) -> None:
    if splits["resampling"] is None:
        console.print("Splits: fixed, the same in every replicate.")
    else:
        console.print(f"Splits: {splits['resampling']}, drawn anew for each replicate; the first:", markup=False)
    if (trainings := splits["folds"] * splits["repeats"]) > 1:
        console.print(f"A trial trains {trainings} models, and the epochs of all are charged.", highlight=False)
    columns = list(dict.fromkeys(name for part in splits["parts"] for name in part))
    classes = [name for name in columns if name not in ("part", "samples", "groups")]
    shown, hidden = classes[:SHOWN_CLASSES], classes[SHOWN_CLASSES:]
    others = [name for name in columns if name not in classes]
    table = _table(*others, *(["of each class"] if classes else []))
    for part in splits["parts"]:
        values = {name: "?" if part.get(name) is None else str(part[name]) for name in columns}
        counts = ", ".join(f"{escape(name)}: {values[name]}" for name in shown)
        table.add_row(*(values[name] for name in others), *([counts] if classes else []))
    console.print(table)
    if hidden:
        console.print(f"{plural(len(hidden), 'more class', 'more classes')}; --json lists all.", highlight=False)


def _show_budgets(examined: Facts, console: Console) -> None:
    timed = examined["budget_seconds"] is not None
    seconds_too = ["seconds a cell"] if timed else []
    table = _table("problem", "tuner", "settings", "epochs a cell", *seconds_too, "full trials")
    for row in examined["budgets"]:
        table.add_row(
            escape(row["problem"]),
            escape(row["tuner"]),
            escape(", ".join(f"{name}={value}" for name, value in row["settings"].items())) or "its defaults",
            MISSING if row["epochs"] is None else count(row["epochs"]),
            *([MISSING if row["seconds"] is None else f"{row['seconds']:.15g}"] if timed else []),
            MISSING
            if row["full_trials"] is None
            else f"{row['full_trials']:.3g}" + (" (more, shorter ones)" if row["shorter_trials"] else ""),
        )
    console.print(table)
    cells = plural(len(examined["cells"]), "cell")
    sentences = (f"{cells}, {_searching(examined)}", *_retraining(examined), _replicate(examined))
    console.print(" ".join(sentences), markup=False, highlight=False)


def _searching(examined: Facts) -> str:
    """What searches and baselines cost, in a sentence."""
    takes = _about(examined["seconds"])
    if examined["epochs"] is None:
        theirs = _of_baselines(_about(examined["baseline_seconds"])) if examined["baseline_seconds"] else ""
        return f"{takes} of training at most, on one core{theirs}."
    theirs = count(examined["baseline_epochs"])
    if examined["baseline_seconds"]:
        theirs = f"{theirs}, {_about(examined['baseline_seconds'])}"
    return (
        f"{count(examined['epochs'])} epochs at most: {takes} of training on one core, by the default configuration's "
        f"pace{_of_baselines(theirs) if examined['baseline_epochs'] else ''}."
    )


def _of_baselines(cost: str) -> str:
    return f"; of that the baselines {cost}"


def _retraining(examined: Facts) -> Iterator[str]:
    """What is done after the searches, in a sentence."""
    if examined["retrain"] and examined["noise_free"]:
        yield "Each search's winner is judged by its curve without noise, which costs nothing."
    elif examined["retrain"]:
        yield (
            f"Retraining adds {count(examined['retraining_epochs'])} epochs at most, uncharged, "
            f"{_about(examined['retraining_seconds'])}: each search's winner on "
            f"{plural(examined['retrain'], 'fresh seed')} in full, and what it would have returned at a quarter and "
            "at half of the budget once."
        )


def _replicate(examined: Facts) -> str:
    """What one replicate of all costs."""
    replicates = max(cell["replicate"] for cell in examined["cells"])
    both = (examined["seconds"], examined["retraining_seconds"])
    each = _about(None if None in both else sum(both) / replicates)
    if examined["epochs"] is not None:
        each = f"{count((examined['epochs'] + examined['retraining_epochs']) // replicates)} epochs at most, {each}"
    return (
        f"A replicate of all costs {each}. Other configurations may be much slower or faster, and thinking comes on "
        "top."
    )


def _about(takes: float | None) -> str:
    return "an unknown time" if takes is None else f"about {seconds(takes)}"


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table
