"""Killed anywhere, by SIGKILL, a study comes to the tables of one that was never interrupted."""

from __future__ import annotations

import collections
import json
from pathlib import Path

import pytest

from tests.support.fork_server import program
from tuning import tuners as registry
from tuning.errors import StudyError
from tuning.journal.frames import epochs_frame, retrainings_frame, trials_frame
from tuning.journal.journal import path_of, read

ROOT = Path(__file__).parents[2]
TIMES = ["train_seconds", "suggest_seconds"]


def installed() -> list[str]:
    names = []
    for name in registry.names():
        try:
            registry.load(name)()
        except StudyError:  # its library is an extra that is not installed
            continue
        names.append(name)
    return names


def tables(directory: Path) -> list[str]:
    journal = read(directory)
    frames = [frame(journal) for frame in (trials_frame, epochs_frame, retrainings_frame)]
    return [frame.drop(columns=TIMES, errors="ignore").to_csv() for frame in frames]


def records(directory: Path) -> collections.Counter[tuple[object, ...]]:
    """How often the journal holds each trial, retraining and end."""
    lines = [json.loads(line) for line in path_of(directory).read_text().splitlines()]
    names = ("kind", "problem", "tuner", "replicate", "trial", "repeat")
    return collections.Counter(
        tuple(line.get(name) if name != "trial" or line["kind"] != "cell" else None for name in names)
        for line in lines
        if line["kind"] in ("trial", "retraining", "cell")
    )


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.usefixtures("fork_server")
@pytest.mark.parametrize(
    ("jobs", "replicates", "folds", "some"),
    [
        (1, 1, 1, ["kt-hyperband", "kt-bayesian", "sklearn-halving", "optuna-tpe-hyperband", "screening"]),
        (1, 1, 3, ["kt-hyperband", "sklearn-halving", "optuna-tpe-hyperband", "screening"]),
        (2, 1, 1, ["kt-hyperband", "optuna-tpe"]),
        pytest.param(1, 2, 1, [], marks=pytest.mark.nightly),
        pytest.param(2, 2, 3, [], marks=pytest.mark.nightly),
    ],
)
def test_killed_again_and_again_a_study_gives_the_same_tables(
    tmp_path: Path, jobs: int, replicates: int, folds: int, some: list[str]
) -> None:
    names = some or installed()
    assert some or len(names) >= 14
    words = [str(tmp_path), "1", str(jobs), str(replicates), str(folds), *names]
    log = tmp_path / "log"
    process = program("tests.simulations.kill_points", *words, folder=ROOT, log=log)
    process.join()
    assert process.exitcode == 0, log.read_text()
    kills = json.loads(log.read_text().splitlines()[-1])
    assert len(kills) >= ((2 * len(names) * replicates) if jobs == 1 else 4)
    kinds = {kind for kind, _ in kills}
    assert kinds == {"training", "before", "torn", "after"} if jobs == 1 else len(kinds) > 1
    assert tables(tmp_path / "killed") == tables(tmp_path / "alone" / "killed")
    assert set(records(tmp_path / "killed").values()) == {1}
    # A kill costs the trial it hit, or the one whose line it hit, and for a continued trial its parents'; with several
    # jobs, what a worker was ahead of the journal too.
    trained, alone = (len(path.read_text().splitlines()) for path in (tmp_path / "trained", tmp_path / "alone/trained"))
    assert alone < trained <= alone + (3 if jobs == 1 else 20) * folds * len(kills)
