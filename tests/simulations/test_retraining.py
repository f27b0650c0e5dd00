"""The defaults cost a third of what they did, and at equal epochs show more."""

import pytest

from tests.simulations.retraining import BEFORE, NOW, price, shown
from tuning.runner.plan import StudyPlan


def test_the_simulated_defaults_are_the_real_ones() -> None:
    defaults = StudyPlan.__init__.__kwdefaults__
    assert defaults["retrain"] == NOW.seeds
    assert defaults["baselines"] == ("default", "random-2x")


@pytest.mark.parametrize("trials", [6, 9, 11, 12, 30])
def test_the_price_of_the_defaults(trials: int) -> None:
    assert price(NOW, trials) < price(BEFORE, trials) / 2
    assert (price(NOW, trials) <= 1.6) == (trials >= 11)
    assert price(NOW, trials) <= 1.9


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("noise", [0.1, 0.7])
def test_at_equal_epochs_more_is_shown_and_no_more_is_wrong(noise: float, paired: bool) -> None:
    replicates = int(10 * price(BEFORE, 8) / price(NOW, 8))
    before, _, _ = shown(10, BEFORE.seeds, noise, 40, paired=paired)
    now, false, held = shown(replicates, NOW.seeds, noise, 40, paired=paired)
    assert now >= before
    assert false <= 0.15
    assert held >= 0.85
