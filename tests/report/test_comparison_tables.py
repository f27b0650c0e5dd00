"""The tables that compare tuners say what their intervals cover where that is short."""

from dataclasses import replace

from tuning.analysis.summary import Summary
from tuning.report.tables.comparison import choice_table, searching_table


def test_intervals_against_baselines_say_what_they_hold_of_skewed_scores(golden: Summary) -> None:
    problem = golden.problems["digits"]
    problem = replace(problem, searching=problem.searching.assign(replicates=3))
    caption = searching_table(problem).caption
    assert caption.endswith(", with Welch's 95% intervals, which hold 91% of the differences of skewed scores")
    paired = replace(problem, endpoint=replace(problem.endpoint, paired=True))
    assert searching_table(paired).caption.endswith(", with Student's 95% intervals")
    many = replace(problem, searching=problem.searching.assign(replicates=100))
    assert searching_table(many).caption.endswith(", with Welch's 95% intervals")


def test_the_means_to_choose_by_say_what_their_intervals_hold_at_the_least(golden: Summary) -> None:
    assert choice_table(golden.problems["digits"]).caption.endswith(
        ", with 95% credible intervals, which hold 88% of the means in the least favourable of their simulations"
    )


def test_without_seeds_to_derive_a_rope_from_that_is_why_none_is_as_good(golden: Summary) -> None:
    problem = golden.problems["digits"]
    unknown = replace(problem, choice=replace(problem.choice, rope=None))
    why = "; none is called as good, which takes a rope, or two fresh seeds to derive one from"
    assert choice_table(unknown).caption.endswith(why)
    exact = replace(unknown, endpoint=replace(problem.endpoint, noise_free=True))
    alike = replace(unknown, choice=replace(unknown.choice, any_of=problem.contest.tuners))
    for other in (problem, exact, alike):
        assert why not in choice_table(other).caption
