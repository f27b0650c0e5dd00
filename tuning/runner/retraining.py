"""After a cell's search: its incumbents are retrained on fresh seeds, and only then scored on test.

The best score of a search is too good: it was chosen as the best of many, including the luck of its seed. A fair
score of a configuration comes from seeds that had no part in the choice. The final incumbent is retrained on all of
them. Those that a smaller budget would have returned are retrained once: they show what one would have got there, and
whether the search moved on to something better on validation but worse on test (overtuning: Schneider, Bischl and
Feurer, 2025, arXiv:2506.19540). None of this is charged to the search.

Where curves are computed from a table, a retraining is the curve without noise: what the configuration is worth there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from tuning import seeds
from tuning.configuration import Configuration
from tuning.evaluation.known_trainings import KnownTrainings, name_of
from tuning.evaluation.members import lineage_of
from tuning.evaluation.training_watch import TrainingWatch
from tuning.journal.incumbents import described_incumbents
from tuning.journal.records import Cell, Retraining, Trial, TrialState
from tuning.objective import Objective
from tuning.problems.problem import TrainingProblem
from tuning.training.request import RetrainingRequest


def pending_retrainings(
    trials: Sequence[Trial], retrained: Sequence[Retraining], objective: Objective, repeats: int, budget_epochs: int
) -> list[tuple[Trial, int]]:
    """The retrainings that a cell still needs: incumbent and repeat, those of the final incumbent first.

    That needs all `repeats`; each of the others in `described_incumbents` the first.
    """
    found = described_incumbents(trials, objective, budget_epochs)
    if not repeats or not found:
        return []
    *earlier, final = found
    known = [(done.configuration, done.repeat) for done in retrained]
    wanted = [(final, repeat) for repeat in range(1, repeats + 1)] + [(trial, 1) for trial in reversed(earlier)]
    return [(trial, repeat) for trial, repeat in wanted if (trial.configuration, repeat) not in known]


def retrain(
    problem: TrainingProblem,
    study: str,
    cell: Cell,
    trial: int,
    configuration: Configuration,
    repeat: int,
    *,
    epochs: int | None = None,
    seconds: float | None = None,
    on_running: Callable[[Retraining], None] = lambda retraining: None,
) -> Retraining:
    """Trains a configuration in full on the seed of this repeat, and scores it on test.

    After cross-validation it is trained on all folds together, for the `epochs` of the mean curve's best epoch; there
    is then no validation part, and its `score` is NaN.

    An error in training, a loss or objective that is not finite, or more than this many `seconds` make the
    retraining FAILED. `on_running` is called like the evaluator's.
    """
    started = time.monotonic()
    running = Retraining(
        cell=cell,
        trial=trial,
        repeat=repeat,
        configuration=configuration,
        state=TrialState.FAILED,
        score=math.nan,
        test={},
        curve=[],
        seed=seed_of(study, cell, configuration, repeat),
    )
    split = retraining_split(problem, study, cell.replicate, configuration)
    validated = split.fold is not None
    watch = TrainingWatch(
        problem.objective.metric if validated else None,
        seconds=seconds,
        on_running=lambda curve: on_running(replace(running, curve=list(curve))),
    )
    outcome = problem.retrain(RetrainingRequest(configuration, running.seed, watch, epochs, split=split))
    state, error = watch.end(outcome)
    score = problem.objective.score(watch.curve) if outcome.score is None else outcome.score
    return replace(
        running,
        state=state,
        score=score if validated and not error else math.nan,
        test={} if error else outcome.test,
        untested="" if error else outcome.untested,
        curve=watch.curve,
        train_seconds=time.monotonic() - started,
        error=error,
        best_of_table=outcome.best_of_table,
    )


def retrain_incumbents(
    problem: TrainingProblem,
    study: str,
    cell: Cell,
    trials: Sequence[Trial],
    repeats: int,
    budget_epochs: int,
    recorded: Sequence[Retraining] = (),
    on_retraining: Callable[[Retraining], None] = lambda retraining: None,
    *,
    seconds: float | None = None,
    on_running: Callable[[Retraining], None] = lambda retraining: None,
    known_trainings: KnownTrainings | None = None,
) -> list[Retraining]:
    """Retrains the incumbents of a cell whose search is over.

    Args:
        repeats: Number of seeds for the final incumbent.
        budget_epochs: The cell's budget; the epochs that it spent, if that is in seconds.
        recorded: The cell's retrainings from the journal; they are not repeated.
        on_retraining: Called with each new one as it ends.
        seconds, on_running: As in `retrain`.
        known_trainings: As the evaluator's; folds are trained for a number of epochs that depends on the search.

    Returns:
        The recorded and the new retrainings.
    """
    done = list(recorded)
    for trial, repeat in pending_retrainings(trials, recorded, problem.objective, repeats, budget_epochs):
        equal = None
        if known_trainings is not None and problem.folds == 1:
            equal = known_trainings.retraining(trial.configuration, seed_of(study, cell, trial.configuration, repeat))
        if equal is not None:
            done.append(replace(equal, cell=cell, trial=trial.trial, copy_of=name_of(equal)))
        else:
            done.append(
                retrain(
                    problem,
                    study,
                    cell,
                    trial.trial,
                    trial.configuration,
                    repeat,
                    epochs=best_epoch(trials, trial, problem.objective) if problem.folds > 1 else None,
                    seconds=seconds,
                    on_running=on_running,
                )
            )
        on_retraining(done[-1])
    return done


def seed_of(study: str, cell: Cell, configuration: Configuration, repeat: int) -> int:
    """The seed of a retraining: the same for every tuner of the replicate."""
    return seeds.of_retraining(study, cell.problem, cell.replicate, configuration, repeat)


def retraining_split(
    problem: TrainingProblem, study: str, replicate: int, configuration: Configuration
) -> seeds.SplitSeeds:
    """What a winner is retrained on: its replicate's training part, or all folds together."""
    split = seeds.of_splits(study, problem.name, replicate, configuration)
    return split._replace(fold=None) if problem.folds > 1 else split


def best_epoch(trials: Sequence[Trial], trial: Trial, objective: Objective) -> int:
    """The epoch, from 1, that counts in a trial's curve, its ancestors' epochs included."""
    curve = [epoch for part in lineage_of(trial, trials) for epoch in part.curve]
    scores = [objective.score([epoch]) for epoch in curve]
    return scores.index(objective.score(curve)) + 1 if objective.epoch == "best" else len(curve)
