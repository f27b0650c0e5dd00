"""The small log directory, read back through TensorBoard's own HTTP interface."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden_journal import BASELINES, TUNERS, write_golden, write_scores
from tests.support.tensorboard_server import columns, session_groups, tensorboard
from tuning.analysis.summary import results, summarise
from tuning.errors import JournalError
from tuning.journal.journal import read
from tuning.tensorboard.hparams import write_hparams
from tuning.tensorboard.messages import EVENT_FILE
from tuning.tensorboard.names import SUMMARY_METRICS
from tuning.tensorboard.summary import write_hparams_summary


def test_a_session_group_for_each_tuner_beside_the_trials_and_not_among_them(tmp_path: Path) -> None:
    study = tmp_path / "study"
    write_golden(study)
    journal = read(study)
    write_hparams(journal, study)
    found = summarise(journal)
    write_hparams_summary(journal, found, study)
    labels = [*TUNERS, *BASELINES]

    with tensorboard(tmp_path, study, "hparams/summary") as url:
        groups = session_groups(url, len(labels), ended=2)
        shown = columns(url)
    assert list(groups) == [f"digits/{label}" for label in sorted(labels)]
    names = {info["name"] for info in shown["hparamInfos"]}
    assert names == {"tuner", "n_hidden", "learning_rate", "optimizer", "momentum"}
    assert [info["name"]["tag"] for info in shown["metricInfos"]] == list(SUMMARY_METRICS)

    assert {name: group["sessions"][0]["status"] for name, group in groups.items()} == {
        "digits/default": "STATUS_SUCCESS",
        "digits/kt-hyperband": "STATUS_FAILURE",  # the tuner raised in one replicate
        "digits/kt-random": "STATUS_UNKNOWN",  # unfinished
        "digits/optuna-tpe": "STATUS_UNKNOWN",
        "digits/random-2x": "STATUS_UNKNOWN",
    }
    best = {row["tuner"]: row["configuration"] for row in found.problems["digits"].best.to_dict("records")}
    for label in labels:
        assert groups[f"digits/{label}"]["hparams"] == {"tuner": label, **best[label]}
    rows = results(found).set_index("tuner")
    metrics = {one["name"]["tag"]: one["value"] for one in groups["digits/kt-hyperband"]["metricValues"]}
    assert metrics == pytest.approx({name: rows.loc["kt-hyperband", name] for name in SUMMARY_METRICS}, rel=1e-6)


def test_what_does_not_exist_is_left_out(tmp_path: Path) -> None:
    write_scores(tmp_path, {"a": [0.5, 0.75], "b": [None, None]})
    journal = read(tmp_path)
    write_hparams_summary(journal, summarise(journal), tmp_path)
    events = (tmp_path / "hparams" / "summary" / "digits" / "b" / EVENT_FILE).read_bytes()
    assert b"replicates_done" in events
    assert b"median" not in events
    assert b"retrained" not in events


def test_links_are_not_followed(tmp_path: Path) -> None:
    study, elsewhere = tmp_path / "study", tmp_path / "elsewhere"
    write_golden(study)
    (elsewhere / "summary").mkdir(parents=True)
    (elsewhere / "summary" / "mine").write_text("kept")
    (study / "hparams").symlink_to(elsewhere)
    journal = read(study)
    with pytest.raises(JournalError, match="is a link"):
        write_hparams_summary(journal, summarise(journal), study)
    assert (elsewhere / "summary" / "mine").read_text() == "kept"
