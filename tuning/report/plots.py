"""The figures of a report one by one, as altair charts, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import Summary
from tuning.errors import StudyError
from tuning.exploration.exploration import Search, searches
from tuning.journal.journal import Journal
from tuning.report.figures import (
    comparison,
    curves,
    dependence,
    endpoint,
    exploration,
    improvement,
    reaching,
    scores,
    trials,
)
from tuning.report.figures.base import Chart, Figure


class Plots:
    """Each method returns one figure of the report, an altair chart; its caption is in the report.

    A chart can be changed and saved: ``result.plot.best_so_far().save("curves.html")``.

    Raises:
        StudyError: There is nothing to draw, as without a finished search; or the study has several problems, and
            ``result.problem(name).plot`` has that of one.
    """

    def __init__(self, journal: Journal, summary: Summary, shown: Mapping[str, ProblemSummary]) -> None:
        self._journal = journal
        self._summary = summary
        self._shown = shown

    def best_so_far(self) -> Chart:
        """The best score so far over epochs: medians over replicates, with intervals under the pointer."""
        return _chart(curves.best_so_far(self._problem))

    def wall_clock(self) -> Chart:
        """The best score so far over seconds of training and thinking."""
        return _chart(curves.wall_clock(self._problem))

    def what_one_gets(self) -> Chart:
        """The endpoint of each tuner at a quarter, at half and at all of its budget, with intervals."""
        return _chart(endpoint.what_one_gets(self._problem))

    def final_scores(self) -> Chart:
        """The best score that each search saw."""
        return _chart(scores.final_strip(self._problem))

    def rank_over_budget(self) -> Chart:
        """Mean ranks over the budget; of several problems, over all of them."""
        return _chart(comparison.rank_over_budget(self._compared))

    def pairwise(self) -> Chart:
        """How probably each tuner beats each other, as a matrix."""
        return _chart(comparison.pair_matrix(self._problem))

    def improvement(self) -> Chart:
        """How probably one tuner of each pair beats the other, with intervals."""
        return _chart(improvement.improvement(self._problem))

    def critical_difference(self) -> Chart:
        """Mean ranks with the groups that a rank test cannot tell apart; of several problems, over all of them."""
        return _chart(comparison.critical_difference(self._compared))

    def performance_profile(self) -> Chart:
        """The share of searches that had come within a distance of the best known score."""
        return _chart(comparison.performance_profile(self._problem))

    def fixed_targets(self) -> Chart:
        """The share of target scores reached over the epochs spent."""
        return _chart(reaching.fixed_targets(self._problem))

    def speed_up(self) -> Chart:
        """How many times as many epochs random search needs for a tuner's score."""
        return _chart(reaching.speed_up(self._problem))

    def trials_by_state(self) -> Chart:
        """How many trials were COMPLETE, PRUNED, CUT and FAILED."""
        return _chart(scores.trial_states(self._problem))

    def parallel_coordinates(self) -> Chart:
        """A line for each trial through its hyperparameters to its score."""
        return _chart(trials.parallel(self._search))

    def slices(self) -> Chart:
        """Score against each hyperparameter."""
        return _chart(trials.slices(self._search))

    def coverage(self) -> Chart:
        """How much of the space each tuner has tried."""
        return _chart(exploration.coverage_dots(self._search))

    def importance(self) -> Chart:
        """How much each hyperparameter matters for being among the best; needs Optuna."""
        return _chart(exploration.importance_dots(self._search))

    def partial_dependence(self) -> Chart:
        """The mean score at each value of a hyperparameter, all others averaged over, with intervals."""
        return _chart(dependence.partial_dependence(self._search))

    def contour(self) -> Chart:
        """The mean score over the two most important hyperparameters, with trials over it."""
        return _chart(dependence.contour(self._search))

    def rungs(self) -> Chart:
        """Which trials were promoted, and how far each was trained."""
        return _chart(exploration.rung_panels(self._search, self._problem))

    @property
    def _problem(self) -> ProblemSummary:
        return only(self._shown, "plot")

    @property
    def _compared(self) -> ProblemSummary | Summary:
        return self._summary if len(self._shown) > 1 else self._problem

    @property
    def _search(self) -> Search:
        return self._searches[self._problem.name]

    @cached_property
    def _searches(self) -> Mapping[str, Search]:
        return searches(self._journal, self._summary)


def only(shown: Mapping[str, ProblemSummary], what: str) -> ProblemSummary:
    """The one problem that is shown. Raises StudyError if there are several, naming the attribute that was asked."""
    if len(shown) > 1:
        first = next(iter(shown))
        raise StudyError(
            f"the study has the problems {', '.join(shown)}, and each its own answer; say which: "
            f"result.problem({first!r}).{what}"
        )
    return next(iter(shown.values()))


def _chart(figure: Figure | None) -> Chart:
    if figure is None:
        raise StudyError(
            "there is nothing to draw yet; `tuning status` says what has run, and the report what it lacks"
        )
    return figure.chart
