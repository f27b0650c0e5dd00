"""The command line. Each command imports what it needs when it runs, so that `--help` loads no TensorFlow."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from tuning import __version__
from tuning.cli.completion import study_folders
from tuning.cli.console import output, say_loading
from tuning.cli.exit import EXIT_FAILED, guarded
from tuning.cli.options import (
    AsJson,
    Changes,
    Debug,
    Deterministic,
    Device,
    Folder,
    Jobs,
    Named,
    Out,
    PerGpu,
    RunOptions,
    Scheduler,
    StudiesOrCode,
    StudyOrCode,
    StudyPath,
    changed,
    epilog,
    with_options,
)
from tuning.process.limits import cores
from tuning.process.silence import aside
from tuning.runner.devices import choose
from tuning.runner.forkserver import forked

app = typer.Typer(
    help="Compare hyperparameter tuners on your own Keras models, at equal budgets, over independent replicates.",
    epilog=epilog(
        "tuning init mine", "tuning check mine.py", "tuning run mine.py", failed="something in the study failed"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tuning {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of `tuning` itself."""


@app.command(epilog=epilog("tuning init mine", "tuning init studies/wine"))
def init(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="Of the study; the script is NAME.py.")],
    debug: Debug = False,
) -> None:
    """Write a study script to start from.

    It runs as it is, on a small data set, until you put your own model and data in.
    """

    def work() -> int:
        from tuning.cli.init import write_script

        path = write_script(name)
        output().print(
            f"{path}: put your own build_model and load in. It runs as it is:\n\n"
            f"    tuning check {path}\n    tuning run {path}\n\n"
            "Its 3 replicates are quick, and enough to choose by. To show that a tuner is better takes 9: add "
            "--replicates 9.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return 0

    guarded(work, debug)


@app.command(
    epilog=epilog(
        "tuning run mine.py",
        "tuning run mine.py --budget 120 --jobs 2",
        "tuning run mine.py other.py --start default",
        "tuning run mine.py --tuners kt-random,optuna-tpe --no-baselines --out /tmp/first-look",
        "tuning run mine.py --until-decided --cap 60 --rope 0.005 --out /tmp/decided",
        "tuning run their_file.py:build_model --data their_file.py:load --objective val_accuracy --max-epochs 20",
        "tuning run their_file.py:build_model --data their_file.py:load --fit-arguments their_file.py:arguments",
        failed="something failed",
    )
)
@with_options
def run(studies: StudiesOrCode, named: Named, options: RunOptions) -> None:
    """Run a study, or several, or go on with them, and make their reports."""

    def work() -> int:
        say_loading(studies[0])
        devices = choose(options.device, options.per_gpu, options.deterministic, options.scheduler)
        with _workers_ahead(options.jobs, options.scheduler):
            from tuning.cli.several import run_studies

            return run_studies(studies, named, options, devices)

    guarded(work, options.debug)


@app.command(
    epilog=epilog(
        "tuning check mine.py",
        "tuning check mine.py --budget 120 --tuners kt-hyperband,optuna-tpe",
        "tuning check mine.py --json",
        failed="a library draws otherwise than declared",
    )
)
@with_options
def check(
    study: StudyOrCode,
    named: Named,
    changes: Changes,
    draws: Annotated[int, typer.Option(min=100, help="Configurations to draw through each library.")] = 2000,
    with_seeds: Annotated[bool, typer.Option("--seeds", help="Show the seed of each search too.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show a study before it runs; search nothing.

    The space as each library sees it, and whether all draw alike; budgets, and an estimate of the time.
    """

    def work() -> int:
        from tuning.cli.check import examine, show

        if not as_json:
            say_loading(study)
        from tuning.cli.load import find_study

        with aside() if as_json else nullcontext():  # a study's own lines would not be JSON
            examined = examine(changed(find_study(study, named, changes), changes), draws)
        _print_json(examined) if as_json else show(examined, output(), with_seeds)
        return 0 if examined["alike"] else EXIT_FAILED

    guarded(work, debug)


@app.command(epilog=epilog("tuning table mine.py --configurations 300 --jobs 2", failed="a training failed"))
def table(
    study: StudyPath,
    configurations: Annotated[int, typer.Option(metavar="K", min=1, help="Configurations to train in full.")],
    repeats: Annotated[
        int, typer.Option(metavar="R", min=1, help="Trainings of each, on seeds and splits of their own.")
    ] = 1,
    jobs: Jobs = None,
    scheduler: Scheduler = "",
    device: Device = "auto",
    per_gpu: PerGpu = None,
    deterministic: Deterministic = None,
    out: Out = Path("reports"),
    debug: Debug = False,
) -> None:
    """Train a table of random configurations to search.

    Each is trained in full; studies of many replicates are then computed from the table. Writes STUDY-table, whose
    trainings go on where they were stopped, and shows how well a surrogate fits them. With --repeats the surrogate's
    noise is that of seeds and splits; without, it also holds what the surrogate could not explain.
    """

    def work() -> int:
        say_loading(study)
        devices = choose(device, per_gpu, deterministic, scheduler)
        with _workers_ahead(jobs, scheduler):
            from tuning.cli.load import load_study

            loaded = load_study(study)
            from tuning.cli.launch import train_table  # it imports TensorFlow, which `load_study` has imported quietly

            return train_table(loaded, configurations, repeats, out, jobs, scheduler, devices)

    guarded(work, debug)


@app.command(
    "import",
    epilog=epilog(
        "tuning import my_dir/my_project --out reports/before",
        "tuning import my_dir/random my_dir/hyperband --epochs 20 --objective val_accuracy --out reports/before",
    ),
)
def import_(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="KerasTuner projects, Optuna storages.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the study that is made of them.")],
    epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Epochs of a trial, where its search does not say.")
    ] = None,
    objective: Annotated[str, typer.Option(metavar="METRIC", help="KerasTuner's, where its files leave it open.")] = "",
    studies: Annotated[
        list[str] | None,
        typer.Option("--study", metavar="NAME", help="Of an Optuna storage, this study alone; may be given again."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Make a report of searches that KerasTuner or Optuna ran by themselves.

    A SOURCE is a KerasTuner project's folder, or an Optuna storage: a database's URL, an SQLite or a journal file.
    Nothing is trained; what the search did not record is missing, and all is labelled as imported.
    """

    def work() -> int:
        from tuning.cli.reports import report_of_imported
        from tuning.runner.runner import command_line

        report_of_imported(
            sources,
            out,
            output(),
            epochs=epochs,
            metric=objective,
            studies=studies or (),
            command=command_line(),
        )
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning status reports/mine", "tuning status reports/mine --json"))
def status(directory: Folder, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show how far a study is: its cells, the epochs spent, the time left."""

    def work() -> int:
        from tuning.cli.status import look, show

        state = look(directory)
        _print_json(state) if as_json else show(state, output())
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning report reports/mine"))
def report(directory: Folder, debug: Debug = False) -> None:
    """Make tables, report and figures again from the journal."""

    def work() -> int:
        from tuning.cli.reports import report_again

        report_again(directory, output())
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning compare reports/mine reports/other --out reports/both"))
def compare(
    directories: Annotated[
        list[Path],
        typer.Argument(metavar="DIR", help="Folders of two studies or more.", autocompletion=study_folders),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report is written.")] = Path("reports/comparison"),
    debug: Debug = False,
) -> None:
    """Make one report over the problems of several studies."""

    def work() -> int:
        from tuning.cli.reports import report_over_studies

        report_over_studies(directories, out, output())
        return 0

    guarded(work, debug)


@app.command(
    epilog=epilog(
        "tuning export reports/mine --to parquet",
        "tuning export reports/mine --to optuna:sqlite:///mine.db",
    )
)
def export(
    directory: Folder,
    to: Annotated[
        str,
        typer.Option(metavar="FORMAT[:TARGET]", help="The format; the default target is in DIR/export."),
    ],
    debug: Debug = False,
) -> None:
    """Write a study in the format of another tool.

    FORMAT is parquet, optuna, mlflow, wandb-offline or configspace. TARGET is a new folder; for optuna and mlflow, a
    database's URL. Nothing that is there is overwritten.
    """

    def work() -> int:
        from tuning.export.export import export as written

        output().print(written(directory, to), markup=False, highlight=False, soft_wrap=True)
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning board reports/mine", "tuning board reports/mine --port 6007 --no-browser"))
def board(
    directory: Folder,
    every: Annotated[
        bool, typer.Option("--all", help="Show all trials, not the best 100; above 5,000 without Time Series.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Show one row per tuner instead of one per trial.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "localhost",
    port: Annotated[int | None, typer.Option(help="Default: 6006, or a free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    winners: Annotated[
        bool, typer.Option("--winners", help="Open what `tuning run --tensorboard full` logged of the winners.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Open TensorBoard on a study's HPARAMS."""

    def work() -> int:
        from tuning.tensorboard.server import serve

        def say(line: str) -> None:
            output().print(line, markup=False, highlight=False, soft_wrap=True)

        shown = {"every": every, "summary": summary, "winners": winners}
        serve(directory, host=host, port=port, open_browser=browser, say=say, **shown)
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning tuners", "tuning tuners --json"))
def tuners(as_json: AsJson = False, debug: Debug = False) -> None:
    """List the tuners there are, and what each can do."""

    def work() -> int:
        from tuning.cli.tuner_list import look, show

        known = look()
        _print_json(known) if as_json else show(known, output())
        return 0

    guarded(work, debug)


@app.command(epilog=epilog("tuning problems", "tuning problems --json"))
def problems(as_json: AsJson = False, debug: Debug = False) -> None:
    """List the problems that installed packages register.

    `tuning run problem:NAME --tuners A,B` searches one.
    """

    def work() -> int:
        from tuning.cli.problem_list import look, show

        known = look()
        _print_json(known) if as_json else show(known, output())
        return 0

    guarded(work, debug)


def main() -> None:
    """Entry point of the command `tuning`."""
    app()


def _print_json(content: object) -> None:
    import json

    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def _workers_ahead(jobs: int | None, scheduler: str) -> AbstractContextManager[None]:
    """If workers will run on this machine, they import what they need while the study is loaded."""
    return forked(jobs != 1 and not scheduler and cores() > 1)


if __name__ == "__main__":
    main()
