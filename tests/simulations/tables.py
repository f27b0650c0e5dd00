"""How much a verdict on a surrogate hangs on its table: the committed one of Fashion MNIST.

    python -m tests.simulations.tables ends 40         (replicates)
    python -m tests.simulations.tables halves 3 40     (splits into halves, replicates a study)
    python -m tests.simulations.tables share 13 10     (tables drawn with replacement, searches on each)

The first counts searches that end at exactly the best score of the table, where scores were clipped there and now.
The second asks how often another table would decide otherwise. Each half stands for a table that somebody else trained
of the same problem. Searches are four simple ones, of 120 epochs each: random search, the same again, one round of
successive halving, and a local search. The third asks which share of the variance of a difference between two of the
five tuners is the table's.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tuning import tuners as registry
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.problems.surrogate import Curves, Surrogate
from tuning.problems.table import TableProblem
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import FIVE
from tuning.seeds import SplitSeeds, derive
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import LEVEL, holm, signed_rank_p

TABLE = Path(__file__).parents[2] / "reports" / "fashion_mnist-table"
Floats = npt.NDArray[np.float64]
Seen = list[tuple[float, Configuration]]
"""What a search saw of each configuration that it trained in full."""


class Searches:
    """Searches of 120 epochs on one model of curves."""

    def __init__(self, problem: TableProblem, curves: Curves, seed: int) -> None:
        self._space, self._objective, self._full = problem.space, problem.objective, problem.max_epochs
        self._surrogate, self._curves, self._seed = problem.surrogate, curves, seed

    def all(self) -> Iterator[Seen]:
        yield self._random("random", 12)
        yield self._random("again", 12)
        yield self._halving()
        yield self._local()

    def _draws(self, name: str, count: int) -> list[Configuration]:
        uniform = random.Random(derive(name, self._seed)).random
        return [self._space.sample(uniform) for _ in range(count)]

    def _score(self, configuration: Configuration, epochs: int) -> float:
        seed = derive("training", self._seed, configuration)
        return self._objective.score(self._curves.curve(configuration, seed)[0][:epochs])

    def _random(self, name: str, count: int) -> Seen:
        return [(self._score(one, self._full), one) for one in self._draws(name, count)]

    def _halving(self) -> Seen:
        """20 configurations for 3 epochs, and the best 8 of them in full."""
        early = sorted(((self._score(one, 3), one) for one in self._draws("halving", 20)), key=lambda each: -each[0])
        return [(self._score(one, self._full), one) for _, one in early[:8]]

    def _local(self) -> Seen:
        """6 configurations at random, then 6 times the nearest to the best of 30 more."""
        seen, pool = self._random("local", 6), self._draws("pool", 30)
        for _ in range(6):
            best = np.array(self._surrogate.encoded(max(seen, key=lambda each: each[0])[1]))
            pool.sort(key=lambda one: float(np.abs(np.array(self._surrogate.encoded(one)) - best).sum()))
            one = pool.pop(0)
            seen.append((self._score(one, self._full), one))
        return seen


def before(problem: TableProblem, replicate: int) -> list[float]:
    """The best scores seen, on one surrogate for all replicates, and none above the best of the table."""
    whole = _whole(problem)
    return [min(max(score for score, _ in seen), whole.best) for seen in Searches(problem, whole, replicate).all()]


def now(problem: TableProblem, replicate: int) -> list[float]:
    """What the winners are worth without noise, on a table of the replicate's own."""
    curves = problem.surrogate.table(derive("split", replicate))
    winners = [max(seen, key=lambda each: each[0])[1] for seen in Searches(problem, curves, replicate).all()]
    return [problem.objective.score(curves.mean(winner)) for winner in winners]


def at_the_best(replicates: int) -> Floats:
    """(2, num_searches): share of searches whose best score seen is the best of the table: clipped as before, and now.

    Before, all replicates had one surrogate, which ended there; now each has its own, which goes on.
    """
    problem = TableProblem(TABLE)
    ended = np.zeros((2, 4))
    for replicate in range(1, replicates + 1):
        ended[0] += [score == _whole(problem).best for score in before(problem, replicate)]
        curves = problem.surrogate.table(derive("split", replicate))
        ended[1] += [
            max(score for score, _ in seen) == curves.best for seen in Searches(problem, curves, replicate).all()
        ]
    return ended / replicates


def decided(scores: Floats, *, paired: bool) -> list[int]:
    """For (num_replicates, num_searches) scores and each pair: 1 or -1 if one is shown better, else 0."""
    pairs = list(combinations(scores.T, 2))
    p = holm([signed_rank_p(a - b) if paired else rank_sum_p(a, b) for a, b in pairs])
    return [int(np.sign(a.mean() - b.mean())) if each <= LEVEL else 0 for (a, b), each in zip(pairs, p, strict=True)]


def differently(one: list[int], other: list[int]) -> tuple[int, int]:
    """Pairs that only one of two tables decides, or both in opposite directions; and those in opposite directions."""
    return sum(a != b for a, b in zip(one, other, strict=True)), sum(a * b < 0 for a, b in zip(one, other, strict=True))


def halves(seed: int) -> tuple[TableProblem, TableProblem]:
    """The committed table's problem on either half of its configurations."""
    parts = TableProblem(TABLE), TableProblem(TABLE)
    order = np.random.default_rng(seed).permutation(len(parts[0]._rows))
    for part, rows in zip(parts, np.array_split(order, 2), strict=True):
        part._rows = [part._rows[row] for row in sorted(rows)]
    return parts


def compared(splits: int, replicates: int, study: Callable[[TableProblem, int], list[float]], *, paired: bool) -> str:
    """How the verdicts on two halves differ, over so many splits into halves, in a line."""
    found, pairs, shown = np.zeros(2), 0, 0
    for split in range(splits):
        ruled = [
            decided(np.array([study(half, at) for at in range(1, replicates + 1)]), paired=paired)
            for half in halves(split)
        ]
        found += differently(*ruled)
        pairs += len(ruled[0])
        shown += sum(abs(each) for half in ruled for each in half)
    return (
        f"of {pairs} pairs, {found[0] / pairs:.0%} decided otherwise by the other half, {found[1] / pairs:.0%} in the "
        f"opposite direction; a half decides {shown / 2 / pairs:.0%}"
    )


def _whole(problem: TableProblem) -> Curves:
    surrogate: Surrogate = problem.surrogate
    if surrogate not in _WHOLE:
        _WHOLE[surrogate] = Curves(surrogate, np.ones(len(surrogate.rows), dtype=np.intp))
    return _WHOLE[surrogate]


_WHOLE: dict[Surrogate, Curves] = {}


class OneTable(TableProblem):
    """The committed table's problem, all of whose replicates have the same table."""

    def __init__(self, seed: int) -> None:
        super().__init__(TABLE)
        self._seed = seed

    def curves(self, split: SplitSeeds) -> Curves:
        return super().curves(SplitSeeds(self._seed, 1))


def worths(tables: int, searches: int) -> Floats:
    """(num_tables, num_searches, num_tuners): what winners of the five are worth on tables drawn with replacement."""
    found = np.empty((tables, searches, len(FIVE)))
    for table in range(tables):
        problem = OneTable(1000 + table)
        for search, (place, name) in product(range(searches), enumerate(FIVE)):
            task = CellTask("s", problem, registry.load(name)(), 1 + search + searches * table, Budget(120))
            done = [trial for trial in run_cell(task).trials if not np.isnan(trial.score)]
            winner = max(done, key=lambda trial: trial.score)
            mean = problem.curves(SplitSeeds(1, 1)).mean(winner.configuration)
            found[table, search, place] = problem.objective.score(mean)
    return found


def share_of_table(differences: Floats) -> float:
    """The table's share of the variance of (num_tables, num_searches) differences; below zero by chance.

    By the method of moments, of one way of classification (Searle, Casella and McCulloch, 1992).
    """
    within = float(differences.var(axis=1, ddof=1).mean())
    table = float(differences.mean(axis=1).var(ddof=1)) - within / differences.shape[1]
    return table / (table + within)


if __name__ == "__main__":
    what, first = sys.argv[1], int(sys.argv[2])
    second = int(sys.argv[3]) if what != "ends" else 0
    if what == "ends":
        for when, shares in zip(("clipped", "now"), at_the_best(first), strict=True):
            print(f"{when}, at the best of the table:", ", ".join(f"{share:.0%}" for share in shares), flush=True)
    elif what == "halves":
        print("one surrogate, best seen, clipped:", compared(first, second, before, paired=False), flush=True)
        print("a table for each replicate, worth:", compared(first, second, now, paired=True), flush=True)
    else:
        scores = worths(first, second)
        for one, other in combinations(range(len(FIVE)), 2):
            print(FIVE[one], FIVE[other], f"{share_of_table(scores[..., one] - scores[..., other]):.1%}")
