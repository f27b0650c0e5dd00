"""The script that `tuning init` writes: it runs as it is, and is never written over another."""

import ast
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuning.cli.init import write_script
from tuning.cli.load import load_study
from tuning.cli.main import app
from tuning.errors import StudyError
from tuning.runner.plan import Overrides
from tuning.statistics.signed_rank import replicates_needed


def test_writes_a_short_script_named_as_asked(tmp_path: Path) -> None:
    for name in ("mine", "wide-and_deep2.py"):
        path = write_script(tmp_path / name)
        assert path == tmp_path / f"{name.removesuffix('.py')}.py"
        text = path.read_text()
        ast.parse(text)
        assert len(text.splitlines()) <= 30
        assert f'Study("{path.stem}", problem' in text
        assert "NAME" not in text


def test_what_it_says_of_the_replicates_is_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = " ".join(CliRunner().invoke(app, ["init", "mine"]).stdout.split())
    assert "Its 3 replicates are quick" in said
    assert "To show that a tuner is better takes 9: add --replicates 9." in said
    study = load_study(Path("mine.py"))
    assert study.replicates == 3
    assert replicates_needed(study.num_pairs) == 9


def test_refuses_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("precious")
    with pytest.raises(StudyError, match=r"mine\.py is there already and is left as it is; choose another name"):
        write_script(tmp_path / "mine")
    assert (tmp_path / "mine.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["a b", "1st", "", "x" * 101, '"', "a.b", "é", "no/where"])
def test_refuses_what_cannot_be_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match=r"expected a name of letters|there is no folder"):
        write_script(tmp_path / f"{name}.py")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_runs_as_it_is(tmp_path: Path) -> None:
    from tuning.journal.journal import read

    study = load_study(write_script(tmp_path / "mine"))
    changed = study.changed(Overrides(budget=10, replicates=1, tuners=["kt-random"], retrain=1))
    directory = changed.run(tmp_path).directory
    assert directory == tmp_path / "mine"
    [retrained] = read(directory).retrainings[("mine", "kt-random", 1)]
    assert retrained.test["accuracy"] > 0.3
