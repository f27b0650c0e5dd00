"""The results of a study in Python: tables as data frames, the answer as objects, figures as charts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from tuning.analysis.choices import ProblemChoice
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary, results, summarise
from tuning.analysis.verdict.verdict import Verdict
from tuning.analysis.winners import best_winner, mean_score, record_of, winners
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.journal import journal as journals
from tuning.journal.journal import Journal
from tuning.journal.records import Retraining
from tuning.journal.winner_record import MODELS
from tuning.report.first_screen import first_screen
from tuning.report.plots import Plots, only
from tuning.report.prose import finished, scope


@dataclass(frozen=True)
class Best:
    """The model to use: of all tuners' winners the one that is best on fresh seeds, chosen by validation.

    Attributes:
        problem: Its name.
        tuner: Label of the tuner that found it.
        replicate: The search that found it, from 1.
        trial: Of that search, from 0.
        configuration: Its hyperparameters.
        score: The objective's metric, mean over `seeds` fresh seeds. The best of several, so a little too good.
        test: The same on test; NaN without a test part.
        seeds: Trainings behind both.
        model: The saved model, ``.keras`` (or ``.weights.h5``, for `Study.best_model`); None if it is not saved.
    """

    problem: str
    tuner: str
    replicate: int
    trial: int
    configuration: Configuration
    score: float
    test: float
    seeds: int
    model: Path | None


class Result:
    """What a study has found, also while it still runs; `Study.run` returns it, and `Result.load` reads a folder.

    Made from the journal alone, without TensorFlow. In a notebook it shows the report's first screen.

    Attributes:
        directory: The study's folder, with ``report.html``.
        study: The study's name.
        problems: Names of the problems.
    """

    def __init__(self, journal: Journal, summary: Summary, shown: Mapping[str, ProblemSummary] | None = None) -> None:
        self._journal = journal
        self._summary = summary
        self._shown = summary.problems if shown is None else shown
        self.directory = journal.directory
        self.study = journal.name
        self.problems = tuple(self._shown)

    @classmethod
    def load(cls, directory: str | Path) -> Result:
        """The results in a study's folder, such as ``reports/digits``.

        Raises:
            JournalError: The folder holds no study, or a line of its journal is broken.
        """
        journal = journals.read(Path(directory))
        return cls(journal, summarise(journal))

    def problem(self, name: str) -> Result:
        """The same of one problem, for a study of several.

        Raises:
            StudyError: There is no such problem.
        """
        if name not in self._shown:
            raise StudyError(f"study {self.study!r} has no problem {name!r}; it has {', '.join(self._shown)}")
        return Result(self._journal, self._summary, {name: self._shown[name]})

    def trials(self) -> pd.DataFrame:
        """A row for each trial, as in ``trials.csv``: (num_trials, 12 + num_hyperparameters)."""
        return self._own(self._summary.trials)

    def epochs(self) -> pd.DataFrame:
        """A row for each epoch of each trial, as in ``epochs.csv``: (num_epochs, 6 + num_metrics)."""
        return self._own(self._summary.epochs)

    def retrainings(self) -> pd.DataFrame:
        """A row for each retraining of an incumbent on a fresh seed, as in ``retrainings.csv``."""
        return self._own(self._summary.retrainings)

    def tuners(self) -> pd.DataFrame:
        """A row for each tuner and baseline, as in ``tuners.csv``."""
        return self._own(results(self._summary))

    @property
    def best(self) -> Best:
        """The model to use.

        Raises:
            StudyError: Nothing was retrained; or the study has several problems, see `problem`.
        """
        problem = only(self._shown, "best")
        found = [winner for (name, _), winner in winners(self._journal).items() if name == problem.name]
        winner = best_winner(self._journal, found)
        if winner is None:
            raise StudyError(
                f"study {self.study!r} has no winner on {problem.name!r}: none is retrained; run it with "
                "retrain=1 or more, or look for the best score seen in trials()"
            )
        return self._best(problem, winner)

    @property
    def verdict(self) -> Verdict:
        """What is shown: its `kind`, `line` and `details`. Of several problems, over all of them."""
        return self._summary.verdict if len(self._shown) > 1 else only(self._shown, "verdict").verdict

    @property
    def recommendation(self) -> ProblemChoice:
        """Which tuner to take now, how probably it is the best, and what a wrong choice is expected to cost.

        Raises:
            StudyError: The study has several problems, see `problem`.
        """
        return only(self._shown, "recommendation").choice

    @cached_property
    def plot(self) -> Plots:
        """The report's figures as altair charts, such as ``plot.best_so_far()``."""
        return Plots(self._journal, self._summary, self._shown)

    def __repr__(self) -> str:
        lines = [problem.choice.line for problem in self._shown.values()]
        if len(lines) > 1:
            lines = [f"{name}: {line}" for name, line in zip(self._shown, lines, strict=True)]
        told = [f"{scope(self._journal, self._summary)}; {finished(self._summary)}.", *lines]
        return "\n".join([f"Result of study {self.study!r} in {self.directory}", *(f"  {line}" for line in told)])

    def _repr_html_(self) -> str:
        return first_screen(self._journal, self._summary, self._shown)

    def _own(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A copy of the rows of the problems that are shown."""
        return frame[frame["problem"].isin(list(self._shown))].reset_index(drop=True)

    def _best(self, problem: ProblemSummary, winner: Retraining) -> Best:
        cell = winner.cell
        rows = problem.retrained
        [row] = rows[(rows["tuner"] == cell.tuner) & (rows["replicate"] == cell.replicate)].to_dict("records")
        record = record_of(self._journal, winner)
        return Best(
            problem=problem.name,
            tuner=cell.tuner,
            replicate=cell.replicate,
            trial=winner.trial,
            configuration=dict(winner.configuration),
            score=mean_score(self._journal, winner),
            test=math.nan if pd.isna(row["test"]) else float(row["test"]),
            seeds=int(row["seeds"]),
            model=None if record is None else self.directory / MODELS / record.file,
        )
