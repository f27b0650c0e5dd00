"""Models and data that are named on the command line: what was written for KerasTuner runs as it is."""

import inspect
import json
import pickle
import shutil
from pathlib import Path

import cloudpickle
import keras_tuner
import pytest
from typer.testing import CliRunner

from tests.support.users_code import SEARCHED
from tuning.cli import main
from tuning.cli.load import find_study, objective_of
from tuning.cli.options import Named
from tuning.errors import StudyError
from tuning.journal.journal import read
from tuning.journal.records import TrialState
from tuning.runner.plan import Overrides
from tuning.runner.runner import run
from tuning.training.request import TrainingRequest

CODE = Path(__file__).parents[1] / "support" / "users_code.py"


def study_of(name, max_epochs=2):
    loader, objective = SEARCHED[name]
    return find_study(Path(f"{CODE}:{name}"), Named(f"{CODE}:{loader}", objective, max_epochs))


@pytest.mark.slow
@pytest.mark.parametrize("name", SEARCHED)
def test_what_keras_tuner_searches_is_searched_unchanged(name, tmp_path):
    study = study_of(name)
    (problem,) = study.problems
    # It is KerasTuner's: its own search takes it, and finds no hyperparameter that is not in our space.
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective(problem.objective.metric, problem.objective.direction), max_trials=1, seed=3
    )
    model = problem.build_model() if inspect.isclass(problem.build_model) else problem.build_model
    tuner = keras_tuner.Tuner(oracle, model, directory=tmp_path, project_name="kt", overwrite=True)
    train, validation, _ = problem.data()
    given = train if isinstance(train, tuple) else (train,)
    tuner.search(*given, validation_data=validation, epochs=1, verbose=0)
    assert {hp.name for hp in oracle.get_space().space} <= set(problem.space.names)

    assert problem.objective.metric in problem.check()
    short = Overrides(budget=3, replicates=1, tuners=["optuna-tpe"], baselines=False, retrain=0)
    trials = list(read(run(study.changed(short), tmp_path).directory).all_trials())
    assert [(trial.state, trial.epochs) for trial in trials] == [(TrialState.COMPLETE, 2), (TrialState.CUT, 1)]
    assert all(not problem.space.mismatch(trial.configuration) for trial in trials)


@pytest.mark.slow
def test_the_command_runs_resumes_and_says_what_it_ran(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(CODE, tmp_path / "their_file.py")
    words = ["their_file.py:build_model", "--data", "their_file.py:arrays", "--objective", "val_accuracy"]
    numbers = ["--max-epochs", "1", "--budget", "2", "--tuners", "kt-random", "--retrain", "0", "--no-baselines"]

    def invoke(*more):
        monkeypatch.setattr("sys.argv", ["tuning", *more])
        return CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*more])

    begun = ["run", *words, *numbers, "--jobs", "1", "--replicates"]
    first = invoke(*begun, "1")
    assert first.exit_code == 0, first.output
    assert "reports/their_file-build_model/report.html" in first.stdout
    more = invoke(*begun, "2")
    assert "1 of 2 cells are done already." in more.stdout
    journal = read(tmp_path / "reports" / "their_file-build_model")
    assert list(journal.problems) == ["build_model"]
    assert journal.manifest["command"][: len(words) + 2] == ["tuning", "run", *words]
    report = (journal.directory / "report.md").read_text()
    assert f"tuning run {' '.join(words)} --max-epochs 1 --budget 2 --replicates 2" in report
    checked = invoke("check", *words, "--max-epochs", "1", "--draws", "100", "--tuners", "kt-random", "--json")
    assert checked.exit_code == 0, checked.output
    assert '"val_accuracy"' in checked.stdout


SEARCHED_WITH = """
import keras
import keras_tuner as kt
import numpy as np

x = np.random.default_rng(3).normal(size=(50, 3)).astype("float32")
y = (x[:, 0] > 0.5).astype("float32")
stopping = [keras.callbacks.EarlyStopping(patience=1, min_delta=10.0)]
arguments = {"validation_split": 0.3, "class_weight": {0: 1.0, 1: 3.0}, "batch_size": 8, "shuffle": False}
declared = kt.HyperParameters()
declared.Fixed("rate", 0.05)
not_a_dict = 3

def load():
    return x, y

def make():
    return stopping

def fit_arguments():
    return arguments

def hyperparameters():
    return declared

def fails():
    raise OSError("gone")

def build_model(hp):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid", kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(hp.Float("rate", 0.1, 0.2)), "binary_crossentropy")
    hp.Int("unused", 1, 3)
    return model
"""


@pytest.fixture
def their_file(tmp_path):
    path = tmp_path / "with_arguments.py"
    path.write_text(SEARCHED_WITH)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("fit", "hp", "callbacks"), [
    ("arguments", "declared", "stopping"), ("fit_arguments", "hyperparameters", "make"),
])  # fmt: skip
def test_what_a_search_is_given_is_given_on_the_command_line(their_file, fit, hp, callbacks):
    named = Named(
        f"{their_file}:load",
        max_epochs=5,
        fit_arguments=f"{their_file}:{fit}",
        callbacks=f"{their_file}:{callbacks}",
        hyperparameters=f"{their_file}:{hp}",
        tune_new_entries=False,
    )
    (problem,) = find_study(Path(f"{their_file}:build_model"), named).problems
    problem = pickle.loads(cloudpickle.dumps(problem))  # as a worker gets it
    assert problem.space.default() == {"rate": 0.05, "unused": 1}
    assert problem.space.size == 1
    curve = []
    outcome = problem.train(TrainingRequest(problem.space.default(), 3, 5, lambda logs: bool(curve.append(logs))))
    assert not outcome.error

    code = {}
    exec(SEARCHED_WITH, code)
    model = code["build_model"](code["declared"])
    native = model.fit(code["x"], code["y"], epochs=5, callbacks=code["stopping"], verbose=0, **code["arguments"])
    assert len(curve) == len(native.epoch) == 2  # stopped early
    for name in ("loss", "val_loss"):
        assert [logs[name] for logs in curve] == pytest.approx(native.history[name], rel=1e-5)


@pytest.mark.slow
def test_a_check_prints_json_alone_whatever_the_code_prints(their_file):
    their_file.write_text(
        "print('imported')\n"
        + SEARCHED_WITH.replace("return x, y", "print('loaded'); return x, y").replace(
            "return model", "model.summary(); return model"
        )
    )
    words = ["check", f"{their_file}:build_model", "--data", f"{their_file}:load", "--draws", "100", "--json"]
    checked = CliRunner().invoke(main.app, [*words, "--fit-arguments", f"{their_file}:arguments"])
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout)["problems"][0]["metrics"] == ["loss", "val_loss"]
    assert [checked.stderr.count(line) for line in ("imported", "loaded", "Trainable params")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"fit_arguments": "not_a_dict"}, "expected a mapping, such as {'batch_size': 64}"),
        ({"fit_arguments": "fails"}, "with_arguments.py:fails raises OSError: gone"),
        ({"callbacks": "not_a_dict"}, "expected a function that returns Keras callbacks, or a list of them"),
        ({"hyperparameters": "arguments"}, "of type dict; expected a keras_tuner.HyperParameters"),
        ({"allow_new_entries": False}, "allow_new_entries=False leaves nothing to tune"),
        ({"callbacks": "missing"}, "defines no 'missing'"),
    ],
)
def test_what_a_search_cannot_be_given_is_refused_in_one_line(their_file, given, error):
    given = {name: f"{their_file}:{value}" if isinstance(value, str) else value for name, value in given.items()}
    with pytest.raises(StudyError) as raised:
        find_study(Path(f"{their_file}:build_model"), Named(f"{their_file}:load", **given))
    assert error in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("words", "direction"),
    [
        ("val_accuracy", "max"),
        ("val_auc", "max"),
        ("val_loss", "min"),
        ("loss", "min"),
        ("val_mean_squared_error", "min"),
        ("val_f1:max", "max"),
        ("my_metric:min", "min"),
    ],
)
def test_the_direction_is_given_or_inferred(words, direction):
    found = objective_of(words)
    assert (found.metric, found.direction) == (words.partition(":")[0], direction)


@pytest.mark.parametrize(
    ("path", "named", "error"),
    [
        ("nothing.py:build_model", {"data": "nothing.py:load"}, "there is no file nothing.py"),
        (f"{CODE}:build", {"data": f"{CODE}:arrays"}, "defines no 'build'; it defines arrays, two_inputs"),
        (f"{CODE}:build_model", {}, "Say --data FILE.py:load"),
        (f"{CODE}:build_model", {"data": "arrays"}, "--data is 'arrays'; expected a file and a name"),
        (f"{CODE}:build_model", {"data": f"{CODE}:arrays", "objective": "val_f9"}, "say --objective val_f9:max or"),
        (f"{CODE}:build_model", {"data": f"{CODE}:arrays", "objective": "val_f1:up"}, "expected 'min' or 'max'"),
        ("study.py", {"max_epochs": 3}, "--max-epochs belongs to FILE.py:build_model"),
        ("study.py", {"tune_new_entries": False}, "--tune-new-entries belongs to FILE.py:build_model"),
    ],
)
def test_mistakes_end_in_one_line(path, named, error):
    with pytest.raises(StudyError) as raised:
        find_study(Path(path), Named(**named))
    assert error in str(raised.value)
    assert "\n" not in str(raised.value)
