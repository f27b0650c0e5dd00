"""The section "The search" of a report: what both templates show of one problem's `Search`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tuning.analysis.problem_summary import ProblemSummary
from tuning.exploration.boundary import BEST_SHARE, LIFT, NEAR, SUSPICIOUS
from tuning.exploration.exploration import Search
from tuning.report.figures import dependence
from tuning.report.figures import exploration as figures
from tuning.report.figures import trials as trial_figures
from tuning.report.figures.base import Figure
from tuning.report.tables import dependence as dependence_tables
from tuning.report.tables import exploration as tables
from tuning.report.tables.base import Table

BOUNDS_NOTE = (
    f"This checks the best {BEST_SHARE:.0%} of the configurations trained in full, all tuners together. Near a bound "
    f"is the outermost {NEAR:.0%} of a range on its own scale, or its last value. A hyperparameter is flagged from "
    f"{SUSPICIOUS:.0%} of the best on, if that is at least {LIFT:g} times what chance would place there. The check is "
    "the Deep Learning Tuning Playbook's (Godbole et al., 2023)."
)


@dataclass(frozen=True)
class SearchSection:
    """One problem's part.

    Attributes:
        figures: By kind, each with the table of its numbers.
        bounds: A line for each hyperparameter that has bounds, those at a bound first.
        bounds_table: Their numbers.
        bounds_note: How they are judged.
        unimportant: Why there is no importance; empty if there is.
        promotions: The promoted configurations, in the replicates shown.
        trials: What the page filters, `trial_figures.page_data`.
    """

    figures: dict[str, tuple[Figure, Table]]
    bounds: tuple[str, ...]
    bounds_table: Table
    bounds_note: str
    unimportant: str
    promotions: Table
    trials: Mapping[str, object]

    @property
    def empty(self) -> bool:
        return not (self.figures or self.bounds or self.unimportant)


def section(search: Search, problem: ProblemSummary, slug: str = "") -> SearchSection:
    """The section of one problem; `slug` ends its figures' file names."""
    drawn = {
        "parallel": (trial_figures.parallel(search, slug), tables.best_trials_table),
        "slices": (trial_figures.slices(search, slug), tables.slices_table),
        "coverage": (figures.coverage_dots(search, slug), tables.coverage_table),
        "importance": (figures.importance_dots(search, slug), tables.importance_table),
        "partial_dependence": (dependence.partial_dependence(search, slug), dependence_tables.dependence_table),
        "contour": (dependence.contour(search, slug), dependence_tables.surface_table),
        "rungs": (figures.rung_panels(search, problem, slug), tables.rungs_table),
    }
    flagged = search.boundary["flag"] != ""
    lines = [*search.boundary.loc[flagged, "line"], *search.boundary.loc[~flagged, "line"]]
    return SearchSection(
        figures={kind: (figure, make(search)) for kind, (figure, make) in drawn.items() if figure is not None},
        bounds=tuple(map(str, lines)),
        bounds_table=tables.boundary_table(search),
        bounds_note=BOUNDS_NOTE,
        unimportant="" if len(search.importance.frame) else search.importance.note,
        promotions=tables.promotions_table(search, problem),
        trials=trial_figures.page_data(search),
    )
