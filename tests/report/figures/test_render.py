"""A report's pictures come from a process beside it: the same, in any order, and also where it cannot be had."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import altair as alt
import psutil
import pytest

from tuning.report.figures import render
from tuning.report.figures.base import Figure, finished, inline
from tuning.report.figures.render import DrawnBeside


def figure(name: str) -> Figure:
    rows = inline({"x": place, "y": place % 3, "of": name} for place in range(5))
    chart = alt.Chart(alt.Data(**rows)).mark_line(clip=True).encode(x="x:Q", y="y:Q", color="of:N")
    return Figure(name, "Title", "Caption", f'Five points of "{name}" & ü', finished(alt.layer(chart), "of five", 200))


FIGURES = [figure(name) for name in ("one", "two", "drei ü\u2028", "<four>")]


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]


def test_pictures_are_those_drawn_here_and_no_process_stays() -> None:
    before = children()
    with DrawnBeside() as beside:
        assert len(children()) == len(before) + 1
        beside.begin(FIGURES[:3])
        drawn = [beside.svg(one) for one in reversed(FIGURES)]
    assert drawn == [one.svg for one in reversed(FIGURES)]
    assert "&amp; ü" in drawn[0]
    assert children() == before


@pytest.mark.parametrize("command", [("no such program",), (sys.executable, "-c", "raise SystemExit('ended')")])
def test_without_a_process_they_are_drawn_here(monkeypatch: pytest.MonkeyPatch, command: tuple[str]) -> None:
    monkeypatch.setattr(render, "_COMMAND", command)
    with DrawnBeside() as beside:
        beside.begin(FIGURES)
        assert [beside.svg(one) for one in FIGURES] == [one.svg for one in FIGURES]


def test_a_process_that_is_killed_costs_nothing_but_time() -> None:
    before = children()
    with DrawnBeside() as beside:
        beside.svg(FIGURES[0])
        (process,) = [child for child in children() if child not in before]
        os.kill(process.pid, signal.SIGKILL)
        assert [beside.svg(one) for one in FIGURES] == [one.svg for one in FIGURES]


def test_an_error_meanwhile_waits_for_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)"))  # draws none
    before, beside = children(), DrawnBeside()

    def fail() -> None:
        with beside:
            beside.begin(replace(FIGURES[0], name=f"number {number}") for number in range(200))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(beside._begun) == 200
    assert sum(picture.cancelled() for picture in beside._begun.values()) > 190
    assert children() == before


def test_nothing_in_the_working_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vl_convert.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with DrawnBeside() as beside:
        assert beside.svg(FIGURES[0]) == FIGURES[0].svg
    assert not (tmp_path / "run").exists()
