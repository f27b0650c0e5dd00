"""After the search: incumbents on fresh seeds, scored on test, resumed like everything else."""

import math
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from msgspec import structs

from tuning import seeds
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import JournalError, StudyError
from tuning.journal.frames import RETRAINING_COLUMNS, retrainings_frame
from tuning.journal.incumbents import described_incumbents, incumbent_trials
from tuning.journal.journal import path_of, read
from tuning.journal.lines import decode, encode
from tuning.journal.records import Cell, CellState, Retraining, Trial, TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import Overrides
from tuning.runner.retraining import pending_retrainings, retrain
from tuning.runner.runner import Unwatched, run
from tuning.splits import Splits
from tuning.study import Study
from tuning.training.request import RetrainingRequest
from tuning.tuners.keras_tuner import KTHyperband, KTRandom

CELL = Cell("p", "t", 1)


def trial(number: int, score: float, value: int, state: str = TrialState.COMPLETE, epochs: int = 1) -> Trial:
    return Trial(CELL, number, {"x": value}, state, score, 0, epochs, [{"metric": score}] * epochs, number + 1)


def study(retrain: int = 2, budget: int = 12, endpoint: str | None = None, **arguments: object) -> Study:
    problem = SyntheticProblem(mixed_space, max_epochs=3, **arguments)
    tuners = [KTRandom(), KTHyperband(max_epochs=3)]
    plan = Study("s", problem, tuners, budget=Budget(budget), replicates=2, baselines=(), retrain=retrain)
    return plan.changed(Overrides(endpoint=endpoint))


# -- which trials ------------------------------------------------------------------------------------------------------


def test_incumbents_are_the_trials_that_beat_all_before_them():
    trials = [
        trial(0, 0.5, 0),
        trial(1, 0.5, 1),
        trial(2, 0.7, 2),
        trial(3, math.nan, 3, TrialState.FAILED),
        trial(4, 0.6, 4),
    ]
    assert [one.trial for one in incumbent_trials(trials, Objective("metric", "max"))] == [0, 2]
    assert [one.trial for one in incumbent_trials(trials, Objective("metric", "min"))] == [0]
    assert incumbent_trials([], Objective("metric", "max")) == []


def test_a_configuration_is_an_incumbent_once_where_it_was_last():
    trials = [trial(0, 0.5, 0), trial(1, 0.6, 1), trial(2, 0.7, 0, TrialState.CUT)]
    assert [one.trial for one in incumbent_trials(trials, Objective("metric", "max"))] == [1, 2]


def test_the_final_incumbent_is_retrained_first_and_nothing_twice():
    trials = [trial(0, 0.5, 0), trial(1, 0.6, 1)]

    def pending(repeats: int, *known: Retraining) -> list[tuple[int, int]]:
        rule = Objective("metric", "max")
        return [(one.trial, repeat) for one, repeat in pending_retrainings(trials, known, rule, repeats, 2)]

    assert pending(2) == [(1, 1), (1, 2), (0, 1)]
    assert pending(0) == []
    assert pending(2, Retraining(CELL, 7, 1, {"x": 1}, TrialState.COMPLETE, 0.5, {}, [])) == [(1, 2), (0, 1)]


def test_earlier_incumbents_are_those_of_a_quarter_and_half_of_the_budget():
    # One epoch each, so that trial n has spent n + 1 of 16 epochs; each is better than all before.
    trials = [trial(number, number / 20, number) for number in range(16)]
    assert [one.trial for one in described_incumbents(trials, Objective("metric", "max"), 16)] == [3, 7, 15]
    # The first is the best of all: no budget would have returned another.
    assert [one.trial for one in described_incumbents(trials, Objective("metric", "min"), 16)] == [0]
    assert described_incumbents([], Objective("metric", "max"), 16) == []


def test_a_trial_that_a_share_of_the_budget_would_have_cut_may_have_been_the_best_there():
    parts = [trial(0, 0.1, 0), structs.replace(trial(1, 0.2, 1, epochs=6), spent_epochs=7), trial(7, 0.3, 2)]
    assert [one.trial for one in described_incumbents(parts, Objective("metric", "max"), 16)] == [0, 1, 7]


# -- one retraining ----------------------------------------------------------------------------------------------------


def test_its_seed_is_fresh_and_the_same_for_every_tuner():
    problem = SyntheticProblem(mixed_space)
    values = problem.space.default()
    one, two = (retrain(problem, "s", Cell("synthetic", name, 1), 0, values, 1) for name in ("a", "b"))
    assert (one.seed, one.score, one.test, one.curve) == (two.seed, two.score, two.test, two.curve)
    found = {retrain(problem, "s", Cell("synthetic", "a", 1), 0, values, repeat).seed for repeat in range(1, 6)}
    assert len(found) == 5
    assert seeds.of_training("s", "synthetic", 1, values) not in found


def test_a_retraining_that_raises_or_diverges_is_failed_and_says_so():
    def raising(configuration: Configuration) -> None:
        raise RuntimeError("no room")

    values = SyntheticProblem(mixed_space).space.default()
    failed = retrain(SyntheticProblem(mixed_space, fail=raising), "s", CELL, 0, values, 1)
    assert (failed.state, failed.error, failed.test, failed.epochs) == (TrialState.FAILED, "no room", {}, 0)
    nan = retrain(SyntheticProblem(mixed_space, fail=lambda configuration: math.nan), "s", CELL, 0, values, 1)
    assert (nan.state, nan.error, nan.test, nan.epochs) == (TrialState.FAILED, "metric is nan at epoch 1", {}, 1)
    assert math.isnan(nan.score)


def test_a_record_goes_through_the_journal_unchanged():
    done = Retraining(
        CELL, 3, 1, {"x": 1}, TrialState.COMPLETE, 0.5, {"loss": math.inf, "accuracy": 0.5}, [{"loss": 1.0}], 7, 0.5
    )
    line = encode(done)
    assert decode(line) == done
    with pytest.raises(ValueError, match="state CUT"):
        decode(line.replace(b"COMPLETE", b"CUT"))


RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(90, 5)).astype("float32"), RANDOM.integers(0, 3, 90)


def loader(test: bool = True) -> Splits:
    return Splits((X[:50], Y[:50]), (X[50:70], Y[50:70]), (X[70:], Y[70:]) if test else None)


def build_model(hp):
    model = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(hp.Int("width", 4, 16), activation="relu")])
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(keras.optimizers.Adam(0.3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("epoch", ["best", "last"])
def test_the_weights_that_count_are_scored_on_test_and_saved(tmp_path: Path, epoch: str):
    problem = Problem(build_model, loader, Objective("val_loss", "min", epoch), 8)
    curve: list[dict[str, float]] = []
    path = tmp_path / "model.keras"
    outcome = problem.retrain(RetrainingRequest({"width": 8}, 3, lambda logs: bool(curve.append(logs)), save=path))
    assert outcome.error == ""
    losses = [logs["val_loss"] for logs in curve]
    assert min(losses) < losses[-1]  # else this would not tell the rules apart
    model = keras.saving.load_model(path, safe_mode=True)
    wanted = min(losses) if epoch == "best" else losses[-1]
    assert model.evaluate(X[50:70], Y[50:70], return_dict=True, verbose=0)["loss"] == pytest.approx(wanted, rel=1e-6)
    scores = model.evaluate(X[70:], Y[70:], return_dict=True, verbose=0)
    assert outcome.test == pytest.approx({name: scores[name] for name in ("accuracy", "loss")}, rel=1e-6)


def test_without_a_test_split_there_is_no_test_score():
    problem = Problem(build_model, partial(loader, test=False), Objective("val_loss", "min"), 2, name="p")
    done = retrain(problem, "s", CELL, 0, {"width": 8}, 1)
    assert (done.state, done.epochs, done.test) == (TrialState.COMPLETE, 2, {})


# -- a study -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(study(), tmp_path_factory.mktemp("whole")).directory


def test_every_cells_winner_is_retrained_in_full_and_earlier_incumbents_once(whole: Path):
    journal = read(whole)
    frame = retrainings_frame(journal)
    assert list(frame.columns) == RETRAINING_COLUMNS  # the objective is the only metric
    rule = Objective("metric", "max")
    wanted = [
        (*cell, one.trial, repeat)
        for cell in journal.planned_cells()
        for one in sorted(described_incumbents(journal.trials[cell], rule, 12), key=lambda one: one.trial)
        for repeat in ((1, 2) if one is incumbent_trials(journal.trials[cell], rule)[-1] else (1,))
    ]
    assert (
        list(frame[["problem", "tuner", "replicate", "trial", "repeat"]].itertuples(index=False, name=None)) == wanted
    )
    assert len(wanted) > 8  # some cell had an earlier incumbent
    assert set(frame["epochs"]) == {3}
    assert (frame.groupby(["tuner", "replicate"])["final"].sum() == 2).all()
    assert frame["test"].notna().all()
    assert not np.allclose(frame["test"], frame["score"])


def test_retraining_is_not_charged_to_the_search(whole: Path):
    journal = read(whole)
    assert {end.spent_epochs for end in journal.ends.values()} == {12}
    assert all(journal.trials[cell][-1].spent_epochs == 12 for cell in journal.planned_cells())


def test_interrupted_anywhere_it_goes_on_and_trains_nothing_twice(whole: Path, tmp_path: Path):
    lines = path_of(whole).read_bytes().splitlines(keepends=True)
    retrained = [number for number, line in enumerate(lines) if line.startswith(b'{"kind":"retraining"')]
    for kept in (retrained[0], retrained[1], retrained[-1] + 1):
        folder = tmp_path / str(kept)
        path_of(folder / "s").parent.mkdir(parents=True)
        path_of(folder / "s").write_bytes(b"".join(lines[:kept]))
        again: list[Retraining] = []

        class Watcher(Unwatched):
            def retraining(self, retraining: Retraining) -> None:
                again.append(retraining)  # noqa: B023

        run(study(), folder, Watcher())
        known = sum(line.startswith(b'{"kind":"retraining"') for line in lines[:kept])
        assert len(again) == len(retrained) - known
        columns = [name for name in RETRAINING_COLUMNS if name != "train_seconds"]
        assert retrainings_frame(read(folder / "s"))[columns].equals(retrainings_frame(read(whole))[columns])


def test_more_seeds_later_add_to_those_there_are(tmp_path: Path):
    run(study(retrain=0), tmp_path)
    with pytest.raises(JournalError, match="begun with endpoint 'search', now it is 'test' with 1 retraining"):
        run(study(retrain=1), tmp_path)
    assert retrainings_frame(read(tmp_path / "s")).empty
    run(study(retrain=1, endpoint="search"), tmp_path)
    first = retrainings_frame(read(tmp_path / "s"))
    run(study(retrain=3, endpoint="search"), tmp_path)
    frame = retrainings_frame(read(tmp_path / "s"))
    finals = int(first["final"].sum())
    assert len(frame) == 3 * finals + (len(first) - finals)
    assert frame.loc[frame["repeat"] == 1, "score"].tolist() == first["score"].tolist()
    assert read(tmp_path / "s").plan.retrain == 3


# -- what the verdict is about -----------------------------------------------------------------------------------------


def test_a_study_is_about_the_first_endpoint_that_it_can_give():
    plan = study()
    assert (plan.endpoint, plan.changed(Overrides(retrain=0)).endpoint) == ("test", "search")
    plan.problems[0].has_test = False
    assert plan.endpoint == "retrained"
    assert [plan.changed(Overrides(endpoint=name)).plan().endpoint for name in ("retrained", "search")] == [
        "retrained",
        "search",
    ]
    with pytest.raises(StudyError, match=r"endpoint='test'.*: problem 'synthetic' has no test data; add a test part"):
        plan.changed(Overrides(endpoint="test")).plan()


@pytest.mark.parametrize(
    ("endpoint", "retrain", "words"),
    [
        ("validation", 5, r"endpoint='validation'\): expected 'test', 'retrained', 'search', or None"),
        ("test", 0, r"endpoint='test', retrain=0\): that needs retrained winners; give retrain=1 or more"),
    ],
)
def test_an_endpoint_that_cannot_be(endpoint: str, retrain: int, words: str):
    with pytest.raises(StudyError, match=words):
        study(retrain=retrain, endpoint=endpoint)


def test_it_is_journalled_and_another_is_refused_before_anything_is_written(tmp_path: Path):
    notes: list[str] = []

    class Watcher(Unwatched):
        def begin(self, tasks: object, pending: object, said: list[str]) -> None:
            notes.extend(said)

    run(study(retrain=1, budget=6), tmp_path, Watcher())
    assert notes == [
        "The verdict will be about the mean test score of the searches' winners, retrained on fresh seeds."
    ]
    assert read(tmp_path / "s").plan.endpoint == "test"
    before = path_of(tmp_path / "s").read_bytes()
    with pytest.raises(JournalError, match=r"begun with endpoint 'test'.*keep it \(--endpoint test\)"):
        run(study(retrain=1, budget=6, endpoint="retrained"), tmp_path)
    assert path_of(tmp_path / "s").read_bytes() == before


def test_a_reference_makes_a_smaller_family_and_is_declared_too(tmp_path: Path):
    plan = Study("s", SyntheticProblem(mixed_space), budget=Budget(9), reference="kt-random", retrain=0)
    assert (plan.num_pairs, plan.plan().reference) == (4, "kt-random")
    assert study().num_pairs == 1
    with pytest.raises(StudyError, match=r"reference='kt-random'\): expected one of its tuners, optuna-tpe"):
        plan.changed(Overrides(tuners=["optuna-tpe"]))
    small = study(retrain=0, budget=3)
    run(small, tmp_path)
    small.reference = "kt-random"
    with pytest.raises(JournalError, match="begun to compare every two tuners, now it is each tuner against kt-random"):
        run(small, tmp_path)


def test_the_direction_of_a_comparison_with_a_reference_is_declared_too(tmp_path: Path):
    plan = Study("s", SyntheticProblem(mixed_space), budget=Budget(9), reference="kt-random", alternative="better")
    assert (plan.plan().alternative, plan.sides) == ("better", 1)
    with pytest.raises(StudyError, match=r"alternative='greater'\): expected 'two-sided' or 'better'"):
        Study("s", SyntheticProblem(mixed_space), budget=Budget(9), reference="kt-random", alternative="greater")
    with pytest.raises(StudyError, match=r"alternative='better'\) without a reference.*give reference="):
        Study("s", SyntheticProblem(mixed_space), budget=Budget(9), alternative="better")
    small = study(retrain=0, budget=3)
    small.reference = small.tuners[0].label
    run(small, tmp_path)
    small.alternative = "better"
    with pytest.raises(JournalError, match=r"now it is each tuner against \S+, one-sided .*alternative='two-sided'"):
        run(small, tmp_path)


def test_a_failed_cell_is_not_retrained():
    def fail(configuration: Configuration) -> None:
        raise RuntimeError("never")

    problem = SyntheticProblem(mixed_space, fail=fail)
    result = run_cell(CellTask("s", problem, KTRandom(), 1, Budget(9), retrain=5))
    assert result.end is not None
    assert (result.end.state, result.retrainings) == (CellState.FAILED, ())
