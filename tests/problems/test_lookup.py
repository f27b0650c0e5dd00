"""`LookupProblem`: scores of a table that others trained."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from tuning import Budget, LookupProblem, Objective, Study
from tuning.errors import StudyError
from tuning.journal.frames import retrainings_frame, trials_frame
from tuning.journal.journal import read
from tuning.seeds import of_splits
from tuning.training.outcome import Logs, Outcome
from tuning.training.request import RetrainingRequest, TrainingRequest

WORTH = pytest.approx(0.11115)
GRID = {"rate": [0.001, 0.01, 0.1], "width": [6, 10]}


def space(hp: keras_tuner.HyperParameters) -> None:
    """In another order than the table's, and with a width that the table rounds."""
    hp.Float("width", 6.35, 10.08, step=10.08 / 6.35, sampling="log")
    hp.Float("rate", 1e-3, 1e-1, step=10, sampling="log")


def scores() -> np.ndarray:
    """(3, 2, 4): a configuration's digits, then the training's: rate 0.01 and width 10 are 0.1110 to 0.1113."""
    rate, width, training = np.meshgrid(np.arange(3), np.arange(2), np.arange(4), indexing="ij")
    return np.asarray(0.1 + rate / 100 + width / 1000 + training / 10000)


def looked_up(scores: Callable[[], np.ndarray] = scores) -> LookupProblem:
    return LookupProblem(space, GRID, scores, Objective("val_accuracy", "max"), name="grid", source="a paper")


def ignored(logs: Logs) -> bool:
    return False


def reported(how: Callable[[Any], Outcome], request: Any) -> float:
    """The only score that is reported for a request."""
    epochs: list[Logs] = []

    def report(logs: Logs) -> bool:
        epochs.append(logs)
        return False

    how(replace(request, on_epoch=report))
    (logs,) = epochs
    return float(logs["val_accuracy"])


def test_each_replicate_sees_one_training_of_a_configuration_and_the_worth_is_their_mean() -> None:
    problem = looked_up()
    configuration = {"width": 10.08, "rate": 0.01}
    seen = set()
    for replicate in range(1, 40):
        split = of_splits("study", "grid", replicate, configuration)
        (score,) = {
            reported(problem.train, TrainingRequest(configuration, seed, 1, ignored, split=split)) for seed in (1, 2)
        }
        seen.add(round(score, 6))
        assert reported(problem.retrain, RetrainingRequest(configuration, 1, ignored, split=split)) == WORTH
    assert problem.retrain(RetrainingRequest(configuration, 1, ignored)).best_of_table == pytest.approx(0.12115)
    assert seen == {0.111, 0.1111, 0.1112, 0.1113}


def test_every_configuration_has_its_own_place() -> None:
    problem = looked_up()
    firsts = [float(problem.trainings(configuration)[0]) for configuration in problem.space.distinct(1)]
    found = {round(score, 6) for score in firsts}
    assert found == {round(0.1 + rate / 100 + width / 1000, 6) for rate in range(3) for width in range(2)}


def test_a_study_finds_the_best_of_the_table_and_says_where_scores_are_from(tmp_path: Path) -> None:
    study = Study("looked-up", looked_up(), ["kt-random", "optuna-tpe"], budget=Budget(epochs=6), replicates=3)
    result = study.run(tmp_path, progress=False)
    journal = read(tmp_path / "looked-up")
    assert set(trials_frame(journal)["epochs"]) == {1}
    winners = retrainings_frame(journal).query("final and tuner == 'kt-random'")
    assert winners["score"].to_list() == pytest.approx([0.12115] * 3)  # six draws of six configurations
    assert winners["best_of_table"].to_list() == pytest.approx([0.12115] * 3)
    assert result.verdict.line.startswith("In a table: ")
    page = (tmp_path / "looked-up" / "report.md").read_text()
    assert "one of the 4 trainings that a paper has of each of 6 configurations" in page
    assert "A difference that is shown holds for this table." in page


def test_workers_read_the_scores_themselves() -> None:
    problem = looked_up()
    assert problem.check() == ["val_accuracy"]
    sent = pickle.dumps(problem)
    assert len(sent) < len(pickle.dumps(scores())) + 5000
    assert "scores" not in problem.__getstate__()
    assert np.array_equal(pickle.loads(sent).scores, problem.scores)


def test_what_does_not_fit_is_said() -> None:
    objective = Objective("val_accuracy", "max")
    with pytest.raises(StudyError, match="grid: the grid has rate, and the space width, rate; expected the same names"):
        LookupProblem(space, {"rate": [0.001, 0.01, 0.1]}, scores, objective, name="grid", source="")
    with pytest.raises(StudyError, match=r"grid: width is Float .*; expected a value for each of \[6, 10, 16\]"):
        LookupProblem(space, {**GRID, "width": [6, 10, 16]}, scores, objective, name="grid", source="")
    with pytest.raises(
        StudyError, match=r"the scores have the shape \(3, 2\); expected finite numbers, \(3, 2\) and an"
    ):
        looked_up(lambda: scores()[..., 0]).check()
    with pytest.raises(StudyError, match="expected finite numbers"):
        looked_up(lambda: np.full((3, 2, 4), np.nan)).check()
    with pytest.raises(StudyError, match="'grid' is computed from a table, in no time"):
        Study("s", looked_up(), ["kt-random"], budget=Budget(seconds=3))
