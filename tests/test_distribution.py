"""What people install: wheel and source distribution hold all that the package needs, under a name of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

import tuning
from tests.test_dependencies import PROJECT, ROOT
from tuning import tuners

pytest.importorskip("setuptools", minversion="77", reason="older setuptools cannot build this package")

BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
NAME = "tuning_compare"


def build(source: Path, kind: str, into: Path) -> Path:
    """A ``wheel`` or ``sdist`` of the project in a folder, as a build frontend asks for it."""
    into.mkdir(exist_ok=True)
    command = [sys.executable, "-c", BUILD, f"build_{kind}", str(into)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "tuning", source / "tuning", ignore=shutil.ignore_patterns("__pycache__"))
    (source / "tests").mkdir()
    (source / "tests" / "test_of_the_repository.py").touch()  # setuptools takes files of such names along
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, source)
    return build(source, "sdist", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that pip makes of the source distribution."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        # Python 3.11.2, which Debian 12 has, knows no filters.
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return zipfile.ZipFile(build(folder / f"{NAME}-{tuning.__version__}", "wheel", folder / "dist"))


def of_package() -> set[str]:
    """All files of the package, those of Python and the others."""
    files = (path for path in (ROOT / "tuning").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_a_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    information = f"{NAME}-{tuning.__version__}.dist-info/"
    there = {name for name in wheel.namelist() if not name.startswith(information)}
    assert {"tuning/py.typed", "tuning/cli/study_template.py.txt", "tuning/report/templates/report.html.j2"} <= there
    assert there == of_package()


def test_a_source_distribution_leaves_out_tests_that_need_the_repository(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "tuning/__init__.py"} <= names
    assert not [name for name in names if name.startswith("tests")]


def metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_bytes(wheel.read(f"{NAME}-{tuning.__version__}.dist-info/METADATA"))


def test_its_metadata_name_it_and_show_nothing_that_is_not_there(wheel: zipfile.ZipFile) -> None:
    found = metadata(wheel)
    assert (found["Name"], found["Version"]) == ("tuning-compare", tuning.__version__)
    description = str(found.get_payload())
    assert "python -m pip install tuning-compare" in description
    assert "](" not in description, "an index shows no other file of the repository"


def test_a_tuner_names_the_requirement_that_its_extra_has() -> None:
    extras = PROJECT["optional-dependencies"]
    declared = {requirement for requirements in extras.values() for requirement in requirements}
    needing = [tuner for name in tuners.BUILT_IN if (tuner := tuners.load(name)).needs]
    assert len(needing) > 3
    for tuner in needing:
        assert tuner.requirement in declared, tuner.name


STRANGER = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tuning"
version = "2020.8.28"

[project.optional-dependencies]
smac = ["tuning-of-pianos"]

[tool.setuptools]
py-modules = ["pianos"]
"""
ASKED = """
import json
from importlib.metadata import version
from tuning import tuners
from tuning.process.manifest import manifest
from tuning.tuners import base
base.find_spec = lambda name: None
try:
    tuners.load("smac")()
except Exception as error:
    print(json.dumps([version("tuning"), manifest({}, [])["versions"]["tuning"], str(error)]))
"""


@pytest.mark.slow
def test_another_distribution_called_tuning_is_not_taken_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(STRANGER)
    (tmp_path / "pianos.py").write_text("")
    zipfile.ZipFile(build(tmp_path, "wheel", tmp_path / "dist")).extractall(tmp_path / "installed")
    path = os.pathsep.join([str(tmp_path / "installed"), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    theirs, ours, said = json.loads(done.stdout)
    assert (theirs, ours) == ("2020.8.28", tuning.__version__)
    assert said.endswith('install it with: python -m pip install "smac>=2.4.1"')
