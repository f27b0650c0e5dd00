"""What problems have in common whose scores are known beforehand: nothing is trained, and worths are without noise."""

from __future__ import annotations


class Computed:
    """A problem that answers from a table: a trial is one training, there is no test part, and it takes no time."""

    folds = repeats = 1
    is_regression = False  # scikit-learn's search over row numbers is the same for both
    has_test = False
