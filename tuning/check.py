"""`tuning check`: what a study will do, before it does it. No search, no folder written."""

from __future__ import annotations

import time

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tuning import equality, seeds
from tuning.data import size
from tuning.problem import Problem, TrainingProblem
from tuning.space import describe
from tuning.study import Study
from tuning.views import optuna_words
from tuning.wording import count, plural, seconds

TIMED_EPOCHS = 3  # at the defaults, on a part of the data: the first traces, the last is steady
TIMED_SAMPLES = 2048


def show(study: Study, console: Console, draws: int) -> bool:
    """Prints spaces, equality by sampling, budgets, seeds and time; whether all libraries draw alike.

    Raises:
        DataError, SpaceError, ObjectiveError: A problem cannot be searched.
    """
    from tuning.process import prepare_process

    prepare_process()
    alike = True
    for problem in study.problems:
        reported = problem.check()
        console.print(f"Problem {problem.name}", style="bold", markup=False)
        console.print(_space_table(problem))
        console.print("scikit-learn draws a whole configuration at once, by KerasTuner's mapping.")
        for note in problem.space.notes:
            console.print(f"Note: {note}.", markup=False, highlight=False)
        console.print(f"Distinct configurations: {_size(problem.space.size)}", highlight=False)
        console.print(
            f"Objective: {problem.objective.metric}, {problem.objective.direction}, {problem.objective.epoch} epoch "
            f"of a trial; the model reports {', '.join(reported)}",
            markup=False,
            highlight=False,
        )
        alike = _show_equality(problem, console, draws) and alike
    _show_budget(study, console)
    _show_seeds(study, console)
    return alike


def _space_table(problem: TrainingProblem) -> Table:
    table = _table("hyperparameter", "declared, as KerasTuner draws it", "active when", "Optuna is asked for")
    for key, hp in zip(problem.space.keys, problem.space.hyperparameters, strict=True):
        conditions = " and ".join(
            f"{condition.name} is {' or '.join(str(value) for value in condition.values)}"
            for condition in hp.conditions
        )
        table.add_row(
            escape(key),
            escape(f"{describe(hp)}, default {hp.default}"),
            escape(conditions) or "always",
            escape(optuna_words(hp)),
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table


def _show_equality(problem: TrainingProblem, console: Console, draws: int) -> bool:
    matches = equality.check(problem.space, draws, seeds.derive("check", problem.name))
    bad = equality.differing(matches)
    smallest = min(matches, key=lambda match: match.p_value)
    console.print(
        f"Equality: {count(draws)} configurations drawn by each of KerasTuner, scikit-learn and Optuna; "
        f"{len(matches)} tests against the declared distributions, smallest p {smallest.p_value:.3g} "
        f"({smallest.library}, {smallest.key}): {'DIFFERENT' if bad else 'no difference shown'}.",
        markup=False,
        highlight=False,
        style="red" if bad else "green",
    )
    for match in bad:
        console.print(
            f"  {match.library} draws {match.key} otherwise: {match.test}, p {match.p_value:.3g}",
            markup=False,
            highlight=False,
            style="red",
        )
    return not bad


def _size(space_size: float) -> str:
    return "continuous, or past counting" if space_size == float("inf") else count(space_size)


def _show_budget(study: Study, console: Console) -> None:
    table = _table("problem", "tuner", "settings", "epochs a cell", "full trials")
    for problem in study.problems:
        for tuner in (*study.tuners, *study.baselines):
            settings = {name: value for name, value in tuner.describe().items() if name != "tuner"}
            epochs = study.budget_of(tuner).epochs
            full = epochs / problem.max_epochs
            table.add_row(
                escape(problem.name),
                escape(tuner.label),
                escape(", ".join(f"{name}={value}" for name, value in settings.items())) or "its defaults",
                count(epochs),
                f"{full:.3g}"
                + (" (more, shorter ones)" if tuner.resumes or (tuner.prunes and settings.get("pruner")) else ""),
            )
    console.print(table)
    tasks = study.tasks()
    epochs = sum(task.budget.epochs for task in tasks)
    console.print(
        f"{plural(len(tasks), 'cell')}, {count(epochs)} epochs at most: {_time(study)} of training on one core, "
        "by the default configuration's pace; other configurations may be much slower or faster. Thinking comes on "
        f"top, and retraining: each cell's incumbents {study.retrain} times in full, uncharged; two or three a cell.",
        markup=False,
        highlight=False,
    )


def _show_seeds(study: Study, console: Console) -> None:
    table = _table("cell", "seed of its search")
    for task in study.tasks():
        table.add_row(escape(str(task.cell)), str(seeds.of_tuner(study.name, *task.cell)))
    console.print(table)
    console.print("Seeds of trainings come from study, problem, replicate and configuration, the same for every tuner.")


def _time(study: Study) -> str:
    total = 0.0
    for problem in study.problems:
        if not isinstance(problem, Problem):
            return "an unknown time"
        build, epoch = _pace(problem)
        epochs = study.replicates * sum(study.budget_of(tuner).epochs for tuner in (*study.tuners, *study.baselines))
        total += epochs * epoch + epochs / problem.max_epochs * build
    return f"about {seconds(total)}"


def _pace(problem: Problem) -> tuple[float, float]:
    """Seconds to begin a trial and for one epoch, measured at the defaults on a part of the data."""
    from tuning.probing import train_part

    ends = [time.perf_counter()]

    def on_epoch(logs: dict[str, float]) -> bool:
        ends.append(time.perf_counter())
        return False

    samples = train_part(problem.recipe, problem.space, TIMED_SAMPLES, TIMED_EPOCHS, on_epoch)
    steady = ends[-1] - ends[-2]
    whole = size(problem.splits.train)
    return max(ends[1] - ends[0] - steady, 0.0), steady * (whole / samples if whole and samples else 1.0)
