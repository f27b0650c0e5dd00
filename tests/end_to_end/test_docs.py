"""The documentation is true: commands, options, examples, outputs, names; and it builds without a warning, offline."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer

import tuning
from tests.cli import test_main
from tests.support import documentation, notebook
from tests.support.documentation import ROOT, blocks, commands, comparable
from tuning.cli import main
from tuning.cli.load import load_study
from tuning.journal.journal import read
from tuning.runner.plan import Overrides

DOCS = sorted((ROOT / "docs").glob("*.md"))
README = ROOT / "README.md"
REWRITE = "PYTHONPATH=. python tests/support/documentation.py"
GROUP: Any = typer.main.get_command(main.app)
NOT_IN_THE_TABLE = {"--help", "--debug"}  # what every command has
BROUGHT_BY_THE_READER = {"dask_jobqueue", "dask_kubernetes", "my_package", "cancer"}


def options(command: str) -> list[list[str]]:
    """Each option of a command, in all its spellings."""
    found = [[*one.opts, *one.secondary_opts] for one in GROUP.commands[command].params]
    return [spellings for spellings in found if spellings[0].startswith("--")]


def mentions(page: Path) -> list[str]:
    """Every `tuning ...` command line of a page: in blocks, on indented lines, between backticks."""
    text = page.read_text()
    fenced = re.findall(r"^(?:    |\$ )(tuning [^\n]+)$", text, re.MULTILINE)
    inline = re.findall(r"`(tuning [^`\n]+)`", text)
    lines = [line.partition("   #")[0].partition("  #")[0].strip() for line in [*fenced, *inline]]
    return [line for line in lines if re.match(r"tuning (--?[a-z]|[a-z]+( |$))", line)]


def test_each_line_on_keras_tuner_names_the_test_that_shows_it() -> None:
    rows = re.findall(r"^\| .* \| (.*) \|$", (ROOT / "docs" / "keras-tuner.md").read_text(), re.MULTILINE)
    shown = [row for row in rows if row not in ("tested in", "---")]
    assert len(shown) > 20
    for cell in shown:
        path, _, name = cell.strip("`").partition("::")
        source = ast.parse((ROOT / path).read_text())
        assert name in {node.name for node in ast.walk(source) if isinstance(node, ast.FunctionDef)}, cell


@pytest.mark.parametrize("command", GROUP.commands)
def test_every_command_has_its_place(command: str) -> None:
    assert f"tuning {command} --help" in commands(ROOT / "docs" / "commands.md"), (
        f"add a section `## tuning {command}` to docs/commands.md with a console block `$ tuning {command} --help`, "
        f"and one of what it prints for demo.py where that is quick; then run: {REWRITE}"
    )
    rows = re.findall(rf"^\| `tuning {command}\b.*$", README.read_text(), re.MULTILINE)
    assert rows, f"add a row `tuning {command}` to README.md's table of commands"
    missing = [
        spellings[0]
        for spellings in options(command)
        if not NOT_IN_THE_TABLE.intersection(spellings) and not any(one in rows[0] for one in spellings)
    ]
    assert not missing, f"add {' '.join(missing)} to the row of `tuning {command}` in README.md's table of commands"


@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda page: page.name)
def test_command_lines_parse(page: Path) -> None:
    for line in mentions(page):
        _, name, *words = shlex.split(line)
        if name.startswith("-"):
            assert name in {"--help"}.union(*(one.opts for one in GROUP.params)), f"{page.name}: {line!r}"
            continue
        assert name in GROUP.commands, f"{page.name}: {line!r}: there is no such command"
        known = {spelling for spellings in options(name) for spelling in spellings} | {"--help"}
        unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
        assert not unknown, f"{page.name}: {line!r}: no option of `tuning {name}`: {unknown}"


@pytest.mark.parametrize("page", [README, *DOCS], ids=lambda page: page.name)
def test_python_compiles_and_its_imports_exist(page: Path) -> None:
    for block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block, filename=str(page))):
            if isinstance(node, ast.Import):
                names = [(alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [(str(node.module), alias.name) for alias in node.names]
            else:
                continue
            for module, name in names:
                if module.partition(".")[0] in BROUGHT_BY_THE_READER:
                    continue
                found = importlib.import_module(module)
                assert not name or hasattr(found, name) or find_spec(f"{module}.{name}"), (
                    f"{page.name}: {module}.{name}"
                )


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    script = tmp_path / "cancer.py"
    first, *_, last = blocks(ROOT / "docs" / "tutorial.md", "python")
    script.write_text(first)
    assert len([line for line in script.read_text().splitlines() if line]) <= 25
    study = load_study(script).changed(
        Overrides(budget=20, replicates=1, tuners=["kt-random"], baselines=False, retrain=1)
    )
    retrained = read(study.run("reports").directory).retrainings[("breast-cancer", "kt-random", 1)]
    assert max(done.test["accuracy"] for done in retrained) > 0.7
    names: dict[str, Any] = {}
    exec(last, names)
    assert names["test"]["accuracy"] > 0.7
    predicted = [names[model].predict(names["x_test"], verbose=0) for model in ("model", "again")]
    assert (predicted[0] == predicted[1]).all()


def test_links_between_pages_lead_somewhere() -> None:
    for page in [README, *DOCS]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_results_in_the_readme_are_the_reports() -> None:
    text = README.read_text()
    [study] = re.findall(r"^!\[[^\]]+\]\((reports/[^/)]+)/figures/what_one_gets\.svg\)", text, re.MULTILINE)
    report = (ROOT / study / "report.md").read_text()
    rows = re.findall(r"^\| [\w-]+ \| [\d.]+ \([\d.]+ to [\d.]+\) \| .*\|$", text, re.MULTILINE)
    assert len(rows) == len(
        re.findall(r"^\| [\w-]+ \| [\d.]+ \([\d.]+ to [\d.]+\) \| (?:\d+%|–) \|", report, re.MULTILINE)
    )
    for row in rows:
        assert f"\n{row}" in report, row
    assert "sklearn-randomized is shown better than kt-hyperband" in report
    assert "either of kt-random and sklearn-randomized; expected cost of a wrong choice about 0.0017 in" in report


def test_the_first_command_prints_in_the_readme_what_it_left() -> None:
    table = re.findall(
        r"^    (\S+) +([\d.]+) ([\d.]+)–([\d.]+) +(\d+)/10 +(\d+) +(\d+) ", README.read_text(), re.MULTILINE
    )
    left = pd.read_csv(ROOT / "reports" / "digits-quick-start" / "tuners.csv")
    assert table == [
        (row["tuner"], *(f"{row[name]:.4f}" for name in ("median", "low", "high")),
         *(str(row[name]) for name in ("replicates_done", "charged_epochs", "trials")))
        for row in left.to_dict("records")
    ]  # fmt: skip


def test_every_public_name_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "python.md").read_text()
    for name in tuning.__all__:
        assert re.search(rf"^::: tuning\.(\S+\.)?{name}$", text, re.MULTILINE), (
            f"add `::: <module>.{name}` to docs/python.md: a public name without its reference"
        )


def test_the_gallery_has_every_study() -> None:
    shown = re.findall(r"^\| `(\w+\.py)` \|", (ROOT / "docs" / "gallery.md").read_text(), re.MULTILINE)
    assert sorted(shown) == sorted(path.name for path in (ROOT / "studies").glob("*.py"))


def test_the_gallery_shows_the_main_figure_of_every_study() -> None:
    text = (ROOT / "docs" / "gallery.md").read_text()
    _, *sections = re.split(r"^### (\w+\.py)$", text, flags=re.MULTILINE)
    assert sorted(sections[::2]) == sorted(path.name for path in (ROOT / "studies").glob("*.py"))
    for script, section in zip(sections[::2], sections[1::2], strict=True):
        [folder] = re.findall(r"^!\[.+\]\(\.\./reports/([\w-]+)/figures/best_so_far\w*\.svg\)$", section, re.MULTILINE)
        assert (ROOT / "studies" / script).stem in (folder, folder.replace("-", "_"), folder.partition("-")[0])


def test_how_to_read_a_report_shows_the_figures_that_it_explains() -> None:
    text = (ROOT / "docs" / "report.md").read_text()
    shown = re.findall(r"^!\[([^:\]]+): [^\]]+\]\(\.\./reports/[^)]+\.svg\)$", text, re.MULTILINE)
    assert len(shown) >= 4
    for title in shown:
        assert re.search(rf"^- \*\*{title}\*\*", text, re.MULTILINE), f"{title} is shown, and not explained"


def test_every_json_key_is_explained() -> None:
    text = (ROOT / "docs" / "json.md").read_text()
    keys = {key for name, found in vars(test_main).items() if name.endswith("_KEYS") for key in found}
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_outputs_are_what_the_commands_print() -> None:
    printed = documentation.printed()
    for page, outputs in printed.items():
        for line, output in outputs.items():
            shown = commands(page)[line]
            assert comparable(shown) == comparable(output), (
                f"docs/{page.name} shows another output of `{line}` than it prints; if that is meant, run: {REWRITE}"
            )


def test_the_comparison_of_outputs_sees_a_difference() -> None:
    assert comparable("a  0.1 s\n──\n") == comparable("a 12 min\n─────\n") != comparable("a 0.1\n──\n")
    assert comparable('"seconds": 0.5, "trials": 4') != comparable('"seconds": 0.4, "trials": 5')


@pytest.mark.skipif(
    not all(find_spec(name) for name in ("mkdocs", "material", "mkdocstrings")), reason="needs the extra `docs`"
)
def test_it_builds_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(DOCS)
    loads = r"""<(?:(?:script|img|iframe|source)\b[^>]+\bsrc|link\b[^>]+\bhref)=["']?(?:https?:)?//[^>]+"""
    for page in pages:
        text = page.read_text()
        assert re.findall(loads, text) == [], page
        for picture in re.findall(r"""<img\b[^>]+\bsrc=["']?([^"' >:]+)["' >]""", text):
            assert (page.parent / picture).is_file(), f"{page} shows {picture}"
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text()), sheet


@pytest.mark.slow
def test_a_small_part_of_the_notebook_runs(tmp_path: Path) -> None:
    shown = notebook.texts(notebook.executed(notebook.small(notebook.opened()), tmp_path))
    assert any("<Study 'moons': problem moons; tuners kt-random; 1 replicate;" in text for text in shown)
    assert any("latest search" in text and "1/1" in text for text in shown), "the live view, in its last state"
    assert any("Use this model" in text for text in shown), "the first screen"
    assert any("<svg" in text for text in shown), "a figure"
    assert (tmp_path / "reports" / "moons" / "models" / "kt-random.keras").is_file()


@pytest.mark.nightly
def test_the_notebook_shows_what_it_shows_now(tmp_path: Path) -> None:
    kept = notebook.opened()
    for before, cell in zip(kept.cells, notebook.executed(notebook.opened(), tmp_path).cells, strict=True):
        kinds = [[output.output_type for output in one.get("outputs", [])] for one in (before, cell)]
        assert kinds[0] == kinds[1], cell.source


def test_the_notebook_is_kept_with_its_outputs() -> None:
    code = [cell for cell in notebook.opened().cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), (
        "run it: PYTHONPATH=. python tests/support/notebook.py"
    )
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
