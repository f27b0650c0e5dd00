"""The log directory that people see first: the best of every tuner, in order of rank."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from tests.support import hparams_journal as made_up
from tests.support.golden_journal import write_golden
from tests.support.tensorboard_server import ask, columns, session_groups, tensorboard
from tuning.errors import JournalError
from tuning.journal.journal import read
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, TrialState
from tuning.journal.writer import JournalWriter
from tuning.tensorboard.best import MOST, best_of_each, by_importance, write_best

TUNERS = ("kt-random", "optuna-tpe", "sklearn-randomized")


def uneven(directory: Path) -> Path:
    """A study whose baseline has most trials and the best scores, and whose tuners have 60, 60 and 3."""
    plan = Plan(
        tuners={name: TunerSettings({}) for name in TUNERS},
        baselines={"default": TunerSettings({"tuner": "default"})},
        budget_epochs=12,
        replicates=1,
    )
    with JournalWriter.create(directory, made_up.study()) as writer:
        writer.session(Session(plan, Manifest()))
        for tuner, trials, ahead in (
            ("default", 300, 0.9),
            (TUNERS[0], 60, 0.5),
            (TUNERS[1], 60, 0.4),
            (TUNERS[2], 3, 0),
        ):
            for number in range(trials):
                score = math.nan if number == 1 else ahead + number / 1000
                writer.trial(made_up.trial(Cell("digits", tuner, 1), number, score=score))
    return directory


def test_the_first_hundred_hold_a_fair_share_of_every_tuner_and_baselines_last(tmp_path: Path) -> None:
    chosen = best_of_each(read(uneven(tmp_path)))
    assert len(chosen) == MOST
    assert Counter(trial.cell.tuner for trial in chosen) == {TUNERS[0]: 49, TUNERS[1]: 49, TUNERS[2]: 2}
    assert [(trial.cell.tuner, trial.trial) for trial in chosen[:4]] == [
        (TUNERS[0], 59), (TUNERS[1], 59), (TUNERS[2], 2), (TUNERS[0], 58),
    ]  # fmt: skip
    everything = best_of_each(read(tmp_path), most=1000)
    assert len(everything) == 59 + 59 + 2 + 299  # those without a score are left out
    assert {trial.cell.tuner for trial in everything[120:]} == {"default"}


def test_a_lower_score_ranks_first_where_lower_is_better(tmp_path: Path) -> None:
    journal = made_up.journal(tmp_path, made_up.study(digits=made_up.problem(direction="min")))
    scores = [trial.score for trial in best_of_each(journal) if trial.cell.tuner == TUNERS[0]]
    assert scores == sorted(scores)


def test_tensorboard_shows_them_in_order_of_rank(tmp_path: Path) -> None:
    uneven(tmp_path)
    assert write_best(read(tmp_path), tmp_path) == MOST
    with tensorboard(tmp_path, tmp_path, "hparams/best") as url:
        session_groups(url, MOST)
        names = [group["name"] for group in ask(url)]
        shown = columns(url)
    assert names[:3] == ["0001_kt-random_r01_t0059", "0002_optuna-tpe_r01_t0059", "0003_sklearn-randomized_r01_t0002"]
    assert names == sorted(names)
    assert [info["name"] for info in shown["hparamInfos"]][:2] == ["replicate", "tuner"]
    assert "problem" not in {info["name"] for info in shown["hparamInfos"]}


def test_hyperparameters_come_by_importance(tmp_path: Path) -> None:
    journal = made_up.journal(tmp_path, trials=400, tuners=TUNERS[:1], replicates=1)
    for cell, trials in journal.trials.items():
        journal.trials[cell] = [
            made_up.trial(
                cell, trial.trial, score=float(trial.configuration["learning_rate"]), state=TrialState.COMPLETE
            )
            for trial in trials
        ]
    assert by_importance(journal)[0] == "learning_rate"


def test_a_study_too_small_for_importance_has_no_order_of_its_own(tmp_path: Path) -> None:
    write_golden(tmp_path)
    assert by_importance(read(tmp_path)) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    journal = read(uneven(tmp_path / "study"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "study" / "hparams").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="is a link"):
        write_best(journal, tmp_path / "study")
