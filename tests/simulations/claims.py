"""What a verdict claims, against what is true: levels, powers, intervals, replicates foreseen.

    python -m tests.simulations.claims [STUDIES]

prints the tables of `docs/method.md`; `test_claims.py` holds the same to smaller numbers.
"""

from __future__ import annotations

import itertools
import math
import sys
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tests.simulations.power import rank_sum_share, signed_rank_share
from tuning.statistics.intervals import share_ends
from tuning.statistics.power import ENOUGH, MOST, replicates_range
from tuning.statistics.rank_sum import beats, rank_sum_p, rank_sum_sides
from tuning.statistics.sequential import CAP, Rule, one_sided, p_values, two_sided
from tuning.statistics.signed_rank import LEVEL, holm, one_sided_p, signed_rank_p

Floats = npt.NDArray[np.float64]
KINDS = ("normal", "skewed", "heavy tails")
EVIDENCE = 0.2
MERITS = {"all equal": (0.0,) * 4, "all worse by 1 sd": (-1.0,) * 4, "one better by 1 sd": (1.0, 0.0, 0.0, 0.0)}


def scores(kind: str, generator: np.random.Generator, *shape: int) -> Floats:
    """Independent scores, of standard deviation about 1."""
    match kind:
        case "normal":
            return generator.normal(size=shape)
        case "skewed":
            return -generator.lognormal(sigma=0.8, size=shape)
        case "heavy tails":
            return generator.standard_t(2, size=shape)
    raise ValueError(kind)


def found(kind: str, n: int, shift: float, level: float, studies: int, seed: int = 1) -> tuple[float, float]:
    """Share of studies of two tuners whose replicates share nothing, by the signed-rank and by the rank-sum test."""
    generator = np.random.default_rng(seed)
    a, b = scores(kind, generator, studies, n) + shift, scores(kind, generator, studies, n)
    return signed_rank_share(a - b, level), rank_sum_share(a, b, level)


def shared(n: int, shift: float, correlation: float, studies: int, seed: int = 1) -> tuple[float, float]:
    """The same where replicates share a split that explains this part of the variance."""
    generator = np.random.default_rng(seed)
    split = math.sqrt(correlation) * generator.normal(size=(studies, n))
    own = math.sqrt(1 - correlation)
    a, b = (split + own * generator.normal(size=(studies, n)) for _ in range(2))
    return signed_rank_share(a + shift - b, LEVEL), rank_sum_share(a + shift, b, LEVEL)


def against_a_reference(
    n: int, merits: tuple[float, ...], studies: int, paired: bool, seed: int = 1
) -> tuple[float, float]:
    """Tuners that are better than a reference by `merits`: share of studies that show any of them better, two-sided
    and one-sided, by Holm over the family."""
    generator = np.random.default_rng(seed)
    shown = np.zeros(2)
    for _ in range(studies):
        reference, *tuners = generator.normal(size=(len(merits) + 1, n))
        p = []
        for merit, tuner in zip(merits, tuners, strict=True):
            differences = tuner + merit - reference
            above, below = (
                (one_sided_p(differences), one_sided_p(-differences))
                if paired
                else rank_sum_sides(tuner + merit, reference)
            )
            p.append((min(1.0, 2 * above) if above < below else 1.0, above))
        shown += [holm(side).min() <= LEVEL for side in zip(*p, strict=True)]
    return float(shown[0] / studies), float(shown[1] / studies)


def looked_at_against_a_reference(
    merits: tuple[float, ...], studies: int, cap: int = CAP, seed: int = 1
) -> tuple[float, float]:
    """The same with `--until-decided`."""
    generator, rule = np.random.default_rng(seed), Rule(cap)
    shown = np.zeros(2)
    for _ in range(studies):
        reference, *tuners = generator.normal(size=(len(merits) + 1, cap))
        sides = [
            one_sided(tuner + merit - reference, rule, len(merits)) for merit, tuner in zip(merits, tuners, strict=True)
        ]
        two = [two_sided(above, below)[-1] if above[-1] < below[-1] else 1.0 for above, below in sides]
        shown += [holm(two).min() <= LEVEL, holm([above[-1] for above, _ in sides]).min() <= LEVEL]
    return float(shown[0] / studies), float(shown[1] / studies)


def any_line(tuners: int, n: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Of studies of equal tuners: any of three shares of the budget declares a difference, and the full one alone.

    The scores of a share are the best of so many draws; all tuners draw alike.
    """
    generator = np.random.default_rng(seed)
    some, full = 0, 0
    for _ in range(studies):
        draws = np.maximum.accumulate(generator.normal(size=(tuners, n, 12)), axis=2)[:, :, [2, 5, 11]]
        lines = [
            holm([signed_rank_p(first - second) for first, second in itertools.combinations(draws[:, :, at], 2)]).min()
            for at in range(3)
        ]
        some += min(lines) <= LEVEL
        last = draws[:, :, 2]
        full += holm([rank_sum_p(first, second) for first, second in itertools.combinations(last, 2)]).min() <= LEVEL
    return some / studies, full / studies


def any_line_looked_at(tuners: int, cap: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """The same under `--until-decided`, of at most `cap` replicates: each line by the sequential rule, and the full."""
    generator, rule = np.random.default_rng(seed), Rule(cap)
    pairs = list(itertools.combinations(range(tuners), 2))
    some, full = 0, 0
    for _ in range(studies):
        lines = np.maximum.accumulate(generator.normal(size=(tuners, cap, 12)), axis=2)[:, :, [2, 5, 11]]
        declared = [
            holm([p_values(line[:, a] - line[:, b], rule, len(pairs))[-1] for a, b in pairs]).min() <= LEVEL
            for line in lines.T
        ]
        some += any(declared)
        full += bool(declared[-1])
    return some / studies, full / studies


def chance_covered(kind: str, n: int, shift: float, studies: int, paired: bool, seed: int = 1) -> float:
    """How often the interval of the chance that one tuner beats the other holds the true chance."""
    generator = np.random.default_rng(seed)
    many_a, many_b = scores(kind, generator, 1_000_000) + shift, scores(kind, generator, 1_000_000)
    true = float((many_a > many_b).mean())
    hits = 0
    for _ in range(studies):
        a, b = scores(kind, generator, n) + shift, scores(kind, generator, n)
        low, high = share_ends(float((a > b).sum()), n) if paired else beats(a, b)[1:]
        hits += low <= true <= high
    return hits / studies


def promised(tuners: int, n: int, shift: float, studies: int, seed: int = 1) -> tuple[float, float, float]:
    """Share of studies that foresee a decision of any pair.

    Within `MOST` replicates as before, of the closest pair from its present estimate; now, at all; now, within `MOST`
    at the longest.
    """
    generator = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(tuners), 2))
    before, some, soon = 0, 0, 0
    for _ in range(studies):
        drawn = generator.normal(size=(tuners, n))
        drawn[0] += shift
        adjusted = holm([rank_sum_p(drawn[a], drawn[b]) for a, b in pairs])
        foreseen = [
            replicates_range(*beats(drawn[a], drawn[b])[1:], LEVEL / len(pairs), paired=False)
            for (a, b), p in zip(pairs, adjusted, strict=True)
            if LEVEL < p <= EVIDENCE
        ]
        before += min(_as_estimated(drawn[a] - drawn[b], LEVEL / len(pairs)) for a, b in pairs) <= MOST
        some += bool(foreseen)
        soon += any(most <= MOST for _, most in foreseen)
    return before / studies, some / studies, soon / studies


def _as_estimated(differences: Floats, level: float) -> float:
    """Replicates that show a difference as large as the one seen, by the normal approximation of a paired test."""
    wanted = NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(ENOUGH)
    return float((wanted * differences.std(ddof=1) / differences.mean()) ** 2)


def followed(studies: int, first: int = 10, seed: int = 1) -> tuple[float, float, float, float]:
    """Two equal tuners, and a user who adds the replicates that are said to be needed, and tests again.

    Returns:
        Shares of studies that declare a difference: at the first look; in the end, where a number was always foreseen
        (as before), and where one is foreseen only with evidence (as now; the chance that was seen stands for its
        range); with `--until-decided` from the start. Nobody goes beyond `MOST` replicates.
    """
    generator, rule = np.random.default_rng(seed), Rule(CAP)
    shown = np.zeros(4)
    for _ in range(studies):
        a, b = generator.normal(size=(2, MOST))
        at_once = rank_sum_p(a[:first], b[:first]) <= LEVEL
        gated = (_extended(a, b, first, gate) for gate in (1.0, EVIDENCE))
        shown += (at_once, *gated, p_values(a[:CAP] - b[:CAP], rule).min() <= LEVEL)
    return tuple((shown / studies).tolist())


def _extended(a: Floats, b: Floats, n: int, gate: float) -> bool:
    """Whether a difference is declared by one who tests after `n`, then after as many as are foreseen, and so on.

    Args:
        gate: The largest p with which a number is foreseen.
    """
    while True:
        p = rank_sum_p(a[:n], b[:n])
        if not LEVEL < p <= gate:
            return p <= LEVEL
        chance = beats(a[:n], b[:n])[0]
        needed, _ = replicates_range(chance, chance, LEVEL, paired=False)
        if not n < needed <= len(a):
            return False
        n = int(needed)


def main(studies: int) -> None:
    print(f"{studies} studies an entry\n\nTwo tuners, replicates share nothing: declared to differ\n")
    print("| scores | replicates | shift | level | signed-rank | rank-sum |\n| --- | --- | --- | --- | --- | --- |")
    for kind, (n, level) in itertools.product(KINDS, ((6, 0.005), (10, 0.05), (20, 0.05))):
        for shift in (0.0, 1.0):
            row = found(kind, n, shift, level, studies)
            print(f"| {kind} | {n} | {shift} | {level} | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    print("\nReplicates share a split: declared to differ\n")
    print("| share of the variance | replicates | shift | signed-rank | rank-sum |\n| --- | --- | --- | --- | --- |")
    for correlation, shift in itertools.product((0.0, 0.5, 0.8), (0.0, 0.8)):
        row = shared(10, shift, correlation, studies)
        print(f"| {correlation:.0%} | 10 | {shift} | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    print("\nFour tuners against a reference: any shown better, two-sided and one-sided\n")
    for (words, merits), paired in itertools.product(MERITS.items(), (False, True)):
        for n in (10, 20):
            row = against_a_reference(n, merits, studies, paired)
            where = "a shared split" if paired else "nothing shared"
            print(f"| {words}; {where} | {n} | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    for words, merits in MERITS.items():
        row = looked_at_against_a_reference(merits, max(200, studies // 5))
        print(f"| {words}; until decided | at most {CAP} | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    print("\nEqual tuners: any of three lines, the full budget alone\n")
    for tuners, n in itertools.product((2, 5), (10, 20, 50)):
        row = any_line(tuners, n, max(200, studies // 5))
        print(f"| {tuners} tuners, {n} replicates | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    for tuners, cap in itertools.product((2, 5), (20, 30)):
        row = any_line_looked_at(tuners, cap, max(200, studies // 5))
        print(f"| {tuners} tuners, until decided, {cap} at most | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    print("\nInterval of the chance that one beats the other: coverage, two samples and by replicate\n")
    for kind, n, shift in itertools.product(KINDS, (5, 10, 20), (0.0, 1.0, 2.0)):
        row = tuple(chance_covered(kind, n, shift, studies, paired) for paired in (False, True))
        print(f"| {kind}, {n} replicates, shift {shift} | {row[0]:.1%} | {row[1]:.1%} |", flush=True)
    print("\nA decision is foreseen: within 100 replicates before; now at all, and within 100 at the longest\n")
    for n, shift in itertools.product((5, 10), (0.0, 1.0)):
        row = promised(5, n, shift, studies)
        print(
            f"| 5 tuners, {n} replicates, one better by {shift} | {row[0]:.1%} | {row[1]:.1%} | {row[2]:.1%} |",
            flush=True,
        )
    print("\nTwo equal tuners, 10 replicates: at once, followed before, followed now, until decided\n")
    print("| " + " | ".join(f"{share:.1%}" for share in followed(studies)) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
