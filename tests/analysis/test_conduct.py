"""What each tuner did stands in the verdict, and one algorithm under several names is not compared with itself."""

import json
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.golden_journal import session, study, trial, write_golden
from tuning.analysis.choices import EQUAL, SHOWN
from tuning.analysis.conduct import conduct
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.summary_json import to_json
from tuning.journal.journal import read
from tuning.journal.plan import Manifest, Session, TunerSettings
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter

DRAWS: dict[str, dict[str, int | None]] = {
    "kt-random": {"digits": None},
    "kt-bayesian": {"digits": 4},
    "optuna-tpe": {"digits": 2},
}


def of_trials(
    path: Path, trials: int, draws: dict[str, dict[str, int | None]], replicates: int = 6, **plan: Any
) -> ProblemSummary:
    """Three tuners, each with so many full trainings (4 epochs) a search."""
    with JournalWriter.create(path, study()) as writer:
        session(writer, list(DRAWS), 4 * trials, replicates, random_draws=draws, **plan)
        for replicate in range(1, replicates + 1):
            for place, tuner in enumerate(DRAWS):
                cell = Cell("digits", tuner, replicate)
                for at in range(trials):
                    score = 0.5 + 0.1 * place + 0.01 * replicate + 0.001 * at
                    writer.trial(trial(cell, at, [score] * 4, 4 * at + 4))
                writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", trials, 4 * trials, 1.0))
    return summarise(read(path)).problems["digits"]


def test_tuners_that_were_all_random_search_are_one_algorithm(tmp_path: Path) -> None:
    found = of_trials(tmp_path, 4, DRAWS)
    assert found.conduct.set_index("tuner")["random"].to_dict() == {
        "kt-random": 24,
        "kt-bayesian": 24,
        "optuna-tpe": 12,
    }
    pairs = list(found.pairs[["a", "b"]].itertuples(index=False, name=None))
    assert pairs == [("kt-random", "optuna-tpe"), ("kt-bayesian", "optuna-tpe")]
    assert found.verdict.line.endswith(" One algorithm here, random search: kt-random and kt-bayesian.")
    assert (
        "kt-random and kt-bayesian were random search here: every configuration was drawn at random, and none was "
        "stopped early. They are one algorithm and are not compared with each other."
    ) in found.verdict.details
    assert "optuna-tpe drew 12 of 24 configurations at random, before it learned anything." in found.verdict.details


def test_two_names_of_one_algorithm_are_one_to_choose(tmp_path: Path) -> None:
    """The scores of the two differ by 0.1 in each replicate, which would be much between two algorithms."""
    choice = of_trials(tmp_path, 4, DRAWS).choice
    rows = choice.table.set_index("tuner")[["best", "loss", "mean", "low", "high"]]
    assert rows.loc["kt-random"].equals(rows.loc["kt-bayesian"])
    assert rows.loc["kt-random", "mean"] == pytest.approx(0.588, abs=0.005)  # of 0.538 and 0.638
    assert (choice.tuner, choice.any_of) == ("optuna-tpe", ("optuna-tpe",))
    assert "kt-random or kt-bayesian under 1%" in choice.probable


def test_one_algorithm_that_is_best_is_recommended_under_all_its_names(tmp_path: Path) -> None:
    choice = of_trials(tmp_path, 4, {**DRAWS, "kt-random": {"digits": 0}, "optuna-tpe": {"digits": None}}).choice
    assert choice.any_of == ("kt-bayesian", "optuna-tpe")
    assert choice.kind == SHOWN
    assert choice.alike == "kt-bayesian and optuna-tpe were one algorithm here, random search."


def test_a_given_first_trial_is_not_drawn_at_random_and_random_search_stays_one_algorithm(tmp_path: Path) -> None:
    found = of_trials(tmp_path, 4, DRAWS, start="default", own_start=["optuna-tpe"])
    assert found.conduct.set_index("tuner")["random"].to_dict() == {
        "kt-random": 18,
        "kt-bayesian": 18,
        "optuna-tpe": 12,
    }
    assert found.verdict.line.endswith(" One algorithm here, random search: kt-random and kt-bayesian.")
    assert (
        "kt-random and kt-bayesian were random search here: every configuration but the first was drawn at random, and "
        "none was stopped early. They are one algorithm and are not compared with each other."
    ) in found.verdict.details


def test_where_a_tuner_learned_it_is_compared(tmp_path: Path) -> None:
    found = of_trials(tmp_path, 5, DRAWS)
    assert len(found.pairs) == 3
    assert "kt-bayesian drew 24 of 30 configurations at random, before it learned anything." in found.verdict.details
    assert "One algorithm" not in found.verdict.line


def test_nothing_is_compared_where_all_were_random_search(tmp_path: Path) -> None:
    found = of_trials(tmp_path, 2, DRAWS)
    assert found.pairs.empty
    assert not found.verdict.judged
    assert found.verdict.line.startswith("No verdict: there are no two different algorithms to compare. One algorithm")
    assert found.choice.kind == EQUAL
    assert found.choice.line == "To choose: any of kt-random, kt-bayesian and optuna-tpe."
    assert found.choice.alike == "kt-random, kt-bayesian and optuna-tpe were one algorithm here, random search."
    assert found.choice.details == (found.choice.alike,)  # no probabilities, and nothing that more compute would tell


def test_journals_of_earlier_releases_say_nothing_of_random_draws_but_some_names_do(tmp_path: Path) -> None:
    found = of_trials(tmp_path / "one", 2, {})
    assert found.conduct.set_index("tuner")["plain"].to_dict() == {
        "kt-random": True,
        "kt-bayesian": False,
        "optuna-tpe": False,
    }
    assert len(found.pairs) == 3
    alike = {"mine": TunerSettings({"tuner": "sklearn-randomized"}), "optuna-tpe": TunerSettings({"tuner": "kt-grid"})}
    journal = read(tmp_path / "one")
    plan = replace(journal.plan, tuners={**journal.plan.tuners, **alike})
    found = conduct(replaced(journal, sessions=[Session(plan, Manifest())]), "digits")
    assert list(found.loc[found["always"], "tuner"]) == ["kt-random", "mine"]  # the registered name, not the label


def test_short_trials_are_no_random_search_and_a_tuner_that_trains_none_in_full_is_named(tmp_path: Path) -> None:
    write_golden(tmp_path)
    journal = read(tmp_path)
    hyperband = conduct(journal, "digits").set_index("tuner").loc["kt-hyperband"]
    # Two of five trials of a search go to all 4 epochs, one of them a promotion.
    assert (hyperband["searches"], hyperband["configurations"], hyperband["full"]) == (4, 16, 8)
    assert not hyperband["plain"]
    for cell, trials in journal.trials.items():
        if cell.tuner == "kt-hyperband":
            journal.trials[cell] = trials[:2]
    lines: Any = summarise(journal).verdict.details
    assert "kt-hyperband trained a configuration in full in no search." in lines


def test_summary_json_holds_it(tmp_path: Path) -> None:
    of_trials(tmp_path, 4, DRAWS)
    rows = json.loads(to_json(summarise(read(tmp_path))))["problems"]["digits"]["conduct"]
    assert rows[0] == {
        "tuner": "kt-random", "searches": 6, "configurations": 24, "random": 24, "always": True, "full": 24,
        "searches_without_full": 0, "plain": True, "brackets": 0, "fewest_brackets": 0, "most_brackets": 0,
    }  # fmt: skip
