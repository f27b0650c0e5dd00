"""The sequential rule: its level, exactly and by simulation; what it gives for its price; what it says."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.console import Console

from tests.simulations.sequential import KINDS, declared, equal_share, fixed_share, peeking_share, scores
from tests.support.golden_journal import session, study, trial, write_scores
from tuning.analysis.looks import rule_of
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.summary import summarise
from tuning.analysis.verdict.verdict import SHOWN, UNDECIDED
from tuning.cli import status
from tuning.errors import StudyError
from tuning.journal import journal
from tuning.journal.plan import Looks, Plan
from tuning.journal.records import Cell, CellEnd
from tuning.journal.writer import JournalWriter
from tuning.report.report import write_report
from tuning.statistics.equality import fewest
from tuning.statistics.sequential import (
    GRID,
    SPENDING_POWER,
    Rule,
    boundaries,
    equality_p_values,
    p_values,
    signed_scores,
)
from tuning.statistics.signed_rank import LEVEL

LEVELS = GRID  # one-sided, falling


def signs(n: int) -> npt.NDArray[np.int64]:
    """(2^n, n): every pattern of signs."""
    return 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)


def shares_stopped(sizes: list[float], rule: Rule) -> npt.NDArray[np.float64]:
    """By level, falling: of all patterns of signs of differences of these sizes, those that stop at some look."""
    most = boundaries(np.abs(signed_scores(sizes)), LEVELS, rule)
    patterns = signs(len(sizes))
    losses = np.cumsum(np.where(patterns < 0, np.abs(signed_scores(sizes)), 0), axis=1)
    return np.array([(losses <= row).any(axis=1).mean() for row in most])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, math.nan, 0.5, 1.0, 1.5, 2.0, 7.0]), min_size=1, max_size=10), st.integers(0, 5))
def test_no_level_is_exceeded_whatever_the_sizes(sizes: list[float], more: int) -> None:
    shares = shares_stopped(sizes, Rule(len(sizes) + more))
    assert (shares <= LEVELS + 1e-12).all()


def test_nearly_all_of_the_level_is_spent_by_the_cap() -> None:
    sizes = list(np.random.default_rng(4).permutation(14) + 1.0)
    shares = shares_stopped(sizes, Rule(14))
    assert 0.95 < shares[np.isclose(LEVELS, 0.5)] / 0.5 <= 1
    spent = shares[LEVELS > 0.01] / LEVELS[LEVELS > 0.01]
    assert spent.min() > 0.9


def test_a_lower_level_never_stops_where_a_higher_goes_on() -> None:
    generator = np.random.default_rng(5)
    for _ in range(20):
        most = boundaries(np.abs(signed_scores(generator.normal(size=15))), LEVELS, Rule(15))
        assert (np.diff(most, axis=0) <= 0).all()


def test_scores_are_wilcoxons_ranks_as_they_come() -> None:
    assert signed_scores([3.0, -1.0, 2.0, -3.0]).tolist() == [20, -round(40 / 3), 20, -round(40 * 3.5 / 5)]
    assert signed_scores([0.0, 5.0, math.nan, -5.0]).tolist() == [0, 20, 0, -round(40 * 1.5 / 3)]
    assert signed_scores([]).tolist() == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3, 3).map(lambda value: round(value, 1)), min_size=2, max_size=15), st.integers(1, 10))
def test_p_is_symmetric_never_rises_and_does_not_look_ahead(differences: list[float], pairs: int) -> None:
    rule = Rule(15)
    p = p_values(differences, rule, pairs)
    assert p.tolist() == p_values(np.negative(differences), rule, pairs).tolist()
    assert p.tolist() == p_values(4 * np.array(differences), rule, pairs).tolist()
    assert (np.diff(p) <= 0).all()
    assert ((p > 0) & (p <= 1)).all()
    earlier = len(differences) // 2
    assert p_values(differences[:earlier], rule, pairs).tolist() == p[:earlier].tolist()


def test_p_tells_a_difference_and_none() -> None:
    generator = np.random.default_rng(6)
    assert p_values(generator.normal(2, 1, 20), Rule(20))[-1] < 0.001
    assert p_values([1.0, -1.0] * 10, Rule(20))[-1] == 1
    assert p_values([0.0] * 20, Rule(20))[-1] == 1
    assert len(p_values(generator.normal(size=25), Rule(20))) == 20  # the last look is at the cap


@pytest.mark.parametrize("cap", [10, 20, 30])
@pytest.mark.parametrize("pairs", [1, 3, 7, 10, 21, 45])
def test_the_first_look_is_where_the_largest_difference_is_shown(cap: int, pairs: int) -> None:
    if pairs > 1 and cap == 10 and 2**-9 * pairs > LEVEL:
        with pytest.raises(StudyError, match=r"a cap of 10 replicates: no difference in .* raise it to 1[01] or more"):
            Rule(cap).first_look(pairs)
        return
    rule = Rule(cap)
    first = rule.first_look(pairs)
    adjusted = p_values(np.ones(cap), rule, pairs) * pairs
    assert (adjusted <= LEVEL).tolist() == [look >= first for look in range(1, cap + 1)]
    assert rule.smallest_p(first) * pairs <= LEVEL < rule.smallest_p(first - 1) * pairs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cap": 0}, "cap of 0"),
        ({"rope": 0.0}, "rope of 0"),
        ({"rope": -1.0}, "-1"),
        ({"loss": 0.0}, "loss of 0"),
        ({"loss": 0.1, "cap": 1}, "cap of 1 replicate: a choice takes 2"),
    ],
)
def test_a_rule_that_cannot_be(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        Rule(**arguments)


def test_a_rule_comes_back_from_the_plan() -> None:
    plan = Plan(tuners={}, budget_epochs=1, replicates=3)
    assert rule_of(plan) is None
    for rule in (Rule(), Rule(12, 0.5), Rule(12, None, 0.01)):
        assert rule_of(structs.replace(plan, until_decided=looks_of(rule))) == rule


# The rule's promise, by simulation of studies of equal tuners: their exact level is tested above. The standard error of
# 1,000 is 0.7 %, and a share may be two of them off.

COUNTS = [200, pytest.param(1000, marks=pytest.mark.nightly)]


def around_the_level(studies: int) -> tuple[float, float]:
    """Between which a share of so many studies lies."""
    off = 0.015 * math.sqrt(1000 / studies)
    return LEVEL - off, LEVEL + off


@pytest.mark.parametrize("studies", COUNTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_tuner_under_two_names_is_told_apart_in_5_percent(kind: str, studies: int) -> None:
    low, high = around_the_level(studies)
    shares = declared(scores(kind, np.random.default_rng(7), studies, 15, 2), 15)
    assert low <= shares.pair == shares.family <= high


@pytest.mark.parametrize("studies", COUNTS)
@pytest.mark.parametrize(("kind", "tuners"), [("normal", 3), ("ties", 3), ("skewed", 5)])
def test_several_equal_tuners(kind: str, tuners: int, studies: int) -> None:
    low, high = around_the_level(studies)
    shares = declared(scores(kind, np.random.default_rng(8), studies, 15, tuners), 15)
    assert low <= shares.pair <= high
    assert low <= shares.family <= high


def test_fixed_p_values_looked_at_again_and_again_would_not_keep_the_level() -> None:
    assert peeking_share(scores("normal", np.random.default_rng(11), 300, 20, 2), 6) > 0.12


@pytest.mark.parametrize(("shift", "power", "replicates"), [(0.8, 0.10, 15.5), (1.5, 0.01, 10.5)])
def test_what_it_gives_for_its_price(shift: float, power: float, replicates: float) -> None:
    drawn = scores("normal", np.random.default_rng(12), 300, 20, 2)
    drawn[:, :, 0] += shift * math.sqrt(2)
    shares = declared(drawn, 20)
    assert shares.pair >= fixed_share(drawn) - power
    assert shares.replicates < replicates


@pytest.mark.parametrize("studies", COUNTS)
def test_practically_equal_is_said_of_a_difference_as_large_as_the_rope_in_5_percent_at_most(studies: int) -> None:
    low, high = around_the_level(studies)
    drawn = scores("normal", np.random.default_rng(13), studies, 15, 2)
    assert equal_share(drawn[:100], 1.5 * math.sqrt(2), 15) > 0.95
    drawn[:, :, 0] -= 1.5 * math.sqrt(2)
    assert low <= equal_share(drawn, 1.5 * math.sqrt(2), 15) <= high


def test_equality_is_symmetric_and_needs_more_than_no_difference() -> None:
    generator = np.random.default_rng(14)
    differences = generator.normal(0, 1, 20)
    p = equality_p_values(differences, 2.0, Rule(20))
    assert p.tolist() == equality_p_values(-differences, 2.0, Rule(20)).tolist()
    assert (np.diff(p) <= 0).all()
    assert p[-1] < LEVEL < equality_p_values(differences, 0.05, Rule(20))[-1]
    assert equality_p_values(differences + 3, 2.0, Rule(20))[-1] > LEVEL


# What a study's folder says.


def looks_of(rule: Rule) -> Looks:
    return Looks(rule.cap, rule.rope, LEVEL, SPENDING_POWER, rule.loss)


def of_scores(path: Path, found: dict[str, Any], rule: Rule, direction: str = "max") -> ProblemSummary:
    write_scores(path, found, direction)
    lines = journal.path_of(path).read_text().splitlines(keepends=True)
    session = json.loads(lines[1])
    session["plan"]["until_decided"] = structs.asdict(looks_of(rule))
    journal.path_of(path).write_text("".join([lines[0], json.dumps(session) + "\n", *lines[2:]]))
    return summarise(journal.read(path)).problems["digits"]


def three(n: int) -> dict[str, list[float]]:
    """a far above b; c as b, in turns above and below."""
    level = [0.5 + 0.01 * (replicate % 5) for replicate in range(n)]
    return {
        "a": [value + 0.2 + 0.001 * replicate for replicate, value in enumerate(level)],
        "b": level,
        "c": [value + 0.01 * (-1) ** replicate * (1 + 0.02 * replicate) for replicate, value in enumerate(level)],
    }


@pytest.mark.parametrize("direction", ["max", "min"])
def test_pairs_are_judged_by_the_looks(tmp_path: Path, direction: str) -> None:
    sign = 1 if direction == "max" else -1
    found = of_scores(tmp_path, {t: [sign * x for x in v] for t, v in three(45).items()}, Rule(50, 0.05), direction)
    rows = {(row["a"], row["b"]): row for row in found.pairs.to_dict("records")}
    first = Rule(50).first_look(3)
    assert [(row["decided"], row["settled_at"]) for row in rows.values()][:2] == [("a", first), ("a", first)]
    assert rows["b", "c"]["decided"] == ""
    assert rows["b", "c"]["equal"]
    assert rows["b", "c"]["p_equal"] <= LEVEL < rows["b", "c"]["p_holm"]
    assert rows["b", "c"]["settled_at"] >= fewest(3)  # what fails in one of ten searches would have shown by then
    assert set(found.pairs["looks"]) == {45}
    differences = np.array(three(45)["a"]) - np.array(three(45)["b"])
    assert rows["a", "b"]["p"] == p_values(differences, Rule(50), 3)[-1]
    assert found.verdict.kind == SHOWN
    assert found.verdict.line == (
        "a is shown better than b and c (Holm-adjusted p ≤ 0.05, 1 of 3 pairs practically equal). "
        "Practically equal, within ±0.05: b / c."
    )
    assert found.verdict.details[0] == (
        f"45 replicates of at most 50 looked at, one by one; decided (after replicate): a over b ({first}) and "
        f"a over c ({first}); practically equal (after replicate): b / c ({rows['b', 'c']['settled_at']})."
    )


def test_what_a_test_at_the_end_would_show_is_not_claimed(tmp_path: Path) -> None:
    scores = {"a": [0.5 + 0.01 * replicate for replicate in range(7)], "b": [0.4] * 7}
    write_scores(tmp_path / "fixed", scores)
    assert summarise(journal.read(tmp_path / "fixed")).verdict.kind == SHOWN
    found = of_scores(tmp_path / "looked at", scores, Rule(20))
    assert not found.verdict.judged
    assert found.verdict.line == (
        f"No verdict: with 7 replicates no difference can be shown at 5%; {Rule(20).first_look(1)} or more are needed."
    )
    assert found.verdict.details[0] == "7 replicates of at most 20 looked at, one by one; open: a / b."


def test_at_the_cap_the_rest_is_undecided(tmp_path: Path) -> None:
    found = of_scores(tmp_path, {name: values for name, values in three(13).items() if name != "a"}, Rule(12))
    assert found.verdict.kind == UNDECIDED
    assert found.verdict.details[0] == (
        "12 replicates of at most 12 looked at, one by one; undecided at the cap: b / c."
    )
    assert found.pairs["p_equal"].isna().all()


def test_a_replicate_is_looked_at_when_all_its_cells_have_ended(tmp_path: Path) -> None:
    values: dict[str, Any] = three(12)
    values["c"] = [*values["c"][:10], None, values["c"][11]]
    assert set(of_scores(tmp_path, values, Rule(20)).pairs["looks"]) == {10}


def test_a_failed_cell_is_looked_at_without_a_score(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, study()) as writer:
        session(writer, ["a", "b", "c"], 1, 12, until_decided=looks_of(Rule(20)))
        for replicate in range(1, 13):
            for tuner in ("a", "b", "c"):
                cell = Cell("digits", tuner, replicate)
                if tuner == "c" or (tuner, replicate) == ("b", 3):
                    writer.cell(CellEnd(cell, "FAILED", "the tuner raised", "ValueError: no", 0, 0, 1.0))
                else:
                    writer.trial(trial(cell, 0, [0.5 + 0.01 * replicate * (tuner == "a")], 1))
                    writer.cell(CellEnd(cell, "DONE", "the budget is spent", "", 1, 1, 1.0))
    found = summarise(journal.read(tmp_path)).problems["digits"]
    assert set(found.pairs["looks"]) == {12}
    assert found.pairs["decided"].tolist() == ["a", "", ""]
    assert (
        "open" not in found.verdict.details[0]
    )  # no replicate has compared anything with c, and none will be waited for


def test_status_and_report_say_that_it_was_looked_at_again_and_again(tmp_path: Path) -> None:
    of_scores(tmp_path, three(45), Rule(50, 0.05))
    console = Console(record=True, width=300)
    status.show(status.look(tmp_path), console)
    shown = console.export_text()
    assert "45 replicates of at most 50 looked at, one by one; decided (after replicate): a over b" in shown
    written = write_report(tmp_path)
    text = written.markdown.read_text()
    for words in ("one by one", "sequential signed ranks", "practically equal", "--until-decided --cap 50 --rope 0.05"):
        assert words in text
    assert "--replicates" not in text
    pairs = pd.DataFrame(json.loads(written.summary.read_text())["problems"]["digits"]["pairs"])
    assert pairs["settled_at"].tolist() == [12, 12, 43]
    assert pairs["looks"].tolist() == [45, 45, 45]
