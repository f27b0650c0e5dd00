"""The command line: quick, light, and every command does what it says."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from tests.support.fork_server import program
from tests.support.golden_journal import GOLDEN
from tuning import __version__, tuners
from tuning.cli import exit, main
from tuning.journal.journal import read
from tuning.journal.writer import JournalWriter

HEAVY = [
    "tensorflow",
    "keras",
    "keras_tuner",
    "optuna",
    "sklearn",
    "scikeras",
    "pandas",
    "numpy",
    "altair",
    "distributed",
]
COMMANDS = [command.name or command.callback.__name__ for command in main.app.registered_commands if command.callback]
# Documented in docs/json.md: programs rely on them.
STATUS_KEYS = [
    "study", "cells", "cells_done", "cells_failed", "epochs", "planned_epochs", "worker_seconds_left", "notes",
]  # fmt: skip
STATUS_CELL_KEYS = [
    "problem", "tuner", "replicate", "state", "error", "epochs", "planned_epochs", "trials", "best_score", "seconds",
]  # fmt: skip
CHECK_KEYS = [
    "study", "alike", "problems", "budgets", "cells", "epochs", "baseline_epochs", "budget_seconds", "retrain",
    "retraining_epochs", "noise_free", "endpoint", "reference", "alternative", "start", "own_start",
    "outlook", "seconds", "baseline_seconds", "retraining_seconds",
]  # fmt: skip
CHECK_PROBLEM_KEYS = [
    "problem", "space", "notes", "splits", "configurations", "objective", "metrics", "equality",
]  # fmt: skip
TUNER_KEYS = [
    "tuner", "library", "baseline", "resumes", "prunes", "parallel", "seeded", "starts", "budget_factor",
    "requirement", "installed", "summary",
]  # fmt: skip

# Prints the seconds of processor time until typer is imported; and of each command's help its exit code, what heavy it
# has imported, and the seconds up to its end. Each command runs in a fork, which has imported what all of them do.
HELP = """
import json, os, sys, time
import typer
bare = time.process_time()
from tuning.cli import main
imported = time.process_time()
heavy, commands = map(json.loads, sys.argv[1:])
found = []
for words in commands:
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = None
        try:
            main.app(words)
        except SystemExit as end:
            code = end.code
        loaded = [module for module in heavy if module in sys.modules]
        os.write(writer, json.dumps([code, loaded, imported + time.process_time()]).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        found.append(json.load(answer))
    os.wait()
print(json.dumps([bare, found]))
"""

STUDY = """
    from tuning import Budget, Study
    from tuning.testing import SyntheticProblem, mixed_space

    problem = SyntheticProblem(mixed_space, max_epochs=3)
    tuners = ["kt-random", "optuna-tpe"]
    study = Study("s", problem, tuners, budget=Budget(6), replicates=2, baselines=(), retrain=0)

    if __name__ == "__main__":
        study.main()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "study.py"
    path.write_text(textwrap.dedent(STUDY))
    return path


def invoke(*words: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [str(word) for word in words])


@dataclass(frozen=True)
class Ran:
    """What `tuning run` of the study printed, and the folder that it was told to write into."""

    result: Result
    out: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("ran")
    path = folder / "study.py"
    path.write_text(textwrap.dedent(STUDY))
    return Ran(invoke("run", path, "--out", folder / "out", "--jobs", 1), folder / "out")


@pytest.fixture
def study_folder(ran: Ran, tmp_path: Path) -> Path:
    """A copy of the folder of the study that ran."""
    return shutil.copytree(ran.out / "s", tmp_path / "s")


@pytest.fixture(scope="module")
def helped() -> dict[str, tuple[int, list[str], float]]:
    """By command: exit code, what heavy it imported, and how much longer it takes than Python that imports typer."""
    commands = [["--help"], *([command, "--help"] for command in COMMANDS)]
    words = [sys.executable, "-c", HELP, json.dumps(HEAVY), json.dumps(commands)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    bare, found = json.loads(done.stdout)
    return {line[0]: (code, loaded, s / bare) for line, (code, loaded, s) in zip(commands, found, strict=True)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each command runs in a fork")
@pytest.mark.parametrize("command", ["--help", *COMMANDS])
def test_help_is_quick_and_imports_nothing_heavy(helped: dict[str, tuple[int, list[str], float]], command: str) -> None:
    code, loaded, times = helped[command]
    assert (code, loaded) == (0, [])
    assert times < 5  # of processor time, and relative: the machine may be slow, or busy with something else


def test_status_draws_nothing_and_loads_nothing_that_does() -> None:
    script = (
        "import sys\nfrom tuning.cli import main\n"
        f"try:\n    main.app(['status', {str(GOLDEN)!r}])\nexcept SystemExit as end:\n    print(end.code)\n"
        "print(sorted(set(sys.modules) & {'altair', 'vl_convert', 'tensorflow', 'keras'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0", "[]"]


def test_version() -> None:
    assert invoke("--version").stdout == f"tuning {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples_that_parse_and_exit_codes(command: str) -> None:
    epilog = invoke(command, "--help").stdout.partition("Examples:")[2].strip().splitlines()
    lines = [line.strip() for line in epilog]
    examples = lines[: lines.index("")] if "" in lines else []
    assert examples, f'give {command} examples: @app.command(epilog=epilog("tuning {command} ..."))'
    assert lines[-1].startswith("Exit codes: 0 done, ")
    group = typer.main.get_command(main.app)
    for example in examples:
        program, name, *words = shlex.split(example)
        assert (program, name) == ("tuning", command)
        group.commands[name].make_context(name, words)  # raises where a word is no option


def test_init_writes_a_script_that_checks(tmp_path: Path) -> None:
    result = invoke("init", tmp_path / "mine")
    assert result.exit_code == 0, result.output
    assert f"    tuning run {tmp_path}/mine.py\n\nIts 3 replicates" in result.stdout
    again = invoke("init", tmp_path / "mine")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr == f"tuning: {tmp_path}/mine.py is there already and is left as it is; choose another name\n"


def test_json_of_status(ran: Ran) -> None:
    found = json.loads(invoke("status", ran.out / "s", "--json").stdout)
    assert list(found) == STATUS_KEYS
    assert list(found["cells"][0]) == STATUS_CELL_KEYS
    assert (found["cells_done"], found["epochs"], found["worker_seconds_left"]) == (4, 24, None)
    assert [(cell["tuner"], cell["replicate"]) for cell in found["cells"]] == [
        ("kt-random", 1), ("optuna-tpe", 1), ("kt-random", 2), ("optuna-tpe", 2),
    ]  # fmt: skip
    assert 0 < found["cells"][0]["best_score"] < 1


def test_json_of_a_study_stopped_midway(study_folder: Path) -> None:
    path = study_folder / "journal" / "journal.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]))  # the study, the session, one trial
    found = json.loads(invoke("status", study_folder, "--json").stdout)
    assert (found["cells_done"], found["epochs"], found["planned_epochs"]) == (0, 3, 24)
    assert found["worker_seconds_left"] is not None
    assert found["cells"][1]["best_score"] is None


def test_json_of_check(script: Path) -> None:
    result = invoke("check", script, "--draws", 200, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(found) == CHECK_KEYS
    assert list(found["problems"][0]) == CHECK_PROBLEM_KEYS
    assert found["alike"] is True
    assert (found["epochs"], found["baseline_epochs"], found["retraining_epochs"], found["noise_free"]) == (
        24,
        0,
        0,
        False,
    )
    assert found["seconds"] is None  # nothing that could be timed
    assert {"problem", "tuner", "replicate", "seed"} == set(found["cells"][0])


def test_json_of_tuners() -> None:
    found = json.loads(invoke("tuners", "--json").stdout)
    assert [row["tuner"] for row in found] == tuners.names()
    assert {tuple(row) for row in found} == {tuple(TUNER_KEYS)}
    hyperband = next(row for row in found if row["tuner"] == "kt-hyperband")
    assert (hyperband["library"], hyperband["resumes"], hyperband["baseline"]) == ("keras-tuner", True, False)


def test_run_shows_cells_tuners_verdict_and_report(ran: Ran, script: Path, study_folder: Path) -> None:
    result = ran.result
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert "Study s: 2 tuners, 2 replicates, 6 epochs a cell: 4 cells, 24 epochs, on 1 process." in result.stdout
    assert "[1/4] synthetic/kt-random/1: 2 trials, 6 epochs, best metric 0." in result.stdout
    assert "\nNo verdict: " in result.stdout
    assert "Verdict: No verdict" not in result.stdout
    assert result.stdout.endswith(f"Report: {ran.out}/s/report.html\n")
    again = invoke("run", script, "--out", study_folder.parent, "--jobs", 1)
    assert again.exit_code == 0
    assert "4 of 4 cells are done already." in again.stdout


def test_run_ends_with_what_to_take_and_where_it_is(ran: Ran) -> None:
    lines = ran.result.stdout.splitlines()
    # Both drew at random.
    begins = ["To choose: either of kt-random and optuna-tpe.", "The best trials in TensorBoard: "]
    places = [next(place for place, line in enumerate(lines) if line.startswith(begin)) for begin in begins]
    assert places == sorted(places)
    assert lines[-2] == f"The best trials in TensorBoard: tuning board {ran.out}/s"


def test_a_cell_that_has_not_begun_is_not_started(study_folder: Path) -> None:
    path = study_folder / "journal" / "journal.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:3]))  # the study, the session, one trial
    shown = invoke("status", study_folder).stdout
    assert re.search(r"synthetic/optuna-tpe/1 +not started +0/6 ", shown)
    assert "MISSING" not in shown


def test_seeds_are_shown_when_asked_for(script: Path) -> None:
    shown = invoke("check", script, "--draws", 200).stdout
    assert "seed of its search" not in shown
    assert invoke("check", script, "--draws", 200, "--seeds").stdout.startswith(f"{shown}cell ")


def test_a_run_says_what_it_does_before_anything_heavy_is_imported(script: Path) -> None:
    spy = (
        "import sys, time\n"
        "class Spy:\n"
        "    def write(self, text):\n"
        "        sys.exit(f'{text}|{time.process_time() < 1}|{sorted(set(sys.modules) & set(sys.argv[2].split()))}')\n"
        "    def flush(self): pass\n"
        "    encoding = 'utf-8'\n"
        "sys.stdout = Spy()\n"
        "from tuning.cli.main import app\n"
        "app(['run', sys.argv[1]])\n"
    )
    done = subprocess.run([sys.executable, "-c", spy, str(script), " ".join(HEAVY)], capture_output=True, text=True)
    assert done.stderr.replace("\n", "").startswith(f"Loading TensorFlow and {script} ...|True|[]"), done.stderr


def test_run_with_other_numbers(script: Path, tmp_path: Path) -> None:
    options = ["--budget", 3, "--replicates", 1, "--tuners", "optuna-tpe, sklearn-randomized"]
    result = invoke("run", script, "--out", tmp_path, "--jobs", 1, *options)
    assert "2 tuners, 1 replicate, 3 epochs a cell: 2 cells, 6 epochs" in result.stdout
    status = invoke("status", tmp_path / "s")
    assert status.exit_code == 0
    assert "synthetic/sklearn-randomized/1" in status.stdout
    assert status.stdout.endswith("s: 2 of 2 cells done, 0 failed; 6 of 6 epochs spent.\n")


def test_report_is_made_again_from_the_journal(study_folder: Path) -> None:
    folder = study_folder
    before = {name: (folder / name).read_bytes() for name in ("trials.csv", "epochs.csv", "summary.json", "report.md")}
    for name in before:
        (folder / name).unlink()
    result = invoke("report", folder)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"Report: {folder}/report.html\n")
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_report_of_a_running_study_leaves_its_hparams_to_the_run(study_folder: Path) -> None:
    folder = study_folder
    (folder / "hparams" / "of the run").touch()
    (folder / "report.html").unlink()
    with JournalWriter.resume(folder):
        result = invoke("report", folder)
    assert result.exit_code == 0, result.output
    assert "The study is running: this is the report so far; its HPARAMS logs are left to the run." in result.stdout
    assert (folder / "report.html").is_file()
    assert (folder / "hparams" / "of the run").exists()
    assert "left to the run" not in invoke("report", folder).stdout
    assert not (folder / "hparams" / "of the run").exists()


def test_run_until_decided(script: Path, tmp_path: Path) -> None:
    # With no more than its random first trials, optuna-tpe would be the same algorithm as kt-random.
    learning = "from tuning.tuners.optuna import OptunaTPE\n" + script.read_text()
    script.write_text(learning.replace('"optuna-tpe"', "OptunaTPE(n_startup_trials=1)"))
    words = ("run", script, "--out", tmp_path, "--jobs", 1, "--until-decided", "--cap", 9, "--rope", 0.5)
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    assert "Until decided: what follows, then one replicate at a time, at most 9." in result.stdout
    assert "2 tuners, 7 replicates, 6 epochs a cell: 14 cells" in result.stdout
    undecided = "undecided at the cap: kt-random / optuna-tpe."
    looks = [line for line in result.stdout.splitlines() if " of at most 9 looked at, one by one; " in line]
    assert undecided in looks[-1]
    assert undecided in invoke("status", tmp_path / "s").stdout
    again = invoke(*words)
    assert again.exit_code == 0
    assert again.stdout[again.stdout.index("Verdict") :] == result.stdout[result.stdout.index("Verdict") :]
    other = invoke(*words[:-1], 0.3)
    assert other.exit_code == 2
    assert "was begun with --cap 9 --rope 0.5, now it is --cap 9 --rope 0.3" in other.stderr


def test_run_until_chosen(script: Path, tmp_path: Path) -> None:
    words = ("run", script, "--out", tmp_path, "--jobs", 1, "--until-chosen", 0.5, "--cap", 9)
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    assert "Until choosing is expected to cost at most 0.5: what follows, then one replicate at a time, at most 9." in (
        result.stdout
    )
    assert "2 tuners, 2 replicates, 6 epochs a cell: 4 cells" in result.stdout
    (look,) = [line for line in result.stdout.splitlines() if line.startswith("2 replicates of at most 9. ")]
    chosen = look.removeprefix("2 replicates of at most 9. ")
    assert " choose" in chosen
    assert chosen in result.stdout.split(look, 1)[1]
    assert look in invoke("status", tmp_path / "s").stdout
    other = invoke(*words[:-3], 0.6, "--cap", 9)
    assert other.exit_code == 2
    assert "was begun with --until-chosen 0.5 --cap 9 and no --rope, now it is --until-chosen 0.6" in other.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until-chosen", 0.1, "--until-decided"], "end a study by different rules; give one of them"),
        (["--until-chosen", 0], "an expected loss of 0: expected one above 0, in the metric's unit"),
        (["--until-chosen", 0.1, "--tuners", "kt-random"], "has one tuner, nothing to decide"),
        (["--until-decided", "--replicates", 9], "say how many at most with --cap, not --replicates"),
        (["--cap", 9], "--cap belongs to --until-decided"),
        (["--rope", -1], "Study(rope=-1.0): expected a difference above 0"),
        (["--until-decided", "--cap", 0], "a cap of 0 replicates: expected 1 to 500"),
        (["--until-decided", "--cap", 5], "a cap of 5 replicates: no difference in 1 pair of tuners can be shown"),
        (["--until-decided", "--rope", -1], "Study(rope=-1.0): expected a difference above 0 in the metric's unit"),
        (["--until-decided", "--tuners", "kt-random"], "has one tuner, nothing to decide"),
    ],
)
def test_run_until_decided_says_what_is_wrong(script: Path, tmp_path: Path, words: list[object], said: str) -> None:
    result = invoke("run", script, "--out", tmp_path / "out", "--jobs", 1, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


FAILING = """
    from tuning.tuners.base import Tuner

    class Bad(Tuner):
        name = "bad"
        library = "none"

        def search(self, problem, evaluator, *, budget, seed):
            raise RuntimeError("[/red] [bold]no ideas")
"""


def test_a_failed_cell_is_shown_and_ends_with_exit_code_1(script: Path, tmp_path: Path) -> None:
    text = textwrap.dedent(FAILING) + textwrap.dedent(STUDY).replace('["kt-random"', '[Bad(label="[/b]x"), "kt-random"')
    script.write_text(text)
    result = invoke("run", script, "--out", tmp_path, "--jobs", 1)
    assert result.exit_code == 1
    assert "synthetic/[/b]x/1 FAILED: RuntimeError: [/red] [bold]no ideas" in result.stdout
    assert "[5/6] synthetic/" in result.stdout
    status = invoke("status", tmp_path / "s")
    assert status.exit_code == 0
    assert "FAILED: RuntimeError: [/red] [bold]no ideas" in status.stdout
    assert "4 of 6 cells done, 2 failed" in status.stdout


def test_check_shows_space_equality_budget_and_seeds_and_writes_nothing(script: Path) -> None:
    result = invoke("check", script, "--draws", 200, "--seeds")
    assert result.exit_code == 0, result.output
    for words in (
        "Problem synthetic",
        "learning" if "learning" in result.stdout else "rate",
        "Equality: 200",
        "4 cells",
    ):
        assert words in result.stdout
    assert "synthetic/optuna-tpe/2" in result.stdout
    assert [path.name for path in script.parent.iterdir() if path.suffix != ".pyc" and path.name[0] != "_"] == [
        "study.py"
    ]


def the_study_of(shown: str) -> str:
    """The lines of Python that `tuning table` ends with."""
    lines = shown.partition("A study that is computed from it:")[2].splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    ")))


def test_table_trains_once_and_ends_with_the_lines_that_use_it(script: Path, tmp_path: Path) -> None:
    result = invoke("table", script, "--configurations", 12, "--out", tmp_path / "out", "--jobs", 1)
    assert result.exit_code == 0, result.output
    assert "Study s-table: 1 tuner, 12 replicates, 3 epochs a cell: 12 cells, 36 epochs, on 1 process." in result.stdout
    assert "synthetic-surrogate is a surrogate: nothing was trained" in result.stdout
    assert f"Table: {tmp_path}/out/s-table. A study that is computed from it:" in result.stdout
    again = invoke("table", script, "--configurations", 12, "--out", tmp_path / "out", "--jobs", 1)
    assert "12 of 12 cells are done already." in again.stdout

    computed = tmp_path / "computed.py"
    computed.write_text(the_study_of(again.stdout))
    options = ["--replicates", 2, "--tuners", "kt-random,optuna-tpe", "--out", tmp_path / "out", "--jobs", 1]
    result = invoke("run", computed, *options)
    assert result.exit_code == 0, result.output
    assert "Verdict: On a surrogate: No verdict" in result.stdout
    assert "synthetic-surrogate is a surrogate: nothing was trained" in result.stdout
    assert invoke("check", computed, "--draws", 200).exit_code == 0


def test_table_of_two_problems_ends_with_both(script: Path, tmp_path: Path) -> None:
    two = STUDY.replace("max_epochs=3)", 'max_epochs=3), SyntheticProblem(mixed_space, name="b", max_epochs=2)')
    script.write_text(textwrap.dedent(two))
    result = invoke("table", script, "--configurations", 10, "--out", tmp_path, "--jobs", 1)
    assert result.exit_code == 0, result.output
    names: dict[str, object] = {}
    exec(the_study_of(result.stdout), names)
    assert [problem.name for problem in names["problem"]] == ["synthetic-surrogate", "b-surrogate"]  # type: ignore[attr-defined]


def test_table_refuses_what_cannot_be_fitted(script: Path, tmp_path: Path) -> None:
    result = invoke("table", script, "--configurations", 9, "--out", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == "tuning: a table of 9 configurations is too small; expected 10 or more\n"
    assert not list(tmp_path.glob("s-table"))


@pytest.mark.slow
def test_a_table_of_digits(tmp_path: Path) -> None:
    path = tmp_path / "digits.py"
    text = (Path(__file__).parents[2] / "studies" / "digits.py").read_text()
    path.write_text(text.replace("max_epochs = 10", "max_epochs = 2"))
    result = invoke("table", path, "--configurations", 10, "--out", tmp_path, "--jobs", 1)
    assert result.exit_code == 0, result.output
    assert "digits-surrogate is a surrogate" in result.stdout
    computed = tmp_path / "computed.py"
    computed.write_text(the_study_of(result.stdout))
    options = ["--budget", 4, "--replicates", 2, "--tuners", "kt-hyperband,sklearn-randomized", "--out", tmp_path]
    result = invoke("run", computed, *options, "--jobs", 1)
    assert result.exit_code == 0, result.output
    assert "On a surrogate: " in result.stdout
    assert "val_loss" in (tmp_path / "digits-surrogate" / "epochs.csv").read_text()


def test_tuners_lists_all() -> None:
    result = invoke("tuners")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in tuners.names())


def test_ctrl_c_says_where_the_trials_are(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tuning.cli.launch.run", interrupted)
    monkeypatch.setattr("sys.argv", ["/bin/tuning", "run", "my study.py", "--jobs", "1"])
    result = invoke("run", script, "--out", tmp_path, "--jobs", 1)
    assert result.exit_code == 130
    assert result.stdout.endswith(
        f"Interrupted. All trials that ended are in {tmp_path}/s/journal. Go on with:\n\n"
        "    tuning run 'my study.py' --jobs 1\n"
    )
    monkeypatch.setattr("sys.argv", ["studies/s.py"])
    assert invoke("run", script, "--out", tmp_path, "--jobs", 1).stdout.endswith("    python studies/s.py\n")


@pytest.mark.slow
@pytest.mark.usefixtures("fork_server")
def test_a_study_runs_by_its_own_script(script: Path, tmp_path: Path) -> None:
    words = ["--budget", "3", "--replicates", "1", "--jobs", "1", "--out", str(tmp_path)]
    log = tmp_path / "log"
    process = program(str(script), *words, folder=tmp_path, log=log)
    process.join()
    assert process.exitcode == 0, log.read_text()
    assert "2 cells, 6 epochs, on 1 process." in " ".join(log.read_text().split())
    assert (tmp_path / "s" / "report.html").is_file()


def test_baselines_and_retrainings_are_options(script: Path, tmp_path: Path) -> None:
    script.write_text(script.read_text().replace("baselines=(), retrain=0", "baselines=['default']"))
    words = ["--replicates", 1, "--budget", 3, "--jobs", 1, "--retrain", 2]
    shown = invoke("run", script, "--out", tmp_path / "with", *words)
    assert shown.exit_code == 0, shown.output
    assert "2 tuners and 1 baseline, 1 replicate, 3 epochs a cell: 3 cells, 9 epochs, and 2 retrainings" in shown.stdout
    with_baseline = read(tmp_path / "with" / "s")
    assert list(with_baseline.plan.baselines) == ["default"]
    assert {len(done) % 2 for done in with_baseline.retrainings.values()} == {0}
    assert len(with_baseline.retrainings) == 3
    shown = invoke("run", script, "--out", tmp_path / "without", *words[:-1], 0, "--no-baselines")
    assert "2 tuners, 1 replicate, 3 epochs a cell: 2 cells, 6 epochs, on 1 process." in shown.stdout
    assert read(tmp_path / "without" / "s").retrainings == {}


def test_a_scheduler_that_is_not_there_leaves_no_folder(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tuning.runner.dask import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    done = invoke("run", script, "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == exit.EXIT_USER
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert not (tmp_path / "out").exists()
