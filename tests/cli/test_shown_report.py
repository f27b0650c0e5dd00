"""What the terminal shows of a report, in 80 columns; and a study's command line in a notebook."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.report.test_first_screen import two_problems
from tuning.budget import Budget
from tuning.cli.script import run_script
from tuning.cli.status import show_report
from tuning.report.report import Report, write_report
from tuning.study import Study
from tuning.testing import SyntheticProblem, mixed_space


def test_intervals_of_several_problems_are_whole_in_80_columns(tmp_path: Path) -> None:
    report = write_report(two_problems(tmp_path))
    file = io.StringIO()
    show_report(report, Console(file=file, width=80))
    assert file.getvalue().count("0.510–0.530") == 2  # of tuner a, on both problems
    assert "…" not in file.getvalue()


def test_the_end_says_which_tuner_and_model_to_take_what_more_would_bring_and_where_the_report_is(
    golden_report: Report, tmp_path: Path
) -> None:
    file = io.StringIO()
    show_report(golden_report, Console(file=file, width=80))
    text = " ".join(file.getvalue().split())
    answer = golden_report.answers["digits"]
    said = [
        golden_report.verdict.line,
        golden_report.result.recommendation.line,
        "The best winner:",  # its model is not saved
        answer.use,
        *(f"More compute? {line}" for line in answer.more),
        "Spent: ",
        f"Report: {golden_report.html}",
    ]
    places = [text.index(" ".join(line.split())) for line in said]
    assert places == sorted(places)
    model = tmp_path / "models" / "optuna-tpe.keras"
    model.parent.mkdir()
    model.touch()
    saved = replace(answer, model="models/optuna-tpe.keras")
    show_report(replace(golden_report, directory=tmp_path, answers={"digits": saved}), Console(file=file, width=80))
    assert f"Use this model: {model}" in file.getvalue()


def test_in_a_notebook_the_kernels_own_arguments_are_no_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["/lib/ipykernel_launcher.py", "-f", "/run/kernel.json"])
    study = Study(
        "s", SyntheticProblem(mixed_space, max_epochs=2), ["kt-random"], budget=Budget(2), baselines=(), retrain=0
    )
    run_script(study)
    assert "No such option" not in "".join(capsys.readouterr())
    assert (tmp_path / "reports" / "s" / "report.html").is_file()
