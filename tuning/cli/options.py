"""The options of the command line, each declared once; those of a study as dataclasses.

A command takes such a dataclass as one parameter, and `with_options` shows typer its fields instead. So the options
that `tuning run`, `tuning check` and a study's own script share are listed only here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_type_hints

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
        help="A script that defines a tuning.Study; or a model without one, FILE.py:build_model with --data; or "
        "problem:NAME, see tuning problems.",
    ),
]
StudiesOrCode = Annotated[
    list[Path],
    typer.Argument(
        metavar="STUDY.py",
        help="Scripts that define a tuning.Study each, run one after the other; or a model without one, "
        "FILE.py:build_model with --data; or problem:NAME, see tuning problems.",
    ),
]
Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="A study's folder, such as reports/digits.", autocompletion=study_folders),
]
Jobs = Annotated[int | None, typer.Option(metavar="N", min=1, help="Processes; default: one for each core.")]
Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="Run on this Dask cluster instead.")]
Device = Annotated[
    str, typer.Option(metavar="cpu|gpu|auto", help="What cells train on; auto: a process on each GPU, if there is one.")
]
PerGpu = Annotated[
    int | None, typer.Option(metavar="K", min=1, help="Processes that share each GPU, with a part of its memory each.")
]
Deterministic = Annotated[
    bool | None,
    typer.Option(
        "--deterministic/--no-deterministic",
        help="Train with operations that give the same bits each time; default: only on GPUs.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the study's folder is.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead, for programs.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True)
class Named:
    """The options of a model that is named on the command line; empty or None if not given.

    Attributes:
        data: ``FILE.py:NAME`` of a function that returns the splits.
        objective: A metric, or ``METRIC:min``, ``METRIC:max``.
        max_epochs: Epochs of one full training.
        callbacks: ``FILE.py:NAME`` of a function that returns Keras callbacks, or of a list.
        fit_arguments: ``FILE.py:NAME`` of a dict of arguments of `model.fit`, or of a function that returns one.
        hyperparameters: ``FILE.py:NAME`` of a `keras_tuner.HyperParameters`, or of a function that returns one.
        tune_new_entries, allow_new_entries: As of `keras_tuner.Tuner`.
    """

    data: Annotated[
        str, typer.Option(metavar="FILE.py:load", help="Function that returns the data of a named model.")
    ] = ""
    objective: Annotated[
        str,
        typer.Option(
            metavar="METRIC",
            help="What a named model is tuned for; default: val_loss. "
            "METRIC:max or METRIC:min where that is not known.",
        ),
    ] = ""
    max_epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Epochs of one full training of a named model; default: 10.")
    ] = None
    callbacks: Annotated[
        str, typer.Option(metavar="FILE.py:make", help="Function that returns Keras callbacks for a named model.")
    ] = ""
    fit_arguments: Annotated[
        str,
        typer.Option(
            metavar="FILE.py:dict",
            help="What else model.fit gets for a named model: batch_size, class_weight, steps_per_epoch, ...; "
            "validation_split, if --data returns one (x, y).",
        ),
    ] = ""
    hyperparameters: Annotated[
        str,
        typer.Option(
            metavar="FILE.py:hp",
            help="A keras_tuner.HyperParameters declared beforehand: it replaces what a named model declares.",
        ),
    ] = ""
    tune_new_entries: Annotated[
        bool,
        typer.Option("--tune-new-entries/--no-tune-new-entries", help="Tune what is not among --hyperparameters, too."),
    ] = True
    allow_new_entries: Annotated[
        bool,
        typer.Option(
            "--allow-new-entries/--no-allow-new-entries", help="Let the model ask for more than --hyperparameters."
        ),
    ] = True


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What may be changed in any study, for a check or a run; None changes nothing."""

    budget: Annotated[int | None, typer.Option(metavar="EPOCHS", help="Epochs that each cell may spend.")] = None
    budget_seconds: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Seconds that each cell may train; with epochs too, whichever ends first. The result then depends on "
            "the machine.",
        ),
    ] = None
    replicates: Annotated[int | None, typer.Option(metavar="N", help="Independent repetitions.")] = None
    tuners: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Tuners, by name, with commas between.", autocompletion=tuner_names),
    ] = None
    baselines: Annotated[bool, typer.Option(help="Run the study's baselines beside its tuners.")] = True
    retrain: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Fresh seeds to retrain the winner of each search on.")
    ] = None
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="test|retrained|search",
            help="What the verdict is about: retrained winners on test, on validation, or the best score seen; "
            "default: the first that the study can give.",
        ),
    ] = None
    start: Annotated[
        str | None,
        typer.Option(metavar="default", help="default: begin each search that can with the default configuration."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RunOptions(Changes):
    """What a run may also change, and where it runs."""

    until_decided: Annotated[
        bool,
        typer.Option("--until-decided", help="Add replicates one at a time until every pair of tuners is decided."),
    ] = False
    until_chosen: Annotated[
        float | None,
        typer.Option(
            metavar="LOSS",
            help="Add replicates one at a time until the expected cost of a wrong choice is at most LOSS, "
            "in the metric's unit.",
        ),
    ] = None
    cap: Annotated[
        int | None,
        typer.Option(metavar="N", help="Replicates at most, with --until-decided or --until-chosen; default: 30."),
    ] = None
    rope: Annotated[
        float | None,
        typer.Option(metavar="X", help="Differences of at most X, in the metric's unit, do not matter."),
    ] = None
    trial_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", help="A trial that takes longer is FAILED, and one that hangs is ended."),
    ] = None
    trial_memory: Annotated[
        float | None,
        typer.Option(
            metavar="GB", help="A trial whose model would need more is FAILED before it trains, by an estimate."
        ),
    ] = None
    reuse: Annotated[
        bool,
        typer.Option(help="Train once what two tuners of a replicate try alike; the results are the same either way."),
    ] = True
    jobs: Jobs = None
    scheduler: Scheduler = ""
    device: Device = "auto"
    per_gpu: PerGpu = None
    deterministic: Deterministic = None
    tensorboard: Annotated[
        str | None,
        typer.Option(
            metavar="curves|full",
            help="full: log histograms, graph, profile, summary and misclassified pictures of each winner too, "
            "which is trained once more to be saved; searching stays as fast.",
        ),
    ] = None
    out: Out = Path("reports")
    debug: Debug = False


def epilog(*examples: str, failed: str = "") -> str:
    """The text below a command's options in its `--help`: examples and exit codes.

    Args:
        examples: Command lines that work as they are, where `tuning init mine` has written a study and it has run.
        failed: When the command ends with 1, if it can.
    """
    codes = f"Exit codes: 0 done, {f'1 {failed}, ' if failed else ''}2 a mistake to mend, 130 interrupted."
    return "\n\n\b\n".join(["\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples), codes])


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer should see it: a parameter that is a dataclass of options is shown as its fields."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, tuple[Callable[..., object], list[str]]] = {}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if not is_dataclass(hints[name]):
            parameters.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=hints[name]))
            continue
        options = fields(hints[name])
        groups[name] = hints[name], [field.name for field in options]
        types = get_type_hints(hints[name], include_extras=True)
        parameters += [
            inspect.Parameter(field.name, parameter.KEYWORD_ONLY, default=field.default, annotation=types[field.name])
            for field in options
        ]

    @functools.wraps(command)
    def called(**given: object) -> None:
        grouped = {
            name: group(**{option: given.pop(option) for option in options})
            for name, (group, options) in groups.items()
        }
        command(**given, **grouped)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def changed(study: StudyPlan, options: Changes) -> StudyPlan:
    """The study as changed by the options.

    Raises:
        StudyError: A change is impossible.
    """
    from tuning.runner.plan import Overrides

    tuners = options.tuners
    run = options if isinstance(options, RunOptions) else RunOptions()
    plan = study.changed(
        Overrides(
            budget=options.budget,
            budget_seconds=options.budget_seconds,
            replicates=options.replicates,
            tuners=None if tuners is None else [name.strip() for name in tuners.split(",") if name.strip()],
            baselines=options.baselines,
            retrain=options.retrain,
            endpoint=options.endpoint,
            start=options.start,
            reuse=run.reuse,
            rope=run.rope,
            trial_seconds=run.trial_seconds,
            trial_memory=run.trial_memory,
            tensorboard=run.tensorboard,
        )
    )
    return plan.changed(Overrides(until_decided=rule_of(run, plan.rope)))


def rule_of(options: RunOptions, rope: float | None) -> Rule | None:
    """The sequential rule that the options ask for, with the study's `rope`; None for a fixed number of replicates.

    Raises:
        StudyError: The options conflict.
    """
    from tuning.statistics.sequential import CAP, Rule

    until = "--until-decided" if options.until_decided else "--until-chosen"
    if options.until_decided and options.until_chosen is not None:
        raise StudyError("--until-decided and --until-chosen end a study by different rules; give one of them")
    if not options.until_decided and options.until_chosen is None:
        if options.cap is not None:
            raise StudyError("--cap belongs to --until-decided or --until-chosen; give one of them too")
        return None
    if options.replicates is not None:
        raise StudyError(f"{until} adds replicates by itself; say how many at most with --cap, not --replicates")
    return Rule(CAP if options.cap is None else options.cap, rope, options.until_chosen)
