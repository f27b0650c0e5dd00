"""Bad input: each ends in one line that says what came, with exit code 2, and changes nothing."""

import shutil
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tuning import tuners
from tuning.cli import main
from tuning.journal.journal import path_of
from tuning.journal.writer import JournalWriter

SYNTHETIC = """
    from tuning import Budget, Objective, Problem, Study, KTRandom, OptunaTPE
    from tuning.testing import SyntheticProblem, continuous_space, mixed_space

    def problem(*args, **kwargs):
        return SyntheticProblem(continuous_space, **{"max_epochs": 3, **kwargs})
"""

KERAS = """
    import keras
    import numpy as np
    from tuning import Budget, Objective, Problem, Study

    x, y = np.linspace(0, 1, 40, dtype="float32").reshape(20, 2), np.arange(20) % 2

    def data():
        return (x, y), (x, y)

    def build_model(hp):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(hp.Int("width", 2, 4)), keras.layers.Dense(2)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        return model

    objective = Objective("val_accuracy", "max")
"""

KERAS_STUDY = """
    problem = Problem(build_model, data, objective, 2)
    study = Study("s", problem, tuners=["kt-random"], budget=Budget(4), replicates=1, retrain=0)
"""


NULL_BYTES = "SyntaxError" if sys.version_info >= (3, 11, 4) else "ValueError"


def study_of(**changes: str) -> str:
    """A synthetic study with some of its arguments changed."""
    words = {
        "name": "'s'", "problem": "problem()", "tuners": "['kt-random']", "budget": "Budget(6)", "replicates": "1",
        "baselines": "()", "retrain": "0",
    } | changes  # fmt: skip
    arguments = ", ".join(f"{name}={value}" for name, value in words.items())
    return f"{SYNTHETIC}\n    study = Study({arguments})\n"


def invoke(*words: object) -> Result:
    return CliRunner().invoke(main.app, [str(word) for word in words])


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "bad.py"


def expect(result: Result, line: str) -> None:
    assert result.stderr == f"tuning: {line}\n"
    assert result.exit_code == 2
    assert "Traceback" not in result.output


ALL = ", ".join(tuners.names())

STUDY_FILES = {
    "syntax error": ("\nstudy = Study(\n", "{file}:2 raises SyntaxError: '(' was never closed (bad.py, line 2)"),
    "raises": ("\n\nraise ValueError('no\\nluck')", "{file}:3 raises ValueError: no luck"),
    "imports what is not there": ("import nowhere", "{file}:1 raises ModuleNotFoundError: No module named 'nowhere'"),
    "ends the process": (
        "raise SystemExit(3)",
        "{file}:1 raises SystemExit: 3; run a study only under `if __name__ == '__main__':`",
    ),
    "not text": ("\0", f"{{file}} raises {NULL_BYTES}: source code string cannot contain null bytes"),
    "no study": ("x = 1", "{file} defines no study; expected a variable such as study = Study(...)"),
    "two studies": (
        study_of() + "    other = Study('t', problem(), budget=Budget(6))\n    same = other",
        "{file} defines 2 studies (s, t); expected one: split the file",
    ),
    "unknown tuner": (
        study_of(tuners="['kt-hyperbandd']"),
        f"there is no tuner 'kt-hyperbandd'; expected one of {ALL}; did you mean 'kt-hyperband'?",
    ),
    "tuner of another kind": (
        study_of(tuners="[3]"),
        f"tuner 3: expected a registered name ({ALL}) or a Tuner object",
    ),
    "no tuner": (study_of(tuners="[]"), "study 's' has no tuner; give at least one"),
    "one tuner twice": (
        study_of(tuners="['kt-random', KTRandom()]"),
        "two tuners are called 'kt-random'; give one another label=...",
    ),
    "label of another kind": (
        study_of(tuners="[KTRandom(label=3)]"),
        "a tuner is called 3; expected a name of printable characters",
    ),
    "label with a newline": (
        study_of(tuners="[KTRandom(label='a\\n')]"),
        "a tuner is called 'a\\n'; expected a name of printable characters",
    ),
    "no problem": (study_of(problem="[]"), "study 's' has no problem; give at least one"),
    "problem of another kind": (study_of(problem="3"), "Study(problem=3): expected a Problem, or several"),
    "one problem twice": (
        study_of(problem="[problem(), problem()]"),
        "two problems are called 'synthetic'; give one another name=...",
    ),
    "name with a path": (
        study_of(name="'../s'"),
        "Study('../s'): expected a name of letters, digits, dot, dash and underscore",
    ),
    "name of a device": (study_of(name="'con'"), "Study('con'): Windows has no folder of this name; choose another"),
    "empty name": (study_of(name="''"), "Study(''): expected a name of letters, digits, dot, dash and underscore"),
    "trials of no seconds": (
        study_of(trial_seconds="0"),
        "Study(trial_seconds=0): expected seconds above 0, or None for no limit",
    ),
    "trials of a time in words": (
        study_of(trial_seconds="'10 min'"),
        "Study(trial_seconds='10 min'): expected seconds above 0, or None for no limit",
    ),
    "trials of no memory": (
        study_of(trial_memory="0"),
        "Study(trial_memory=0): expected GB above 0, or None for no limit",
    ),
    "logs of another kind": (
        study_of(tensorboard="'all'"),
        "Study(tensorboard='all'): expected 'curves' or 'full'",
    ),
    "a difference of nothing": (
        study_of(rope="0"),
        "Study(rope=0): expected a difference above 0 in the metric's unit, or None",
    ),
    "budget of another kind": (
        study_of(budget="6"),
        "Study(budget=6): expected Budget(epochs=...), Budget(seconds=...) or both",
    ),
    "budget without a limit": (
        study_of(budget="Budget()"),
        "Budget() has no limit: give epochs=..., or seconds=..., or both: whichever ends first",
    ),
    "budget of no time": (
        study_of(budget="Budget(seconds=0)"),
        "Budget(seconds=0): expected seconds of training above 0 a cell",
    ),
    "budget of nothing": (
        study_of(budget="Budget(0)"),
        "Budget(epochs=0): expected a whole number of at least 1 epoch a cell",
    ),
    "budget of half an epoch": (
        study_of(budget="Budget(0.5)"),
        "Budget(epochs=0.5): expected a whole number of at least 1 epoch a cell",
    ),
    "budget below one trial": (
        study_of(budget="Budget(2)"),
        "the budget of 2 epochs is below one full trial of problem 'synthetic' (3 epochs); "
        "raise the budget or lower max_epochs",
    ),
    "no replicates": (study_of(replicates="0"), "Study(replicates=0): expected a whole number of at least 1"),
    "replicates of another kind": (
        study_of(replicates="True"),
        "Study(replicates=True): expected a whole number of at least 1",
    ),
    "direction of another kind": (
        study_of(problem="problem(direction='up')"),
        "Objective('metric', direction='up'): expected 'min' or 'max'",
    ),
}


@pytest.mark.parametrize(("text", "line"), STUDY_FILES.values(), ids=STUDY_FILES.keys())
def test_study_file(script: Path, text: str, line: str) -> None:
    script.write_text(textwrap.dedent(text))
    expect(invoke("run", script, "--out", script.parent / "out", "--jobs", 1), line.replace("{file}", str(script)))
    assert not (script.parent / "out").exists()


ARGUMENTS = {
    "no budget": (["--budget", 0], "Budget(epochs=0): expected a whole number of at least 1 epoch a cell"),
    "budget below one trial": (
        ["--budget", 2],
        "the budget of 2 epochs is below one full trial of problem 'synthetic' (3 epochs); "
        "raise the budget or lower max_epochs",
    ),
    "no replicates": (["--replicates", 0], "Study(replicates=0): expected a whole number of at least 1"),
    "unknown tuner": (["--tuners", "kt-random,nobody"], f"there is no tuner 'nobody'; expected one of {ALL}"),
    "one tuner twice": (
        ["--tuners", "kt-random,kt-random"],
        "two tuners are called 'kt-random'; give one another label=...",
    ),
    "no tuners": (["--tuners", " , "], "study 's' has no tuner; give at least one"),
}


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(("words", "line"), ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_argument(script: Path, command: str, words: list[object], line: str) -> None:
    script.write_text(textwrap.dedent(study_of()))
    out = ["--out", script.parent / "out"] if command == "run" else []
    expect(invoke(command, script, *words, *out), line)
    assert not (script.parent / "out").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["run", "x.py", "--budget", "many"], "Invalid value for '--budget': "),
        (["run", "x.py", "--jobs", "0"], "Invalid value for '--jobs': "),
        (["check", "x.py", "--draws", "0"], "Invalid value for '--draws': "),
        (["run"], "Missing argument 'STUDY.py'."),
        (["rum"], "No such command 'rum'."),
    ],
)
def test_command_line_that_cannot_be_parsed(words: list[str], why: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"Error: {why}")


def test_no_study_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.py", tmp_path):
        expect(
            invoke("run", path),
            f"there is no study file {path}; expected a Python script that defines a tuning.Study",
        )
    (tmp_path / "notes.txt").touch()
    expect(
        invoke("check", tmp_path / "notes.txt"),
        f"{tmp_path}/notes.txt is not a Python script; expected a .py file that defines a tuning.Study",
    )


def test_the_line_of_a_study_file_named_by_a_relative_path(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text("\nraise ValueError('no')\n")
    monkeypatch.chdir(script.parent)
    expect(invoke("run", "bad.py"), "bad.py:2 raises ValueError: no")


@pytest.mark.parametrize("command", ["status", "report", "board"])
def test_folder_without_a_study(tmp_path: Path, command: str) -> None:
    line = (
        f"{tmp_path}/x holds no study: {tmp_path}/x/journal/journal.jsonl is missing; `tuning run STUDY.py` makes one"
    )
    expect(invoke(command, tmp_path / "x"), line)
    assert content(tmp_path) == {}


# What Keras models and data do wrong: text that takes the place of a part of KERAS, and the line.
MODELS = {
    "raises at its defaults": (
        "    def build_model(hp):\n        raise ValueError('too wide')",
        "ValueError: too wide",
    ),
    "returns nothing": ("    def build_model(hp):\n        pass", "build_model returned NoneType; expected a compiled"),
    "returns no model": ("    def build_model(hp):\n        return 3", "build_model returned int; expected a compiled"),
    "returns a model not compiled": (
        "    def build_model(hp):\n        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])",
        "is not compiled; call model.compile(...) before return",
    ),
    "is no function": ("    build_model = 3", "build_model is 3 of type int; expected a function"),
    "objective not reported": (
        "    objective = Objective('val_auc', 'max')",
        "the objective 'val_auc' is not reported by the model, which reports accuracy, loss, val_accuracy, val_loss",
    ),
    "data raise": ("    def data():\n        raise OSError('gone')", "data=data raised OSError: gone"),
    "data of nothing": ("    def data():\n        pass", "data=data: returned NoneType; expected (train, validation)"),
    "data that are no function": ("    data = ((x, y), (x, y))", "data=tuple of length 2: expected a function"),
    "empty data": ("    x, y = x[:0], y[:0]", "data=data: train is empty (x has shape (0, 2))"),
    "x longer than y": ("    y = y[1:]", "data=data: train x has 20 samples and train y has 19; expected as many"),
    "NaN in x": (
        "    x[3, 1] = np.nan",
        "data=data: train x has 1 NaN or infinite values in 1 of 20 rows (the first in row 3, counted from 0)",
    ),
    "misshapen for the model": ("    x = np.ones((20, 3))", "the model cannot be trained at its default values: "),
}


@pytest.mark.parametrize(("text", "line"), MODELS.values(), ids=MODELS.keys())
def test_model_and_data(script: Path, text: str, line: str) -> None:
    script.write_text(textwrap.dedent(f"{KERAS}\n{text}\n{KERAS_STUDY}"))
    result = invoke("run", script, "--out", script.parent / "out", "--jobs", 1)
    assert result.stderr.startswith("tuning: ")
    assert result.stderr.count("\n") == 1
    assert line in result.stderr
    assert result.exit_code == 2
    assert not (script.parent / "out").exists()


# Another study in the folder: how the one there is changed, and the line.
OTHERS = {
    "search space": (
        study_of().replace("(continuous_space", "(mixed_space"),
        "problem 'synthetic' has another search space there (they differ in x, y, z, layers, width)",
    ),
    "objective": (
        study_of(problem="problem(direction='min')"),
        "problem 'synthetic' has another objective there ({'metric': 'metric', 'direction': 'max', 'epoch': 'best'}, "
        "yours {'metric': 'metric', 'direction': 'min', 'epoch': 'best'})",
    ),
    "max_epochs": (
        study_of(problem="problem(max_epochs=2)"),
        "problem 'synthetic' has another max_epochs there (3, yours 2)",
    ),
    "data": (
        study_of().replace(
            "    study =",
            "    import msgspec\n"
            "    from tuning.journal.study_record import DataRecord\n"
            "    class Other(SyntheticProblem):\n"
            "        def describe(self):\n"
            "            return msgspec.structs.replace(super().describe(), data=DataRecord('mine'))\n"
            "    study =",
        ).replace("problem=problem()", "problem=Other(continuous_space, max_epochs=3)"),
        "problem 'synthetic' has other data there (fingerprint synthetic, yours mine)",
    ),
    "problem": (study_of(problem="problem(name='mine')"), "is only in "),
    "one problem more": (
        study_of(problem="[problem(), problem(name='mine')]"),
        "problem 'mine' is only in your study",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study in it, and its script beside it."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "good.py").write_text(textwrap.dedent(study_of()))
    assert invoke("run", folder / "good.py", "--out", folder / "out", "--jobs", 1).exit_code == 0
    return folder


@pytest.fixture
def begun(ran: Path, tmp_path: Path) -> Path:
    """A folder `out` with a study in it, of this test's own."""
    shutil.copy(ran / "good.py", tmp_path)
    return shutil.copytree(ran / "out", tmp_path / "out")


@pytest.mark.parametrize(("text", "line"), OTHERS.values(), ids=OTHERS.keys())
def test_folder_that_holds_another_study(script: Path, begun: Path, text: str, line: str) -> None:
    script.write_text(textwrap.dedent(text))
    before = content(begun)
    result = invoke("run", script, "--out", begun, "--jobs", 1)
    assert result.stderr.startswith(f"tuning: {begun}/s holds another study: problem ")
    assert line in result.stderr
    assert result.stderr.endswith("; choose another folder with --out, or move that one away\n")
    assert result.stderr.count("\n") == 1
    assert result.exit_code == 2
    assert content(begun) == before


def test_folder_of_a_study_of_another_name(begun: Path) -> None:
    begun.joinpath("s").rename(begun / "t")
    script = begun.parent / "t.py"
    script.write_text(textwrap.dedent(study_of(name="'t'")))
    before = content(begun)
    expect(
        invoke("run", script, "--out", begun, "--jobs", 1),
        f"{begun}/t holds another study, 's'; choose another folder with --out, or move that one away",
    )
    assert content(begun) == before


def test_tuner_with_other_settings(script: Path, begun: Path) -> None:
    script.write_text(textwrap.dedent(study_of(tuners="[KTRandom(max_collisions=9)]")))
    before = content(begun)
    expect(
        invoke("run", script, "--out", begun, "--jobs", 1),
        f"{begun}/s: tuner 'kt-random' ran there with {{'tuner': 'kt-random'}}, now it has {{'tuner': 'kt-random', "
        "'max_collisions': 9}; give it another label=..., or choose another folder with --out",
    )
    assert content(begun) == before


def test_smaller_budget(begun: Path) -> None:
    before = content(begun)
    expect(
        invoke("run", begun.parent / "good.py", "--out", begun, "--jobs", 1, "--budget", 5),
        f"{begun}/s was begun with a budget of 6 epochs a cell, now it is 5 epochs a cell; a study goes on with "
        "the same budget or a larger one: choose another folder with --out, or move that one away",
    )
    assert content(begun) == before


def test_two_runs_on_one_folder(begun: Path) -> None:
    before = content(begun)
    with JournalWriter.resume(begun / "s"):
        expect(
            invoke("run", begun.parent / "good.py", "--out", begun, "--jobs", 1),
            f"{path_of(begun / 's')} is in use by another run; wait for its end, or use --out",
        )
    assert content(begun) == before


@pytest.mark.parametrize("command", ["run", "status", "report", "board"])
def test_broken_journal(begun: Path, command: str) -> None:
    path = path_of(begun / "s")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{nonsense\n", *lines[2:]]))
    before = content(begun)
    words = [begun.parent / "good.py", "--out", begun, "--jobs", 1] if command == "run" else [begun / "s"]
    if command == "board":
        (begun / "s" / "hparams").rename(begun / "gone")  # else it has no need of the journal
        before = content(begun)
    expect(
        invoke(command, *words),
        f"{path}, line 3 is broken (ValueError: not a JSON object); mend that line, or start in another folder with "
        "--out",
    )
    assert content(begun) == before


@pytest.mark.parametrize("command", ["run", "status", "report"])
def test_journal_of_another_version(begun: Path, command: str) -> None:
    path = path_of(begun / "s")
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":7', 1))
    before = content(begun)
    words = [begun.parent / "good.py", "--out", begun, "--jobs", 1] if command == "run" else [begun / "s"]
    expect(
        invoke(command, *words),
        f"{path} has format 7, this version of tuning reads format 1; use the version that wrote it, or another "
        "folder with --out",
    )
    assert content(begun) == before


def test_torn_last_line_is_said_and_healed(begun: Path) -> None:
    path = path_of(begun / "s")
    tables = (begun / "s" / "trials.csv").read_bytes()
    path.write_bytes(path.read_bytes() + b'{"kind":"tri')
    note = "journal.jsonl: the torn last line (12 bytes) was left out"
    assert note in invoke("status", begun / "s").stdout
    result = invoke("run", begun.parent / "good.py", "--out", begun, "--jobs", 1)
    assert result.exit_code == 0
    assert note in result.stdout
    assert (begun / "s" / "trials.csv").read_bytes() == tables
    assert note not in invoke("status", begun / "s").stdout


def test_folder_that_cannot_be_written(script: Path) -> None:
    script.write_text(textwrap.dedent(study_of()))
    (script.parent / "out").write_text("a file")
    expect(
        invoke("run", script, "--out", script.parent / "out", "--jobs", 1),
        f"{script.parent}/out/s/journal/journal.jsonl cannot be written (Not a directory); choose another folder with "
        "--out",
    )


def test_report_that_cannot_be_written(begun: Path) -> None:
    (begun / "s" / "trials.csv").unlink()
    (begun / "s" / "trials.csv").mkdir()
    result = invoke("report", begun / "s")
    assert result.stderr == f"tuning: IsADirectoryError: [Errno 21] Is a directory: '{begun}/s/trials.csv'\n"
    assert result.exit_code == 2


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = invoke("status", tmp_path, "--debug")
    assert isinstance(result.exception, Exception)
    assert "holds no study" in str(result.exception)
