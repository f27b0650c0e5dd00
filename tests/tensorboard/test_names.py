"""A user's hyperparameters and metrics that have our names: one rule, in HPARAMS and in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import hparams_journal as made_up
from tests.support.tensorboard_server import columns, session_groups, tensorboard
from tuning.journal.frames import TRIAL_COLUMNS, trials_frame
from tuning.journal.journal import read
from tuning.journal.records import Cell
from tuning.journal.writer import JournalWriter
from tuning.tensorboard import hparams, summary
from tuning.tensorboard.hparams import run_name, write_hparams
from tuning.tensorboard.names import OURS, column_names, curve_tag

CLASHING = ("tuner", "replicate", "problem", "trial", "state", "score", "epochs", "test_score", "median")


def test_a_name_of_ours_becomes_another_and_no_two_are_alike() -> None:
    assert column_names(["units", *CLASHING]) == {"units": "units", **{name: f"hp.{name}" for name in CLASHING}}
    assert column_names(["hp.tuner", "tuner", "hp.hp.tuner"]) == {
        "hp.tuner": "hp.tuner", "tuner": "hp.hp.tuner", "hp.hp.tuner": "hp.hp.hp.tuner",
    }  # fmt: skip
    assert {"problem", *hparams.METRICS, hparams.TEST, *summary.SUMMARY_METRICS, *TRIAL_COLUMNS} <= OURS
    assert [curve_tag(name) for name in ("val_loss", "score", "test_score")] == [
        "val_loss", "epoch_score", "epoch_test_score",
    ]  # fmt: skip


@pytest.mark.parametrize("problems", [1, 2])
def test_the_rule_does_not_depend_on_what_the_study_shows(tmp_path: Path, problems: int) -> None:
    space: list[dict[str, Any]] = [
        {"name": name, "type": "Int", "min_value": 0, "max_value": 9, "step": 1, "default": 0, "conditions": []}
        for name in ("units", *CLASHING)
    ]
    names = ["one", "two"][:problems]
    study = made_up.study(**{name: made_up.problem(space) for name in names})
    configuration = {entry["name"]: place for place, entry in enumerate(space)}
    made_up.journal(tmp_path, study, trials=0)
    trial = made_up.trial(Cell("one", "kt-random", 1), 0, configuration=configuration)
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial)
    journal = read(tmp_path)
    write_hparams(journal, tmp_path)
    with tensorboard(tmp_path, tmp_path) as url:
        group = session_groups(url, 1)[run_name(trial.cell, 0)]
        shown = {info["name"] for info in columns(url)["hparamInfos"]}
    renamed = {f"hp.{name}": configuration[name] for name in CLASHING}
    origin = {"tuner": "kt-random", "replicate": 1} | ({"problem": "one"} if problems == 2 else {})
    assert group["hparams"] == {**origin, "units": 0, **renamed}
    assert shown == {*origin, "units", *renamed}

    frame = trials_frame(journal)
    assert list(frame.columns) == [*TRIAL_COLUMNS, *(f"hp.{name}" for name in configuration)]
    assert (frame.loc[0, "tuner"], frame.loc[0, "hp.tuner"]) == ("kt-random", configuration["tuner"])
