"""All numbers of a report: of each problem, and over all problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from tuning.analysis.conduct import conduct
from tuning.analysis.contest import Contest
from tuning.analysis.curves import cells_frame
from tuning.analysis.looks import accounts, complete_replicates, still_open
from tuning.analysis.over_problems.draws import draws
from tuning.analysis.over_problems.over_problems import OverProblems, over_problems
from tuning.analysis.problem_summary import Comparison, ProblemSummary, Rows, summarise_problem
from tuning.analysis.spent import Spent, spent, spent_by_cell
from tuning.analysis.standings import GRID_STEPS, standing_grid, standings_over
from tuning.analysis.trials import failure_groups
from tuning.analysis.tuner_table import TUNER_COLUMNS
from tuning.analysis.verdict.verdict import SHOWN
from tuning.analysis.winners import TUNER_COLUMNS as WINNER_COLUMNS
from tuning.formatting import plural
from tuning.journal import frames
from tuning.journal.journal import Journal
from tuning.statistics.ranks import RankTest, rank_test
from tuning.statistics.sequential import Rule
from tuning.statistics.signed_rank import LEVEL


@dataclass(frozen=True)
class Summary(Comparison):
    """What a journal's trials show. Standings and ranks are over problems, and exist if it has several.

    Attributes:
        study: Its name.
        problems: By name.
        trials: `frames.trials_frame`.
        epochs: `frames.epochs_frame`.
        retrainings: `frames.retrainings_frame`.
        cells: `curves.cells_frame`, the budget audit.
        failures: `trials.failure_groups`.
        spent: What all cells cost.
        over_problems: What all problems say together; None if there is only one.
    """

    block: ClassVar[str] = "problem"

    study: str
    problems: Mapping[str, ProblemSummary]
    trials: pd.DataFrame
    epochs: pd.DataFrame
    retrainings: pd.DataFrame
    cells: pd.DataFrame
    failures: pd.DataFrame
    spent: Spent
    over_problems: OverProblems | None

    @property
    def tuners(self) -> pd.DataFrame:
        """`tuner_table.tuner_table` of all problems."""
        return _stacked((problem.tuners for problem in self.problems.values()), TUNER_COLUMNS)


def summarise(journal: Journal) -> Summary:
    """Everything a report shows, computed once from the journal."""
    contest = Contest.of(journal)
    trials, epochs = frames.trials_frame(journal), frames.epochs_frame(journal)
    retrainings = frames.retrainings_frame(journal)
    cells = cells_frame(journal.planned_cells(), journal.ends, trials, journal.budgets())
    costs = spent_by_cell(journal)
    contests = {name: contest.on(journal, name) for name in journal.problems}
    # Over problems, each step is the same share of every budget.
    steps = min([GRID_STEPS, *(of.budget_epochs for of in contests.values())])
    problems, measures = {}, []
    for name, recorded in journal.problems.items():
        rows = Rows(
            _of(name, trials),
            _of(name, epochs),
            _of(name, retrainings),
            _of(name, cells),
            conduct(journal, name),
            _of(name, costs),
        )
        problems[name], of_problem = summarise_problem(
            name, recorded, journal.objective(name), contests[name], rows, steps
        )
        measures.append(of_problem)
    over = over_problems(problems, journal.problems, contest) if len(problems) > 1 else None
    if over is not None:
        problems = {name: _one_of_several(problem, over) for name, problem in problems.items()}
    drawn = list(draws(journal.problems).values())
    return Summary(
        contest=contest,
        standings=standings_over(measures, standing_grid(contest.budget_epochs, steps), drawn),
        rank_test=_rank_test(problems, contest, drawn),
        verdict=next(iter(problems.values())).verdict if over is None else over.verdict,
        study=journal.name,
        problems=problems,
        trials=trials,
        epochs=epochs,
        retrainings=retrainings,
        cells=cells,
        failures=failure_groups(trials),
        spent=spent(costs),
        over_problems=over,
    )


def _of(problem: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The problem's rows."""
    return frame[frame["problem"] == problem]


def _one_of_several(problem: ProblemSummary, over: OverProblems) -> ProblemSummary:
    """A problem with a word on its verdict: judged by itself, one of many may differ by chance."""
    if problem.verdict.kind != SHOWN:
        return problem
    shown = int((problem.pairs["decided"] != "").sum())
    left = int((over.single.loc[over.single["problem"] == problem.name, "decided"] != "").sum())
    note = (
        f"This problem is judged by itself here. With the {len(over.single)} pairs of all problems in one family, "
        f"{left} of {plural(shown, 'difference')} {'is' if left == 1 else 'are'} shown."
    )
    return replace(problem, verdict=replace(problem.verdict, details=(note, *problem.verdict.details)))


def looked_at(problems: Mapping[str, ProblemSummary], rule: Rule) -> list[str]:
    """Where a study stands that adds replicates by `rule`: a line for each problem, with its name if it has several."""
    if rule.loss is None:
        return accounts({name: problem.pairs for name, problem in problems.items()}, rule)
    return [
        (f"{name}: " if len(problems) > 1 else "")
        + f"{plural(complete_replicates(problem.cells), 'replicate')} of at most {rule.cap}. {problem.choice.line}"
        for name, problem in problems.items()
    ]


def content(problem: ProblemSummary, rule: Rule) -> bool:
    """Whether `rule` asks for no further replicate of a problem."""
    return still_open(problem.pairs).empty if rule.loss is None else problem.choice.enough(rule.loss)


def _rank_test(problems: Mapping[str, ProblemSummary], contest: Contest, drawn: Sequence[int]) -> RankTest | None:
    """Over draws of a problem as blocks: tuners by their mean, or by their mean rank over the problems of one draw."""
    if len(problems) < 2:
        return None
    # If lower is better, scores change sign, so that ranks mean the same in every row.
    means = [
        problem.objective.sign * problem.endpoint.table(contest.tuners)["mean"].to_numpy(dtype=float)
        for problem in problems.values()
    ]
    ranks = pd.DataFrame(means).rank(axis=1, ascending=False).to_numpy()
    blocks = [ranks[np.array(drawn) == draw].mean(axis=0) for draw in dict.fromkeys(drawn)]
    return rank_test(np.array(blocks), contest.tuners, "min", "problem", LEVEL)


def results(summary: Summary) -> pd.DataFrame:
    """The table of tuners for machines, `tuners.csv`: `Summary.tuners`, and what the incumbents are worth.

    Returns:
        (num_problems * num_tuners, 35): ``median`` to ``largest`` are of the best scores seen; ``retrained``, ``test``
        and ``optimism`` come from `winners.winner_table`, each with ``_low`` and ``_high``; NaN without retraining.
        With a surrogate ``regret`` and its interval are added.
    """
    winners = _stacked((problem.winners for problem in summary.problems.values()), WINNER_COLUMNS)
    return summary.tuners.merge(winners, on=["problem", "tuner"], how="left")


def _stacked(parts: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))
