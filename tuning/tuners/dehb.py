"""Differential evolution with Hyperband."""

from __future__ import annotations

import sys
import tempfile

from tuning.budget import Budget
from tuning.evaluation.evaluator import Evaluator
from tuning.journal.records import Trial, TrialState
from tuning.problems.problem import TrainingProblem
from tuning.space.converters import from_numbered, numbered
from tuning.tuners.base import Tuner
from tuning.tuners.dehb_internals import without_a_log


class DEHB(Tuner):
    """Hyperband whose brackets evolve: each rung has a population, and the best of a rung breed those of the next.

    From 1 epoch to the problem's `max_epochs`. In the first round of brackets the best of a rung are promoted as they
    are, and continue where they stopped; later all are offspring, and begin anew. It sees points of a unit cube: a
    choice is a part of an axis, and conditions are not known to it, so what is inactive is left out. Its populations
    begin at random.

    Source: Awad, Mallik and Hutter (2021), DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient
    Hyperparameter Optimization, IJCAI 2021.

    Args:
        label: As in `Tuner`.
        arguments: Those of `dehb.DEHB`, such as ``eta=4`` or ``mutation_factor=0.8``.
    """

    name = "dehb"
    library = "dehb"
    resumes = True
    needs = "dehb"
    requirement = "dehb>=0.1.1"

    def search(self, problem: TrainingProblem, evaluator: Evaluator, *, budget: Budget, seed: int) -> None:
        options = numbered(problem.space)
        sign = -1.0 if problem.objective.direction == "max" else 1.0
        latest: dict[int, Trial] = {}  # of each of its configurations
        with tempfile.TemporaryDirectory() as folder:
            dehb = without_a_log()(
                dimensions=len(options),
                min_fidelity=min(1, problem.max_epochs / 2),  # it refuses a range without a length
                max_fidelity=problem.max_epochs,
                seed=seed,
                n_workers=1,
                save_freq="end",
                output_path=folder,
                **self.arguments,
            )
            while True:
                job = dehb.ask()
                answers = {
                    name: float(place) if count is None else min(int(place * count), count - 1)
                    for (name, count), place in zip(options.items(), job["config"], strict=True)
                }
                epochs, before = max(1, round(job["fidelity"])), latest.get(job["config_id"])
                promoted = before if before is not None and before.target_epochs < epochs else None
                trial = evaluator.evaluate(
                    from_numbered(problem.space, answers), epochs, None if promoted is None else promoted.trial
                )
                failed = trial.state == TrialState.FAILED
                if not failed:
                    latest[job["config_id"]] = trial
                # To DEHB, infinity means that it was not tried.
                dehb.tell(job, {"fitness": sys.float_info.max if failed else sign * trial.score, "cost": trial.epochs})
