"""trials.csv and epochs.csv, to the byte."""

import csv
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.golden_journal import session
from tuning.configuration import Configuration
from tuning.journal.frames import epochs_frame, metric_column, trials_frame
from tuning.journal.journal import read
from tuning.journal.records import Cell, Trial, TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.report import csv as csvs
from tuning.report.csv import csv_text, write_csv

A, B = Cell("digits", "kt-hyperband", 1), Cell("digits", "optuna-tpe", 1)
NAMES = ("width", "rate", "bias", "optimizer", "momentum")


def write(directory: Path, trials: list[Trial], names: tuple[str, ...] = NAMES) -> None:
    space = [{"name": name} for name in names]
    problem = ProblemRecord(space, Objective("val_loss", "min"), 4, DataRecord("none"))
    with JournalWriter.create(directory, StudyRecord(study="s", problems={"digits": problem})) as writer:
        session(writer, [A.tuner, B.tuner], 4, 1)
        for trial in trials:
            writer.trial(trial)
    write_csv(trials_frame(read(directory)), directory / "trials.csv")
    write_csv(epochs_frame(read(directory)), directory / "epochs.csv")


def one(cell: Cell, number: int, values: Configuration, losses: list[float], spent: int, **more: Any) -> Trial:
    state, initial = more.pop("state", TrialState.COMPLETE), more.pop("initial_epoch", 0)
    curve = [{"loss": 2 * loss, "val_loss": loss} for loss in losses]
    score = float("nan") if state == TrialState.FAILED else min(losses)
    return Trial(cell, number, values, state, score, initial, 4, curve, spent, 1.5, 0.25, **more)


SGD: Configuration = {"width": 32, "rate": 0.001, "bias": True, "optimizer": "sgd", "momentum": 0.9}
ADAM: Configuration = {"width": 8, "rate": 1e-05, "bias": False, "optimizer": "adam"}


def test_small_tables_to_the_byte(tmp_path: Path) -> None:
    trials = [
        one(B, 0, ADAM, [0.5], 1, state=TrialState.CUT),
        one(A, 0, SGD, [0.75, 0.5], 2),
        one(A, 1, ADAM, [], 2, state=TrialState.FAILED, error='ValueError: no, "never"'),
        one(A, 2, SGD, [0.25], 3, parent=0, initial_epoch=2),
    ]
    write(tmp_path, trials)
    assert (tmp_path / "trials.csv").read_bytes().decode() == (
        "problem,tuner,replicate,trial,state,score,epochs,spent_epochs,train_seconds,suggest_seconds,parent,error,"
        "hp.width,hp.rate,hp.bias,hp.optimizer,hp.momentum\n"
        "digits,kt-hyperband,1,0,COMPLETE,0.5,2,2,1.5,0.25,,,32,0.001,True,sgd,0.9\n"
        'digits,kt-hyperband,1,1,FAILED,,0,2,1.5,0.25,,"ValueError: no, ""never""",8,1e-05,False,adam,\n'
        "digits,kt-hyperband,1,2,COMPLETE,0.25,1,3,1.5,0.25,0,,32,0.001,True,sgd,0.9\n"
        "digits,optuna-tpe,1,0,CUT,0.5,1,1,1.5,0.25,,,8,1e-05,False,adam,\n"
    )
    assert (tmp_path / "epochs.csv").read_bytes().decode() == (
        "problem,tuner,replicate,trial,epoch,spent_epochs,loss,val_loss\n"
        "digits,kt-hyperband,1,0,1,1,1.5,0.75\n"
        "digits,kt-hyperband,1,0,2,2,1.0,0.5\n"
        "digits,kt-hyperband,1,2,3,3,0.5,0.25\n"
        "digits,optuna-tpe,1,0,1,1,1.0,0.5\n"
    )


def test_types_come_through_the_frame(tmp_path: Path) -> None:
    write(tmp_path, [one(A, 0, SGD, [0.5], 1), one(A, 1, ADAM, [0.5], 2)])
    frame = trials_frame(read(tmp_path))
    rows = frame.to_dict("records")
    assert [type(row["hp.width"]) for row in rows] == [int, int]
    assert [type(row["hp.bias"]) for row in rows] == [bool, bool]
    assert frame["hp.momentum"][0] == 0.9
    dtypes = {name: str(dtype) for name, dtype in frame.dtypes.items() if str(name).startswith("hp.")}
    assert dtypes == {
        "hp.width": "Int64", "hp.rate": "float64", "hp.bias": "bool", "hp.optimizer": "object",
        "hp.momentum": "float64",
    }  # fmt: skip
    assert pd.isna(frame["hp.momentum"][1])
    assert str(frame["parent"].dtype) == "Int64"


def test_a_study_without_trials_has_tables_with_headings(tmp_path: Path) -> None:
    write(tmp_path, [])
    assert (tmp_path / "trials.csv").read_text().splitlines() == [
        "problem,tuner,replicate,trial,state,score,epochs,spent_epochs,train_seconds,suggest_seconds,parent,error,"
        "hp.width,hp.rate,hp.bias,hp.optimizer,hp.momentum"
    ]
    assert (tmp_path / "epochs.csv").read_text() == "problem,tuner,replicate,trial,epoch,spent_epochs\n"


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    'say "no", twice',
    "two\nlines",
    "a\r\nb",
    "Ünï\u202ecode\0",
    "\ud800",
    "x" * 9999,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_in_its_field(tmp_path: Path, text: str) -> None:
    write(
        tmp_path,
        [one(A, 0, {text: text}, [], 0, state=TrialState.FAILED, error=text), one(A, 1, {}, [0.5], 1)],
        names=(text,),
    )
    content = (tmp_path / "trials.csv").read_bytes().decode()
    rows = list(csv.reader(content.splitlines(keepends=True)))
    assert [len(row) for row in rows] == [13, 13, 13]
    assert rows[0][12] == csv_text(f"hp.{text}")
    assert (rows[1][11], rows[1][12]) == (csv_text(text), csv_text(text))
    assert rows[2][5] == "0.5"


def test_a_metric_called_like_a_column_keeps_apart(tmp_path: Path) -> None:
    trial = Trial(A, 0, {}, TrialState.COMPLETE, 1.0, 0, 1, [{"epoch": 7.0, "val_loss": 1.0}], 1)
    write(tmp_path, [trial])
    frame = epochs_frame(read(tmp_path))
    assert metric_column("epoch") == "metric.epoch"
    assert list(frame["epoch"]) == [1]
    assert list(frame["metric.epoch"]) == [7.0]


FLOATS = st.floats() | st.sampled_from([1e16, 9.999999999999999e15, 1e-4, 9.9e-5, -0.0, 5e-324, 0.1 + 0.2])
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | st.text(st.characters(codec="utf-8"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FLOATS, st.integers(-(2**63), 2**63 - 1), SCALARS, st.text()), max_size=5))
def test_csv_has_the_bytes_of_pandas(rows: list[tuple[Any, ...]]) -> None:
    number, whole, anything, text = zip(*rows, strict=True) if rows else ((), (), (), ())
    frame = pd.DataFrame(
        {
            "a,b": pd.Series(number, dtype=float),
            "whole": pd.Series(whole, dtype="int64"),
            "hp": pd.Series(anything, dtype=object),
            "text": pd.Series(text, dtype=object),
            "parent": pd.Series([None, *range(4)][: len(rows)], dtype="Int64"),
            "cut": pd.Series([True] * len(rows), dtype=bool),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        write_csv(frame, ours)
        shown = frame.copy()
        for name in ("hp", "text"):  # `frame.map` would make floats of None and integers
            values = [csv_text(value) if isinstance(value, str) else value for value in frame[name]]
            shown[name] = pd.Series(values, dtype=object)
        shown.to_csv(theirs, index=False, errors="replace")
        assert ours.read_bytes() == theirs.read_bytes()


def test_csv_is_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": range(10), "b": [float(value) / 3 for value in range(10)]})
    monkeypatch.setattr(csvs, "_CSV_ROWS", 3)
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == frame.to_csv(index=False)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"), (" =1", "' =1"), ("\t=1", "'\t=1"), ("\n=1", "'\n=1"), ("\uff1d1", "'\uff1d1"),
        ("-1", "-1"), ("+2.5e-3", "+2.5e-3"), ("-.5", "-.5"), ("a=1", "a=1"), ("relu", "relu"), ("é\nb", "é\nb"),
        ("-inf", "'-inf"), ("\x1b[31m\x00\r", "\\x1b[31m\\x00\\x0d"), ("a\u202eb", "a\\u202eb"),
    ],
)  # fmt: skip
def test_a_text_in_a_csv_file_is_no_formula(text: str, written: str) -> None:
    assert csv_text(text) == written


def test_numbers_in_a_csv_file_are_what_they_are(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "score": [-0.25, 1e-300, float("nan")],
            "hp.mixed": pd.Series([-3, "=1+1", "-1"], dtype=object),
            "flag": [True, False, True],
            "=metric": [-1, -2, -3],
        }
    )
    write_csv(frame, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["score", "hp.mixed", "flag", "'=metric"],
        ["-0.25", "-3", "True", "-1"],
        ["1e-300", "'=1+1", "False", "-2"],
        ["", "-1", "True", "-3"],
    ]
