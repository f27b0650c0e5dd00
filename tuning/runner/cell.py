"""Runs one cell: a tuner's search on a problem in one replicate, to the end of its budget; then its retrainings."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tuning import seeds
from tuning.budget import Budget
from tuning.errors import JournalError
from tuning.evaluation.evaluator import Evaluator, SearchBroken, SearchOver
from tuning.evaluation.known_trainings import KnownTrainings
from tuning.journal.records import (
    BUDGET_SPENT,
    SEARCH_ENDED,
    Cell,
    CellEnd,
    CellResult,
    CellState,
    Retraining,
    Trial,
)
from tuning.problems.problem import TrainingProblem, trainings_of
from tuning.process.blas import one_blas_thread
from tuning.runner.retraining import retrain_incumbents
from tuning.space.converters import default_configuration
from tuning.text import error_line
from tuning.tuners.base import Tuner


@dataclass(frozen=True)
class CellTask:
    """All that a worker needs to run a cell.

    Attributes:
        recorded: The cell's trials from the journal, to be replayed first.
        retrain: Number of seeds on which the final incumbent is retrained after the search.
        retrained: The cell's retrainings from the journal.
        trial_seconds: A trial or retraining that takes longer is FAILED; None for no limit.
        trial_memory: A trial that needs more GB, by an estimate, is FAILED; None for no limit.
        starts_at_default: Whether the search begins with the default configuration, if its tuner can.
        known_trainings: Records of the replicate's other cells, whose trainings need not be made again; None: all are.
    """

    study: str
    problem: TrainingProblem
    tuner: Tuner
    replicate: int
    budget: Budget
    recorded: Sequence[Trial] = ()
    retrain: int = 0
    retrained: Sequence[Retraining] = ()
    trial_seconds: float | None = None
    trial_memory: float | None = None
    starts_at_default: bool = False
    known_trainings: Sequence[Trial | Retraining] | None = None

    @property
    def cell(self) -> Cell:
        return Cell(self.problem.name, self.tuner.label, self.replicate)


def run_cell(
    task: CellTask,
    on_trial: Callable[[Trial], None] = lambda trial: None,
    on_epoch: Callable[[Cell, int, float], None] = lambda cell, spent, best: None,
    on_retraining: Callable[[Retraining], None] = lambda retraining: None,
    on_running: Callable[[Trial | Retraining], None] = lambda record: None,
) -> CellResult:
    """Runs a cell to its end; an error in its tuner makes the cell FAILED.

    Args:
        on_trial: Called with each trial that was trained, not replayed, as it ends.
        on_epoch: Called with the cell, its epochs spent and its incumbent's score.
        on_retraining: Called with each new retraining, as it ends.
        on_running: Called when a training begins and after each of its epochs, with its record as it would be if the
            process died now.

    Raises:
        ReplayError: The journal holds other trials than this search asks for.
        JournalError: A result cannot be recorded.
    """
    cell = task.cell
    problem = task.tuner.problem_of(task.problem)
    known = None if task.known_trainings is None else KnownTrainings(task.known_trainings)
    evaluator = Evaluator(
        problem,
        cell,
        study=task.study,
        budget=task.budget,
        start=default_configuration(problem.space) if task.starts_at_default and task.tuner.starts else None,
        recorded=task.recorded,
        on_trial=on_trial,
        on_epoch=lambda spent, best: on_epoch(cell, spent, best),
        on_running=on_running,
        keep_states=task.tuner.resumes,
        trial_seconds=task.trial_seconds,
        trial_memory=task.trial_memory,
        known_trainings=known,
    )
    seed = seeds.of_tuner(task.study, cell.problem, task.tuner.draws_like or cell.tuner, cell.replicate)
    started = time.perf_counter()
    state, reason, error = CellState.DONE, SEARCH_ENDED, ""
    try:
        with one_blas_thread():
            task.tuner.search(problem, evaluator, budget=task.budget.a_training(trainings_of(problem)), seed=seed)
    except SearchOver:
        reason = BUDGET_SPENT
    except SearchBroken as broken:
        if isinstance(broken.error, JournalError):
            raise broken.error from None
        state, reason, error = CellState.FAILED, "the search cannot go on", str(broken.error)
    except (Exception, SystemExit) as raised:  # a model's code may call sys.exit
        state, reason, error = CellState.FAILED, "the tuner raised", error_line(raised)
    finally:
        evaluator.close()
    seconds = time.perf_counter() - started
    end = CellEnd(
        cell,
        state,
        reason,
        error,
        trials=len(evaluator.trials),
        spent_epochs=evaluator.spent_epochs,
        seconds=seconds,
        budget_epochs=task.budget.epochs,
        budget_seconds=task.budget.seconds,
        spent_seconds=evaluator.spent_seconds,
    )
    retrained: Sequence[Retraining] = task.retrained
    if state == CellState.DONE:
        retrained = retrain_incumbents(
            problem,
            task.study,
            cell,
            evaluator.trials,
            task.retrain,
            task.budget.epochs_of(evaluator.spent_epochs),
            task.retrained,
            on_retraining,
            seconds=task.trial_seconds,
            on_running=on_running,
            known_trainings=known,
        )
    return CellResult(tuple(evaluator.trials), tuple(retrained), end)
