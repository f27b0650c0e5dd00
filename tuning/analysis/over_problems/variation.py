"""Where a tuner is better than another and where it is worse, and what sets these problems apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import NamedTuple

from tuning.formatting import count, names
from tuning.journal.study_record import ProblemRecord
from tuning.statistics.signed_rank import LEVEL


class Feature(NamedTuple):
    """Something by which problems can be put in an order.

    Attributes:
        more, less: What problems with a high or a low value have.
        unit: Of the values.
        values: By problem.
    """

    more: str
    less: str
    unit: str
    values: Mapping[str, float]


def features(problems: Mapping[str, ProblemRecord]) -> list[Feature]:
    """What is known of every problem and not alike on all."""
    every = [
        Feature(
            "longer trainings",
            "shorter trainings",
            "epochs",
            {name: problem.max_epochs for name, problem in problems.items()},
        ),
        Feature(
            "larger spaces",
            "smaller spaces",
            "hyperparameters",
            {name: len(problem.space) for name, problem in problems.items()},
        ),
        Feature(
            "more training data",
            "less training data",
            "samples",
            {name: size for name, problem in problems.items() if (size := _samples(problem))},
        ),
    ]
    return [of for of in every if len(of.values) == len(problems) and len(set(of.values.values())) > 1]


def _samples(problem: ProblemRecord) -> int:
    """That a problem is trained on; 0 if unknown."""
    if problem.data.rows:
        return problem.data.rows.get("development", 0)
    train = problem.data.shapes.get("train")
    return int(train.get("size") or 0) if isinstance(train, Mapping) else 0


def set_apart(few: Sequence[str], others: Sequence[str], known: Sequence[Feature]) -> str:
    """The feature by which a few problems differ from all others, as ``those with longer trainings, 20 epochs or
    more``; empty without one.

    With few problems some feature always does. So it is only said if chance would give it in less than `LEVEL` of such
    groups: there are ``comb`` of them, and each feature sets two apart, those at its ends.
    """
    if not few or not others or 2 * len(known) > LEVEL * comb(len(few) + len(others), len(few)):
        return ""
    for feature in known:
        inside, outside = [feature.values[name] for name in few], [feature.values[name] for name in others]
        if min(inside) > max(outside):
            return f"those with {feature.more}, {count(min(inside))} {feature.unit} or more"
        if max(inside) < min(outside):
            return f"those with {feature.less}, {count(max(inside))} {feature.unit} or fewer"
    return ""


def where(better: Sequence[str], worse: Sequence[str], known: Sequence[Feature]) -> str:
    """``better on 9 problems, worse on 3 (a, b and c: those with longer trainings ...)``."""
    if not worse:
        return f"better on all {len(better)} problems"
    few, others = (worse, better) if len(worse) <= len(better) else (better, worse)
    apart = set_apart(few, others, known)
    named = f" ({names(few, most=4)}{f': {apart}' if apart else ''})" if few else ""
    first, second = (named, "") if few is better else ("", named)
    return f"better on {len(better)}{first}, worse on {len(worse)}{second} of {len(better) + len(worse)} problems"
