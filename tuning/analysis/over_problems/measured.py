"""The tuners of each problem in the unit that problems share, and what could not be measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuning.analysis.endpoints import Endpoint
from tuning.formatting import names
from tuning.statistics.effects import FEWEST_FREE, Effects, Floats, effects


@dataclass(frozen=True)
class Measured:
    """Problems that have a spread, and the tuners on them.

    Attributes:
        problems: (num_problems,) names.
        draws: (num_problems,) places of their draws, from 0.
        tuners: (num_tuners,) labels.
        effects: Of each problem, stacked: the first axis of each array is that of the problems.
        gaps: What was left out and why, in sentences.
    """

    problems: tuple[str, ...]
    draws: tuple[int, ...]
    tuners: tuple[str, ...]
    effects: Effects
    gaps: tuple[str, ...]

    @property
    def number(self) -> int:
        """Of independent draws."""
        return len(set(self.draws))

    def without(self, draw: int) -> Measured:
        """The others, if a draw is left out."""
        kept = [place for place, of in enumerate(self.draws) if of != draw]
        return Measured(
            tuple(self.problems[place] for place in kept),
            _from_zero([self.draws[place] for place in kept]),
            self.tuners,
            Effects(*(part[kept] for part in self.effects)),
            self.gaps,
        )

    def of_draw(self, draw: int) -> str:
        """Its problems, in words."""
        return names([name for name, of in zip(self.problems, self.draws, strict=True) if of == draw])


def measured(endpoints: Mapping[str, Endpoint], draws: Mapping[str, int], tuners: Sequence[str]) -> Measured:
    """Each problem's tuners by its endpoint.

    Args:
        endpoints: By problem.
        draws: `draws.draws`.
        tuners: Those compared.
    """
    found = {name: effects(of.matrix(tuners), paired=of.paired) for name, of in endpoints.items()}
    used = [name for name, of in found.items() if np.isfinite(of.spread) and np.isfinite(of.means).sum() > 1]
    gaps = [_without_spread(name, endpoints[name].matrix(tuners)) for name in found if name not in used]
    for name in used:
        if lacking := [tuner for tuner, mean in zip(tuners, found[name].means, strict=True) if np.isnan(mean)]:
            have = "has" if len(lacking) == 1 else "have"
            gaps.append(
                f"{names(lacking)} {have} fewer than two scores on {name}, and "
                f"{'is' if len(lacking) == 1 else 'are'} not compared there; nothing is imputed."
            )
    parts = zip(*(found[name] for name in used), strict=True) if used else ([] for _ in Effects._fields)
    stacked = Effects(*(np.array(list(part), dtype=float) for part in parts))
    return Measured(tuple(used), _from_zero([draws[name] for name in used]), tuple(tuners), stacked, tuple(gaps))


def _from_zero(draws: Sequence[int]) -> tuple[int, ...]:
    places = {draw: place for place, draw in enumerate(dict.fromkeys(draws))}
    return tuple(places[draw] for draw in draws)


def _without_spread(name: str, scores: Floats) -> str:
    """Why a problem says nothing over problems."""
    counts = (~np.isnan(scores)).sum(axis=0)
    if np.isfinite(scores).any() and np.nanmax(scores) == np.nanmin(scores):
        why = "all its scores are the same"
    elif (counts >= 2).sum() < 2:
        why = "fewer than two tuners have two scores"
    elif (counts[counts >= 2] - 1).sum() < FEWEST_FREE:
        why = "it has too few scores to know how much searches vary"
    else:
        why = "searches of a tuner never differ, or too few replicates are shared by tuners to know how much they do"
    return f"{name} is left out of what is said over problems: {why}."
