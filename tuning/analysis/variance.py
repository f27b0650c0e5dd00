"""What makes the winners of one tuner differ: the split, the search, or the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from tuning.journal.records import TrialState
from tuning.statistics.components import Components, components


class VarianceParts(NamedTuple):
    """The parts of the variance of the final incumbents' scores.

    Attributes:
        of: ``"test"`` or ``"score"``: a column of `frames.retrainings_frame`.
        searches: How many were taken apart.
        parts: Their variances.
    """

    of: str
    searches: int
    parts: Components


def variance_parts(retrainings: pd.DataFrame, tuners: Sequence[str], *, split_each: bool) -> VarianceParts | None:
    """The parts for one problem; None with fewer than two replicates that all tuners finished.

    Args:
        retrainings: The problem's rows of `frames.retrainings_frame`.
        tuners: Those compared; baselines are left out.
        split_each: Whether every replicate has a split of its own.
    """
    done = retrainings[retrainings["final"].astype(bool) & (retrainings["state"] == TrialState.COMPLETE)]
    done = done[done["tuner"].isin(tuners)]
    of = "test" if done["test"].notna().any() else "score"
    done = done.dropna(subset=[of])
    if done.empty:
        return None
    replicates = sorted(done["replicate"].unique())
    scores = np.full((len(tuners), len(replicates), int(done["repeat"].max())), np.nan)
    places = (
        done["tuner"].map({tuner: place for place, tuner in enumerate(tuners)}).to_numpy(int),
        done["replicate"].map({number: place for place, number in enumerate(replicates)}).to_numpy(int),
        done["repeat"].to_numpy(int) - 1,
    )
    scores[places] = done[of].to_numpy(float)
    whole = (~np.isnan(scores)).any(axis=2).all(axis=0)
    parts = components(scores, split_each=split_each)
    return VarianceParts(of, int(whole.sum()) * len(tuners), parts) if parts.shares() else None
