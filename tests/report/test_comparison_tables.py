"""The tables that compare tuners say what their intervals cover where that is short."""

from dataclasses import replace

from tuning.analysis.summary import Summary
from tuning.report.tables.comparison import searching_table


def test_intervals_against_baselines_say_what_they_hold_of_skewed_scores(golden: Summary) -> None:
    problem = golden.problems["digits"]
    problem = replace(problem, searching=problem.searching.assign(replicates=3))
    caption = searching_table(problem).caption
    assert caption.endswith(", with Welch's 95% intervals, which hold 91% of the differences of skewed scores")
    paired = replace(problem, endpoint=replace(problem.endpoint, paired=True))
    assert searching_table(paired).caption.endswith(", with Student's 95% intervals")
    many = replace(problem, searching=problem.searching.assign(replicates=100))
    assert searching_table(many).caption.endswith(", with Welch's 95% intervals")
