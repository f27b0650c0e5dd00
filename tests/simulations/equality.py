"""How often two tuners are called practically equal that are not, and how often those that are.

    python -m tests.simulations.equality [STUDIES]

prints the tables of `docs/method.md`; `test_equality.py` holds the same to smaller numbers.

The mean difference is exactly the rope, so "equal" is false, and what makes the mean is rare: a long tail, or a tuner
that fails now and then. The verdict's own code judges the studies, from `tuning.analysis`.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from tuning.analysis.endpoints import Endpoint
from tuning.analysis.looks import judged
from tuning.analysis.pairs import pairwise
from tuning.objective import Objective
from tuning.statistics.equality import fewest
from tuning.statistics.sequential import Rule, equality_p_values
from tuning.statistics.signed_rank import LEVEL, one_sided_p, shift_estimate

Floats = npt.NDArray[np.float64]
ROPE = 1.0
BEFORE = 14  # replicates from which on equality was claimed, by Student's t
CASES = (
    "normal",
    "log-normal, sigma 0.8",
    "log-normal, sigma 1.2",
    "fails in 10 %",
    "fails in 20 %",
    "fails in 20 %, mean of two ropes",
)


def at_the_edge(case: str, generator: np.random.Generator, *shape: int) -> Floats:
    """Losses of one tuner, of which the mean is the rope, or for the last of `CASES` two."""
    kind, _, rest = case.partition(", ")
    match kind.split():
        case ["normal"]:
            return ROPE + generator.normal(size=shape)
        case ["log-normal"]:
            sigma = float(rest.split()[1])
            return ROPE + generator.lognormal(sigma=sigma, size=shape) - math.exp(sigma**2 / 2)
        case ["fails", "in", percent, "%"]:
            share, mean = float(percent) / 100, 2 * ROPE if rest else ROPE
            return 0.4 * generator.normal(size=shape) + mean / share * (generator.random(shape) < share)
    raise ValueError(case)


def equal(scores: Floats, *, paired: bool, rule: Rule | None = None) -> list[tuple[str, str]]:
    """The pairs of (num_replicates, num_tuners) tuners, t0, t1, ..., that the verdict calls practically equal."""
    names = [f"t{place}" for place in range(scores.shape[1])]
    wide = pd.DataFrame(scores, columns=pd.Index(names), index=pd.RangeIndex(1, len(scores) + 1, name="replicate"))
    rows = wide.melt(ignore_index=False, var_name="tuner", value_name="score").reset_index()
    scored = Endpoint("search", "x", "x", rows, Objective("x", "min"), paired=paired)
    pairs = pairwise(scored, list(itertools.combinations(names, 2)), rope=ROPE)
    if rule is not None:
        pairs = judged(pairs, scored, rows.assign(state="DONE"), rule)
    return [(row["a"], row["b"]) for row in pairs.to_dict("records") if row["equal"]]


def falsely_equal(case: str, n: int, studies: int, seed: int = 1) -> tuple[float, float, float, float]:
    """Called equal: by the interval of the median alone, by ranks and Student's t, now by replicate and as two samples.

    Two tuners; the second's scores vary little, so that the first one's make the difference.
    """
    generator, called = np.random.default_rng(seed), np.zeros(4)
    for _ in range(studies):
        a, b = at_the_edge(case, generator, n), 0.4 * generator.normal(size=n)
        _, low, high = shift_estimate(a - b)
        by_t = n >= BEFORE and max(*_by_ranks(a - b), _students(a - b)) <= LEVEL
        now = [bool(equal(np.column_stack([a, b]), paired=paired)) for paired in (True, False)]
        called += (low >= -ROPE and high <= ROPE, by_t, *now)
    return tuple((called / studies).tolist())


def _by_ranks(differences: Floats) -> tuple[float, float]:
    return one_sided_p(differences + ROPE), one_sided_p(ROPE - differences)


def _students(differences: Floats) -> float:
    return max(
        float(stats.ttest_1samp(differences, sign * ROPE, alternative=way).pvalue)
        for sign, way in ((1, "less"), (-1, "greater"))
    )


def falsely_equal_looked_at(case: str, cap: int, studies: int, seed: int = 1) -> tuple[float, float, float]:
    """The same under `--until-decided`: by ranks alone, by ranks and Student's t at the share spent, and now."""
    generator, rule, called = np.random.default_rng(seed), Rule(cap, ROPE), np.zeros(3)
    for _ in range(studies):
        a, b = at_the_edge(case, generator, cap), 0.4 * generator.normal(size=cap)
        ranks = equality_p_values(a - b, ROPE, rule)
        means = [_students((a - b)[:look]) / rule.spent(look) for look in range(BEFORE, cap + 1)]
        by_t = np.maximum(ranks[BEFORE - 1 :], means).min()
        now = bool(equal(np.column_stack([a, b]), paired=True, rule=rule))
        called += (ranks.min() <= LEVEL, by_t <= LEVEL, now)
    return tuple((called / studies).tolist())


def neighbours(tuners: int, n: int, studies: int, seed: int = 1) -> float:
    """Neighbours differ by exactly the rope: share of studies with any false "equal"."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(size=(studies, n, tuners)) + ROPE * np.arange(tuners)
    return float(np.mean([bool(equal(study, paired=False)) for study in drawn]))


def some_fail(tuners: int, n: int, studies: int, seed: int = 1) -> float:
    """All but one fail in 10 % of replicates, one rope on average: share of studies that call that one equal to any."""
    generator, hits = np.random.default_rng(seed), 0
    for _ in range(studies):
        failing, sound = at_the_edge("fails in 10 %", generator, n, tuners - 1), 0.4 * generator.normal(size=(n, 1))
        hits += any("t0" in pair for pair in equal(np.hstack([sound, failing]), paired=False))
    return hits / studies


def found(tuners: int, n: int, spread: float, studies: int, seed: int = 1, cap: int = 0) -> float:
    """Tuners that do not differ, with a spread of so many ropes: share of pairs called equal.

    With a cap, under `--until-decided`, by replicate; else as two samples.
    """
    generator, rule = np.random.default_rng(seed), Rule(cap, ROPE) if cap else None
    drawn = spread * generator.normal(size=(studies, n, tuners))
    called = sum(len(equal(study, paired=bool(cap), rule=rule)) for study in drawn)
    return called / studies / math.comb(tuners, 2)


def main(studies: int) -> None:
    few = max(100, studies // 2)
    print(f"{studies} studies an entry, {few} where replicates are looked at one by one and of several tuners\n")
    print("| mean difference of one rope | replicates | median alone | Student's t | now, by replicate | two samples |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case, n in itertools.product(CASES, (BEFORE, fewest(), 50, 100)):
        print(f"| {case} | {n} | {_shares(falsely_equal(case, n, studies))} |", flush=True)
    print("\n| until decided | cap | ranks alone | Student's t | now |\n| --- | --- | --- | --- | --- |")
    for case, cap in itertools.product(CASES, (30, 60)):
        print(f"| {case} | {cap} | {_shares(falsely_equal_looked_at(case, cap, few))} |", flush=True)
    print("\n| of several tuners, a false equality | 3 tuners | 5 tuners |\n| --- | --- | --- |")
    sizes = ((3, fewest(3)), (5, fewest(10)))
    print(f"| neighbours differ by the rope | {_shares([neighbours(*size, few) for size in sizes])} |", flush=True)
    print(f"| all but one fail in 10 % | {_shares([some_fail(*size, few) for size in sizes])} |", flush=True)
    print("\n| tuners that do not differ; spread in ropes | 0.5 | 1 | 1.5 | 2 |\n| --- | --- | --- | --- | --- |")
    fixed = [(tuners, n, 0) for tuners, n in ((2, fewest()), (2, 50), (2, 100), (5, 60), (5, 100))]
    for tuners, n, cap in (*fixed, (2, 30, 30), (2, 60, 60)):
        shares = [found(tuners, n, spread, few, cap=cap) for spread in (0.5, 1.0, 1.5, 2.0)]
        print(f"| {tuners} tuners, {n} replicates{', until decided' * bool(cap)} | {_shares(shares)} |", flush=True)


def _shares(row: Sequence[float]) -> str:
    return " | ".join(f"{share:.1%}" for share in row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
