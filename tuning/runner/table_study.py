"""The study that trains a table of configurations."""

from __future__ import annotations

from tuning.budget import Budget
from tuning.errors import StudyError
from tuning.formatting import plural
from tuning.problems.computed import Computed
from tuning.problems.problem import trainings_of
from tuning.problems.surrogate import FOLDS
from tuning.problems.table import SUFFIX
from tuning.runner.plan import StudyPlan
from tuning.tuners.table_draws import TableDraws


def table_study(study: StudyPlan, configurations: int, repeats: int = 1) -> StudyPlan:
    """The study that trains this many configurations of each problem of `study`, or all if there are fewer.

    Args:
        study: Whose problems.
        configurations: How many.
        repeats: Trainings of each, on as many seeds, and splits where the problem draws them.

    Raises:
        StudyError: They are too few to fit a model, or a problem of `study` is computed from a table itself.
        DataError, SpaceError: A space cannot be recorded.
    """
    if computed := [problem.name for problem in study.problems if isinstance(problem, Computed)]:
        raise StudyError(f"problem {computed[0]!r} is computed from a table already; expected one that is trained")
    number = int(min(configurations, max(problem.space.size for problem in study.problems)))
    if number < FOLDS:
        raise StudyError(f"a table of {plural(number, 'configuration')} is too small; expected {FOLDS} or more")
    return StudyPlan(
        study.name + SUFFIX,
        study.problems,
        [TableDraws(repeats)],
        budget=Budget(max(problem.max_epochs * trainings_of(problem) for problem in study.problems)),
        replicates=number * repeats,
        baselines=(),
        retrain=0,
        trial_seconds=study.trial_seconds,
        trial_memory=study.trial_memory,
    )
