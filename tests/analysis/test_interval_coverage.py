"""Headings and sentences say what an interval covers where that is less than it says."""

import pandas as pd
import pytest

from tuning.analysis.interval_coverage import WORTH_SAYING, short_of, students
from tuning.analysis.verdict.sentences import leading
from tuning.objective import Objective
from tuning.statistics.intervals import SKEWED_COVERAGE, student_coverage


def test_the_fewest_values_but_one_decide_what_is_said() -> None:
    assert student_coverage(3) == 0.87 < student_coverage(40) == 0.91 < WORTH_SAYING
    assert students([40, 1]) == "Student's 95% intervals, which hold 91% of the means of skewed scores"
    assert students([40, 3, 1]).endswith("which hold 87% of the means of skewed scores")
    enough = max(SKEWED_COVERAGE)
    assert students([enough]) == students([1]) == students([]) == "Student's 95% intervals"


def test_another_kind_of_interval_has_its_own_coverage() -> None:
    said = short_of([4, 9], lambda n: n / 10, "shares", "holds")
    assert said == ", which holds 40% of the shares"
    assert short_of([10], lambda n: n / 10) == ""


@pytest.mark.parametrize(("scored", "said"), [(5, ", which holds 87% of the means of skewed scores"), (100, "")])
def test_the_highest_mean_is_said_with_what_its_interval_covers(scored: int, said: str) -> None:
    row = {"tuner": "a", "scored": scored, "mean": 0.5, "low": 0.4, "high": 0.6, "smallest": 0.3, "largest": 0.7}
    who, ahead = leading(pd.DataFrame([row, {**row, "tuner": "b", "mean": 0.4}]), "m", Objective("m", "max"))
    assert (who, ahead.split(" (")[0]) == ("a", "Highest mean of m: a, 0.500")
    assert f"(95% interval 0.400 to 0.600{said}), a description of these replicates, not a claim." in ahead
