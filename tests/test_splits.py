"""Splits: what is refused and in which words, what counts as the same data."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning import arrays
from tuning import splits as data
from tuning.errors import DataError, SpaceError
from tuning.resampling.samples import Samples
from tuning.splits import Splits, load_splits


def part(samples=4, features=3, **changes):
    x = np.arange(samples * features, dtype="float32").reshape(samples, features)
    return changes.get("x", x), changes.get("y", np.arange(samples))


def message(loaded):
    """The one line that `load_splits` answers with."""

    def loader():
        return loaded

    with pytest.raises(DataError) as caught:
        load_splits(loader)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 400
    assert line.startswith("data=loader: ")
    return line.removeprefix("data=loader: ")


def with_value(value, shape=(4, 3), at=(1, 2)):
    x = np.zeros(shape, "float32")
    x[at] = value
    return x


class TestWhatIsTaken:
    def test_two_or_three_parts_or_splits(self):
        two = load_splits(lambda: (part(), part(2)))
        three = load_splits(lambda: [part(), part(2), list(part(5))])
        same = load_splits(lambda: Splits(part(), part(2), part(5)))
        assert list(two.parts()) == ["train", "validation"]
        assert two.test is None
        assert list(three.parts()) == ["train", "validation", "test"]
        assert data.fingerprint(three) == data.fingerprint(same)

    def test_sample_weights_on_some_parts_only(self):
        splits = load_splits(lambda: ((*part(), np.ones(4)), part(2)))
        assert len(splits.train) == 3
        assert len(splits.validation) == 2

    def test_whatever_converts_to_an_array(self):
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
        splits = load_splits(lambda: ((frame, pd.Series([0, 1])), (frame, pd.Series([0, 1]))))
        assert isinstance(splits.train[0], np.ndarray)
        assert splits.train[0].shape == (2, 2)

    def test_arrays_are_not_copied(self):
        x, y = part()
        assert load_splits(lambda: ((x, y), part())).train[0] is x

    def test_a_large_array_is_held_where_tensors_can_share_it(self):
        x = np.arange(2**22 + 1, dtype="float32").reshape(-1, 1)[1:]
        taken = load_splits(lambda: ((x, x), (x[:1], x[:1]))).train[0]
        assert arrays.is_aligned(taken)
        np.testing.assert_array_equal(taken, x)
        again = load_splits(lambda: ((taken, taken), (x[:1], x[:1]))).train[0]
        assert np.shares_memory(again, taken)

    def test_structures_keep_their_form(self):
        nested = {"wide": np.zeros((4, 2)), "deep": (np.zeros((4, 3)), np.zeros((4, 1)))}
        splits = load_splits(lambda: ((nested, [np.zeros(4), np.zeros(4)]), (nested, [np.zeros(4), np.zeros(4)])))
        x, y = splits.train
        assert isinstance(x, dict)
        assert isinstance(x["deep"], tuple)
        assert isinstance(y, list)

    def test_strings_and_booleans(self):
        texts = (np.array(["a", "b"]), np.array([True, False]))
        x, y = load_splits(lambda: (texts, texts)).train
        assert (x.dtype.kind, list(x), y.dtype.kind) == ("O", ["a", "b"], "b")

    def test_a_large_array_is_checked_quickly(self):
        images = np.zeros((60_000, 28, 28), "float32"), np.zeros(60_000, "int64")
        start = time.process_time()
        load_splits(lambda: (images, images))
        assert time.process_time() - start < 5


class TestWhatIsRefused:
    def test_not_callable(self):
        with pytest.raises(DataError, match="data=tuple of length 2: expected a function that returns"):
            load_splits((part(), part()))

    def test_a_loader_that_raises(self):
        def broken():
            raise FileNotFoundError("no such\nfile")

        with pytest.raises(DataError, match="data=broken raised FileNotFoundError: no such file"):
            load_splits(broken)

    def test_a_loader_that_wants_an_argument(self):
        def needy(folder):
            return folder

        with pytest.raises(DataError, match=r"data=needy raised TypeError: .*missing 1 required positional argument"):
            load_splits(needy)

    def test_our_own_errors_pass_unchanged(self):
        def ours():
            raise SpaceError("as it is")

        with pytest.raises(SpaceError, match=r"^as it is$"):
            load_splits(ours)

    @pytest.mark.parametrize(
        ("loaded", "expected"),
        [
            (None, "returned NoneType; expected (train, validation)"),
            (np.zeros((2, 3)), "returned ndarray of shape (2, 3); expected (train, validation)"),
            ((part(),), "returned 1 parts; expected (train, validation)"),
            ((*part(), *part()), "returned 4 parts; expected (train, validation)"),
            ((None, part()), "train is None"),
            (part(), "returned one (x, y); expected (train, validation)"),
            ((part()[0], part()), "train is ndarray of shape (4, 3); expected (x, y)"),
            ((part(), (np.zeros(3),)), "train is made of x, y and validation of x; expected the same structure"),
            ((([[1, 2]], [0]), part()), "train x[0][0] is int; expected an array"),
            (((np.zeros((2, 1)), None), part()), "train is made of x and validation of x, y; expected"),
            ((({}, np.zeros(2)), part()), "train x is a dict with keys []"),
            ((({1: np.zeros(2)}, np.zeros(2)), part()), "train x is a dict with keys [1]"),
            ((([], np.zeros(2)), part()), "train x is an empty list"),
            ((part(y=np.float64(3)), part()), "train y is a single value"),
            ((part(y=np.array([0, {}, None, 1])), part()), "train y has dtype object; expected numbers"),
            ((part(y=np.array(["a", None, "b", np.nan])), part()), "train y has 2 missing texts (the first in row 1"),
            ((part(y=np.array([["a", 1.5], ["b", 2.0]], object)), part()), "train y holds float and str; expected"),
            ((part(y=np.array([["a", 1], ["b", 2]], object)), part()), "train y holds int and str; expected numbers"),
            ((part(y=np.array(4 * ["2020-01-01"], "datetime64[D]")), part()), "train y has dtype datetime64[D]"),
            ((part(x=np.ma.masked_less(np.ones((4, 3)), 2)), part()), "train x has masked values"),
        ],
    )  # fmt: skip
    def test_misshapen(self, loaded, expected):
        assert message(loaded).startswith(expected)

    def test_sparse(self):
        import scipy.sparse

        assert "train x is a sparse csr_matrix; expected a dense array" in message(
            (part(x=scipy.sparse.csr_matrix(np.eye(4))), part())
        )

    @pytest.mark.parametrize("name", ["train", "validation", "test"])
    def test_an_empty_split(self, name):
        loaded = {"train": part(), "validation": part(), "test": part()} | {name: part(0)}
        assert message(tuple(loaded.values())).startswith(f"{name} is empty (x has shape (0, 3))")

    def test_samples_without_features(self):
        assert message((part(x=np.zeros((4, 0))), part())).startswith("train is empty (x has shape (4, 0))")

    def test_different_lengths(self):
        line = message((part(), part(y=np.arange(3))))
        assert line.startswith("validation x has 4 samples and validation y has 3; expected as many")
        weighted = message(((*part(), np.ones(5)), part()))
        assert weighted.startswith("train x has 4 samples and train sample_weight has 5")
        inputs = message((part(x={"a": np.zeros((4, 1)), "b": np.zeros((6, 1))}), part()))
        assert inputs.startswith("train x['a'] has 4 samples and train x['b'] has 6")

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_values_that_are_not_finite(self, value):
        line = message((part(), part(x=with_value(value, at=(slice(1, 3), slice(0, 2))))))
        assert line.startswith("validation x has 4 NaN or infinite values in 2 of 4 rows (the first in row 1, counted")

    def test_not_finite_in_targets_and_weights(self):
        assert message((part(y=np.array([0, np.nan, 1, 2])), part())).startswith("train y has 1 NaN")
        assert message(((*part(), np.array([1, np.inf, 1, 1])), part())).startswith("train sample_weight has 1 NaN")

    @given(st.sets(st.integers(0, 999), min_size=1, max_size=20))
    def test_every_row_is_counted_over_all_pieces(self, rows):
        x = np.zeros((1000, 30), "float32")
        x[sorted(rows), 7] = np.nan
        chunk, arrays._CHUNK_BYTES = arrays._CHUNK_BYTES, 1000
        try:
            line = message((part(1000, x=x), part(features=30)))
        finally:
            arrays._CHUNK_BYTES = chunk
        assert f"{len(rows)} NaN or infinite values in {len(rows)} of 1,000 rows (the first in row {min(rows)}," in line

    def test_splits_that_differ(self):
        assert message((part(), part(features=2))) == (
            "a sample of train x has shape (3,) and one of validation x (2,); expected the same shape"
        )
        assert "a sample of train y has shape () and one of test y (1,)" in message(
            (part(), part(), part(y=np.zeros((4, 1))))
        )
        both = {"a": np.zeros((4, 1)), "b": np.zeros((4, 1))}
        assert message((part(x=both), part())).startswith("train is made of x['a'], x['b'], y and validation of x, y")


def test_targets_are_the_same_whatever_is_made_of_the_samples():
    x, price, rooms = np.arange(8.0).reshape(4, 2), np.array([3.0, 1.0, 2.0, 5.0]), np.array([1, 2, 1, 3])
    plain = Samples(x, price)
    forms = [
        Samples({"wide": x[:, :1], "deep": x}, price),
        Samples(x * 2, price.reshape(4, 1).astype(np.float32)),
        Samples(x, price, sample_weight=np.ones(4)),
    ]
    (of_prices,) = data.target_hashes(plain)
    assert [data.target_hashes(form) for form in forms] == [[of_prices]] * 3
    both = data.target_hashes(Samples(x, {"price": price, "rooms": rooms}))
    assert of_prices in both
    assert both != data.target_hashes(Samples(x, {"price": price, "rooms": rooms[::-1]}))
    assert of_prices not in data.target_hashes(Samples(x, price[::-1]))
    assert data.target_hashes(Splits((x[:3], price[:3]), (x[3:], price[3:]))) == [of_prices]
    assert data.target_hashes(Splits((x[:3],), (x[3:],))) == []  # an autoencoder's
    words = np.array(["a", "b", "a", "c"])
    assert data.target_hashes(Samples(x, words)) != data.target_hashes(Samples(x, words[::-1]))


class TestFingerprint:
    def test_it_is_stable(self):
        """A change here makes every journal's fingerprint another: never change it lightly."""
        assert data.fingerprint(Splits(part(), part(2))) == "abd352eb8c04edd1"

    def test_it_changes_with_every_value_dtype_shape_and_name(self):
        x, y = part()
        changed = x.copy()
        changed[-1, -1] += 1
        others = [
            Splits((x, y), (x, y)),
            Splits((changed, y), (x, y)),
            Splits((x, y), (changed, y)),
            Splits((x, y), (x, y), (x, y)),
            Splits((x, y, np.ones(4)), (x, y)),
            Splits((x.astype("float64"), y), (x, y)),
            Splits((x.reshape(4, 3, 1), y), (x, y)),
            Splits(({"a": x}, y), (x, y)),
            Splits(({"b": x}, y), (x, y)),
        ]
        assert len({data.fingerprint(splits) for splits in others}) == len(others)

    def test_it_does_not_change_with_memory_layout_or_the_order_of_names(self):
        x, y = part()
        assert data.fingerprint(Splits((np.asfortranarray(x), y), (x, y))) == data.fingerprint(Splits((x, y), (x, y)))
        one, other = {"a": x, "b": x + 1}, {"b": x + 1, "a": x}
        assert data.fingerprint(Splits((one, y), (one, y))) == data.fingerprint(Splits((other, y), (other, y)))

    def test_strings(self):
        texts = (np.array(["a", "bc"]), np.array([0, 1]))
        assert len(data.fingerprint(Splits(texts, texts))) == 16

    def test_texts(self):
        def of(*words):
            return data.fingerprint(load_splits(lambda: ((np.array(words), np.zeros(2)),) * 2))

        assert of("a", "bc") == data.fingerprint(
            load_splits(lambda: ((np.array(["a", "bc"], object), np.zeros(2)),) * 2)
        )
        assert len({of("a", "bc"), of("ab", "c"), of("a", "bd"), of("a'", "bc"), of("\ud800", "bc")}) == 5


class TestValidationSplit:
    def test_the_last_share_is_validation_as_in_keras(self):
        x, y, weight = np.arange(26.0).reshape(13, 2), {"a": np.arange(13)}, np.ones(13)
        splits = load_splits(lambda: (x, y, weight), 0.3)
        np.testing.assert_array_equal(splits.train[0], x[:9])  # floor(13 * 0.7)
        np.testing.assert_array_equal(splits.validation[0], x[9:])
        np.testing.assert_array_equal(splits.validation[1]["a"], np.arange(9, 13))
        assert [len(split[2]) for split in (splits.train, splits.validation)] == [9, 4]
        assert splits.test is None

    @pytest.mark.parametrize(
        ("loaded", "share", "error"),
        [
            ((part(), part()), 0.2, "returned several splits; validation_split takes the last share of one (x, y)"),
            (Splits(part(), part()), 0.2, "returned several splits"),
            (part(), 0.9, "validation_split=0.9 leaves no training or no validation data of 4 samples"),
            (part()[0], 0.2, "data is ndarray of shape (4, 3); expected (x, y)"),
        ],
    )
    def test_what_it_cannot_cut(self, loaded, share, error):
        with pytest.raises(DataError) as caught:
            load_splits(lambda: loaded, share)
        assert error in str(caught.value)


class TestViews:
    def test_shapes(self):
        splits = Splits(
            ({"deep": np.zeros((4, 6), "float32"), "wide": np.zeros((4, 5), "float32")}, np.zeros(4)), part()
        )
        assert data.shapes(splits) == {
            "train": {
                "size": 4,
                "batches": None,
                "arrays": {
                    "x['deep']": {"shape": [6], "dtype": "float32"},
                    "x['wide']": {"shape": [5], "dtype": "float32"},
                    "y": {"shape": [], "dtype": "float64"},
                },
            },
            "validation": {
                "size": 4,
                "batches": None,
                "arrays": {"x": {"shape": [3], "dtype": "float32"}, "y": {"shape": [], "dtype": "int64"}},
            },
        }

    def test_head_and_size(self):
        whole = ({"a": np.arange(8).reshape(4, 2)}, [np.arange(4), np.arange(4)], np.ones(4))
        x, y, weight = data.head(whole, 3)
        assert x["a"].shape == (3, 2)
        assert [len(entry) for entry in y] == [3, 3]
        assert isinstance(y, list)
        assert len(weight) == 3
        assert data.size(whole) == 4
        assert data.size(data.head(whole, 100)) == 4


class FakeDataset:
    """As much of a `tf.data.Dataset` as is looked at."""

    def __init__(self, spec, batches):
        self.element_spec, self.batches = spec, batches

    def take(self, count):
        return FakeDataset(self.element_spec, min(count, self.batches))

    def cardinality(self):
        return self.batches

    def __iter__(self):
        raise AssertionError("a Dataset must not be read for a check")


def spec(*shape):
    class Spec:
        def __repr__(self):
            return f"Spec{self.shape}"

    made = Spec()
    made.shape, made.dtype = shape, np.dtype("float32")
    return made


def dataset(*shape, batches=5):
    return FakeDataset((spec(None, *shape), spec(None)), batches)


class TestDatasets:
    def test_it_is_taken_without_being_read(self):
        splits = load_splits(lambda: (dataset(3), dataset(3, batches=-2)))
        assert data.size(splits.train) is None
        assert data.head(splits.train, 10).batches == 1
        described = data.shapes(splits)
        assert described["train"]["batches"] == 5
        assert described["validation"]["batches"] is None
        assert described["train"]["arrays"]["x"] == {"shape": [3], "dtype": "float32"}

    def test_beside_arrays(self):
        assert load_splits(lambda: (dataset(3), part())).validation[0].shape == (4, 3)

    def test_its_fingerprint_says_that_values_were_not_read(self):
        prints = {data.fingerprint(Splits(dataset(*shape), dataset(3))) for shape in ((3,), (4,))}
        assert len(prints) == 2
        assert all(text.startswith("dataset:") and len(text) == 24 for text in prints)

    @pytest.mark.parametrize(
        ("loaded", "expected"),
        [
            ((dataset(3, batches=0), dataset(3)), "train is an empty Dataset"),
            ((FakeDataset(spec(None, 3), 5), dataset(3)), "train is made of x and validation of x, y"),
            ((dataset(3), dataset(4)), "a sample of train x has shape (3,) and one of validation x (4,)"),
        ],
    )  # fmt: skip
    def test_refused(self, loaded, expected):
        assert message(loaded).startswith(expected)

    @pytest.mark.slow
    def test_the_real_thing(self):
        tf = pytest.importorskip("tensorflow")
        x, y = part()
        whole = tf.data.Dataset.from_tensor_slices(({"a": x}, y))
        splits = load_splits(lambda: (whole.batch(2), whole.batch(4)))
        assert data.shapes(splits)["train"] == {
            "size": None,
            "batches": 2,
            "arrays": {"x['a']": {"shape": [3], "dtype": "float32"}, "y": {"shape": [], "dtype": "int64"}},
        }
        assert data.fingerprint(splits).startswith("dataset:")
        assert len(list(data.head(splits.train, 1))) == 1
        endless = load_splits(lambda: (whole.batch(2).repeat(), whole.batch(2)))
        assert data.shapes(endless)["train"]["batches"] == -1


class TestOtherBatches:
    @staticmethod
    def batches(rows):
        def made():
            return iter([(np.zeros((2, rows), "float32"), np.ones(2))] * 3)

        return made

    def test_a_function_that_makes_iterators_is_known_by_its_first_batch(self):
        splits = load_splits(lambda: (self.batches(3), self.batches(3)))
        assert data.shapes(splits)["train"] == {
            "size": None,
            "batches": -1,
            "arrays": {"x": {"shape": [3], "dtype": "float32"}, "y": {"shape": [], "dtype": "float64"}},
        }
        other = load_splits(lambda: (self.batches(4), self.batches(4)))
        assert data.fingerprint(splits) != data.fingerprint(other)
        assert data.head(splits.train, 1)[0].shape == (1, 3)
        assert data.size(splits.train) is None

    @pytest.mark.parametrize(
        ("made", "expected"),
        [
            (lambda: iter([]), "train is function of which no batch could be read (StopIteration"),
            (lambda: 3, "train is function of which no batch could be read (TypeError: 'int' object is not iterable"),
            (
                lambda: iter([(1, 2, 3, 4)]),
                "train is batches of 4 entries; expected x, (x, y) or (x, y, sample_weight)",
            ),
        ],
    )
    def test_what_makes_no_batch_is_refused(self, made, expected):
        assert message((made, part())).replace("function, of", "function of").startswith(expected)


def test_data_without_targets_or_without_validation():
    alone = load_splits(lambda: ((np.zeros((4, 2)),), (np.ones((2, 2)), None)))
    assert [len(entries) for entries in (alone.train, alone.validation)] == [1, 1]
    assert list(data.shapes(alone)["train"]["arrays"]) == ["x"]
    assert load_splits(lambda: (part(), None)).validation is None
    assert list(load_splits(lambda: (part(), None, part())).parts()) == ["train", "test"]


def test_neither_keras_nor_tensorflow_is_imported():
    code = (
        "import sys, tuning.datasets, tuning.resampling.samples; "
        "tuning.resampling.samples.load_samples(tuning.datasets.iris); print(*sys.modules)"
    )
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"keras", "tensorflow"} & set(modules)
