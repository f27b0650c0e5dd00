"""Vega's scripts come from a process of their own, are vl-convert's, and come where no process can be started."""

import subprocess
import sys
from pathlib import Path

import pytest
import vl_convert

from tuning.report.figures import vega_bundle as module
from tuning.report.figures.vega_bundle import vega_bundle


def test_the_scripts_are_those_of_vl_convert_whatever_lies_in_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "vl_convert.py").write_text("raise SystemExit('run')")
    ask = (
        "import sys; from tuning.report.figures.vega_bundle import vega_bundle; "
        "sys.stdout.write(vega_bundle().result())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-X", "utf8", "-c", ask], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout == vl_convert.javascript_bundle()  # type: ignore[call-arg]
    assert done.stderr == ""


@pytest.mark.parametrize("command", [("no such program",), (sys.executable, "-c", "raise SystemExit('killed')")])
def test_without_a_process_they_are_put_together_here(monkeypatch: pytest.MonkeyPatch, command: tuple[str]) -> None:
    monkeypatch.setattr(module, "_COMMAND", command)
    vega_bundle.cache_clear()
    try:
        assert vega_bundle().result() == vl_convert.javascript_bundle()  # type: ignore[call-arg]
    finally:
        vega_bundle.cache_clear()
