"""A table of trained configurations, and the problem that answers from it instead of training.

    tuning table studies/digits.py --configurations 300     trains them, once
    TableProblem("reports/digits-table")                     the same problem, computed

The table is an ordinary study of one tuner, `TableDraws`, in which each cell trains one configuration in full. So it
can be resumed, runs in parallel, grows with a larger ``--configurations``, and its journal keeps every epoch of every
metric.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import numpy as np

from tuning.errors import StudyError
from tuning.formatting import plural
from tuning.journal import journal as journals
from tuning.journal import lines
from tuning.journal.provenance import SURROGATE
from tuning.journal.records import TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, SurrogateRecord
from tuning.problems.computed import Computed
from tuning.problems.forest import TREES
from tuning.problems.problem import described
from tuning.problems.surrogate import FOLDS, Curves, Surrogate
from tuning.seeds import SplitSeeds
from tuning.space.space import Space
from tuning.training.outcome import Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest

SUFFIX = "-table"
BOOTSTRAP = "configurations of the table, drawn with replacement"
KEPT_TABLES = 8  # replicates run one after another; each process keeps the models of the last ones
TABLE_TUNER = "table"  # the tuner whose cells are a table's rows; see `tuning.tuners.table_draws`


class TableProblem(Computed):
    """A problem whose learning curves are not trained, but computed from a table of trained ones.

    Space, objective, epochs and interface stay the same, so tuners run unchanged and a study of hundreds of replicates
    takes minutes. Curves come from `surrogate`; equal configurations of a replicate get equal curves, as in training.
    Each replicate has a table of its own, drawn from this one with replacement, which all its tuners share: replicates
    then differ by what another table might have said, as they differ by their splits where models are trained.
    The problem is called ``<problem>-surrogate``, and the journal records which table it is computed from and how well
    the model fits it.

    Args:
        directory: The table's folder, such as ``reports/digits-table``.
        problem: Which of the table's problems; needed if it has several.

    Raises:
        StudyError: There is no table, it lacks the problem, or it has too few trained configurations.
        JournalError: Its journal is broken.
    """

    def __init__(self, directory: str | Path, problem: str | None = None) -> None:
        folder = Path(directory)
        if journals.file_of(folder) is None:
            raise StudyError(
                f"there is no table in {folder}; `tuning table STUDY.py --configurations 300` trains one, into "
                f"reports/STUDY{SUFFIX}"
            )
        journal = journals.read(folder)
        if problem is None and len(journal.problems) == 1:
            problem = next(iter(journal.problems))
        if problem is None or problem not in journal.problems:
            raise StudyError(f"TableProblem(problem={problem!r}): {folder} has {', '.join(journal.problems)}")
        self._trained = journal.problems[problem]
        self._rows = [
            trial
            for cell, trials in sorted(journal.trials.items())
            if cell.problem == problem and cell.tuner == TABLE_TUNER
            for trial in trials
        ]
        trained = len({repr(row.configuration) for row in self._rows if row.state != TrialState.FAILED})
        if trained < FOLDS:
            raise StudyError(
                f"{folder} holds {trained} trained configurations of {problem}; expected {FOLDS} or more from "
                "`tuning table STUDY.py --configurations K`"
            )
        self._table = journal.name
        self.name = f"{problem}-{SURROGATE}"
        self.objective = journal.objective(problem)
        self.max_epochs = self._trained.max_epochs
        self.space = Space.from_json(self._trained.space)
        self._tables: OrderedDict[int, Curves] = OrderedDict()

    def __repr__(self) -> str:
        return described(self, repr(self.space), f"computed from {plural(len(self._rows), 'training')}")

    @cached_property
    def surrogate(self) -> Surrogate:
        """The model, fitted once per process."""
        return Surrogate(self.space, self._rows, self.objective, self.max_epochs)

    def curves(self, split: SplitSeeds) -> Curves:
        """The model of a replicate's table, fitted once per process."""
        if split.replicate not in self._tables:
            while len(self._tables) >= KEPT_TABLES:
                self._tables.popitem(last=False)
            self._tables[split.replicate] = self.surrogate.table(split.replicate)
        self._tables.move_to_end(split.replicate)
        return self._tables[split.replicate]

    def train(self, request: TrainingRequest) -> Outcome:
        """Reports the computed curve up to the requested epochs; the state is the epoch's number.

        Raises:
            StudyError: More epochs are requested than the table was trained for.
        """
        if request.epochs > self.max_epochs:
            raise StudyError(
                f"{request.epochs} epochs of {self.name} were asked for; its table was trained for {self.max_epochs}"
            )
        curve, error = self.curves(request.split).curve(request.configuration, request.seed)
        outcome = Outcome(fit=SURROGATE)
        for epoch in range(request.initial_epoch, request.epochs):
            if epoch >= len(curve):
                outcome.error = error
                break
            outcome.state = [np.array([epoch + 1])] if request.keep_state else None
            if request.on_epoch(curve[epoch]):
                outcome.interrupted = epoch + 1 < request.epochs
                break
        return outcome

    def retrain(self, request: RetrainingRequest) -> Outcome:
        """What the configuration is worth: its curve without noise, whatever the seed, and the best of the table.

        A table holds no test scores, so there is none, and no model to save.
        """
        curves = self.curves(request.split)
        outcome = Outcome(fit=SURROGATE, best_of_table=curves.best)
        for logs in curves.mean(request.configuration):
            if request.on_epoch(logs):
                break
        return outcome

    def describe(self) -> ProblemRecord:
        """For the journal: like a trained problem's, with the table it is computed from, and the model's errors."""
        rows = json.dumps([[row.configuration, lines.to_json(row)["curve"], row.error] for row in self._rows])
        fingerprint = f"table {hashlib.sha256(rows.encode()).hexdigest()[:16]}"
        return ProblemRecord(
            self.space.to_json(),
            self.objective,
            self.max_epochs,
            DataRecord(fingerprint, self._trained.data.shapes, resampling=BOOTSTRAP),
            surrogate=SurrogateRecord(
                table=self._table,
                configurations=(configurations := len({repr(row.configuration) for row in self._rows})),
                trainings=len(self._rows) if len(self._rows) > configurations else 0,
                failed=sum(row.state == TrialState.FAILED for row in self._rows),
                data_fingerprint=self._trained.data.fingerprint,
                model=f"{TREES} extremely randomized trees",
                metric=self.objective.metric,
                folds=FOLDS,
                error_by_epoch=self._errors(),
                best=self.surrogate.best,
                noise_free=True,
            ),
        )

    def _errors(self) -> dict[str, dict[str, float]]:
        """Errors of the objective's metric by epoch, with four digits; undefined ones are left out."""
        errors = self.surrogate.errors
        of_metric = errors[errors["metric"] == self.objective.metric].drop(columns="metric").set_index("epoch")
        return {
            str(epoch): {str(name): float(f"{value:.4g}") for name, value in row.dropna().items()}
            for epoch, row in of_metric.iterrows()
        }

    def check(self) -> list[str]:
        """Fits the model; returns the metrics that it predicts."""
        return self.surrogate.metrics

    def __getstate__(self) -> dict[str, object]:
        """For workers: without the fitted models, which each worker fits itself; no folder is needed there."""
        state = {name: value for name, value in self.__dict__.items() if name != "surrogate"}
        return {**state, "_tables": OrderedDict()}
