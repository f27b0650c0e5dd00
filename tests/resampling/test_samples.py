"""What `data` may return where a resampling splits it, and how it is told from fixed splits."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tuning import Samples, Splits
from tuning.errors import DataError
from tuning.resampling.samples import EXPECTED, load_samples
from tuning.splits import fingerprint, shapes

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
XT, YT = X[:4], Y[:4]
W = np.ones(6)


def loaded(value, **options):
    return load_samples(lambda: value, **options)


def message(value, **options):
    def loader():
        return value

    with pytest.raises(DataError) as caught:
        load_samples(loader, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith("data=loader: ")
    return line.removeprefix("data=loader: ")


class TestWhatIsTaken:
    @pytest.mark.parametrize("value", [(X, Y), [X, Y], Samples(X, Y)])
    def test_one_data_set(self, value):
        samples = loaded(value)
        assert samples.x is X
        assert samples.y is Y
        assert samples.sample_weight is None
        assert samples.test is None
        assert len(samples) == 6

    def test_sample_weights(self):
        assert loaded((X, Y, W)).sample_weight is W
        assert len(loaded((X, Y, W)).part) == 3
        assert len(loaded((X, Y)).part) == 2

    @pytest.mark.parametrize(
        "value",
        [
            ((X, Y), (XT, YT)),
            ([X, Y], [XT, YT]),
            ((X, Y, W), (XT, YT)),
            (Samples(X, Y), (XT, YT)),
            (Samples(X, Y), Samples(XT, YT)),
            Samples(X, Y, test=(XT, YT)),
        ],
    )
    def test_development_and_official_test_data(self, value):
        samples = loaded(value)
        assert samples.x is X
        assert samples.test[0] is XT
        assert samples.test[1] is YT

    def test_inputs_and_outputs_as_dicts_need_no_names(self):
        x, y = {"a": X, "b": (X, X)}, {"p": Y, "q": Y}
        samples = loaded((x, y))
        assert samples.x["b"][1] is X
        assert samples.test is None

    def test_several_inputs_as_a_tuple(self):
        assert loaded(((X, X), Y)).x[1] is X
        both = loaded(Samples((X, X), (Y, Y)))
        assert both.y[1] is Y
        assert both.test is None

    def test_frames_become_arrays_or_stay_for_a_transformer(self):
        frame = pd.DataFrame({"size": [1.0, np.nan, 3.0], "colour": ["red", "blue", "red"]})
        y = pd.Series([0, 1, 0])
        assert isinstance(loaded((frame[["size"]].fillna(0.0), y)).x, np.ndarray)
        raw = loaded(((frame, y), (frame[:2], y[:2])), raw=True)
        assert raw.x is frame
        assert isinstance(raw.y, np.ndarray)
        assert list(raw.test[0].columns) == ["size", "colour"]

    def test_groups_are_numbers_or_texts(self):
        assert loaded(Samples(X, Y, groups=list("aabbcc"))).groups.tolist() == list("aabbcc")
        assert loaded(Samples(X, Y, groups=pd.Series([1, 1, 2, 2, 3, 3]))).groups.shape == (6,)
        assert loaded(Samples(X, Y, groups=np.arange(6)[:, None])).groups.shape == (6,)

    def test_class_names(self):
        assert loaded(Samples(X, Y, class_names=["no", "yes"])).class_names == ("no", "yes")


class TestFingerprint:
    FRAME = pd.DataFrame({"size": [1.0, np.nan, 3.0], "colour": ["red", None, "blue"]})

    def test_it_changes_with_anything(self):
        y, other = np.arange(3), self.FRAME.assign(colour=["red", "red", "blue"])
        found = [
            Samples(self.FRAME, y),
            Samples(other, y),
            Samples(self.FRAME.rename(columns={"size": "width"}), y),
            Samples(self.FRAME, y + 1),
            Samples(self.FRAME, y, np.ones(3)),
            Samples(self.FRAME, y, groups=np.array(list("aab"))),
            Samples(self.FRAME, y, groups=np.array(list("abb"))),
            Samples(self.FRAME, y, test=(self.FRAME, y)),
        ]
        assert len({fingerprint(samples) for samples in found}) == len(found)
        assert fingerprint(found[0]) == fingerprint(Samples(self.FRAME.copy(), y.copy()))

    def test_it_is_the_same_in_another_process(self):
        script = (
            "import numpy as np, pandas as pd; from tuning import Samples; from tuning.splits import fingerprint; "
            "frame = pd.DataFrame({'size': [1.0, np.nan, 3.0], 'colour': ['red', None, 'blue']}); "
            "print(fingerprint(Samples(frame, np.arange(3), groups=np.array(['a', 'b', 1], object))))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        here = Samples(self.FRAME, np.arange(3), groups=np.array(["a", "b", 1], object))
        assert done.stdout.strip() == fingerprint(here)

    def test_shapes(self):
        described = shapes(
            Samples(self.FRAME, np.arange(3), groups=np.array(list("aab")), test=(self.FRAME, np.arange(3)))
        )
        assert list(described) == ["data", "test"]
        assert described["data"]["size"] == 3
        assert list(described["data"]["arrays"]) == ["x['colour']", "x['size']", "y", "groups"]


class TestWhatIsRefused:
    def test_fixed_splits(self):
        assert message(Splits((X, Y), (XT, YT))).startswith("returned Splits, which are split already; expected with")
        assert message(((X, Y), (X, Y), (XT, YT))).startswith("returned three parts, as fixed splits are; expected")

    def test_what_could_be_read_in_two_ways(self):
        line = message(((X, X), (Y, Y)))
        assert line == (
            "returned two tuples of arrays that all have 6 samples: test data, or several inputs and outputs? "
            "Write tuning.Samples(x, y, test=(x_test, y_test)), or tuning.Samples((a, b), (c, d))"
        )
        loaded(Samples((X, X), (Y, Y)))
        loaded(Samples(X, Y, test=(X, Y)))
        loaded((Samples(X, Y), (X, Y)))

    @pytest.mark.parametrize("value", [{"x": X, "y": Y}, X, None, (X,), (X, Y, W, W), (Samples(X, Y), Y), ([X], [XT])])
    def test_something_else(self, value):
        assert EXPECTED in message(value)

    def test_lengths_empty_parts_and_nan(self):
        assert "data x has 6 samples and data y has 5" in message((X, Y[:5]))
        assert "data is empty" in message((X[:0], Y[:0]))
        assert "test is empty" in message(((X, Y), (X[:0], Y[:0])))
        assert "data x has 1 NaN" in message((np.where(X == 3, np.nan, X), Y))
        assert "data y has 1 NaN" in message((X, np.where(Y + X[:, 0] == 4, np.nan, Y)), raw=True)
        assert "data x has 6 samples and data y has 5" in message((pd.DataFrame(X), Y[:5]), raw=True)

    def test_test_data_of_another_form(self):
        assert "a sample of data x has shape (2,) and one of test x (1,)" in message(((X, Y), (XT[:, :1], YT)))
        assert "a sample of data y has shape () and one of test y (1,)" in message(((X, Y), (XT, YT[:, None])))

    def test_groups_that_do_not_fit(self):
        assert "groups is ndarray of shape (5,); expected one for each of 6 samples" in message(
            Samples(X, Y, groups=np.arange(5))
        )
        assert "groups has 2 missing values" in message(Samples(X, Y, groups=["a", None, "b", None, "c", "c"]))

    @pytest.mark.slow
    def test_datasets_of_tensorflow(self):
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)
        for value in (data, (data, data), ((X, Y), data), Samples(X, Y, test=data)):
            line = message(value)
            assert (
                "a tf.data.Dataset, whose samples have no row numbers to draw (give the arrays it was made of)" in line
            )
