"""A study: problems, tuners, replicates and a budget, declared in a script that people run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tuning import tuners as registry
from tuning.budget import Budget
from tuning.cells import CellTask
from tuning.errors import StudyError
from tuning.journal import Journal, read
from tuning.problem import TrainingProblem
from tuning.records import CUT, Configuration, Trial
from tuning.tuners._base import Tuner

FIVE = ("kt-random", "kt-hyperband", "kt-bayesian", "sklearn-randomized", "optuna-tpe")
TENSORBOARD = ("curves", "full")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Study:
    """One question: which of these tuners, on these problems, at this budget?

    Args:
        name: Of the study and of its folder; letters, digits, dot, dash and underscore.
        problem: One problem, or several of different names.
        tuners: Registered names or `Tuner` objects, of different labels; default: the five.
        budget: What each cell may spend; at least one full training of each problem.
        replicates: Independent repetitions of everything.
        baselines: What a tuner should beat, run beside them and compared apart; default: `tuning.tuners.BASELINES`.
        retrain: Fresh seeds on which each incumbent is trained again in full, and scored on test, when its search is
            over; 0 for none. Not charged to the search.
        continue_winners: Epochs that each saved winner is trained on, on training and validation data together, into a
            file of its own.
        tensorboard: ``"curves"``: learning curves of all trials, as HPARAMS shows them; ``"full"``: beside them what
            Keras' own callback logs of each winner, which is trained once more anyway: see `tuning.winner_logs`.
        rope: Region of practical equivalence: a difference of at most so much in the objective's metric does not
            matter. None: no two tuners are called practically equal.
        trial_seconds: A trial, or a retraining, that takes longer is FAILED: at the end of its epoch, or with its
            process where it hangs and cells run in processes of their own. Results then depend on the machine. None: no
            limit.

    Raises:
        StudyError: One of these is not as said.
    """

    def __init__(
        self,
        name: str,
        problem: TrainingProblem | Sequence[TrainingProblem],
        tuners: Sequence[str | Tuner] = FIVE,
        *,
        budget: Budget,
        replicates: int = 5,
        baselines: Sequence[str | Tuner] = registry.BASELINES,
        retrain: int = 5,
        rope: float | None = None,
        continue_winners: int = 0,
        trial_seconds: float | None = None,
        tensorboard: str = "curves",
    ) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise StudyError(f"Study({name!r}): expected a name of letters, digits, dot, dash and underscore")
        self.name = name
        self.problems: list[TrainingProblem] = list(problem) if isinstance(problem, Sequence) else [problem]
        self.tuners = _tuners(tuners)
        self.baselines = _tuners(baselines)
        self.budget = budget
        self.replicates = replicates
        self.retrain = retrain
        self.rope = rope
        self.continue_winners = continue_winners
        self.trial_seconds = trial_seconds
        self.tensorboard = tensorboard
        self.until_decided: dict[str, Any] = {}  # the rule by which replicates are added, where they are
        self._check()

    def _check(self) -> None:
        if not isinstance(self.budget, Budget):
            raise StudyError(f"Study(budget={self.budget!r}): expected Budget(epochs=...)")
        if not isinstance(self.replicates, int) or isinstance(self.replicates, bool) or self.replicates < 1:
            raise StudyError(f"Study(replicates={self.replicates!r}): expected a whole number of at least 1")
        for name, unit in (("retrain", "seeds"), ("continue_winners", "epochs")):
            given = getattr(self, name)
            if not isinstance(given, int) or isinstance(given, bool) or given < 0:
                raise StudyError(f"Study({name}={given!r}): expected a whole number of {unit}, or 0 for none")
        if self.tensorboard not in TENSORBOARD:
            raise StudyError(f"Study(tensorboard={self.tensorboard!r}): expected {' or '.join(map(repr, TENSORBOARD))}")
        if self.rope is not None and not (isinstance(self.rope, int | float) and 0 < self.rope < math.inf):
            raise StudyError(f"Study(rope={self.rope!r}): expected a difference above 0 in the metric's unit, or None")
        if plain := [tuner.label for tuner in self.tuners if tuner.epochs]:
            raise StudyError(f"{plain[0]!r} is no search, and no tuner to be compared: give it in baselines=[...]")
        limit = self.trial_seconds
        if limit is not None and not (
            isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < math.inf
        ):
            raise StudyError(f"Study(trial_seconds={limit!r}): expected seconds above 0, or None for no limit")
        for problem in self.problems:
            if not hasattr(problem, "max_epochs"):
                raise StudyError(f"Study(problem={problem!r}): expected a Problem, or several")
        for kind, given in (
            ("problem", [problem.name for problem in self.problems]),
            ("tuner", [tuner.label for tuner in [*self.tuners, *self.baselines]]),
        ):
            if not given or (kind == "tuner" and not self.tuners):
                raise StudyError(f"study {self.name!r} has no {kind}; give at least one")
            if unusable := [name for name in given if not isinstance(name, str) or not name.isprintable() or not name]:
                raise StudyError(f"a {kind} is called {unusable[0]!r}; expected a name of printable characters")
            if twice := sorted({name for name in given if given.count(name) > 1}):
                argument = "name" if kind == "problem" else "label"
                raise StudyError(f"two {kind}s are called {twice[0]!r}; give one another {argument}=...")
        for problem in self.problems:
            if self.budget.epochs < problem.max_epochs:
                raise StudyError(
                    f"the budget of {self.budget.epochs} epochs is below one full trial of problem {problem.name!r} "
                    f"({problem.max_epochs} epochs); raise the budget or lower max_epochs"
                )

    def changed(
        self,
        *,
        budget: int | None = None,
        replicates: int | None = None,
        tuners: Sequence[str] | None = None,
        baselines: bool = True,
        retrain: int | None = None,
        rope: float | None = None,
        trial_seconds: float | None = None,
        tensorboard: str | None = None,
    ) -> Study:
        """This study with other numbers; `tuners` picks by label, or adds registered ones."""
        by_label = {tuner.label: tuner for tuner in self.tuners}
        return Study(
            self.name,
            self.problems,
            self.tuners if tuners is None else [by_label.get(label, label) for label in tuners],
            budget=self.budget if budget is None else replace(self.budget, epochs=budget),
            replicates=self.replicates if replicates is None else replicates,
            baselines=self.baselines if baselines else (),
            retrain=self.retrain if retrain is None else retrain,
            rope=self.rope if rope is None else rope,
            continue_winners=self.continue_winners,
            trial_seconds=self.trial_seconds if trial_seconds is None else trial_seconds,
            tensorboard=self.tensorboard if tensorboard is None else tensorboard,
        )

    def budget_of(self, tuner: Tuner) -> Budget:
        """What each cell of a tuner may spend."""
        return replace(self.budget, epochs=tuner.epochs or self.budget.epochs * tuner.budget_factor)

    def plan(self) -> dict[str, Any]:
        """For the journal: tuners and baselines with their settings, budget, replicates, retrainings."""
        return {
            "tuners": {tuner.label: tuner.describe() for tuner in self.tuners},
            "baselines": {
                tuner.label: {**tuner.describe(), "budget_factor": tuner.budget_factor} for tuner in self.baselines
            },
            "budget_epochs": self.budget.epochs,
            "replicates": self.replicates,
            "retrain": self.retrain,
            "rope": self.rope,
            **({} if self.trial_seconds is None else {"trial_seconds": self.trial_seconds}),
            **({"until_decided": self.until_decided} if self.until_decided else {}),
        }

    def describe(self) -> dict[str, Any]:
        """For the journal's first line: the study's name and its problems. Loads data and records spaces."""
        return {"study": self.name, "problems": {problem.name: problem.describe() for problem in self.problems}}

    def tasks(self, journal: Journal | None = None) -> list[CellTask]:
        """The cells to run, replicate by replicate, with what the journal holds of each."""
        tasks = [
            CellTask(
                self.name,
                problem,
                tuner,
                replicate,
                self.budget_of(tuner),
                retrain=self.retrain,
                trial_seconds=self.trial_seconds,
            )
            for replicate in range(1, self.replicates + 1)
            for problem in self.problems
            for tuner in (*self.tuners, *self.baselines)
        ]
        if journal is None:
            return tasks
        return [
            replace(
                task,
                recorded=_kept(journal.trials.get(task.cell, ()), task.budget),
                retrained=tuple(journal.retrainings.get(task.cell, ())),
            )
            for task in tasks
        ]

    def run(self, out: str | Path = "reports") -> Path:
        """Runs or resumes the study in this process; returns its folder, with winners saved and the report made.

        Raises what `tuning.driver.run` raises.
        """
        from tuning.driver import run
        from tuning.models import save_winners
        from tuning.report import write_report

        directory = run(self, Path(out)).directory
        journal = read(directory)
        save_winners(journal, self.problems, self.continue_winners, full=self.tensorboard == "full")
        write_report(directory, journal)
        return directory

    def best_configuration(
        self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports"
    ) -> Configuration:
        """The hyperparameters of a tuner's winner: of its final incumbents the best on fresh seeds.

        Args:
            tuner: Its label; without it, the best of all tuners' winners.
            problem: Its name; needed where the study has several.
            out: Where the study's folder is, as in `run`.

        Raises:
            JournalError: The study has not run there.
            StudyError: It has no such tuner or problem, or retrained no incumbent.
        """
        from tuning import models

        return models.best_configuration(read(Path(out) / self.name), tuner, problem)

    def best_model(self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports") -> Any:
        """A tuner's winner as it was saved, a compiled `keras.Model` with the weights that count.

        Loaded in Keras' safe mode; a model of the user's own classes is built by `build_model` and gets its weights.

        Args and raised errors are those of `best_configuration`; a StudyError also where the file is missing.
        """
        from tuning import models

        return models.best_model(read(Path(out) / self.name), self.problems, tuner, problem)

    def continue_training(
        self, tuner: str | None = None, *, epochs: int, problem: str | None = None, out: str | Path = "reports"
    ) -> tuple[Any, dict[str, float]]:
        """Trains a tuner's winner on, on training and validation data together, for use.

        Args:
            epochs: Further ones; weights and optimizer go on from the winner's.

        Other arguments and raised errors are those of `best_model`.

        Returns:
            The model, saved beside the winner as ``<tuner>-continued.keras``, and its metrics on the test split by name
            (none without one).
        """
        from tuning import models

        return models.continue_training(read(Path(out) / self.name), self.problems, epochs, tuner, problem)

    def main(self) -> None:
        """The command line of `tuning run`, for this study."""
        from tuning.cli import run_script

        run_script(self)


def _kept(recorded: Sequence[Trial], budget: Budget) -> tuple[Trial, ...]:
    """The trials that hold at this budget: one that a smaller budget had cut is trained again, in full."""
    if recorded and recorded[-1].state == CUT and recorded[-1].spent_epochs < budget.epochs:
        recorded = recorded[:-1]
    return tuple(recorded)


def _tuners(given: str | Tuner | Sequence[str | Tuner]) -> list[Tuner]:
    return [_tuner(tuner) for tuner in ([given] if isinstance(given, str | Tuner) else given)]


def _tuner(given: str | Tuner) -> Tuner:
    if isinstance(given, Tuner):
        return given
    if isinstance(given, str):
        return registry.load(given)()
    raise StudyError(f"tuner {given!r}: expected a registered name ({', '.join(registry.names())}) or a Tuner object")
