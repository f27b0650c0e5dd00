"""The first screen of a problem: where the model to use is, and what searching and more computing are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.searching import TUNERS
from tuning.analysis.winners import best_winner, record_of, winners
from tuning.formatting import decimals_for, number, plural, seconds, setting
from tuning.journal.journal import Journal
from tuning.journal.records import Retraining
from tuning.journal.winner_record import MODELS
from tuning.report.tables.answer import answer_table
from tuning.report.tables.base import Row, Table, rows_of

WHOLE = ".keras"
"""A model's file, unless Keras cannot save it whole."""


@dataclass(frozen=True)
class Answer:
    """What a reader must know first.

    Attributes:
        title: Of the next.
        use: The model to use, the best of all winners, in a sentence or two; empty if nothing was retrained.
        model: Its file, from the study's folder; empty if it is not saved.
        code: Lines of Python that load it; empty if it is not saved.
        unsaved: Why there is none.
        worth: What searching gained over each baseline, a sentence each.
        more: What more replicates would cost, gain and be able to show, a sentence each.
        table: A row for each tuner.
    """

    title: str
    use: str
    model: str
    code: tuple[str, ...]
    unsaved: str
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
    winner = best_winner(journal, found.values())
    tuner = problem.choice.tuner or (winner.cell.tuner if winner else "")
    file = "" if winner is None else _file(journal, winner)
    trained = not problem.endpoint.noise_free
    return Answer(
        title="Use this model" if trained else "Use this configuration",
        unsaved="Its model is not saved: a run of the study saves it." if trained else "Nothing was trained here.",
        use="" if winner is None else _use(problem, winner),
        model=file,
        code=() if winner is None or not file else _code(journal, winner, file),
        worth=tuple(_gained(problem, row) for row in rows_of(problem.baseline_pairs) if row["a"] == tuner),
        more=tuple(line for line in (problem.choice.more, _to_show(problem)) if line),
        table=answer_table(problem),
    )


def _use(problem: ProblemSummary, winner: Retraining) -> str:
    cells = problem.retrained[problem.retrained["tuner"].isin(problem.contest.tuners)]
    own = (cells["tuner"] == winner.cell.tuner) & (cells["replicate"] == winner.cell.replicate)
    row = cells[own].to_dict("records")[0]
    rule = problem.objective
    places = decimals_for([*cells["retrained"].dropna(), *cells["test"].dropna()])
    scores = [
        f"{name} {number(row[column], places)}"
        for name, column in ((rule.metric, "retrained"), (f"test {rule.test_metric}", "test"))
        if not pd.isna(row[column])
    ]
    seeds = int(row["seeds"])
    over = "on one fresh seed" if seeds == 1 else f"means over {seeds} fresh seeds"
    told = f" {' and '.join(scores)}, {'without noise' if problem.endpoint.noise_free else over}." if scores else ""
    best = (
        f" It is the best of all {plural(len(cells), 'search', 'searches')}, whichever tuner found it, so that is "
        "optimistic."
        if len(cells) > 1
        else ""
    )
    values = ", ".join(f"{name} {setting(value)}" for name, value in winner.configuration.items())
    return (
        f"{winner.cell.tuner}, replicate {winner.cell.replicate}, trial {winner.trial}:{told}{best} "
        f"Its configuration: {values or 'no hyperparameters'}."
    )


def _file(journal: Journal, winner: Retraining) -> str:
    record = record_of(journal, winner)
    return f"{MODELS}/{record.file}" if record else ""


def _code(journal: Journal, winner: Retraining, file: str) -> tuple[str, ...]:
    predict = "predictions = model.predict(x)  # x as in the study's data"
    if file.endswith(WHOLE):
        return ("import keras", f'model = keras.models.load_model("{file}")', predict)
    problem = f", problem={winner.cell.problem!r}" if len(journal.problems) > 1 else ""
    return (
        f"model = study.best_model({winner.cell.tuner!r}{problem})  # study: that of the study's script",
        predict,
    )


def _gained(problem: ProblemSummary, row: Row) -> str:
    """What the tuner has gained over a baseline: on the search's score, and on test."""
    tuner, baseline = str(row["a"]), str(row["b"])
    what = f"{tuner} against {'your ' if baseline in problem.contest.no_search else ''}{baseline}"
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
    together = problem.searching.set_index("baseline")["decided"].get(baseline, "")
    shown = "Not proven."
    if together:
        how = "better" if together == TUNERS else "worse"
        shown = f"Not proven by itself; all tuners together are shown {how}."
    shown = "Shown." if row["decided"] == tuner else "Shown worse." if row["decided"] else shown
    return f"{what}: better in {better} (best seen, medians: {seen}{_tested(problem, tuner, baseline)}). {shown}"


def _to_show(problem: ProblemSummary) -> str:
    """What it costs until there are enough replicates to show a difference; empty if there are."""
    lacking = problem.verdict.lacking
    if not lacking:
        return ""
    time = f", {seconds(lacking * problem.replicate.seconds)} of one process" if problem.replicate.seconds else ""
    epochs = plural(round(lacking * problem.replicate.epochs), "epoch")
    return f"To be able to show a difference takes {plural(lacking, 'further replicate')}: about {epochs}{time}."


def _tested(problem: ProblemSummary, tuner: str, baseline: str) -> str:
    """What both give on test, on average."""
    tests = problem.winners.set_index("tuner")["test"].dropna()
    if tuner not in tests or baseline not in tests:
        return ""
    places = decimals_for([*tests])
    test = problem.objective.test_metric
    return f"; fresh seeds, means: test {test} {number(tests[tuner], places)} and {number(tests[baseline], places)}"
