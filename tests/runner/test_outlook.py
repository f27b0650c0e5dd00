"""What `tuning check` says of a plan before it runs; and that tuners draw at random as often as they declare."""

import pytest

from tuning import tuners as registry
from tuning.analysis.conduct import RANDOM_BY_NAME
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.outlook import outlook
from tuning.runner.plan import Overrides
from tuning.runner.until_decided import before_first_look
from tuning.statistics.sequential import Rule
from tuning.study import Study
from tuning.tuners.base import Tuner
from tuning.tuners.keras_tuner import KTBayesian, KTHyperband, KTRandom
from tuning.tuners.optuna import OptunaTPE


def study(budget: int, replicates: int = 10, tuners: tuple[Tuner, ...] = (), **arguments: object) -> Study:
    problem = SyntheticProblem(mixed_space, max_epochs=3)
    made = list(tuners) or [KTRandom(), KTBayesian(num_initial_points=6), OptunaTPE(), KTHyperband()]
    return Study("s", problem, made, budget=Budget(budget), replicates=replicates, baselines=(), retrain=0, **arguments)


def test_tuners_that_would_be_random_search_are_named_with_what_would_change_it() -> None:
    assert outlook(study(budget=18)) == [
        "synthetic: kt-bayesian draws its first 6 configurations at random, and the budget pays for 6: it would learn "
        "nothing. Give it num_initial_points=2, or a budget of 21 epochs or more.",
        "synthetic: optuna-tpe draws its first 10 configurations at random, and the budget pays for 6: it would learn "
        "nothing. Give it n_startup_trials=2, or a budget of 33 epochs or more.",
        "synthetic: kt-random, kt-bayesian and optuna-tpe would be one algorithm, random search, and would not be "
        "compared.",
    ]
    assert outlook(study(budget=33)) == []


def test_a_plan_that_can_never_decide_is_said_to_be_one() -> None:
    (line,) = outlook(study(budget=33, replicates=4))
    assert line == (
        "synthetic: with 4 replicates no difference in 6 pairs of tuners can be shown at 5%, however large; 5 or more "
        "are needed, or fewer tuners, or a reference."
    )
    assert outlook(study(budget=33, replicates=5)) == []
    assert outlook(study(budget=33, replicates=4).changed(Overrides(until_decided=Rule()))) == []


def test_asked_only_whether_a_tuner_is_better_fewer_replicates_can_decide() -> None:
    both = study(budget=33, replicates=4, reference="kt-random")
    (line,) = outlook(both)
    assert line.startswith("synthetic: with 4 replicates no difference in 3 pairs of tuners can be shown at 5%")
    one = study(budget=33, replicates=4, reference="kt-random", alternative="better")
    assert outlook(one) == []
    first = [before_first_look(plan.changed(Overrides(until_decided=Rule()))).replicates for plan in (both, one)]
    assert first == [Rule().first_look(3), Rule().first_look(3, 1)]
    assert first[1] < first[0]


def test_a_plan_that_can_never_find_two_tuners_equal_is_said_to_be_one() -> None:
    few = study(budget=33, rope=0.1, replicates=38, reference="kt-random")
    (line,) = outlook(few)
    assert line == (
        "synthetic: with 38 replicates no two tuners of 3 pairs can be called practically equal; 39 or more are "
        "needed, in which a failure in one search of ten would show."
    )
    assert outlook(few.changed(Overrides(replicates=39))) == []
    assert outlook(few.changed(Overrides(until_decided=Rule(39, rope=0.1)))) == []
    assert outlook(few.changed(Overrides(until_decided=Rule(rope=0.1))))[0].startswith("synthetic: with 30 replicates ")


class Opposite(SyntheticProblem):
    """What is good there is bad here."""

    def value(self, configuration: Configuration, epoch: int, seed: int) -> float:
        return -super().value(configuration, epoch, seed)


@pytest.mark.parametrize("tuner", [KTBayesian(num_initial_points=4), OptunaTPE(n_startup_trials=5)])
def test_a_tuner_draws_at_random_until_it_says_that_it_learns(tuner: Tuner) -> None:
    drawn = []
    for problem in (SyntheticProblem(mixed_space, max_epochs=1), Opposite(mixed_space, max_epochs=1)):
        done = run_cell(CellTask("s", problem, tuner, 1, Budget(12)))
        drawn.append([trial.configuration for trial in done.trials])
    first = tuner.random_draws(SyntheticProblem(mixed_space))
    assert first in (4, 5)
    assert drawn[0][:first] == drawn[1][:first]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize("name", RANDOM_BY_NAME)
def test_what_can_only_draw_at_random_by_its_name_says_so(name: str) -> None:
    assert registry.load(name)().random_draws(SyntheticProblem(mixed_space)) is None


def test_unless_told_kt_bayesian_draws_three_for_each_hyperparameter() -> None:
    problem = SyntheticProblem(mixed_space)
    assert KTBayesian().random_draws(problem) == 3 * len(problem.space.hyperparameters)
    assert OptunaTPE(sampler=lambda seed: None).random_draws(problem) == 0
