"""Which formats there are, and where each is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tuning.errors import StudyError
from tuning.export.configspace import write_configspace
from tuning.export.mlflow import write_mlflow
from tuning.export.optuna import write_optuna
from tuning.export.parquet import write_parquet
from tuning.export.wandb import write_wandb
from tuning.journal.journal import Journal, read


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        write: Writes a journal to a target; returns one line that says what.
        default: Target if none is named; ``{}`` is the study's folder.
        module: That it needs.
        requirement: What pip installs that module from.
    """

    write: Callable[[Journal, str], str]
    default: str
    module: str
    requirement: str


FORMATS = {
    "parquet": Format(write_parquet, "{}/export/parquet", "pyarrow", "pyarrow>=18"),
    "optuna": Format(write_optuna, "sqlite:///{}/export/optuna.db", "optuna", "optuna>=4.1"),
    "mlflow": Format(write_mlflow, "sqlite:///{}/export/mlflow.db", "mlflow", "mlflow-skinny>=3"),
    "wandb-offline": Format(write_wandb, "{}/export/wandb", "wandb", "wandb>=0.20"),
    "configspace": Format(write_configspace, "{}/export/configspace", "ConfigSpace", "ConfigSpace>=1.2"),
}


def export(directory: Path, to: str) -> str:
    """Writes a study in another format.

    Args:
        directory: The study's folder.
        to: ``FORMAT``, or ``FORMAT:TARGET``.

    Returns:
        One line that says what was written.

    Raises:
        StudyError: The format is not known, its library is not installed, or its target is there already.
        JournalError: There is no journal, or it cannot be read.
    """
    name, _, target = to.partition(":")
    if name not in FORMATS:
        raise StudyError(f"--to is {to!r}; expected one of {', '.join(FORMATS)}, or FORMAT:TARGET")
    chosen = FORMATS[name]
    if find_spec(chosen.module) is None:
        raise StudyError(
            f"--to {name} needs {chosen.module!r}, which is not installed; install it with: "
            f'python -m pip install "{chosen.requirement}"'
        )
    return chosen.write(read(directory), target or chosen.default.format(directory))
