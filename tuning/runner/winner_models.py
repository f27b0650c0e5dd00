"""The winner of each tuner as a usable model: `models/<tuner>.keras` in the study's folder.

A training depends only on its seed, so the winner's weights need not be kept, nor sent from worker to driver: the
retraining in the journal is repeated here, and its model is saved. What the report shows about it is measured at the
same time and recorded in the journal.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from tuning import seeds
from tuning.analysis.winners import best_winner, record_of, winners
from tuning.arguments import whole_number
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.journal.journal import Journal
from tuning.journal.records import Retraining
from tuning.journal.winner_record import MODELS, Winner, weights_file
from tuning.journal.writer import JournalWriter
from tuning.problems.problem import Problem, TrainingProblem
from tuning.runner.retraining import retraining_split
from tuning.tensorboard.hparams import WINNERS
from tuning.text import file_name
from tuning.training.request import RetrainingRequest

if TYPE_CHECKING:
    from tuning.training.outcome import Logs

KerasModel: TypeAlias = Any  # `keras.Model`; Keras ships no types, and is not imported just for a name


def save_winners(
    journal: Journal,
    problems: Sequence[TrainingProblem],
    further: int = 0,
    *,
    full: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Saves each tuner's winner, unless its file holds it already; returns the files written.

    The weights alone are saved too, as `<tuner>.weights.h5`; if Keras cannot save `<tuner>.keras`, only they are.

    Args:
        journal: Gets a record of each saved winner.
        problems: Those of the study.
        further: Further epochs that each is then trained on training and validation data together, saved as
            `<tuner>-continued.keras`: for use, because only the test split is left to compare it.
        full: Whether TensorBoard's logs of its training are written to `tensorboard/<tuner>`; see
            `tuning.training.winner.tensorboard_logs`.
        say: Called with one line for each thing that could not be done.
    """
    by_name = {problem.name: problem for problem in problems}
    chosen = winners(journal)
    written = []
    for (key, winner), path in zip(chosen.items(), _paths(journal, list(chosen)), strict=True):
        logs = journal.directory / WINNERS / path.stem if full else None
        known = _saved(journal, winner, path)
        if key[0] not in by_name:
            continue
        if known is None or (logs is not None and not (logs / "model").is_dir()):
            known = _save(journal, by_name[key[0]], winner, path, logs, say)
            if known is None:
                continue
            written.append(path.with_name(known.file))
        if further and (known.further_epochs != further or not _there(_continued(path))):
            _continue(journal, _problem(problems, key[0]), winner, path, further)
            written.append(_continued(path).with_name(_there(_continued(path))))
    return written


def best_configuration(journal: Journal, tuner: str | None = None, problem: str | None = None) -> Configuration:
    """The configuration of a tuner's winner, or of the best winner of all. Raises StudyError if there is none."""
    return dict(_pick(journal, tuner, problem)[0].configuration)


def best_model(
    journal: Journal, problems: Sequence[TrainingProblem], tuner: str | None = None, problem: str | None = None
) -> KerasModel:
    """A tuner's saved winner, a compiled `keras.Model`. Raises StudyError if there is no winner, or no file."""
    winner, path = _pick(journal, tuner, problem)
    return _problem(problems, winner.cell.problem).load_model(_file(journal, winner, path), winner.configuration)


def continue_training(
    journal: Journal,
    problems: Sequence[TrainingProblem],
    epochs: int,
    tuner: str | None = None,
    problem: str | None = None,
) -> tuple[KerasModel, dict[str, float]]:
    """A tuner's winner, trained further on training and validation data together, and its metrics on test.

    Saved next to the winner, as `save_winners` does with `further` epochs.

    Raises:
        StudyError: There is no such winner or no file of it, or it cannot be trained further.
    """
    whole_number(epochs, f"continue_training(epochs={epochs!r})")
    winner, path = _pick(journal, tuner, problem)
    own = _problem(problems, winner.cell.problem)
    record = _continue(journal, own, winner, _file(journal, winner, path), epochs)
    return own.load_model(_continued(path), winner.configuration), dict(record.continued)


def _pick(journal: Journal, tuner: str | None, problem: str | None) -> tuple[Retraining, Path]:
    """The requested winner, and where its model is saved."""
    known = list(journal.problems)
    if problem is None and len(known) > 1:
        raise StudyError(f"study {journal.name!r} has the problems {', '.join(known)}; give one with problem=...")
    name = known[0] if problem is None else problem
    if name not in known:
        raise StudyError(f"study {journal.name!r} has no problem {name!r}; it has {', '.join(known)}")
    tuners = list(journal.plan.tuners)
    if tuner is not None and tuner not in tuners:
        raise StudyError(f"study {journal.name!r} has no tuner {tuner!r}; it has {', '.join(tuners) or 'none yet'}")
    chosen = winners(journal)
    paths = dict(zip(chosen, _paths(journal, list(chosen)), strict=True))
    own = [winner for key, winner in chosen.items() if key[0] == name and tuner in (None, key[1])]
    winner = best_winner(journal, own)
    if winner is None:
        raise StudyError(
            f"{tuner or 'no tuner'} has {'no' if tuner else 'a'} winner in {journal.directory}: none is "
            "retrained; `tuning run STUDY.py --retrain 1 --endpoint search` does that"
        )
    return winner, paths[name, winner.cell.tuner]


def _problem(problems: Sequence[TrainingProblem], name: str) -> Problem:
    found = next((problem for problem in problems if problem.name == name), None)
    if found is None:
        raise StudyError(f"the study has no problem {name!r}, though its folder does; another script wrote that folder")
    if not isinstance(found, Problem):
        raise StudyError(f"problem {name!r} is computed: it has no model")
    return found


def _file(journal: Journal, winner: Retraining, path: Path) -> Path:
    if _saved(journal, winner, path) is None:
        what = "is not of the winner of today" if _there(path) else "is missing"
        raise StudyError(f"{path} {what}; `tuning run STUDY.py` saves it again")
    return path


def _saved(journal: Journal, winner: Retraining, path: Path) -> Winner | None:
    """The record of this winner, if its files exist too."""
    known = record_of(journal, winner)
    return known if known is not None and known.file == _there(path) else None


def _there(path: Path) -> str:
    """File name of a saved model, or of its weights if Keras could not save it whole; empty if there is neither."""
    weights = weights_file(path)
    return "" if not weights.is_file() else path.name if path.is_file() else weights.name


def _save(
    journal: Journal,
    problem: TrainingProblem,
    winner: Retraining,
    path: Path,
    logs: Path | None,
    say: Callable[[str], None],
) -> Winner | None:
    """Retrains a winner and saves it; None if that failed, or if a computed problem has no model."""
    path.parent.mkdir(exist_ok=True)
    if logs is not None and logs.is_dir():
        shutil.rmtree(logs)
    who = f"{winner.cell.problem}, the winner of {winner.cell.tuner}"
    curve: list[Logs] = []

    def seen(logs: Logs) -> bool:
        curve.append(logs)
        return False

    request = RetrainingRequest(
        winner.configuration,
        winner.seed,
        seen,
        winner.epochs if problem.folds > 1 else None,
        save=path,
        logs=logs,
        split=_split_of(journal, problem, winner),
    )
    outcome = problem.retrain(request)
    if outcome.error and logs is not None:
        say(f"{who}: not logged for TensorBoard: {outcome.error}")
        curve.clear()
        outcome = problem.retrain(dataclasses.replace(request, logs=None))
    for line in [f"not saved: {outcome.error}"] if outcome.error else outcome.notes:
        say(f"{who}: {line}")
    if outcome.error or outcome.anatomy is None:
        with contextlib.suppress(OSError):  # others are in it
            path.parent.rmdir()
        return None
    score = problem.objective.score(curve) if outcome.score is None else outcome.score
    if winner.score == winner.score and not math.isclose(score, winner.score, rel_tol=1e-5, abs_tol=1e-8):
        say(
            f"{who}: trained again, it scored {score:g} and not {winner.score:g} as in the journal; a library, the "
            "machine or the study's code differs from when it was found"
        )
    for stale in (_continued(path), weights_file(_continued(path))):
        stale.unlink(missing_ok=True)
    record = Winner(winner.cell, winner.trial, winner.repeat, _there(path), outcome.test, outcome.anatomy)
    return _recorded(journal, record)


def _continue(journal: Journal, problem: Problem, winner: Retraining, path: Path, epochs: int) -> Winner:
    test = problem.continue_training(
        path,
        winner.configuration,
        epochs,
        seed=winner.seed,
        save=_continued(path),
        split=_split_of(journal, problem, winner),
    )
    return _recorded(journal, replace(journal.winners[winner.cell[:2]], further_epochs=epochs, continued=test))


def _split_of(journal: Journal, problem: TrainingProblem, winner: Retraining) -> seeds.SplitSeeds:
    """The rows that it was retrained on."""
    return retraining_split(problem, journal.name, winner.cell.replicate, winner.configuration)


def _recorded(journal: Journal, record: Winner) -> Winner:
    with JournalWriter.resume(journal.directory) as writer:
        writer.winner(record)
    journal.winners[record.cell[:2]] = record
    return record


def _continued(path: Path) -> Path:
    return path.with_name(f"{path.stem}-continued.keras")


def _paths(journal: Journal, chosen: Sequence[tuple[str, str]]) -> list[Path]:
    """A file for each problem and tuner, named after the problem only if there are several; safe on any system."""
    several = len({problem for problem, _ in chosen}) > 1
    paths: list[Path] = []
    for problem, tuner in chosen:
        name = file_name(f"{problem}-{tuner}" if several else tuner, keep="._-", trim=".", limit=80)
        alike = sum(path.stem.partition("~")[0].lower() == name.lower() for path in paths)  # not all systems see case
        paths.append(journal.directory / MODELS / (f"{name}~{alike + 1}.keras" if alike else f"{name}.keras"))
    return paths
