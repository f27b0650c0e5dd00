"""The first screen of a problem: where the model to use is, and what searching and more computing are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.winners import mean_score, winners
from tuning.formatting import decimals_for, number, plural, setting
from tuning.journal.journal import Journal
from tuning.journal.records import Retraining
from tuning.report.tables.answer import answer_table
from tuning.report.tables.base import Row, Table, rows_of

WHOLE = ".keras"
"""A model's file, unless Keras cannot save it whole."""


@dataclass(frozen=True)
class Answer:
    """What a reader must know first.

    Attributes:
        use: The model to use, in a sentence or two; empty if nothing was retrained.
        code: Lines of Python that load it; empty if it is not saved.
        worth: What searching gained over each baseline, a sentence each.
        more: What more replicates would cost and gain, a sentence each.
        table: A row for each tuner.
    """

    use: str
    code: tuple[str, ...]
    worth: tuple[str, ...]
    more: tuple[str, ...]
    table: Table


def answers(journal: Journal, problems: Mapping[str, ProblemSummary]) -> dict[str, Answer]:
    """By problem."""
    chosen = winners(journal)
    return {
        name: _answer(journal, problem, {tuner: done for (of, tuner), done in chosen.items() if of == name})
        for name, problem in problems.items()
    }


def _answer(journal: Journal, problem: ProblemSummary, found: Mapping[str, Retraining]) -> Answer:
    tuner = problem.choice.tuner or _best(journal, problem, found)
    winner = found.get(tuner)
    return Answer(
        use="" if winner is None else _use(problem, winner),
        code=() if winner is None else _code(journal, winner),
        worth=tuple(_gained(problem, row) for row in rows_of(problem.baseline_pairs) if row["a"] == tuner),
        more=(problem.choice.more,) if problem.choice.more else (),
        table=answer_table(problem),
    )


def _best(journal: Journal, problem: ProblemSummary, found: Mapping[str, Retraining]) -> str:
    """The tuner whose winner is best on fresh seeds, where there is nothing to choose by; empty without any."""
    scores = {tuner: mean_score(journal, winner) for tuner, winner in found.items()}
    best = problem.objective.best(scores.values()) if scores else math.nan
    return next((tuner for tuner, score in scores.items() if score == best), "")


def _use(problem: ProblemSummary, winner: Retraining) -> str:
    cells = problem.retrained[problem.retrained["tuner"] == winner.cell.tuner]
    row = cells[cells["replicate"] == winner.cell.replicate].to_dict("records")[0]
    rule = problem.objective
    places = decimals_for([*cells["retrained"].dropna(), *cells["test"].dropna()])
    scores = [
        f"{name} {number(row[column], places)}"
        for name, column in ((rule.metric, "retrained"), (f"test {rule.test_metric}", "test"))
        if not pd.isna(row[column])
    ]
    told = f" {' and '.join(scores)}, means over {plural(int(row['seeds']), 'fresh seed')}." if scores else ""
    best = (
        f" It is the best of {plural(len(cells), 'search', 'searches')}, so that is optimistic."
        if len(cells) > 1
        else ""
    )
    values = ", ".join(f"{name} {setting(value)}" for name, value in winner.configuration.items())
    return (
        f"{winner.cell.tuner}, replicate {winner.cell.replicate}, trial {winner.trial}:{told}{best} "
        f"Its configuration: {values or 'no hyperparameters'}."
    )


def _code(journal: Journal, winner: Retraining) -> tuple[str, ...]:
    record = journal.winners.get(winner.cell[:2])
    if record is None or (record.cell, record.trial, record.repeat) != (winner.cell, winner.trial, winner.repeat):
        return ()
    predict = "predictions = model.predict(x)  # x as in the study's data"
    if record.file.endswith(WHOLE):
        return ("import keras", f'model = keras.models.load_model("models/{record.file}")', predict)
    problem = f", problem={winner.cell.problem!r}" if len(journal.problems) > 1 else ""
    return (
        f"model = study.best_model({winner.cell.tuner!r}{problem})  # study: that of the study's script",
        predict,
    )


def _gained(problem: ProblemSummary, row: Row) -> str:
    """What the tuner has gained over a baseline: on the search's score, and on test."""
    tuner, baseline = str(row["a"]), str(row["b"])
    what = f"Against your {baseline}" if baseline in problem.contest.no_search else f"Against {baseline}"
    if not row["n"]:
        return f"{what}: no replicate is finished by both."
    if problem.endpoint.paired:
        wins = row["a_better"] * row["n"]
        better = f"{wins:g} of {plural(int(row['n']), 'replicate')}" + ("" if wins.is_integer() else ", ties half")
    else:
        better = f"{row['a_better']:.0%} of all pairs of their searches"
    finals = problem.tuners.set_index("tuner")["median"]
    places = decimals_for([finals[tuner], finals[baseline], 0.0])
    seen = f"{problem.objective.metric} {number(finals[tuner], places)} and {number(finals[baseline], places)}"
    shown = "Shown." if row["decided"] == tuner else "Shown worse." if row["decided"] else "Not proven."
    return f"{what}: better in {better} (best seen, medians: {seen}{_tested(problem, tuner, baseline)}). {shown}"


def _tested(problem: ProblemSummary, tuner: str, baseline: str) -> str:
    """What both give on test, on average."""
    tests = problem.winners.set_index("tuner")["test"].dropna()
    if tuner not in tests or baseline not in tests:
        return ""
    places = decimals_for([*tests])
    test = problem.objective.test_metric
    return f"; fresh seeds, means: test {test} {number(tests[tuner], places)} and {number(tests[baseline], places)}"
