"""The tests of the exports whose libraries are not here, in an environment that has them beside our packages."""

from __future__ import annotations

import site
import subprocess
import venv
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packaging.utils import canonicalize_name

from tests.test_dependencies import PINS
from tuning.export.export import FORMATS

ROOT = Path(__file__).parents[2]
HERE = [name for name, one in FORMATS.items() if find_spec(one.module) is not None]
MISSING = FORMATS.keys() - HERE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.waits,
    pytest.mark.skipif(not MISSING, reason="all of them are here, and test_export.py skips none"),
]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Of an environment that finds our packages behind its own, which are those that we lack."""
    venv.create(tmp_path / "beside", symlinks=True)
    (packages,) = (tmp_path / "beside").glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text("\n".join(site.getsitepackages()))
    python = tmp_path / "beside" / "bin" / "python"
    lacked = [FORMATS[name].requirement for name in sorted(MISSING)]
    pip = [python, "-m", "pip", "install", "--retries", "1", "-c", ROOT / "constraints.txt", *lacked]
    done = subprocess.run(pip, capture_output=True, text=True)
    if "(from versions: none)" in done.stderr:
        pytest.skip(f"no package index answers, and so none of {', '.join(lacked)} is tested")
    assert done.returncode == 0, done.stderr
    added = distributions_in(str(packages))
    assert not added & distributions_in(*site.getsitepackages()), "installed once more"
    assert not added - PINS.keys(), "pin these in constraints.txt"
    return python


def distributions_in(*folders: str) -> set[str]:
    return {canonicalize_name(distribution.name) for distribution in distributions(path=list(folders))}


def test_each_format_is_read_back_by_its_library(python: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    tests = ["tests/export/test_export.py", "-k", " and ".join(f"not {name}" for name in HERE)]
    to = ["-p", "no:cacheprovider", f"--basetemp={tmp_path / 'tests'}", f"--junitxml={results}"]
    done = subprocess.run([python, "-m", "pytest", *tests, *to], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = {case.get("name"): case for case in ElementTree.parse(results).iter("testcase")}
    assert {f"test_nothing_that_is_there_is_overwritten[{name}]" for name in MISSING} <= cases.keys()
    assert not [name for name, case in cases.items() if case.find("skipped") is not None]
