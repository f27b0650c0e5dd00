"""KerasTuner's contract of `HyperModel.fit`: however often it trains and whatever it returns, the score is the same."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.src.engine.tuner_utils import convert_to_metrics_dict

from tuning.budget import Budget
from tuning.errors import ObjectiveError, SpaceError, StudyError
from tuning.evaluation.evaluator import Evaluator, SearchBroken, SearchOver
from tuning.journal.records import Cell, TrialState
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.process.setup import prepare_process
from tuning.training.outcome import Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest

prepare_process()
RNG = np.random.default_rng(3)
X = (7.0 + 5.0 * RNG.normal(size=(96, 4))).astype("float32")
Y = (X[:, 0] + X[:, 1] > 14).astype("float32")
TRAIN, VALIDATION, TEST = (X[:48], Y[:48]), (X[48:72], Y[48:72]), (X[72:], Y[72:])
EPOCHS = 3
SEED = 11
LOSS = Objective("val_loss", "min")
COUNTED: list[int] = []


def data() -> Any:
    return TRAIN, VALIDATION, TEST


class Counts(keras.callbacks.Callback):
    """Counts epochs without the harness: it is in the callbacks that `fit` is handed."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        COUNTED.append(epoch)

    def __deepcopy__(self, memo: Any) -> Counts:
        return self


class Plain(keras_tuner.HyperModel):
    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 2, 4)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.001), "mse", metrics=["mae"])
        return model


class FreezesThenFineTunes(Plain):
    def fit(self, hp, model, *args, **kwargs):
        model.layers[0].trainable = False
        model.compile(keras.optimizers.SGD(0.001), "mse", metrics=["mae"])
        model.fit(*args, **kwargs)
        model.layers[0].trainable = True
        model.compile(keras.optimizers.SGD(0.0001), "mse", metrics=["mae"])
        return model.fit(*args, **kwargs)


class ContinuesAtItsEpoch(Plain):
    """As Keras' guide on transfer learning counts."""

    def fit(self, hp, model, *args, epochs, **kwargs):
        first = model.fit(*args, epochs=epochs, **kwargs)
        return model.fit(*args, epochs=epochs + 2, initial_epoch=len(first.epoch), **kwargs)


class Folds(Plain):
    def fit(self, hp, model, x, y, validation_data, **kwargs):
        histories = []
        for fold in range(3):
            held_out = np.arange(len(x)) % 3 == fold
            fresh = self.build(hp)
            histories.append(
                fresh.fit(x[~held_out], y[~held_out], validation_data=(x[held_out], y[held_out]), **kwargs)
            )
        return histories


class MeanOfFolds(Folds):
    def fit(self, hp, model, x, y, validation_data, **kwargs):
        histories = super().fit(hp, model, x, y, validation_data, **kwargs)
        return float(np.mean([min(history.history["val_loss"]) for history in histories]))


class ReturnsAnotherScale(Plain):
    def fit(self, hp, model, *args, **kwargs):
        history = model.fit(*args, **kwargs)
        return -max(history.history["val_mae"])


class ReturnsMetrics(Plain):
    def fit(self, hp, model, *args, **kwargs):
        history = model.fit(*args, **kwargs)
        return {"val_loss": history.history["val_loss"][0] / 2, "of_my_own": 1.0}


class ReturnsItsEpochs(Plain):
    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, **kwargs).history


class ReturnsNumpy(Plain):
    def fit(self, hp, model, *args, **kwargs):
        return [np.float32(min(model.fit(*args, **kwargs).history["val_loss"])), 2]


class ReturnsItsEvaluation(Plain):
    def fit(self, hp, model, x, y, validation_data, **kwargs):
        model.fit(x, y, **kwargs)  # without validation
        return {"val_loss": model.evaluate(*validation_data, verbose=0)[0]}


class OwnLoop(Plain):
    """As KerasTuner's guide on custom training has it: only the end of an epoch is told to the callbacks."""

    reported = "of_mine"

    def fit(self, hp, model, x, y, validation_data, callbacks, epochs, **kwargs):
        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(epochs):
            model.train_on_batch(x, y)
            loss = float(model.evaluate(*validation_data, verbose=0)[0])
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={self.reported: loss})
            best = min(best, loss)
        return best


class ReportingLoop(OwnLoop):
    reported = "val_loss"


class PretrainsInBuild(Plain):
    def build(self, hp):
        model = super().build(hp)
        model.fit(*TRAIN, epochs=2, shuffle=False, verbose=0, callbacks=[Counts()])
        return model


ALL = [
    (Plain, 3), (FreezesThenFineTunes, 6), (ContinuesAtItsEpoch, 5), (Folds, 9), (MeanOfFolds, 9),
    (ReturnsAnotherScale, 3), (ReturnsMetrics, 3), (ReturnsItsEpochs, 3), (ReturnsNumpy, 3),
    (ReturnsItsEvaluation, 3), (OwnLoop, 3), (PretrainsInBuild, 5),
]  # fmt: skip


def problem_of(model: Any, objective: Objective = LOSS, load: Any = data) -> Problem:
    return Problem(
        model, load, objective, EPOCHS, name="p", callbacks=lambda: [Counts()], fit_arguments={"shuffle": False}
    )


def native(model: type[Plain]) -> tuple[float, int]:
    """Score and epochs of the same trial by KerasTuner's own rules: build, fit, and what it makes of the result."""
    COUNTED.clear()
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    hypermodel = model()
    hp = keras_tuner.HyperParameters()
    built = hypermodel.build(hp)
    arguments = {"validation_data": VALIDATION, "epochs": EPOCHS, "callbacks": [Counts()], "shuffle": False}
    result = hypermodel.fit(hp, built, *TRAIN, verbose=0, **arguments)
    objective = keras_tuner.Objective("val_loss", "min")
    return float(convert_to_metrics_dict([result], objective)["val_loss"]), len(COUNTED)


def trained(problem: Problem, stop_after: int = 10**6) -> tuple[Outcome, list[dict[str, float]]]:
    curve: list[dict[str, float]] = []
    COUNTED.clear()

    def on_epoch(logs: dict[str, float]) -> bool:
        curve.append(logs)
        return len(curve) >= stop_after

    outcome = problem.train(TrainingRequest(problem.space.default(), SEED, EPOCHS, on_epoch))
    assert outcome.error == ""
    return outcome, curve


@pytest.mark.parametrize(("model", "epochs"), ALL)
def test_every_epoch_is_seen_and_the_score_is_that_of_kerastuner(model: type[Plain], epochs: int) -> None:
    problem = problem_of(model)
    assert problem.check()
    outcome, curve = trained(problem)
    assert len(curve) == len(COUNTED) == epochs
    score = LOSS.score(curve) if outcome.score is None else outcome.score
    expected, natively = native(model)
    assert natively == epochs
    assert score == pytest.approx(expected, rel=1e-6)
    assert not outcome.interrupted
    assert "fit" not in vars(keras.Model)  # Keras' own again


@pytest.mark.parametrize("model", [FreezesThenFineTunes, Folds, MeanOfFolds, PretrainsInBuild])
def test_nothing_trains_while_the_space_is_recorded(model: type[Plain]) -> None:
    COUNTED.clear()
    assert problem_of(model).space.names == ("units",)
    assert COUNTED == []


def evaluator_of(problem: Problem, budget: int, **arguments: Any) -> Evaluator:
    return Evaluator(problem, Cell("p", "t", 1), study="s", budget=Budget(budget), **arguments)


@pytest.mark.parametrize("left", [6, 7])
def test_the_budget_holds_to_the_epoch_within_a_later_fit(left: int) -> None:
    evaluator = evaluator_of(problem_of(Folds), 9 + left)
    whole = evaluator.evaluate({"units": 2})
    assert (whole.state, whole.epochs, whole.returned) == (TrialState.COMPLETE, 9, True)
    COUNTED.clear()
    with pytest.raises(SearchOver):
        evaluator.evaluate({"units": 3})
    cut = evaluator.trials[-1]
    assert (cut.state, cut.epochs, cut.spent_epochs) == (TrialState.CUT, left, 9 + left)
    assert len(COUNTED) == left
    if left == 6:  # the third fold never began, and what `fit` would have returned is not known
        assert math.isnan(cut.score)
        assert evaluator.best_score == whole.score
    else:
        losses = [epoch["val_loss"] for epoch in cut.curve]
        assert cut.score == pytest.approx(np.mean([min(losses[:3]), min(losses[3:6]), losses[6]]))


@pytest.mark.parametrize(("model", "epochs"), [(Plain, 3), (Folds, 9), (FreezesThenFineTunes, 6), (OwnLoop, 3)])
def test_a_trial_that_ends_with_the_budget_is_complete(model: type[Plain], epochs: int) -> None:
    evaluator = evaluator_of(problem_of(model), epochs)
    with pytest.raises(SearchOver):
        evaluator.evaluate({"units": 2})
    assert (evaluator.trials[0].state, evaluator.trials[0].epochs) == (TrialState.COMPLETE, epochs)
    assert math.isfinite(evaluator.trials[0].score)


def test_between_two_fits_the_budget_ends_the_trial() -> None:
    evaluator = evaluator_of(problem_of(FreezesThenFineTunes), EPOCHS)
    COUNTED.clear()
    with pytest.raises(SearchOver):
        evaluator.evaluate({"units": 2})
    assert (evaluator.trials[0].state, len(COUNTED)) == (TrialState.CUT, EPOCHS)


def test_a_promotion_of_several_fits_is_charged_its_further_epochs() -> None:
    evaluator = evaluator_of(problem_of(Folds), 100, keep_states=True)
    first = evaluator.evaluate({"units": 2}, epochs=1)
    promoted = evaluator.evaluate({"units": 2}, epochs=3, resume_from=0)
    assert (first.epochs, promoted.epochs, promoted.spent_epochs) == (3, 6, 9)
    evaluator.close()
    assert promoted.score == evaluator_of(problem_of(Folds), 100).evaluate({"units": 2}, epochs=3).score


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ({"mae": 1.0}, "ValueError: HyperModel.fit returned the metrics mae; expected the objective 'val_loss' among"),
        ("good", "TypeError: HyperModel.fit returned str; expected a History, a number, a dict of metrics, or a list"),
        ([], "ValueError: HyperModel.fit returned an empty list"),
        (float("nan"), "ValueError: HyperModel.fit returned nan as val_loss"),
    ],
)
def test_a_returned_value_that_is_no_score_is_refused_before_the_search(returned: Any, words: str) -> None:
    class Returns(Plain):
        def fit(self, hp, model, *args, **kwargs):
            model.fit(*args, **kwargs)
            return returned

    with pytest.raises(SpaceError, match="the model cannot be trained at its default values: " + words):
        problem_of(Returns).check()


def test_a_metric_that_only_fit_returns_may_be_the_objective() -> None:
    class Returns(Plain):
        def fit(self, hp, model, *args, **kwargs):
            model.fit(*args, **kwargs)
            return {"of_my_own": 0.25}

    own = Objective("of_my_own", "max")
    assert "val_loss" in problem_of(Returns, own).check()
    trial = evaluator_of(problem_of(Returns, own), 9).evaluate({"units": 2})
    assert (trial.score, trial.returned, trial.epochs) == (0.25, True, EPOCHS)
    with pytest.raises(ObjectiveError, match="the objective 'of_my_own' is not reported"):
        problem_of(Plain, own).check()


@pytest.mark.parametrize("where", ["build", "fit"])
def test_a_fatal_error_ends_the_search_also_on_resume(where: str) -> None:
    class Fatal(Plain):
        def build(self, hp):
            model = super().build(hp)
            if where == "build" and hp.get("units") == 4:
                raise keras_tuner.errors.FatalValueError("no such device")
            return model

        def fit(self, hp, model, *args, **kwargs):
            if hp.get("units") == 4:
                raise keras_tuner.errors.FatalError("no such device")
            return model.fit(*args, **kwargs)

    problem = problem_of(Fatal)
    evaluator = evaluator_of(problem, 100)
    evaluator.evaluate({"units": 2})
    for again in (evaluator, evaluator_of(problem, 100, recorded=evaluator.trials)):
        if again is not evaluator:
            again.evaluate({"units": 2})
        with pytest.raises(SearchBroken, match=r"trial 1 ended the search: FatalError: .*no such device"):
            again.evaluate({"units": 4})
        assert again.trials[1].state == TrialState.FAILED


# -- the test split ----------------------------------------------------------------------------------------------------


class ScalesInFit(Plain):
    mean, deviation = X[:48].mean(axis=0), X[:48].std(axis=0)

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        held_out = (self.scaled(validation_data[0]), validation_data[1])
        return model.fit(self.scaled(x), y, validation_data=held_out, **kwargs)

    def scaled(self, x: np.ndarray) -> np.ndarray:
        return (x - self.mean) / self.deviation


class ScalesAndSaysHow(ScalesInFit):
    def evaluate(self, hp, model, x, y):
        return model.evaluate(self.scaled(x), y, return_dict=True, verbose=0)


class Crops(Plain):
    def build(self, hp):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(hp.Int("units", 2, 4)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        held_out = (validation_data[0][:, :2] / 10, validation_data[1])
        return model.fit(x[:, :2] / 10, y, validation_data=held_out, **kwargs)


class TrainsOnAPart(Plain):
    def fit(self, hp, model, x, y, **kwargs):
        return model.fit(x[::2], y[::2], **kwargs)


class WithoutValidation(Plain):
    def fit(self, hp, model, x, y, validation_data, **kwargs):
        return model.fit(x + 0.0, y, **kwargs)


def retrained(problem: Problem, **arguments: Any) -> Outcome:
    return problem.retrain(RetrainingRequest(problem.space.default(), SEED, lambda logs: False, **arguments))


@pytest.mark.parametrize(
    ("model", "objective", "why"),
    [
        (ScalesInFit, LOSS, r"HyperModel.fit trained on other data than the training split \(val_loss [\d.]+ in"),
        (Crops, LOSS, r"the model cannot be evaluated on the test split: .*expected .*shape"),
        (Folds, LOSS, "HyperModel.fit trained more than one model"),
        (
            WithoutValidation,
            Objective("loss", "min"),
            "HyperModel.fit trained on other data than the training split and reported no validation metric",
        ),
    ],
)
def test_what_cannot_be_scored_on_test_says_why(
    model: type[Plain], objective: Objective, why: str, tmp_path: Path
) -> None:
    outcome = retrained(problem_of(model, objective), save=tmp_path / "winner.keras")
    assert (outcome.error, outcome.test) == ("", {})
    assert outcome.untested.endswith("give the HyperModel an evaluate(hp, model, x, y) that returns its metrics")
    assert re.search(why, outcome.untested.replace("\n", " "), re.DOTALL)
    assert (tmp_path / "winner.keras").is_file()
    assert outcome.anatomy is not None
    assert any(remark.startswith("Not scored on the test split") for remark in outcome.anatomy.remarks)


@pytest.mark.parametrize("model", [Plain, TrainsOnAPart, ReportingLoop, FreezesThenFineTunes, ScalesAndSaysHow])
def test_what_can_be_scored_on_test_is(model: type[Plain], tmp_path: Path) -> None:
    outcome = retrained(problem_of(model), save=tmp_path / "winner.keras")
    assert (outcome.error, outcome.untested) == ("", "")
    saved = keras.saving.load_model(tmp_path / "winner.keras")
    x = TEST[0] if model is not ScalesAndSaysHow else ScalesInFit().scaled(TEST[0])
    assert outcome.test["loss"] == pytest.approx(saved.evaluate(x, TEST[1], return_dict=True, verbose=0)["loss"])
    assert 0 < outcome.test["loss"] < (5 if model is ScalesAndSaysHow else 500)


def test_a_hook_gets_an_iterator_of_its_own_where_a_function_makes_them() -> None:
    def batches_of(x: np.ndarray, y: np.ndarray) -> Any:
        def batches() -> Any:
            yield from (
                (x[start : start + 12], y[start : start + 12]) for start in itertools.cycle(range(0, len(x), 12))
            )

        return batches

    class Evaluates(Plain):
        def evaluate(self, hp, model, x, y):
            assert y is None
            assert (next(x)[0] == TEST[0][:12]).all()
            return model.evaluate(x, steps=2, return_dict=True, verbose=0)

    steps = {"steps_per_epoch": 4, "validation_steps": 2}
    parts = tuple(batches_of(*part) for part in (TRAIN, VALIDATION, TEST))
    problem = Problem(Evaluates, lambda: parts, LOSS, 1, name="p", fit_arguments=steps)
    first, again = retrained(problem), retrained(problem)
    assert (first.error, first.untested) == ("", "")
    assert first.test == again.test
    assert first.test["loss"] > 0


class WithoutCall(keras.Model):
    """As the models of Keras' guides on GANs are: a `train_step`, and nothing that could be evaluated."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.layer = keras.layers.Dense(units)
        self.layer.build((None, 4))

    def train_step(self, data: Any) -> dict[str, Any]:
        self.layer.kernel.assign(self.layer.kernel * 0.9)
        return {"size": keras.ops.sum(keras.ops.square(self.layer.kernel))}


class LeavesValidationOut(keras_tuner.HyperModel):
    def build(self, hp):
        model = WithoutCall(hp.Int("units", 2, 4))
        model.compile()
        return model

    def fit(self, hp, model, x, y, validation_data=None, **kwargs):
        return model.fit(x, y, **kwargs)


def test_a_model_that_cannot_be_evaluated_is_searched_and_retrained_by_what_it_reports() -> None:
    problem = problem_of(LeavesValidationOut, Objective("size", "min"))
    assert problem.check() == ["size"]
    trial = evaluator_of(problem, 9).evaluate({"units": 3})
    assert (trial.state, trial.epochs) == (TrialState.COMPLETE, EPOCHS)
    outcome = retrained(problem)
    assert (outcome.error, outcome.test) == ("", {})
    assert "cannot be evaluated on the test split" in outcome.untested


def test_a_winner_is_trained_further_by_its_own_fit(tmp_path: Path) -> None:
    batches: list[int] = []

    class Scaled(ScalesAndSaysHow):
        def fit(self, hp, model, x, y, validation_data, **kwargs):
            batches.append(hp.Int("batch", 8, 16, default=12))
            return super().fit(hp, model, x, y, validation_data, batch_size=batches[-1], **kwargs)

    problem = problem_of(Scaled)
    configuration = problem.space.default()
    before = retrained(problem, save=tmp_path / "winner.keras").test["loss"]
    batches.clear()
    more = {"seed": 5, "save": tmp_path / "more.keras"}
    after = problem.continue_training(tmp_path / "winner.keras", configuration, 40, **more)
    assert batches == [12]
    assert after["loss"] < before
    whole = np.concatenate([TRAIN[0], VALIDATION[0]]), np.concatenate([TRAIN[1], VALIDATION[1]])
    keras.utils.set_random_seed(5)
    natively = keras.saving.load_model(tmp_path / "winner.keras")
    natively.fit(Scaled().scaled(whole[0]), whole[1], batch_size=12, epochs=40, shuffle=False, verbose=0)
    expected = natively.evaluate(Scaled().scaled(TEST[0]), TEST[1], return_dict=True, verbose=0)
    assert after["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    with pytest.raises(StudyError, match="cannot be loaded"):
        problem.continue_training(tmp_path / "none.keras", {"units": 2, "batch": 8}, 1, **more)


def test_an_epoch_number_above_the_problems_is_said_beforehand() -> None:
    class Tuned(Plain):
        def fit(self, hp, model, *args, **kwargs):
            return model.fit(*args, **{**kwargs, "epochs": hp.Int("epochs", 2, 20)})

    problem = problem_of(Tuned)
    assert problem.space.notes == (
        "a model.fit of your code asks for up to 20 epochs: it is ended after 3, the problem's max_epochs",
    )
    outcome, curve = trained(problem)
    assert (len(curve), outcome.fit) == (2, "compiled")
    asked = TrainingRequest({"units": 2, "epochs": 20}, SEED, EPOCHS, lambda logs: curve.append(logs))
    assert problem.train(asked).fit == "compiled (for fewer epochs than fit asked for)"
    assert len(curve) == 5
