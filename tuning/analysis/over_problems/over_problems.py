"""What all problems of a study say together: which tuners are shown to differ, and which one to take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd

from tuning.analysis.conduct import algorithms, plain_random, without
from tuning.analysis.contest import Contest
from tuning.analysis.over_problems import sentences
from tuning.analysis.over_problems.choice import ChoiceOverProblems, choice_over
from tuning.analysis.over_problems.draws import draws, same_sizes
from tuning.analysis.over_problems.measured import Measured, measured
from tuning.analysis.over_problems.variation import features, where
from tuning.analysis.problem_summary import ProblemSummary
from tuning.analysis.verdict.sentences import asked
from tuning.analysis.verdict.verdict import SHOWN, UNDECIDED, Verdict, no_verdict
from tuning.journal.study_record import ProblemRecord
from tuning.statistics.bootstrap import BOOTSTRAP_SEED
from tuning.statistics.hierarchy import Worth, worth
from tuning.statistics.meta import together
from tuning.statistics.signed_rank import LEVEL, holm

PAIR_COLUMNS = [
    "a", "b", "problems", "draws", "difference", "low", "high", "p", "p_holm", "decided",
    "general_low", "general_high", "general_p", "general_p_holm", "general_decided",
    "new_low", "new_high", "varies", "varies_p", "where",
]  # fmt: skip
COMMON = ("general_low", "general_high", "general_p", "new_low", "new_high", "varies", "varies_p")  # with `Together`
TUNER_COLUMNS = ["tuner", "algorithm", "problems", "best", "best_these", "best_new", "loss", "recommended"]
PROBLEM_COLUMNS = ["problem", "draw", "spread", "tuner", "seen", "drawn", "best"]
SINGLE_COLUMNS = ["problem", "a", "b", "p", "p_all", "decided"]
WITHOUT_COLUMNS = ["without", "tuner", "best", "lost"]


@dataclass(frozen=True)
class OverProblems:
    """The statements over problems. Differences are in spreads (`statistics.effects`), positive where a is better.

    Attributes:
        verdict: What may be claimed; its gaps are those over problems.
        choice: Which tuner to take for problems like these.
        measured: The problems that could be compared.
        pairs: (num_pairs, 20), `PAIR_COLUMNS`: mean difference with its interval, p, Holm's and the better tuner on
            these problems; the same for problems like these on average; what a study of one more problem would find;
            how much true differences vary; and where the first is better, in words.
        tuners: (num_tuners, 8), `TUNER_COLUMNS`: all names of its algorithm; problems it was compared on; the
            algorithm's probability of being best in general, on average over these problems, and on one new problem;
            expected loss of choosing it in general; whether it is recommended, with the other names of its algorithm.
        by_problem: (num_problems * num_tuners, 7), `PROBLEM_COLUMNS`: how far a tuner is above the average tuner, as
            ``seen`` and as ``drawn`` towards the other problems; probability of being best on this draw.
        single: (num_all_pairs, 6), `SINGLE_COLUMNS`: each pair of each problem, with Holm's p over all of them.
        left_out: (num_draws, 4), `WITHOUT_COLUMNS`: the recommendation without a draw, and pairs no longer shown.
    """

    verdict: Verdict
    choice: ChoiceOverProblems
    measured: Measured
    pairs: pd.DataFrame
    tuners: pd.DataFrame
    by_problem: pd.DataFrame
    single: pd.DataFrame
    left_out: pd.DataFrame


def over_problems(
    problems: Mapping[str, ProblemSummary], records: Mapping[str, ProblemRecord], contest: Contest
) -> OverProblems:
    """The statements over two problems or more.

    Args:
        problems: By name.
        records: Of the journal, by name.
        contest: Who is compared.
    """
    found = measured({name: of.endpoint for name, of in problems.items()}, draws(records), contest.tuners)
    alike = reduce(set.intersection, [set(plain_random(of.conduct)) for of in problems.values()])
    family = without(contest.family, sorted(alike))
    pairs = _pairs(found, family, {name: records[name] for name in found.problems}, contest.sides)
    single = _single(problems)
    drawn = _worth(found)
    tuners, by_problem = _tuners(found, drawn, alike), _by_problem(found, drawn)
    left_out = _left_out(found, family, pairs, alike, contest.sides)
    choice = choice_over(tuners, pairs)
    notes = (
        *sentences.evidence(pairs),
        *asked(contest.reference, contest.alternative, contest.declared),
        *sentences.stability(left_out, choice.tuner, pairs),
        *sentences.single_problems(single),
        *sentences.shared_draws(found),
        *sentences.perhaps_shared(same_sizes({name: records[name] for name in found.problems})),
        *([sentences.LOOKS] if contest.rule is not None else []),
    )
    gaps = (*found.gaps, *(f"{name}: {gap}" for name, of in problems.items() for gap in of.verdict.gaps))
    return OverProblems(
        verdict=replace(_judged(found, pairs, contest), details=(*notes, *found.gaps), gaps=gaps),
        choice=choice,
        measured=found,
        pairs=pairs,
        tuners=tuners,
        by_problem=by_problem,
        single=single,
        left_out=left_out,
    )


def _pairs(
    found: Measured, family: Sequence[tuple[str, str]], records: Mapping[str, ProblemRecord], sides: int
) -> pd.DataFrame:
    """Each pair of the family on all problems that have both; `sides` as in `pairs.pairwise`."""
    if not found.problems or not family:
        return pd.DataFrame(columns=PAIR_COLUMNS)
    said = together(found.effects.difference, found.effects.variance, found.effects.freedom, found.draws)
    known, rows = features(records), []
    for a, b in family:
        at = found.tuners.index(a), found.tuners.index(b)
        of_problems = dict(zip(found.problems, found.effects.difference[:, *at], strict=True))
        better = [name for name, value in of_problems.items() if value > 0]
        worse = [name for name, value in of_problems.items() if value < 0]
        rows.append(
            {
                "a": a,
                "b": b,
                "problems": int(said.problems[at]),
                "draws": int(said.draws[at]),
                "difference": said.mean[at],
                "low": said.these_low[at],
                "high": said.these_high[at],
                "p": said.these_p[at] if said.problems[at] > 1 else math.nan,  # one alone is no statement over problems
                **{name: getattr(said, name)[at] for name in COMMON},
                "where": where(better, worse, known) if better or worse else "",
            }
        )
    frame = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    if sides == 1:  # of Student's test, which is symmetric
        for name in ("p", "general_p"):
            frame[name] = np.where(frame["difference"] > 0, frame[name] / 2, 1 - frame[name] / 2)
    first = np.where(frame["difference"] > 0, frame["a"], frame["b"])
    frame["p_holm"], frame["general_p_holm"] = holm(frame["p"]), holm(frame["general_p"])
    frame["decided"] = np.where(frame["p_holm"] <= LEVEL, first, "")
    frame["general_decided"] = np.where(frame["general_p_holm"] <= LEVEL, frame["decided"], "")
    return frame


def _judged(found: Measured, pairs: pd.DataFrame, contest: Contest) -> Verdict:
    """The verdict over problems, its line alone."""
    if pairs["problems"].max() < 2 or pairs.empty:
        return no_verdict(sentences.nothing(found, pairs))
    if (pairs["decided"] != "").any():
        return Verdict(SHOWN, sentences.shown(pairs, found, contest.better_than))
    return Verdict(UNDECIDED, sentences.nothing_shown(pairs, found, contest.better_than))


def _single(problems: Mapping[str, ProblemSummary]) -> pd.DataFrame:
    """Every pair of every problem as one family."""
    parts = [of.pairs.assign(problem=name) for name, of in problems.items() if len(of.pairs)]
    if not parts:
        return pd.DataFrame(columns=SINGLE_COLUMNS)
    every = pd.concat(parts, ignore_index=True)
    every["p_all"] = holm(every["p"])
    sides = next(iter(problems.values())).contest.sides
    better = np.where((every["a_better"] > 0.5) | (sides == 1), every["a"], every["b"])
    every["decided"] = np.where(every["p_all"] <= LEVEL, better, "")
    return every[SINGLE_COLUMNS]


def _worth(found: Measured) -> Worth | None:
    """Draws of what tuners may be worth; None with nothing to draw from."""
    if not found.problems:
        return None
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([BOOTSTRAP_SEED])))
    return worth(found.effects.means, found.effects.noise, found.draws, generator)


def _tuners(found: Measured, drawn: Worth | None, alike: set[str]) -> pd.DataFrame:
    """Tuners that were one algorithm on all problems are one to choose, worth the mean of what its names are."""
    if drawn is None:
        return pd.DataFrame(columns=TUNER_COLUMNS).astype({"recommended": bool})
    known = np.isfinite(found.effects.means).sum(axis=0)
    there = [tuner for tuner, problems in zip(found.tuners, known, strict=True) if problems]
    groups = algorithms(there, alike)
    mean = np.array([[(tuner in names) / len(names) for names in groups] for tuner in found.tuners])
    general, expected = drawn.general @ mean, drawn.expected @ mean
    leader = int(expected.argmax())
    # The best of all is known from the draws alone, so its distance to the leader is taken within them.
    loss = (general.max(axis=1) - general[:, leader]).mean() + expected[leader] - expected
    parts = (general, drawn.by_draw.mean(axis=1) @ mean, drawn.new @ mean)
    best = [np.bincount(part.argmax(axis=1), minlength=len(groups)) / len(part) for part in parts]
    rows = []
    for tuner in there:
        at = next(place for place, names in enumerate(groups) if tuner in names)
        problems = int(known[found.tuners.index(tuner)])
        rows.append((tuner, " or ".join(groups[at]), problems, *(of[at] for of in best), loss[at], at == leader))
    return pd.DataFrame(rows, columns=TUNER_COLUMNS)


def _by_problem(found: Measured, drawn: Worth | None) -> pd.DataFrame:
    if drawn is None:
        return pd.DataFrame(columns=PROBLEM_COLUMNS)
    rows = []
    for place, (name, draw) in enumerate(zip(found.problems, found.draws, strict=True)):
        seen = found.effects.means[place]
        there = np.flatnonzero(np.isfinite(seen))
        worths = drawn.by_draw[:, draw][:, there]
        best = np.bincount(worths.argmax(axis=1), minlength=len(there)) / len(worths)
        centred = worths.mean(axis=0) - worths.mean()
        spread = float(found.effects.spread[place])
        rows += [
            (name, draw + 1, spread, found.tuners[at], seen[at] - seen[there].mean(), centred[of], best[of])
            for of, at in enumerate(there)
        ]
    return pd.DataFrame(rows, columns=PROBLEM_COLUMNS)


def _left_out(
    found: Measured, family: Sequence[tuple[str, str]], pairs: pd.DataFrame, alike: set[str], sides: int
) -> pd.DataFrame:
    """What is left of the statements without each draw."""
    rows = []
    for draw in range(found.number if found.number > 1 else 0):
        others = found.without(draw)
        tuners = _tuners(others, _worth(others), alike).set_index("tuner")
        taken = tuners.index[tuners["recommended"]][0]
        now = _pairs(others, family, {}, sides)
        lost = [
            f"{row['decided']} over {row['b'] if row['decided'] == row['a'] else row['a']}"
            for row, still in zip(pairs.to_dict("records"), now["decided"], strict=True)
            if row["decided"] and row["decided"] != still
        ]
        rows.append((found.of_draw(draw), taken, tuners.loc[taken, "best"], "; ".join(lost)))
    return pd.DataFrame(rows, columns=WITHOUT_COLUMNS)
