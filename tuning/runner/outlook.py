"""What a plan can show, said before it runs: too few replicates, and tuners that would be random search."""

from __future__ import annotations

from math import comb

from tuning.formatting import names, plural
from tuning.problems.problem import Problem, TrainingProblem, trainings_of
from tuning.problems.table import TableProblem
from tuning.runner.plan import StudyPlan
from tuning.statistics import rank_sum, signed_rank
from tuning.statistics.equality import fewest
from tuning.statistics.signed_rank import LEVEL
from tuning.tuners.base import Tuner


def outlook(study: StudyPlan) -> list[str]:
    """A line for each thing that a reader should change before the run, or accept. Loads data."""
    lines = _timed(study)
    for problem in study.problems:
        plain = [tuner for tuner in study.tuners if _is_random_search(study, tuner, problem)]
        lines += [f"{problem.name}: {_to_learn(study, tuner, problem)}" for tuner in plain if tuner.random_setting]
        if len(plain) > 1:
            labels = names([tuner.label for tuner in plain])
            lines.append(f"{problem.name}: {labels} would be one algorithm, random search, and would not be compared.")
        pairs = study.num_pairs - (0 if study.reference else comb(len(plain), 2))
        lines += [*_too_few(study, problem, pairs), *_too_few_for_equality(study, problem, pairs)]
    return lines


def _timed(study: StudyPlan) -> list[str]:
    """What a budget in seconds means, if it is one."""
    if study.budget.seconds is None:
        return []
    lines = [
        "The budget is a time: results depend on the machine and on what else runs on it, also on how many cells run "
        "side by side."
    ]
    if study.budget.epochs is None:
        lines += [
            f"{tuner.label} plans for a number of trials, and nobody knows how many a time pays for: it plans for a "
            "search without an end. Give Budget(epochs=...) too."
            for tuner in study.tuners
            if tuner.plans
        ]
    return lines


def _is_random_search(study: StudyPlan, tuner: Tuner, problem: TrainingProblem) -> bool:
    """Whether a tuner's draws at random take up the whole budget in full trainings."""
    draws = tuner.random_draws(problem)
    shorter = tuner.resumes or (tuner.prunes and getattr(tuner, "pruner", None) is not None)
    return not shorter and (draws is None or draws >= _full_trials(study, tuner, problem))


def _full_trials(study: StudyPlan, tuner: Tuner, problem: TrainingProblem) -> float:
    """How many full trainings the budget pays for; infinite if only time ends a search, as nobody knows beforehand."""
    epochs, _ = study.budget_of(tuner, problem).limits
    return epochs / (problem.max_epochs * trainings_of(problem))


def _to_learn(study: StudyPlan, tuner: Tuner, problem: TrainingProblem) -> str:
    draws, trials = tuner.random_draws(problem) or 0, _full_trials(study, tuner, problem)
    enough = (draws + 1) * problem.max_epochs * trainings_of(problem)
    fewer = max(1, int(trials) // 3)
    return (
        f"{tuner.label} draws its first {plural(draws, 'configuration')} at random, and the budget pays for "
        f"{trials:.3g}: it would learn nothing. Give it {tuner.random_setting}={fewer}, or a budget of {enough} epochs "
        "or more."
    )


def _too_few(study: StudyPlan, problem: TrainingProblem, pairs: int) -> list[str]:
    """A line if no difference could be shown, however large."""
    if study.until_decided is not None or pairs < 1:
        return []
    resampled = isinstance(problem, Problem) and problem.resampled.resampling is not None
    paired = resampled or isinstance(problem, TableProblem)
    test = signed_rank if paired else rank_sum
    needed = test.replicates_needed(pairs, 2 * LEVEL / study.sides)
    if study.replicates >= needed:
        return []
    return [
        f"{problem.name}: with {plural(study.replicates, 'replicate')} no difference in {plural(pairs, 'pair')} of "
        f"tuners can be shown at {LEVEL:.0%}, however large; {needed} or more are needed, or fewer tuners, or a "
        "reference."
    ]


def _too_few_for_equality(study: StudyPlan, problem: TrainingProblem, pairs: int) -> list[str]:
    """A line if the study has a rope, and no two tuners could be called equal."""
    most = study.replicates if study.until_decided is None else study.until_decided.cap
    if study.rope is None or pairs < 1 or most >= fewest(pairs):
        return []
    return [
        f"{problem.name}: with {plural(most, 'replicate')} no two tuners of {plural(pairs, 'pair')} can be called "
        f"practically equal; {fewest(pairs)} or more are needed, in which a failure in one search of ten would show."
    ]
