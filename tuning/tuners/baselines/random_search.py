"""The baseline that spends more instead of searching better: random search with twice the epochs."""

from __future__ import annotations

from tuning.tuners.keras_tuner import KTRandom


class Random2x(KTRandom):
    """`keras_tuner.RandomSearch` at twice the budget of the tuners it stands beside.

    It draws what `kt-random` draws, and goes on: its first half costs nothing where that tuner is in the study.

    The yardstick of Li et al. (JMLR 18:185, 2018): a strategy that is shown better than it saves more than half of the
    epochs. One that is not shown better may still do so.
    """

    name = "random-2x"
    baseline = True
    budget_factor = 2
    draws_like = KTRandom.name
