"""The built-in tuners pass the conformance suite, and what is particular to each of them."""

import math
from importlib.util import find_spec
from typing import Any

import keras_tuner
import optuna
import pytest

from tests.support.documentation import ROOT, blocks
from tuning import (
    SMAC,
    Ax,
    KTBayesian,
    KTGrid,
    KTHyperband,
    KTRandom,
    Nevergrad,
    OptunaASHA,
    OptunaCmaEs,
    OptunaGP,
    OptunaRandom,
    OptunaTPE,
    OptunaTPEHyperband,
    OptunaTPEMedian,
    SklearnGrid,
    SklearnHalving,
    SklearnRandomized,
    tuners,
)
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.journal.records import SEARCH_ENDED, CellState, TrialState
from tuning.problems.synthetic import SyntheticProblem, continuous_space, tiny_space
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import FIVE
from tuning.space.converters import default_configuration
from tuning.testing import TrialConformance, TunerConformance, configurations, search
from tuning.tuners.base import Tuner
from tuning.tuners.dehb import DEHB


class TestKTRandom(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-random")()


class TestKTHyperband(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-hyperband")()


class TestKTBayesian(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-bayesian")(num_initial_points=9)  # its model takes half a second for each further trial


class TestSklearnRandomized(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("sklearn-randomized")()


class TestOptunaTPE(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-tpe")(n_startup_trials=5)


class TestKTGrid(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("kt-grid")()


class TestSklearnGrid(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("sklearn-grid")()


class TestSklearnHalving(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("sklearn-halving")()


class TestOptunaRandom(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-random")()


class TestOptunaQMC(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-qmc")()


class TestOptunaCmaEs(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-cmaes")()


class TestOptunaTPEMedian(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-tpe-median")(n_startup_trials=5)


class TestOptunaASHA(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-asha")()


@pytest.mark.skipif(find_spec("dehb") is None, reason="dehb is not installed")
class TestDEHB(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("dehb")()


class TestOptunaTPEHyperband(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-tpe-hyperband")(n_startup_trials=5)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
class TestOptunaGP(TunerConformance):
    startup = 5

    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-gp")(n_startup_trials=self.startup)

    def test_a_raising_trial_is_failed_and_the_search_goes_on(self) -> None:
        # Optuna shows its samplers no failed trial: the process would ask for the same place until the evaluator
        # ends the cell. So only its random trials are tested here.
        self.startup = 40
        super().test_a_raising_trial_is_failed_and_the_search_goes_on()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("nevergrad") is None, reason="nevergrad is not installed")
class TestNevergrad(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("nevergrad")()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("smac") is None, reason="smac is not installed")
class TestSMAC(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("smac")()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ax") is None, reason="ax-platform is not installed")
class TestAx(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("ax")()


class TestRandom2x(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("random-2x")()


@pytest.mark.parametrize(
    "tuner",
    [
        KTBayesian(num_initial_points=1),
        OptunaTPE(n_startup_trials=1),
        OptunaTPE(n_startup_trials=1, parallel_trials=2),
    ],
    ids=["kt-bayesian", "optuna-tpe", "two-at-once"],
)
def test_a_tuner_learns_from_the_default_configuration_it_was_begun_with(tuner: Tuner) -> None:
    """What it tries last changes with the score of the first trial."""

    def last(score: float) -> Configuration:
        problem = SyntheticProblem(fail=lambda configuration: score if configuration == default else None)
        task = CellTask("s", problem, tuner, 1, Budget(4 * problem.max_epochs), starts_at_default=True)
        return [trial.configuration for trial in run_cell(task).trials][-1]

    default = default_configuration(SyntheticProblem().space)
    assert last(0.0) != last(1.0)


class TestScreening(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("screening")()

    def test_half_of_a_round_screens_and_the_best_go_on_in_the_order_of_their_scores(self) -> None:
        trials = search(self.make_tuner(), SyntheticProblem(), epochs=2 * (27 + 3 * 8)).trials
        for part in (trials[:30], trials[30:]):
            screened, continued = part[:27], part[27:]
            assert [(trial.epochs, trial.parent) for trial in screened] == [(1, None)] * 27
            assert [(trial.initial_epoch, trial.target_epochs) for trial in continued] == [(1, 9)] * 3
            ranked = sorted(screened, key=lambda trial: -trial.score)
            assert [trial.parent for trial in continued] == [trial.trial for trial in ranked[:3]]
        screened = [trial for trial in trials if trial.parent is None]
        assert len({str(trial.configuration) for trial in screened}) == 54

    def test_a_raised_budget_goes_on_where_it_ended(self) -> None:
        less, more = (search(self.make_tuner(), SyntheticProblem(), epochs=epochs).trials for epochs in (40, 80))
        assert [trial.configuration for trial in less] == [trial.configuration for trial in more][: len(less)]

    def test_trials_of_one_epoch_are_a_random_search(self) -> None:
        trials = search(self.make_tuner(), SyntheticProblem(max_epochs=1), epochs=11).trials
        assert [(trial.epochs, trial.parent) for trial in trials] == [(1, None)] * 11

    def test_a_failed_trial_is_not_continued(self) -> None:
        def fail(configuration: Configuration) -> float | None:
            return math.nan if int(configuration["width"]) > 32 else None

        trials = search(self.make_tuner(), SyntheticProblem(fail=fail), epochs=120).trials
        continued = [trial for trial in trials if trial.parent is not None]
        assert continued
        assert all(int(trial.configuration["width"]) <= 32 for trial in continued)
        assert len({trial.parent for trial in continued}) == len(continued)

    def test_a_small_space_is_screened_and_then_left(self) -> None:
        result = search(self.make_tuner(), SyntheticProblem(tiny_space, max_epochs=3), epochs=60)
        assert result.end is not None
        assert (result.end.reason, result.end.spent_epochs) == (SEARCH_ENDED, 4 + 3 * 2)
        assert [trial.initial_epoch + trial.epochs for trial in result.trials] == [1] * 4 + [3] * 3


class TestDefault(TrialConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("default")()

    def test_it_trains_the_default_once_in_full_and_leaves_the_rest(self) -> None:
        problem = SyntheticProblem()
        result = search(self.make_tuner(), problem)
        assert result.end is not None
        assert (result.end.state, result.end.reason, result.end.spent_epochs) == (CellState.DONE, SEARCH_ENDED, 9)
        assert configurations(result) == [problem.space.default()]

    def test_a_default_between_the_steps_is_moved_to_one(self) -> None:
        def declare(hp: keras_tuner.HyperParameters) -> None:
            hp.Int("units", 8, 64, step=8, default=30)
            hp.Float("rate", 0.0, 0.9, step=0.1, default=0.9)  # KerasTuner never draws 0.9

        (trial,) = search(self.make_tuner(), SyntheticProblem(declare)).trials
        assert trial.configuration == {"units": 24, "rate": pytest.approx(0.8)}

    def test_a_default_that_fails_ends_it_too(self) -> None:
        def fail(configuration: Configuration) -> None:
            raise RuntimeError("does not build")

        result = search(self.make_tuner(), SyntheticProblem(fail=fail))
        assert result.end is not None
        assert result.end.state == CellState.DONE
        assert [(trial.state, trial.error) for trial in result.trials] == [(TrialState.FAILED, "does not build")]


class TestTheTunerOfTheDocumentation(TunerConformance):
    def make_tuner(self) -> Tuner:
        names: dict[str, Any] = {"__name__": "documented"}
        exec(next(blocks(ROOT / "docs" / "add-a-tuner.md", "python")), names)
        return names["Mutation"]()


def test_every_built_in_tuner_is_in_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuning.tuners.base.find_spec", lambda name: True)  # those of missing libraries are there too
    suites = [*TrialConformance.__subclasses__(), *TunerConformance.__subclasses__()]
    tested = {suite().make_tuner().name for suite in suites if suite.__module__ == __name__}
    assert tested >= set(tuners.BUILT_IN)


def test_the_baselines_are_those_that_say_so() -> None:
    assert {name for name in tuners.BUILT_IN if tuners.load(name).baseline} == {*tuners.BASELINES, "screening"}
    assert {
        name: tuners.load(name).budget_factor for name in tuners.BUILT_IN if tuners.load(name).budget_factor > 1
    } == {"random-2x": 2}


class TestOptunaTPEInBatches(TunerConformance):
    def make_tuner(self) -> Tuner:
        return tuners.load("optuna-tpe")(n_startup_trials=5, parallel_trials=4)


def test_a_batch_is_chosen_without_its_own_results() -> None:
    def trials(parallel_trials: int, surprise: Configuration | None = None) -> list[Configuration]:
        problem = SyntheticProblem(continuous_space, fail=lambda values: 2.0 if values == surprise else None)
        tuner = tuners.load("optuna-tpe")(n_startup_trials=4, parallel_trials=parallel_trials)
        return configurations(search(tuner, problem, epochs=144))

    for parallel_trials, first_told in ((1, 9), (4, 12)):
        known = trials(parallel_trials)
        other = trials(parallel_trials, surprise=known[8])
        assert len(known) == len(other) == 16
        assert [one == two for one, two in zip(known, other, strict=True)].index(False) == first_told


def test_draws_made_beforehand_are_the_same_in_batches() -> None:
    one, four = (tuners.load("sklearn-randomized")(parallel_trials=number) for number in (1, 4))
    assert configurations(search(one, SyntheticProblem(continuous_space))) == configurations(
        search(four, SyntheticProblem(continuous_space))
    )
    assert (one.describe().get("parallel_trials"), four.describe()["parallel_trials"]) == (None, 4)


def test_batches_of_no_trial_and_processes_of_scikit_learn_are_refused() -> None:
    for name in ("optuna-tpe", "sklearn-randomized"):
        with pytest.raises(StudyError, match="parallel_trials=0: expected a whole number of at least 1"):
            tuners.load(name)(parallel_trials=0)
    with pytest.raises(StudyError, match=r"n_jobs=4\): trials of a cell are trained one after another; .* --jobs"):
        tuners.load("sklearn-randomized")(n_jobs=4)


def test_unknown_tuner_is_named_with_the_nearest() -> None:
    with pytest.raises(tuners.StudyError, match=r"no tuner 'kt-hyperbandd'.*did you mean 'kt-hyperband'"):
        tuners.load("kt-hyperbandd")


@pytest.mark.parametrize(
    ("tuner", "trials", "epochs"),
    [
        (KTRandom(max_trials=4), 4, 36),
        (KTBayesian(max_trials=4), 4, 36),
        (SklearnRandomized(n_iter=4), 4, 36),
        (OptunaTPE(n_trials=4), 4, 36),
        (OptunaRandom(n_trials=4), 4, 36),
        (KTGrid(max_trials=4), 4, 36),
        # KerasTuner's brackets for (9, 3), counted: 75 epochs an iteration, not the docstring's 36.
        (KTHyperband(hyperband_iterations=1), 23, 75),
        (KTHyperband(hyperband_iterations=2), 46, 150),
        (KTHyperband(hyperband_iterations=1, factor=9), 9 + 1 + 2, 9 + 8 + 18),
    ],
    ids=lambda value: value.name if isinstance(value, Tuner) else None,
)
def test_a_librarys_own_limit_ends_the_search_before_the_budget(tuner: Tuner, trials: int, epochs: int) -> None:
    result = search(tuner, SyntheticProblem(), epochs=400)
    assert result.end is not None
    assert (result.end.state, result.end.reason) == (CellState.DONE, SEARCH_ENDED)
    assert (len(result.trials), result.end.spent_epochs) == (trials, epochs)


def test_the_arguments_reach_keras_tuners_bayesian_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    make = keras_tuner.oracles.BayesianOptimizationOracle.__init__

    def spy(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        seen.update(alpha=self.alpha, beta=self.beta, points=self.num_initial_points)

    monkeypatch.setattr(keras_tuner.oracles.BayesianOptimizationOracle, "__init__", spy)
    search(KTBayesian(alpha=1e-3, beta=1.5, num_initial_points=5), SyntheticProblem(), epochs=9)
    assert seen == {"alpha": 1e-3, "beta": 1.5, "points": 5}


def test_optuna_prunes_only_when_told_to() -> None:
    off = search(OptunaTPE(), SyntheticProblem(), epochs=120)
    assert {trial.state for trial in off.trials[:-1]} == {TrialState.COMPLETE}
    pruner = optuna.pruners.MedianPruner(n_startup_trials=2)
    on = search(OptunaTPE(pruner=pruner, label="optuna-tpe"), SyntheticProblem(), epochs=120)
    pruned = [trial for trial in on.trials if trial.state == TrialState.PRUNED]
    assert pruned
    assert all(0 < trial.epochs < trial.target_epochs for trial in pruned)
    assert len(on.trials) > len(off.trials)


def test_a_pruned_search_is_replayed_with_the_same_decisions() -> None:
    from tuning.budget import Budget
    from tuning.runner.cell import CellTask, run_cell

    def tuner() -> Tuner:
        return OptunaTPE(pruner=optuna.pruners.MedianPruner(n_startup_trials=2))

    whole = search(tuner(), SyntheticProblem(), epochs=120)
    task = CellTask("conformance", SyntheticProblem(), tuner(), 1, Budget(120), whole.trials[: len(whole.trials) // 2])
    assert [trial.score for trial in run_cell(task).trials] == [trial.score for trial in whole.trials]


def test_another_optuna_sampler_gets_the_derived_seed() -> None:
    seeds = []

    def sampler(seed: int) -> optuna.samplers.BaseSampler:
        seeds.append(seed)
        return optuna.samplers.RandomSampler(seed=seed)

    first = search(OptunaTPE(sampler=sampler), SyntheticProblem(), epochs=27)
    second = search(OptunaTPE(sampler=sampler), SyntheticProblem(), epochs=27)
    assert len(set(seeds)) == 1
    assert configurations(first) == configurations(second)


def test_settings_are_described_for_the_journal() -> None:
    assert KTHyperband(factor=4).describe() == {"tuner": "kt-hyperband", "factor": 4}
    described = OptunaTPE(pruner=optuna.pruners.MedianPruner(), n_startup_trials=3).describe()
    assert described == {"tuner": "optuna-tpe", "pruner": "MedianPruner", "n_startup_trials": 3}


def stepped_space(hp: keras_tuner.HyperParameters) -> None:
    hp.Int("units", 8, 24, step=8, default=15)
    hp.Float("rate", 0.0, 0.4, step=0.1, default=0.4)  # KerasTuner never draws 0.4 here
    hp.Choice("optimizer", ["sgd", "adam"])
    with hp.conditional_scope("optimizer", ["sgd"]):
        hp.Float("momentum", 0.0, 1.0)


@pytest.mark.parametrize("kind", [KTGrid, SklearnGrid])
def test_a_grid_goes_through_all_combinations_once(kind: type[Tuner]) -> None:
    problem = SyntheticProblem(stepped_space, max_epochs=1)
    tried = configurations(search(kind(), problem, epochs=1000))
    assert len(tried) == len({str(values) for values in tried})
    rates = {values["rate"] for values in tried}
    points = {round(float(values.get("momentum", -1.0)), 9) for values in tried}
    # Ten points of a range without steps; KerasTuner puts the default, here its lower end, before them.
    assert points - {0.0} == {-1.0, *(round(0.05 + 0.1 * step, 9) for step in range(10))}
    assert len(tried) == 3 * len(rates) * len(points)


def test_both_grids_vary_the_last_hyperparameter_first() -> None:
    for kind in (KTGrid, SklearnGrid):
        tried = configurations(search(kind(), SyntheticProblem(stepped_space, max_epochs=1), epochs=30))
        assert all(values["units"] == tried[0]["units"] for values in tried)
        momentums = 11 if kind is KTGrid else 10  # the default, then ten points
        assert [values["optimizer"] for values in tried[: momentums + 1]] == ["sgd"] * momentums + ["adam"]


def test_a_halving_promotes_the_best_third_and_charges_the_increment() -> None:
    trials = search(SklearnHalving(), SyntheticProblem(), epochs=21 * 2).trials
    for halving in (trials[:13], trials[13:]):
        first, second, last = halving[:9], halving[9:12], halving[12]
        assert [(trial.parent, trial.epochs) for trial in first] == [(None, 1)] * 9
        best = sorted(first, key=lambda trial: -trial.score)[:3]
        assert {trial.parent for trial in second} == {trial.trial for trial in best}
        assert {(trial.initial_epoch, trial.epochs) for trial in second} == {(1, 2)}
        assert (last.parent, last.epochs, last.target_epochs) == (max(second, key=lambda t: t.score).trial, 6, 9)
    assert len(trials) == 26
    assert not {str(trial.configuration) for trial in trials[:9]} & {str(trial.configuration) for trial in trials[13:]}


@pytest.mark.parametrize(
    ("max_epochs", "rungs"),
    [(1, [1]), (2, [2]), (3, [1, 3]), (10, [1, 3, 9]), (20, [2, 6, 18]), (27, [1, 3, 9, 27])],
)
def test_the_rungs_of_a_halving_come_near_to_max_epochs(max_epochs: int, rungs: list[int]) -> None:
    trials = search(SklearnHalving(), SyntheticProblem(max_epochs=max_epochs), epochs=150).trials
    assert list(dict.fromkeys(trial.target_epochs for trial in trials)) == rungs


@pytest.mark.parametrize(
    "tuner",
    [
        SklearnRandomized(), SklearnGrid(), SklearnHalving(), OptunaTPE(), OptunaTPE(parallel_trials=4), KTGrid(),
        KTRandom(), KTHyperband(),
    ],
    ids=lambda tuner: f"{tuner.name} {tuner.arguments or ''}",
)  # fmt: skip
def test_trials_that_fail_before_an_epoch_do_not_shorten_the_search(tuner: Tuner) -> None:
    def fail(configuration: Configuration) -> None:
        if int(configuration["units"]) < 24:
            raise ValueError("does not build")

    def declare(hp: keras_tuner.HyperParameters) -> None:
        hp.Float("rate", 0.0, 1.0)
        hp.Int("units", 16, 24, step=2)

    result = search(tuner, SyntheticProblem(declare, max_epochs=3, fail=fail), epochs=9)
    assert result.end is not None
    assert (result.end.state, result.end.spent_epochs) == (CellState.DONE, 9)
    assert sum(trial.state == TrialState.FAILED for trial in result.trials) >= 2


def test_a_halving_does_not_train_a_failed_candidate_again() -> None:
    def fail(configuration: Configuration) -> float | None:
        return math.nan if int(configuration["width"]) > 16 else None

    trials = search(SklearnHalving(), SyntheticProblem(fail=fail), epochs=120).trials
    failed = {trial.trial for trial in trials if trial.state == TrialState.FAILED}
    assert len(failed) > 9
    assert not failed & {trial.parent for trial in trials}


@pytest.mark.parametrize("tuner", [OptunaTPEMedian(), OptunaTPEHyperband(), OptunaASHA()], ids=lambda tuner: tuner.name)
def test_a_pruning_tuner_prunes_without_being_told(tuner: Tuner) -> None:
    trials = search(tuner, SyntheticProblem(), epochs=150).trials
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
    assert pruned
    assert all(0 < trial.epochs < 9 for trial in pruned)
    if tuner.name != "optuna-tpe-median":
        assert {trial.epochs for trial in pruned} <= {1, 3}  # the rungs of 1 .. 9 epochs by factors of 3


def test_a_pruner_of_ones_own_takes_the_place_of_the_tuners() -> None:
    for kind in (OptunaTPEMedian, OptunaTPEHyperband, OptunaASHA):
        trials = search(kind(pruner=optuna.pruners.NopPruner()), SyntheticProblem()).trials
        assert {trial.state for trial in trials} == {TrialState.COMPLETE}


@pytest.mark.parametrize(
    ("kind", "module"),
    [(OptunaGP, "torch"), (OptunaCmaEs, "cmaes"), (SMAC, "smac"), (DEHB, "dehb"), (Ax, "ax"), (Nevergrad, "nevergrad")],
)
def test_a_missing_library_is_named_with_what_installs_it(
    kind: type[Tuner], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuning.tuners.base.find_spec", lambda name: None)
    with pytest.raises(StudyError) as caught:
        kind()
    assert str(caught.value) == (
        f"tuner '{kind.name}' needs '{module}', which is not installed; install it with: "
        f'python -m pip install "{kind.requirement}"'
    )


@pytest.mark.parametrize("direction", ["max", "min"])
def test_all_five_are_told_the_same_score_for_the_same_configuration(direction: str) -> None:
    problem = SyntheticProblem(tiny_space, direction=direction, max_epochs=3)
    sign = 1.0 if direction == "max" else -1.0
    scores: dict[str, set[float]] = {}
    for name in FIVE:
        tuner = tuners.load(name)()
        for trial in search(tuner, problem, epochs=24).trials:
            if trial.initial_epoch + trial.epochs == problem.max_epochs:  # trained in full, at once or continued
                stub = [problem.value(trial.configuration, epoch, trial.seed) for epoch in (1, 2, 3)]
                assert trial.score == sign * max(stub)
                scores.setdefault(str(trial.configuration), set()).add(trial.score)
    assert len(scores) == 4
    assert all(len(same) == 1 for same in scores.values())


def test_failed_trials_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(configuration: object) -> None:
        raise ValueError("no room")

    problem = SyntheticProblem(tiny_space, max_epochs=3, fail=fail)
    for name in ("kt-random", "sklearn-randomized", "optuna-tpe"):
        assert search(tuners.load(name)(), problem, epochs=6).trials
    shown = capfd.readouterr()
    assert "no room" not in shown.out + shown.err


@pytest.mark.skipif(find_spec("dehb") is None, reason="dehb is not installed")
def test_dehb_continues_what_it_promotes_and_later_breeds() -> None:
    trials = search(DEHB(), SyntheticProblem(), epochs=400).trials
    assert {trial.target_epochs for trial in trials} == {1, 3, 9}
    promoted = [trial for trial in trials if trial.parent is not None]
    assert promoted
    assert all(trials[trial.parent].target_epochs * 3 == trial.target_epochs for trial in promoted)
    last = max(trial.trial for trial in promoted)
    assert {trial.target_epochs for trial in trials[last + 1 :]} >= {1, 3}  # the second round promotes nothing
    failing = search(DEHB(), SyntheticProblem(fail=lambda configuration: math.nan), epochs=60)
    assert {trial.state for trial in failing.trials} == {TrialState.FAILED}


@pytest.mark.skipif(find_spec("dehb") is None, reason="dehb is not installed")
@pytest.mark.parametrize("max_epochs", [1, 2, 10])
def test_dehb_runs_with_few_rungs(max_epochs: int) -> None:
    trials = search(DEHB(), SyntheticProblem(max_epochs=max_epochs), epochs=12 * max_epochs).trials
    assert sum(trial.epochs for trial in trials) == 12 * max_epochs
    assert max(trial.target_epochs for trial in trials) == max_epochs
