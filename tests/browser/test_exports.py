"""What `tuning export` writes, opened in the tools that it is for: their own pages, in headless Chromium."""

from __future__ import annotations

import re
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import opened
from tests.support.web_server import serving
from tuning.export.export import export
from tuning.journal.journal import Journal
from tuning.journal.records import Cell, Trial, TrialState

pytestmark = [pytest.mark.slow, pytest.mark.waits]

SEARCH = Cell("digits", "kt-hyperband", 1)


def installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False


def with_score(journal: Journal) -> list[Trial]:
    """The trials of the search that ended with a score, the best of them first."""
    scored = [trial for trial in journal.trials[SEARCH] if trial.state != TrialState.FAILED]
    return sorted(scored, key=lambda trial: -trial.score)


@pytest.mark.skipif(not installed("optuna-dashboard"), reason="needs optuna-dashboard, of the extra `dev`")
def test_optuna_dashboard_shows_the_trials_and_the_best_of_a_search(
    browser: Any, golden_read: Journal, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/golden.db"
    export(golden_read.directory, f"optuna:{url}")
    # Its command by another name: an environment's folder of commands need not be on the PATH.
    command = (sys.executable, "-c", "from optuna_dashboard._cli import main; main()", url, "--port", "{port}")
    with serving(tmp_path / "log", *command) as (address, _), opened(browser, address, address) as page:
        for cell in golden_read.trials:
            page.get_by_text(f"golden/{cell}").first.wait_for()
        page.get_by_text(f"golden/{SEARCH}").first.click()
        best = with_score(golden_read)[0]
        page.get_by_text(f"Best Trial (number={best.trial})").wait_for()
        assert page.get_by_text(str(best.score), exact=True).count() == 1
        page.goto(f"{page.url.rstrip('/')}/trials", wait_until="commit")
        trials = golden_read.trials[SEARCH]
        page.get_by_text(f"{len(trials)} Trials", exact=True).wait_for()
        scored = with_score(golden_read)
        assert page.get_by_text("Fail", exact=True).count() == len(trials) - len(scored)
        for trial in scored:
            page.get_by_text(f"Trial {trial.trial}", exact=True).first.click()
            page.get_by_text(re.compile(rf"^Trial {trial.trial} \(trial_id=")).wait_for()
            page.get_by_text(str(trial.score), exact=True).first.wait_for()


@pytest.mark.nightly  # its server starts a minute after its command on two cores, and it brings 80 MB
@pytest.mark.skipif(
    not installed("mlflow"), reason="needs all of MLflow: python -m pip install -c constraints.txt mlflow"
)
def test_mlflow_shows_all_trials_and_the_scores_of_the_best(browser: Any, golden_read: Journal, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/golden.db"
    with warnings.catch_warnings():  # MLflow's own, of SQLAlchemy and pydantic
        warnings.simplefilter("ignore")
        export(golden_read.directory, f"mlflow:{url}")
        from mlflow import MlflowClient

        best = with_score(golden_read)[0]
        name = f"{SEARCH.tuner}/{SEARCH.replicate}/{best.trial}"
        client = MlflowClient(tracking_uri=url)
        (experiment,) = client.search_experiments(filter_string="name = 'golden/digits'")
        (run,) = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{name}'")
    command = (sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", url, "--port", "{port}", "--workers", "1")
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    unknown = "ajax-api/2.0/mlflow/users/current"  # it has no users unless it is told to
    with serving(tmp_path / "log", *command, **quiet) as (address, _):
        runs = f"{address}#/experiments/{experiment.experiment_id}/runs"
        with opened(browser, runs, address, unknown, viewport={"width": 1600, "height": 1000}) as page:
            number = len(golden_read.trials) + sum(map(len, golden_read.trials.values()))  # searches have runs too
            page.get_by_text(f"{number} matching runs").wait_for()
            for cell in golden_read.trials:
                page.get_by_text(f"{cell.tuner}/{cell.replicate}", exact=True).first.wait_for()
            page.goto(f"{runs}/{run.info.run_id}")
            page.get_by_text(name, exact=True).first.wait_for()
            metrics = page.get_by_role("row").filter(has_text="score")
            metrics.filter(has_text=str(best.score)).first.wait_for()
