"""How far apart tuners are over problems, drawn: the table's numbers, whichever tuner of a pair is named first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.analysis.test_over_problems import Scores, many
from tuning.report.figures.over_problems import PAIR_COLUMNS, differences_over_problems, ordered_differences


def test_the_better_tuner_is_named_first_with_the_numbers_of_the_table(tmp_path: Path) -> None:
    summary = Scores(many(6, better=1.5)).summary(tmp_path)
    assert summary.over_problems is not None
    pairs = summary.over_problems.pairs.set_index(["a", "b"])
    rows, left_out = ordered_differences(summary)
    assert (list(rows), left_out) == (PAIR_COLUMNS, "")
    assert len(rows) == len(pairs) == 3
    assert rows["difference"].is_monotonic_decreasing
    assert rows["difference"].min() >= 0
    turned = 0
    for row in rows.to_dict("records"):
        first, second = row["pair"].split(" over ")
        assert row["tuner"] == first
        sign = 1 if (first, second) in pairs.index else -1
        turned += sign < 0
        of = pairs.loc[(first, second) if sign > 0 else (second, first)]
        for start in ("", "general_", "new_"):
            ends = sorted(sign * of[[f"{start}low", f"{start}high"]].astype(float))
            assert [row[f"{start}low"], row[f"{start}high"]] == pytest.approx(ends)
        assert (row["shown"] == "yes") == bool(of["decided"])
    assert turned
    figure = differences_over_problems(summary, "_all")
    assert figure is not None
    assert f"{rows['pair'][0]} {rows['difference'][0]:+.2f} (" in figure.description


def test_of_many_pairs_those_of_the_tuner_to_choose_are_drawn(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    summary = Scores({f"p{at}": generator.normal(size=(4, 7)) for at in range(3)}).summary(tmp_path, "abcdefg")
    assert summary.over_problems is not None
    rows, left_out = ordered_differences(summary)
    one = summary.over_problems.choice.tuner
    assert len(rows) == 6
    assert all(one in pair.split(" over ") for pair in rows["pair"])
    assert left_out == f" Of 21 pairs, those of {one} are drawn; the table has all."


def test_of_two_problems_there_is_no_interval_for_others_to_draw(tmp_path: Path) -> None:
    summary = Scores(many(2, better=1.0)).summary(tmp_path)
    rows, _ = ordered_differences(summary)
    assert rows["low"].notna().all()
    assert differences_over_problems(summary) is not None
