"""Weights & Biases: an offline run for each trial, which `wandb sync` sends to a server when and if you want it.

    tuning                      W&B
    study                       project, if none is named
    cell                        group ``PROBLEM/TUNER/REPLICATE``
    trial                       run ``TUNER/REPLICATE/TRIAL``; its id is derived, so that syncing twice makes no copies
    tuner, problem              job type, tag
    hyperparameter              config; all else that is known is in ``tuning``, see `tuning.export.trial_facts`
    each epoch's metrics        history, by epoch from 1, also in a continued trial
    score, and on fresh seeds   summary ``score``, ``retrained_score``, ``test.METRIC``

Nothing is sent while they are written: W&B is in its offline mode, without its reports of errors.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from tuning.export.place import new_place
from tuning.export.trial_facts import TrialFacts, cells_of, facts_of
from tuning.formatting import plural
from tuning.journal.journal import Journal


def write_wandb(journal: Journal, target: str) -> str:
    """Writes a folder ``offline-run-*`` for each trial below ``wandb/`` in a new folder."""
    os.environ["WANDB_ERROR_REPORTING"] = "false"  # read when wandb is imported
    import wandb

    cells = cells_of(journal)
    with new_place(Path(target)) as folder:
        folder.mkdir()
        for cell in cells:
            for facts in facts_of(journal, cell):
                _write_trial(journal.name, facts, folder)
        wandb.teardown()  # waits for its process, which still writes a run's file when `finish` returns
    trials = sum(len(journal.trials[cell]) for cell in cells)
    return f"{target}: {plural(trials, 'offline run')}; send them with: wandb sync {target}/wandb/offline-run-*"


def _write_trial(study: str, facts: TrialFacts, folder: Path) -> None:
    import wandb

    trial = facts.trial
    scores = {name: value for name, value in facts.entries.items() if facts.is_score(name)}
    told = {name: value for name, value in facts.entries.items() if name not in scores}
    run = wandb.init(
        project=study,
        group=str(trial.cell),
        name=f"{trial.cell.tuner}/{trial.cell.replicate}/{trial.trial}",
        id=hashlib.sha256(f"{study}/{facts.name}/{trial.seed}".encode()).hexdigest()[:16],
        job_type=trial.cell.tuner,
        tags=[trial.cell.problem[:64]],  # as long as a tag may be
        config={**trial.configuration, "tuning": told},
        dir=folder,
        mode="offline",
        reinit="create_new",
        settings=wandb.Settings(
            silent=True,
            console="off",
            # About the machine that exports, not the one that trained:
            disable_git=True,
            disable_code=True,
            x_disable_stats=True,
            x_disable_meta=True,
        ),
    )
    for epoch, metrics in enumerate(trial.curve, start=trial.initial_epoch + 1):
        run.log(dict(metrics), step=epoch)
    run.summary.update(scores)
    run.finish()
