"""The options of the command line, each once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuning.cli.completion import study_folders, tuner_names
from tuning.errors import StudyError

if TYPE_CHECKING:
    from tuning.runner.plan import StudyPlan
    from tuning.statistics.sequential import Rule


StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.py", help="A script that defines a tuning.Study.")]
StudyOrCode = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY.py",
        help="A script that defines a tuning.Study; or a model without one, FILE.py:build_model with --data.",
    ),
]
Data = Annotated[str, typer.Option(metavar="FILE.py:load", help="Function that returns the data of a named model.")]
ObjectiveOf = Annotated[
    str,
    typer.Option(
        "--objective",
        metavar="METRIC",
        help="What a named model is tuned for; default: val_loss. METRIC:max or METRIC:min where that is not known.",
    ),
]
MaxEpochs = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Epochs of one full training of a named model; default: 10.")
]
Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="A study's folder, such as reports/digits.", autocompletion=study_folders),
]
Epochs = Annotated[int | None, typer.Option("--budget", metavar="EPOCHS", help="Epochs that each cell may spend.")]
Replicates = Annotated[int | None, typer.Option(metavar="N", help="Independent repetitions.")]
Tuners = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Tuners, by name, with commas between.", autocompletion=tuner_names),
]
Baselines = Annotated[bool, typer.Option(help="Run the study's baselines beside its tuners.")]
Retrain = Annotated[int | None, typer.Option(metavar="N", min=0, help="Fresh seeds to retrain each incumbent on.")]
Jobs = Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes; default: one for each core.")]
Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="Run on this Dask cluster instead.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the study's folder is.")]
UntilDecided = Annotated[
    bool, typer.Option("--until-decided", help="Add replicates one at a time until every pair of tuners is settled.")
]
Cap = Annotated[int | None, typer.Option(metavar="N", help="Replicates at most, with --until-decided; default: 30.")]
Rope = Annotated[
    float | None,
    typer.Option(metavar="X", help="Differences of at most X, in the metric's unit, do not matter."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead, for programs.")]
TrialSeconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="A trial that takes longer is FAILED, and one that hangs is ended."),
]
TensorBoard = Annotated[
    str | None,
    typer.Option(
        metavar="curves|full",
        help="full: log histograms, graph, profile, summary and misclassified pictures of each winner too, "
        "which is trained once more to be saved; searching stays as fast.",
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def rule_of(until_decided: bool, cap: int | None, rope: float | None, replicates: int | None) -> Rule | None:
    """The sequential rule that the options ask for; None for a fixed number of replicates."""
    from tuning.statistics.sequential import CAP, Rule

    if until_decided and replicates is not None:
        raise StudyError("--until-decided adds replicates by itself; say how many at most with --cap, not --replicates")
    if not until_decided and cap is not None:
        raise StudyError("--cap belongs to --until-decided; give that too")
    return Rule(CAP if cap is None else cap, rope) if until_decided else None


def changed(
    study: StudyPlan,
    budget: int | None,
    replicates: int | None,
    tuners: str | None,
    baselines: bool,
    retrain: int | None,
    rope: float | None = None,
    trial_seconds: float | None = None,
    tensorboard: str | None = None,
) -> StudyPlan:
    from tuning.budget import Budget
    from tuning.runner.plan import Overrides

    if budget is not None:
        Budget(budget)
    names = [name.strip() for name in tuners.split(",") if name.strip()] if tuners is not None else None
    return study.changed(
        Overrides(
            budget=budget,
            replicates=replicates,
            tuners=names,
            baselines=baselines,
            retrain=retrain,
            rope=rope,
            trial_seconds=trial_seconds,
            tensorboard=tensorboard,
        )
    )
