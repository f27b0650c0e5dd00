"""Which tuner to take now, on one problem: a recommendation beside the verdict, which claims nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning.analysis.conduct import algorithms
from tuning.analysis.contest import Contest
from tuning.analysis.curves import CELL
from tuning.analysis.endpoints import Endpoint
from tuning.analysis.spent import Spent
from tuning.analysis.verdict.verdict import EQUAL, SHOWN, UNDECIDED
from tuning.formatting import names, number, seconds
from tuning.journal.plan import TEST
from tuning.journal.records import TrialState
from tuning.objective import Objective
from tuning.statistics import choice as statistics
from tuning.statistics.bootstrap import BOOTSTRAP_SEED, CONFIDENCE

CHOSEN = "chosen"  # a tuner is recommended, and not shown to be the best; UNDECIDED: there is nothing to choose by
CHOICE_COLUMNS = ["tuner", "best", "loss", "mean", "low", "high", "equal"]
MAX_NAMED = 3  # tuners whose probability is spelled out; the table holds all


@dataclass(frozen=True)
class ProblemChoice:
    """The tuner to take now on one problem, and what that may cost.

    Attributes:
        kind: `SHOWN`: better than every other; `EQUAL`: any will do; else `CHOSEN` or `UNDECIDED`.
        line: In one sentence.
        probable: How probably the first few tuners are the best, in a sentence.
        alike: Why several are as good, in a sentence; empty if one is recommended.
        more: What more replicates would cost and bring, in a sentence; empty if nothing is left to gain.
        endpoint: What the numbers are about, in words.
        tuner: The recommended one; empty if there is nothing to choose by.
        any_of: The tuners that are as good as it, itself included.
        probability: That it, or another name of the same algorithm, is the best.
        expected_loss: Of choosing it, in the metric's unit; at least 0.
        rope: Difference that does not matter, in the metric's unit; None without one.
        rope_given: Whether the study set it; else it is the noise of fresh seeds.
        gains: What so many further replicates are expected to take off the loss, by their number.
        saturated: Whether all scores are the same.
        table: (num_tuners, 7), `CHOICE_COLUMNS`: probability of being best, expected loss, mean score with the ends of
            its credible interval, and whether it is among `any_of`. NaN for a tuner without a score.
    """

    kind: str
    line: str
    probable: str
    alike: str
    more: str
    endpoint: str
    tuner: str
    any_of: tuple[str, ...]
    probability: float
    expected_loss: float
    rope: float | None
    rope_given: bool
    gains: Mapping[int, float]
    saturated: bool
    table: pd.DataFrame

    @property
    def details(self) -> tuple[str, ...]:
        """The sentences after the first."""
        return tuple(sentence for sentence in (self.alike, self.probable, self.more) if sentence)

    def enough(self, loss: float) -> bool:
        """Whether nothing that further replicates can gain is worth `loss`; `statistics.choice.enough`."""
        return self.kind != UNDECIDED and self.expected_loss <= loss


def seed_noise(retrainings: pd.DataFrame, tuners: Sequence[str], kind: str) -> float | None:
    """Standard deviation of a training's score over fresh seeds, pooled over final incumbents; None if unknown.

    Of the endpoint's own scores, because differences of these are called small by it: a seed may move the score on test
    by more or less than that on validation.

    Args:
        retrainings: The problem's rows of `frames.retrainings_frame`.
        tuners: Whose incumbents count.
        kind: The endpoint, one of `tuning.journal.plan.ENDPOINTS`.
    """
    column = TEST if kind == TEST else "score"
    done = retrainings[
        (retrainings["state"] == TrialState.COMPLETE)
        & retrainings["final"].astype(bool)
        & retrainings["tuner"].isin(list(tuners))
    ]
    scores = done.assign(worth=done[column].astype(float)).groupby([*CELL, "trial"])["worth"]
    squares, freedom = float((scores.var() * (scores.count() - 1)).sum()), int((scores.count() - 1).sum())
    return math.sqrt(squares / freedom) if freedom and squares > 0 else None


def problem_choice(
    scored: Endpoint,
    replicate: Spent,
    retrainings: pd.DataFrame,
    pairs: pd.DataFrame,
    contest: Contest,
    same: Sequence[str] = (),
) -> ProblemChoice:
    """The choice on one problem.

    Tuners that were one algorithm are one to choose: what two names of it scored differs by chance, and to take the
    luckier name would gain nothing. Their score in a replicate is the mean of theirs.

    Args:
        scored: Its endpoint.
        replicate: What one more costs: `spent.a_replicate`.
        retrainings: Its rows of `frames.retrainings_frame`.
        pairs: Its `pairs.pairwise`: whether the recommended tuner is shown better than all others.
        contest: Who is compared.
        same: Tuners that were one algorithm: `conduct.plain_random`.
    """
    objective = scored.objective
    rope = seed_noise(retrainings, contest.tuners, scored.kind) if contest.rope is None else contest.rope
    groups = algorithms(contest.tuners, same)
    if len(groups) == 1:  # nothing to choose between: what each tuner scored is shown
        groups = [(tuner,) for tuner in contest.tuners]
    columns = [_means(scored.matrix(group)) for group in groups]
    found = statistics.choose(
        np.column_stack(columns or [np.empty(0)]), paired=scored.paired, seed=BOOTSTRAP_SEED, rope=rope
    )
    if found is None:
        return _nothing(scored.name)
    tuner, loss = groups[found.recommended][0], found.expected_loss
    as_good = [
        place
        for place, group in enumerate(groups)
        if place in found.equal or found.loss[place] == loss or {tuner, *group} <= set(same)
    ]
    any_of = tuple(name for name in contest.tuners if any(name in groups[place] for place in as_good))
    one_algorithm = set(any_of) <= set(same)
    kind = _kind(tuner, as_good, int(np.isfinite(found.loss).sum()), pairs)
    nothing_to_tell = found.flat or (kind == EQUAL and one_algorithm)
    gains = dict(zip(statistics.MORE, found.gains, strict=True))
    given = contest.rope is not None
    words = _Words(objective, rope, given)
    return ProblemChoice(
        kind=kind,
        line=words.saturated(found.mean[found.recommended]) if found.flat else words.line(kind, tuner, any_of, loss),
        probable="" if nothing_to_tell else words.probable(found, [" or ".join(group) for group in groups]),
        alike=words.alike(any_of, one_algorithm) if len(any_of) > 1 and not found.flat else "",
        more="" if nothing_to_tell else _worth(gains, loss, replicate),
        endpoint=scored.name,
        tuner=tuner,
        any_of=any_of,
        probability=float(found.best[found.recommended]),
        expected_loss=loss,
        rope=rope,
        rope_given=given,
        gains=gains,
        saturated=found.flat,
        table=_table(found, groups, any_of, objective).set_index("tuner").loc[list(contest.tuners)].reset_index(),
    )


def _means(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(num_rows,): the mean of each row's scores that are there; NaN without any."""
    counts = (~np.isnan(scores)).sum(axis=1)
    return np.where(counts > 0, np.nansum(scores, axis=1) / np.maximum(counts, 1), np.nan)


def _nothing(endpoint: str) -> ProblemChoice:
    """No choice: too few scores."""
    return ProblemChoice(
        kind=UNDECIDED,
        line="Nothing to choose by: that takes two tuners with a score, and two scores of one of them.",
        probable="",
        alike="",
        more="",
        endpoint=endpoint,
        tuner="",
        any_of=(),
        probability=math.nan,
        expected_loss=math.nan,
        rope=None,
        rope_given=False,
        gains={},
        saturated=False,
        table=pd.DataFrame(columns=CHOICE_COLUMNS),
    )


def _kind(tuner: str, as_good: Sequence[int], scored: int, pairs: pd.DataFrame) -> str:
    """Of so many algorithms with a score."""
    if (pairs["decided"] == tuner).sum() == scored - 1:
        return SHOWN
    return EQUAL if len(as_good) == scored else CHOSEN


def _table(
    found: statistics.Choice, algorithms: Sequence[Sequence[str]], any_of: Sequence[str], objective: Objective
) -> pd.DataFrame:
    """A row for each name of each algorithm."""
    low, high = (found.low, found.high) if objective.sign > 0 else (-found.high, -found.low)
    rows = [
        (name, found.best[place], found.loss[place], objective.sign * found.mean[place], low[place], high[place])
        for place, algorithm in enumerate(algorithms)
        for name in algorithm
    ]
    return pd.DataFrame([(*row, row[0] in any_of) for row in rows], columns=CHOICE_COLUMNS)


@dataclass(frozen=True)
class _Words:
    """A choice in sentences."""

    objective: Objective
    rope: float | None
    rope_given: bool

    def line(self, kind: str, tuner: str, any_of: Sequence[str], loss: float) -> str:
        who = tuner if len(any_of) == 1 else f"{'either' if len(any_of) == 2 else 'any'} of {names(any_of)}"
        if kind == SHOWN:
            return f"To choose: {tuner}, shown better than all others."
        if kind == EQUAL:
            return f"To choose: {who}."
        return f"If you must choose now: {who}; expected cost of a wrong choice about {self.amount(loss)}. Not proven."

    def alike(self, any_of: Sequence[str], one_algorithm: bool) -> str:
        if one_algorithm:
            return f"{names(any_of)} were one algorithm here, random search."
        if self.rope is None:
            return "Their scores are the same."
        noise = "" if self.rope_given else ", one standard deviation of the judged score from seed to seed"
        amount = self.amount(self.rope)
        return f"With {CONFIDENCE:.0%} probability each is within {amount} of the one that looks best{noise}."

    def saturated(self, score: float) -> str:
        return (
            f"To choose: any. All final scores are the same ({number(self.objective.sign * float(score))}), so this "
            "problem cannot tell these tuners apart."
        )

    def probable(self, found: statistics.Choice, tuners: Sequence[str]) -> str:
        """How probably the first few are the best."""
        order = [place for place in np.argsort(-found.best, kind="stable") if np.isfinite(found.best[place])]
        shown = [f"{tuners[place]} {percent(float(found.best[place]))}" for place in order[:MAX_NAMED]]
        return f"Probability of being the best: {', '.join(shown)}; see the table."

    def amount(self, value: float) -> str:
        """A difference in the metric's unit; accuracies in points, hundredths."""
        metric = self.objective.metric.removeprefix("val_")
        return f"{_brief(100 * value)} points of {metric}" if "accuracy" in metric else f"{_brief(value)} in {metric}"


def _worth(gains: Mapping[int, float], loss: float, replicate: Spent) -> str:
    """What more replicates would cost, and what they would take off the loss."""
    if loss <= 0:
        return ""
    time = f", {seconds(replicate.seconds)} of one process" if replicate.seconds else ""
    first, *_, last = gains
    return (
        f"One more replicate costs about {replicate.epochs_words}{time}, and is expected to lower the expected cost of "
        f"a wrong choice by {percent(gains[first] / loss)}; {last} more by {percent(gains[last] / loss)}."
    )


def percent(share: float) -> str:
    """A probability, without claiming certainty."""
    return "over 99%" if share > 0.99 else "under 1%" if share < 0.01 else f"{share:.0%}"


def _brief(value: float) -> str:
    """Two digits; what is smaller than can be simulated is said to be."""
    if value < 1e-6:
        return "0"
    return number(value, max(0, 1 - math.floor(math.log10(value))))
