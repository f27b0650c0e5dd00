"""Each file in `cases/` is searched by all five tuners in one process, and what it says on top holds."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import keras_tuner
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.plugins.hparams import metadata

from tests.users_code.holds import Holds
from tuning.budget import Budget
from tuning.cli.load import load_module, objective_of
from tuning.errors import TuningError
from tuning.journal.journal import Journal, read
from tuning.journal.records import Trial, TrialState
from tuning.problems.problem import Problem
from tuning.runner.plan import FIVE, StudyPlan
from tuning.runner.runner import run
from tuning.splits import Splits
from tuning.tensorboard.hparams import TRIALS
from tuning.tensorboard.messages import EVENT_FILE

CASES = sorted((Path(__file__).parent / "cases").glob("[!_]*.py"))
GIVEN = ("callbacks", "fit_arguments", "hyperparameters")


def problem_of(case: ModuleType) -> Problem:
    holds: Holds = case.HOLDS
    given = {name: getattr(case, name) for name in GIVEN if hasattr(case, name)}
    return Problem(
        case.search, data=case.data, objective=objective_of(holds.objective), max_epochs=holds.max_epochs, **given
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_a_case_says_holds(path: Path, tmp_path: Path) -> None:
    case = load_module(path)
    holds: Holds = case.HOLDS
    problem = problem_of(case)
    study = StudyPlan(path.stem, problem, FIVE, budget=Budget(holds.budget), replicates=1, baselines=(), retrain=0)
    if holds.refused:
        with pytest.raises(TuningError, match=holds.refused) as refused:
            run(study, tmp_path)
        assert "\n" not in str(refused.value)
        return
    done = run(study, tmp_path)
    assert not done.failed
    journal = read(done.directory)
    assert problem.space.names == holds.names
    charged = holds.budget if holds.charged is None else holds.charged
    assert {cell.tuner: end.spent_epochs for cell, end in journal.ends.items()} == dict.fromkeys(FIVE, charged)
    trials = list(journal.all_trials())
    assert any(trial.state == TrialState.FAILED for trial in trials) == holds.failed
    assert hparams_columns(done.directory) == {"tuner", "replicate", *(holds.columns or holds.names)}
    if holds.as_native:
        compared_with_keras_tuner(case, problem, journal, tmp_path)


def hparams_columns(directory: Path) -> set[str]:
    """The hyperparameters' columns that TensorBoard is told of."""
    for event in EventFileLoader(str(directory / TRIALS / EVENT_FILE)).Load():
        for value in event.summary.value:
            if value.tag == metadata.EXPERIMENT_TAG:
                content = value.metadata.plugin_data.content
                return {info.name for info in metadata.parse_experiment_plugin_data(content).hparam_infos}
    raise AssertionError("no experiment tag")


def compared_with_keras_tuner(case: ModuleType, problem: Problem, journal: Journal, folder: Path) -> None:
    trial = next(
        trial
        for trial in journal.all_trials()
        if trial.cell.tuner == "kt-random" and trial.state == TrialState.COMPLETE
    )
    assert trial.score == pytest.approx(of_keras_tuner(case, problem, trial, folder), rel=1e-5)


class Seeded(keras_tuner.HyperModel):
    """A hypermodel that is built from a trial's seed."""

    def __init__(self, inner: keras_tuner.HyperModel, seed: int) -> None:
        super().__init__()
        self.inner, self.seed = inner, seed

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        keras.utils.set_random_seed(self.seed)
        return self.inner.build(hp)

    def fit(self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        return self.inner.fit(hp, model, *args, **kwargs)


def of_keras_tuner(case: ModuleType, problem: Problem, trial: Trial, folder: Path) -> float:
    """The score that KerasTuner's own search gives a trial's configuration, trained from its seed."""
    values = keras_tuner.HyperParameters()
    for name, value in trial.configuration.items():
        values.Fixed(name, value)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        keras_tuner.Objective(problem.objective.metric, problem.objective.direction),
        max_trials=1, hyperparameters=values, tune_new_entries=False,
    )  # fmt: skip
    tuner = keras_tuner.Tuner(
        oracle, Seeded(problem.recipe.hypermodel, trial.seed), directory=folder, project_name="kt", overwrite=True
    )
    loaded = case.data()
    train, validation = (loaded.train, loaded.validation) if isinstance(loaded, Splits) else loaded[:2]
    callbacks = getattr(case, "callbacks", ())
    more = {**problem.fit_arguments, "callbacks": list(callbacks() if callable(callbacks) else callbacks), "verbose": 0}
    if case.HOLDS.passes_epochs:
        more["epochs"] = case.HOLDS.max_epochs
    if not isinstance(train, tuple):
        train, more["shuffle"] = (train,), False  # else Keras warns that it does not
    tuner.search(*train, validation_data=validation, **more)
    (best,) = oracle.get_best_trials(1)
    assert not math.isnan(best.score)
    return float(best.score)


def test_every_case_declares_what_holds() -> None:
    assert len(CASES) > 10
    for path in CASES:
        text = path.read_text()
        assert "HOLDS = Holds(" in text, path.name
        assert inspect.cleandoc(text).startswith('"""'), f"{path.name} begins with what it is a case of"
