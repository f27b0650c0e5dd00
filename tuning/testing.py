"""A conformance suite for tuners, and a problem that needs no training.

If you add a tuner, run the suite on it with pytest, in your own test file:

    from tuning.testing import TunerConformance

    class TestMyTuner(TunerConformance):
        def make_tuner(self):
            return MyTuner()

A tuner that tries only one configuration does not search: subclass `TrialConformance`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest
from keras_tuner import HyperParameters

from tuning import seeds
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.errors import StudyError
from tuning.journal import lines
from tuning.journal.records import BUDGET_SPENT, CellResult, CellState, TrialState
from tuning.problems.synthetic import SyntheticProblem, continuous_space, mixed_space, tiny_space
from tuning.runner.cell import CellTask, run_cell
from tuning.space.converters import default_configuration
from tuning.tuners.base import Tuner

__all__ = [
    "SyntheticProblem",
    "TrialConformance",
    "TunerConformance",
    "configurations",
    "continuous_space",
    "mixed_space",
    "search",
    "tiny_space",
]


WAIT_SECONDS = 900
"""How long a test waits for searches that another process of the same test run began."""


def search(tuner: Tuner, problem: SyntheticProblem, *, epochs: int = 90, replicate: int = 1) -> CellResult:
    """Runs one cell of a study called "conformance"."""
    return run_cell(CellTask("conformance", problem, tuner, replicate, Budget(epochs)))


def configurations(result: CellResult) -> list[Configuration]:
    """The configurations of a cell in the order they were first tried (continued trials left out)."""
    return [trial.configuration for trial in result.trials if trial.parent is None]


class TrialConformance:
    """What a tuner's trials must be, whether many or one. Subclass it; define `make_tuner`."""

    _searches: ClassVar[dict[tuple[object, ...], tuple[SyntheticProblem, CellResult]]]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls._searches = {}

    def searched(
        self,
        declare: Callable[[HyperParameters], None] = mixed_space,
        *,
        direction: str = "max",
        epochs: int = 90,
        replicate: int = 1,
    ) -> tuple[SyntheticProblem, CellResult]:
        """The problem and what a fresh tuner found on it; each search runs once per suite, for all of its tests."""
        key = (declare, direction, epochs, replicate)
        if key not in self._searches:
            problem = SyntheticProblem(declare, direction=direction)
            self._searches[key] = problem, search(self.make_tuner(), problem, epochs=epochs, replicate=replicate)
        return self._searches[key]

    @abstractmethod
    def make_tuner(self) -> Tuner:
        """A fresh tuner, as in a study."""

    def test_configurations_lie_in_the_space_as_plain_types(self) -> None:
        problem, result = self.searched()
        assert result.trials
        for trial in result.trials:
            assert "outside of the space" not in trial.error
            assert problem.space.mismatch(trial.configuration) == ""
            assert all(type(value) in (bool, int, float, str) for value in trial.configuration.values())

    def test_a_budget_below_one_full_training_cuts_it(self) -> None:
        result = search(self.make_tuner(), SyntheticProblem(), epochs=4)
        assert result.end is not None
        assert (result.end.reason, result.end.spent_epochs) == (BUDGET_SPENT, 4)
        assert sum(trial.epochs for trial in result.trials) == 4

    def test_spent_epochs_accumulate(self) -> None:
        spent = 0
        for trial in self.searched()[1].trials:
            spent += trial.epochs
            assert trial.spent_epochs == spent
            assert trial.last_epoch <= trial.target_epochs

    def test_same_seed_same_trials(self) -> None:
        _, first = self.searched()
        second = search(self.make_tuner(), SyntheticProblem())
        assert _without_times(first) == _without_times(second)

    @pytest.mark.slow
    def test_same_seed_same_trials_in_another_process(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        here = _without_times(self.searched()[1])
        there = _searched_in_another_process(type(self).__module__, _folder_of_test_run(tmp_path_factory))
        assert there[type(self).__name__] == json.loads(json.dumps(here))

    def test_min_mirrors_max(self) -> None:
        _, up = self.searched()
        _, down = self.searched(direction="min")
        assert configurations(up) == configurations(down)
        assert [trial.score for trial in up.trials] == [-trial.score for trial in down.trials]

    def test_replay_gives_the_same_trials_without_training(self) -> None:
        _, whole = self.searched()
        for known in (1, len(whole.trials) // 2, len(whole.trials)):
            problem = SyntheticProblem()
            task = CellTask("conformance", problem, self.make_tuner(), 1, Budget(90), whole.trials[:known])
            assert _without_times(run_cell(task)) == _without_times(whole)
            rest = sum(trial.epochs for trial in whole.trials[known:])
            rebuilt = problem.trained_epochs - rest
            assert rebuilt >= 0
            assert rebuilt == 0 or self.make_tuner().resumes

    def test_the_search_begins_at_the_default_configuration_if_it_can(self) -> None:
        problem, tuner = SyntheticProblem(), self.make_tuner()
        if not tuner.starts:
            pytest.skip(f"{tuner.name} declares that it cannot begin with a given configuration")
        default = default_configuration(problem.space)
        task = CellTask("conformance", problem, tuner, 1, Budget(3 * problem.max_epochs), starts_at_default=True)
        whole = run_cell(task)
        assert [tried == default for tried in configurations(whole)[:2]] == [True, False][: len(whole.trials)]
        again = run_cell(replace(task, tuner=self.make_tuner(), recorded=whole.trials[:1]))
        assert _without_times(again) == _without_times(whole)

    def test_continued_trials_keep_their_configuration_and_their_epochs(self) -> None:
        tuner = self.make_tuner()
        if not tuner.resumes:
            pytest.skip(f"{tuner.name} declares that it never continues a trial")
        trials = self.searched()[1].trials
        continued = [trial for trial in trials if trial.parent is not None]
        assert continued
        for trial in continued:
            assert trial.parent is not None
            parent = trials[trial.parent]
            assert trial.configuration == parent.configuration
            assert trial.initial_epoch == parent.last_epoch
            assert trial.score >= parent.score


class TunerConformance(TrialConformance):
    """What every tuner that searches must do. Subclass it; define `make_tuner`."""

    def test_every_dimension_is_honoured(self) -> None:
        tried = configurations(self.searched()[1])
        seeded = self.make_tuner().seeded  # an ordered grid varies only the last hyperparameters
        binary = ("bias", "optimizer")
        if seeded and any(len({values[name] for values in tried}) < 2 for name in binary):
            tried = configurations(self.searched(epochs=180)[1])  # ten trials may leave a value out
        assert all(int(values["width"]) % 16 == 0 for values in tried)
        assert all(round(float(values["decay"]) / 0.2, 9).is_integer() for values in tried)
        assert all(("momentum" in values) == (values["optimizer"] == "sgd") for values in tried)
        assert all(("beta" in values) == (values["optimizer"] == "adam") for values in tried)
        assert all(values["loss"] == "mse" for values in tried)
        if seeded:
            assert [len({values[name] for values in tried}) for name in binary] == [2, 2]

    def test_log_dimension_is_searched_on_its_log(self) -> None:
        tried = configurations(self.searched()[1])
        # Uniform on the log, two thirds of the draws are below 0.01; uniform on the range, a tenth.
        assert sum(float(values["rate"]) < 0.02 for values in tried) > 0.2 * len(tried)

    def test_the_budget_is_spent_to_the_epoch(self) -> None:
        for epochs in (89, 90):
            problem, result = self.searched(epochs=epochs)
            assert result.end is not None
            assert result.end.reason == BUDGET_SPENT
            assert result.end.spent_epochs == epochs
            assert sum(trial.epochs for trial in result.trials) == epochs == problem.trained_epochs
            assert [trial.state for trial in result.trials[:-1]].count(TrialState.CUT) == 0

    def test_replicates_differ(self) -> None:
        self._skip_unless_seeded()
        first, second = (configurations(self.searched(continuous_space, replicate=number)[1]) for number in (1, 2))
        assert not {json.dumps(values) for values in first} & {json.dumps(values) for values in second}

    def test_a_raising_trial_is_failed_and_the_search_goes_on(self) -> None:
        def fail(configuration: Configuration) -> None:
            if configuration["optimizer"] == "sgd":
                raise RuntimeError("does not build")

        self._check_failures(SyntheticProblem(fail=fail), "does not build", charged=False)

    def test_a_nan_trial_is_failed_and_the_search_goes_on(self) -> None:
        def fail(configuration: Configuration) -> float | None:
            return math.nan if configuration["optimizer"] == "sgd" else None

        self._check_failures(SyntheticProblem(fail=fail), "metric is nan at epoch 1", charged=True)

    def _check_failures(self, problem: SyntheticProblem, error: str, *, charged: bool) -> None:
        result = search(self.make_tuner(), problem, epochs=90)
        failed = [trial for trial in result.trials if trial.state == TrialState.FAILED]
        assert failed
        assert result.end is not None
        assert result.end.state == CellState.DONE
        for trial in failed:
            assert trial.configuration["optimizer"] == "sgd"
            assert trial.error == error
            assert math.isnan(trial.score)
            assert trial.epochs == (1 if charged else 0)
        after = result.trials[failed[0].trial + 1 :]
        assert any(trial.state == TrialState.COMPLETE for trial in after)
        assert sum(trial.epochs for trial in result.trials) == problem.trained_epochs <= 90

    def test_a_problem_that_never_trains_ends(self) -> None:
        def fail(configuration: Configuration) -> None:
            raise RuntimeError("never")

        result = search(self.make_tuner(), SyntheticProblem(fail=fail))
        assert result.end is not None
        assert result.end.state == CellState.FAILED
        assert "never" in result.end.error

    def _skip_unless_seeded(self) -> None:
        tuner = self.make_tuner()
        if not tuner.seeded:
            pytest.skip(f"{tuner.name} declares that its search does not depend on its seed")

    def test_a_tiny_space_ends_cleanly(self) -> None:
        result = search(self.make_tuner(), SyntheticProblem(tiny_space, max_epochs=3), epochs=60)
        assert result.end is not None
        assert result.end.state == CellState.DONE
        assert result.end.spent_epochs <= 60
        assert len({json.dumps(values) for values in configurations(result)}) >= 2

    def test_label_seeds_the_search(self) -> None:
        self._skip_unless_seeded()
        tuner, other = self.make_tuner(), self.make_tuner()
        if tuner.draws_like:
            pytest.skip(f"{tuner.name} declares that it draws what {tuner.draws_like} draws")
        other.label = "another"
        first = configurations(self.searched(continuous_space)[1])
        second = configurations(search(other, SyntheticProblem(continuous_space)))
        assert first[0] != second[0]
        assert seeds.of_tuner("s", "p", tuner.label, 1) != seeds.of_tuner("s", "p", other.label, 1)


def _without_times(result: CellResult) -> list[dict[str, object]]:
    """Trials as JSON, without what differs from run to run."""
    found = [lines.to_json(trial) for trial in result.trials]
    for line in found:
        for name in ("train_seconds", "suggest_seconds", "rebuilt_epochs"):
            line.pop(name)
    return found


def _folder_of_test_run(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run share: pytest-xdist gives each its own inside it."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@functools.cache
def _searched_in_another_process(module: str, folder: Path) -> dict[str, object]:
    """Trials of every suite of a module by its name, searched in one process with another hash seed.

    Once per test run, as the process imports TensorFlow: it leaves them in `folder`, and later tests wait for them.
    """
    result, begun = folder / f"conformance-{module}.json", folder / f"conformance-{module}.begun"
    for _ in range(10 * WAIT_SECONDS):
        if result.exists():
            break
        with contextlib.suppress(FileExistsError):
            begun.touch(exist_ok=False)
            try:
                _search_in_another_process(module, result)
            except BaseException:
                begun.unlink()  # another test tries again, and reports its own failure
                raise
        time.sleep(0.1)
    return dict(json.loads(result.read_text()))


def _search_in_another_process(module: str, result: Path) -> None:
    script = (
        "import importlib, json; from tuning import testing; "
        f"print(json.dumps(testing._searches_of(importlib.import_module({module!r}))))"
    )
    path = os.pathsep.join([*sys.path, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7"},
    )
    part = result.with_suffix(".part")
    part.write_text(done.stdout.splitlines()[-1])
    part.rename(result)


def _searches_of(module: ModuleType) -> dict[str, list[dict[str, object]]]:
    """Trials of every suite of a module by its name."""
    trials = {}
    for name, suite in vars(module).items():
        if isinstance(suite, type) and issubclass(suite, TrialConformance) and suite.__module__ == module.__name__:
            with contextlib.suppress(StudyError):  # its library is not installed
                trials[name] = _without_times(suite().searched()[1])
    return trials
