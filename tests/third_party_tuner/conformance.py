"""Run with pytest where the package is installed."""

from tuning import tuners
from tuning.testing import TunerConformance


class TestHalton(TunerConformance):
    def make_tuner(self):
        return tuners.load("halton")()


def test_it_stands_beside_the_built_in_ones():
    assert tuners.names() == [*tuners.BUILT_IN, "halton"]
