"""The winner of each tuner as a model that can be used: `models/<tuner>.keras` in the study's folder.

A training depends on its seed alone, so the winner's weights need not be kept, nor travel from worker to driver: the
retraining that the journal holds is done once more, here, and its model is saved.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tuning.journal import Journal
from tuning.objective import Objective
from tuning.problem import TrainingProblem
from tuning.records import COMPLETE, Cell, Retraining
from tuning.tables import retrainings_frame

FOLDER = "models"
INDEX = "winners.json"


def winners(journal: Journal) -> dict[tuple[str, str], Retraining]:
    """By problem and tuner: the incumbent that is best on fresh seeds, and of its seeds the best.

    Incumbents are compared by their mean score on the validation split over seeds, for the test split is nobody's to
    choose by. Baselines are no tuners and win nothing.
    """
    frame = retrainings_frame(journal)
    frame = frame[frame["final"].astype(bool) & (frame["state"] == COMPLETE)]
    found = {}
    for key, part in frame.groupby(["problem", "tuner"], sort=False):
        problem, tuner = map(str, key)
        if tuner in journal.plan["tuners"]:
            objective = journal.objective(problem)
            replicate = _best(part.groupby("replicate")["score"].mean(), objective)
            repeat = _best(part[part["replicate"] == replicate].set_index("repeat")["score"], objective)
            trial = part.loc[part["replicate"] == replicate, "trial"].iloc[0]
            configuration = journal.trials[Cell(problem, tuner, replicate)][trial].configuration
            found[problem, tuner] = next(
                done
                for done in journal.retrainings[Cell(problem, tuner, replicate)]
                if done.configuration == configuration and done.repeat == repeat
            )
    return found


def _best(scores: pd.Series[float], objective: Objective) -> Any:
    """The first index of the best score."""
    ordered = scores.sort_index()
    return ordered.idxmax() if objective.direction == "max" else ordered.idxmin()


def save_winners(journal: Journal, problems: Sequence[TrainingProblem], further: int = 0) -> list[Path]:
    """Saves each tuner's winner, where its file does not hold it already; the files written.

    With `further` epochs, each is also trained on with training and validation data together, as
    `<tuner>-continued.keras`: for use, for there is nothing left to compare it by but the test split.

    `winners.json` beside them says which retraining each file holds, with the scores that the journal has of it, and
    what the model in the file scores on test: the same, unless libraries or machine have changed in between.
    """
    folder = journal.directory / FOLDER
    index = folder / INDEX
    known = json.loads(index.read_text()) if index.is_file() else {}
    chosen = winners(journal)
    by_name = {problem.name: problem for problem in problems}
    written = []
    for path, winner in zip(_paths(folder, list(chosen)), chosen.values(), strict=True):
        entry = {**_entry(winner), **({"further_epochs": further} if further else {})}
        if winner.cell.problem not in by_name or (path.is_file() and known.get(path.name, {}).get("winner") == entry):
            continue
        folder.mkdir(exist_ok=True)
        outcome = by_name[winner.cell.problem].retrain(
            winner.configuration, seed=winner.seed, on_epoch=lambda logs: False, save=path
        )
        if outcome.error or not path.is_file():  # a computed problem has no model
            continue
        known[path.name] = {"winner": entry, "test": _strict(outcome.test)}
        if further:
            continued = path.with_name(f"{path.stem}-continued.keras")
            test = by_name[winner.cell.problem].continue_training(path, further, seed=winner.seed, save=continued)
            known[continued.name] = {"continues": path.name, "test": _strict(test)}
            written.append(continued)
        index.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        written.append(path)
    return written


def _paths(folder: Path, chosen: Sequence[tuple[str, str]]) -> list[Path]:
    """A file for each problem and tuner; of the problem's name only where there are several, and safe on any system."""
    several = len({problem for problem, _ in chosen}) > 1
    paths: list[Path] = []
    for problem, tuner in chosen:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{problem}-{tuner}" if several else tuner).lstrip(".")[:80]
        alike = sum(path.stem.partition("~")[0] == name for path in paths)
        paths.append(folder / (f"{name}~{alike + 1}.keras" if alike else f"{name}.keras"))
    return paths


def _entry(winner: Retraining) -> dict[str, Any]:
    return {
        **winner.cell._asdict(),
        "trial": winner.trial,
        "repeat": winner.repeat,
        "seed": winner.seed,
        "configuration": winner.configuration,
        "score": winner.score,
        "test": _strict(winner.test),
    }


def _strict(metrics: Mapping[str, float]) -> dict[str, Any]:
    """As strict JSON knows them."""
    return {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}
