"""The parts of the variance are those that were planted, on average over studies."""

import math

import numpy as np
import pytest

from tuning.statistics.components import Components, components

PLANTED = {"split": 4.0, "search": 2.0, "training": 1.0}


def study(generator: np.random.Generator, tuners: int = 4, replicates: int = 8, seeds: int = 3) -> np.ndarray:
    split, search, training = np.sqrt(list(PLANTED.values()))
    return (
        10 * np.arange(tuners)[:, None, None]  # what tuners differ in is none of the parts
        + split * generator.normal(size=(1, replicates, 1))
        + search * generator.normal(size=(tuners, replicates, 1))
        + training * generator.normal(size=(tuners, replicates, seeds))
    )


def mean_of(found: list[Components]) -> dict[str, float]:
    return dict(zip(Components._fields, np.mean(found, axis=0), strict=True))


def test_the_parts_are_those_that_were_planted() -> None:
    generator = np.random.default_rng(1)
    found = mean_of([components(study(generator), split_each=True) for _ in range(2000)])
    assert found == pytest.approx(PLANTED, rel=0.05)


def test_missing_seeds_and_replicates_do_not_change_what_is_found() -> None:
    generator = np.random.default_rng(2)
    found = []
    for _ in range(2000):
        scores = study(generator)
        scores[generator.random(scores.shape) < 0.1] = np.nan
        scores[1, 3] = np.nan  # this search failed
        found.append(components(scores, split_each=True))
    assert mean_of(found) == pytest.approx(PLANTED, rel=0.06)


def test_on_one_split_its_part_cannot_be_told() -> None:
    generator = np.random.default_rng(3)
    found = [components(study(generator), split_each=False) for _ in range(1000)]
    assert all(math.isnan(parts.split) for parts in found)
    assert np.mean([parts.search for parts in found]) == pytest.approx(PLANTED["split"] + PLANTED["search"], rel=0.05)
    assert set(found[0].shares()) == {"search", "training"}


def test_shares_add_up_and_nothing_is_said_of_too_little() -> None:
    parts = components(study(np.random.default_rng(4)), split_each=True)
    assert sum(parts.shares().values()) == pytest.approx(1.0)
    assert components(np.zeros((3, 5, 2)), split_each=True).shares() == {}
    assert components(np.ones((3, 1, 2)), split_each=True).shares() == {}
    single = components(study(np.random.default_rng(5), seeds=1), split_each=True)
    assert math.isnan(single.training)
    assert set(single.shares()) == {"split", "search"}
