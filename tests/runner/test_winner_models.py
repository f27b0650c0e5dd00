from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tuning.budget import Budget
from tuning.errors import JournalError, StudyError
from tuning.journal.journal import read
from tuning.journal.winner_record import Scatter
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.problems.synthetic import SyntheticProblem, mixed_space
from tuning.runner.winner_models import save_winners
from tuning.splits import Splits
from tuning.study import Study
from tuning.training.winner import tensorboard_logs

RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(120, 6, 6)).astype("float32")
Y = (X.mean(axis=(1, 2)) > 0).astype("int64")


def loader() -> Splits:
    return Splits((X[:60], Y[:60]), (X[60:90], Y[60:90]), (X[90:], Y[90:]), ("dark", "bright"))


class Mine(keras.Model):
    """Not registered, so Keras' safe mode does not know it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.flat, self.hidden = keras.layers.Flatten(), keras.layers.Dense(width, activation="relu")
        self.out = keras.layers.Dense(2, activation="softmax")

    def call(self, inputs):
        return self.out(self.hidden(self.flat(inputs)))


def build_sequential(hp):
    width = hp.Int("width", 2, 8)
    layers = [keras.layers.Flatten(), keras.layers.Dense(width), keras.layers.Dense(2, activation="softmax")]
    return compiled(keras.Sequential([keras.Input((6, 6)), *layers]))


def build_mine(hp):
    return compiled(Mine(hp.Int("width", 2, 8)))


def compiled(model):
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def study(mine: bool = False, **arguments) -> Study:
    build = build_mine if mine else build_sequential
    problem = Problem(build, loader, Objective("val_accuracy", "max"), 2, name="p")
    settings = {"budget": Budget(4), "replicates": 1, "baselines": (), "retrain": 1, **arguments}
    return Study("mine" if mine else "s", problem, ["kt-random"], **settings)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out")
    study(tensorboard="full").run(path)
    return path


@pytest.mark.slow
def test_a_winner_is_loaded_continued_and_loaded_again(out: Path) -> None:
    found = study()
    configuration = found.best_configuration("kt-random", out=out)
    assert configuration == found.best_configuration(out=out)
    journal = read(out / "s")
    record = journal.winners["p", "kt-random"]
    model = found.best_model("kt-random", out=out)
    assert model.layers[1].units == configuration["width"]
    assert model.evaluate(X[90:], Y[90:], verbose=0, return_dict=True) == pytest.approx(dict(record.test))
    seen = model.predict(X, verbose=0)
    anew = build_model_of(configuration)
    anew.optimizer.build(anew.trainable_variables)  # else Keras warns that its state is left out
    anew.load_weights(out / "s" / "models" / "kt-random.weights.h5")
    np.testing.assert_array_equal(anew.predict(X, verbose=0), seen)

    continued, test = found.continue_training("kt-random", epochs=3, out=out)
    assert int(continued.optimizer.iterations) == int(model.optimizer.iterations) + 3 * 3  # 90 samples by 32
    assert continued.evaluate(X[90:], Y[90:], verbose=0, return_dict=True) == pytest.approx(test)
    again = keras.saving.load_model(out / "s" / "models" / "kt-random-continued.keras", safe_mode=True)
    np.testing.assert_array_equal(again.predict(X, verbose=0), continued.predict(X, verbose=0))
    assert not np.array_equal(continued.predict(X, verbose=0), seen)
    record = read(out / "s").winners["p", "kt-random"]
    assert (record.further_epochs, dict(record.continued)) == (3, test)


def build_model_of(configuration):
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    for name, value in configuration.items():
        hp.Fixed(name, value)
    return build_sequential(hp)


@pytest.mark.slow
def test_full_logs_are_written_and_only_of_the_winner(out: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logs = out / "s" / "tensorboard"
    assert [path.name for path in logs.iterdir()] == ["kt-random"]
    found = {}
    for run in ("train", "validation", "model"):
        accumulator = EventAccumulator(str(logs / "kt-random" / run))
        accumulator.Reload()
        found[run] = accumulator.Tags()["tensors"]
    assert {"epoch_accuracy", "epoch_loss"} <= set(found["train"]) & set(found["validation"])
    assert any(tag.endswith("kernel/histogram") for tag in found["train"])
    assert "keras" in found["train"]  # the model's graph
    assert "summary/text_summary" in found["model"] or "summary" in found["model"]
    wrong = [tag for tag in found["model"] if tag.startswith("misclassified/")]
    counts = np.array(read(out / "s").winners["p", "kt-random"].anatomy.predictions.counts)
    assert len(wrong) == counts.sum() - np.trace(counts)
    assert all("taken for" in tag for tag in wrong)


@pytest.mark.slow
def test_a_class_that_is_not_registered_gets_its_weights_in_the_model_built_anew(tmp_path: Path) -> None:
    found = study(mine=True, continue_winners=1)
    found.run(tmp_path)
    model = found.best_model("kt-random", out=tmp_path)
    assert type(model).__name__ == "Mine"
    record = read(tmp_path / "mine").winners["p", "kt-random"]
    assert model.evaluate(X[90:], Y[90:], verbose=0, return_dict=True) == pytest.approx(dict(record.test))
    assert int(model.optimizer.iterations) > 0
    assert record.further_epochs == 1
    assert record.file == "kt-random.weights.h5"  # without a get_config, Keras cannot save it whole
    assert record.anatomy.remarks[0].startswith("Keras cannot save it whole: its weights are saved")
    assert record.anatomy.remarks[1].startswith("Mine connects its layers in its own code")
    (tmp_path / "mine" / "models" / "kt-random.weights.h5").unlink()
    with pytest.raises(StudyError, match=r"kt-random\.keras is missing; `tuning run"):
        found.best_model("kt-random", out=tmp_path)
    assert not isinstance(record.anatomy.predictions, Scatter)


@pytest.mark.slow
def test_a_winner_whose_logs_fail_is_saved_without_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails(keras.callbacks.TensorBoard):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            raise OSError("no space")

    study().run(tmp_path)
    (tmp_path / "s" / "models" / "kt-random.keras").unlink()
    monkeypatch.setattr(tensorboard_logs, "callback", lambda folder: Fails(str(folder)))
    said: list[str] = []
    written = save_winners(read(tmp_path / "s"), study().problems, full=True, say=said.append)
    assert [path.name for path in written] == ["kt-random.keras"]
    assert said == ["p, the winner of kt-random: not logged for TensorBoard: OSError: no space"]
    assert read(tmp_path / "s").winners["p", "kt-random"].test


def test_what_is_not_there_is_said_in_a_line(tmp_path: Path) -> None:
    problem = SyntheticProblem(mixed_space, max_epochs=3)
    found = Study("s", problem, ["kt-random"], budget=Budget(6), replicates=1, baselines=(), retrain=0)
    with pytest.raises(JournalError, match=r"holds no study: .* is missing; `tuning run STUDY.py` makes one"):
        found.best_model("kt-random", out=tmp_path)
    found.run(tmp_path)
    with pytest.raises(StudyError, match="study 's' has no tuner 'kt-rndom'; it has kt-random"):
        found.best_configuration("kt-rndom", out=tmp_path)
    with pytest.raises(
        StudyError, match=r"kt-random has no winner .* `tuning run STUDY.py --retrain 1 --endpoint search` does that"
    ):
        found.best_configuration("kt-random", out=tmp_path)
    with pytest.raises(StudyError, match="no problem 'q'; it has synthetic"):
        found.best_configuration(problem="q", out=tmp_path)
    with pytest.raises(StudyError, match=r"continue_training\(epochs=0\): expected a whole number of at least 1"):
        found.continue_training("kt-random", epochs=0, out=tmp_path)
    again = Study(
        "s", problem, ["kt-random"], budget=Budget(6), replicates=1, baselines=(), retrain=1, endpoint="search"
    )
    again.run(tmp_path)
    assert problem.space.default().keys() & again.best_configuration(out=tmp_path).keys()
    with pytest.raises(StudyError, match="problem 'synthetic' is computed: it has no model"):
        again.best_model(out=tmp_path)
    assert not (tmp_path / "s" / "models").exists()


def test_the_tensorboard_argument_is_checked() -> None:
    with pytest.raises(StudyError, match=r"Study\(tensorboard='all'\): expected 'curves' or 'full'"):
        study(tensorboard="all")
