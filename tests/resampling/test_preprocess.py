"""A transformer sees the training rows of a fold and no others; what cannot be trained on is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder

from tuning import Holdout, Samples
from tuning.errors import DataError, StudyError
from tuning.resampling.draw import draw
from tuning.resampling.plans import CrossValidation
from tuning.resampling.preprocess import fitted_splits

GENERATOR = np.random.default_rng(4)
X = GENERATOR.normal(3, 5, size=(90, 4))
Y = np.arange(90) % 3
SAMPLES = Samples(X, Y)
PARTITION = draw(Holdout(0.2, 0.2), SAMPLES, 5)
(FOLD,) = PARTITION.folds
FRAME = pd.DataFrame({"size": X[:, 0], "colour": np.array(["red", "blue", "green"])[GENERATOR.integers(0, 3, 90)]})
COLUMNS = ColumnTransformer(
    [("number", StandardScaler(), ["size"]), ("text", OneHotEncoder(handle_unknown="ignore"), ["colour"])],
    sparse_threshold=0,
)


class Spy(TransformerMixin, BaseEstimator):
    """Remembers what it was fitted on, in a list that its clones share."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y=None):
        Spy.seen.append((X, y))
        return self

    def transform(self, X):
        return X


def test_without_a_transformer_the_rows_are_taken():
    splits = fitted_splits(Samples({"a": X, "b": (X, X)}, Y, np.arange(90.0)), FOLD, PARTITION.test)
    np.testing.assert_array_equal(splits.train[0]["b"][1], X[FOLD.train])
    np.testing.assert_array_equal(splits.validation[1], Y[FOLD.validation])
    np.testing.assert_array_equal(splits.test[2], PARTITION.test)
    assert fitted_splits(SAMPLES, FOLD).test is None


def test_it_is_fitted_on_x_and_y_of_the_training_rows_of_each_fold_alone():
    partition = draw(CrossValidation(5, test=0.2), SAMPLES, 5)
    Spy.seen.clear()
    given = Spy()
    for fold in partition.folds:
        fitted_splits(SAMPLES, fold, partition.test, preprocess=given)
    assert len(Spy.seen) == 5
    for fold, (x, y) in zip(partition.folds, Spy.seen, strict=True):
        np.testing.assert_array_equal(x, X[fold.train])
        np.testing.assert_array_equal(y, Y[fold.train])


def test_all_parts_are_transformed_by_what_the_training_rows_say_and_the_given_one_stays_unfitted():
    scaler = StandardScaler()
    splits = fitted_splits(SAMPLES, FOLD, PARTITION.test, preprocess=scaler)
    mean, deviation = X[FOLD.train].mean(axis=0), X[FOLD.train].std(axis=0)
    np.testing.assert_allclose(splits.train[0].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(splits.validation[0], (X[FOLD.validation] - mean) / deviation)
    np.testing.assert_allclose(splits.test[0], (X[PARTITION.test] - mean) / deviation)
    assert not hasattr(scaler, "mean_")


def test_official_test_data_are_transformed_too():
    samples = Samples(X, Y, test=(X[:7], Y[:7]), class_names=("a", "b", "c"))
    splits = fitted_splits(samples, FOLD, preprocess=StandardScaler())
    np.testing.assert_allclose(splits.test[0], (X[:7] - X[FOLD.train].mean(axis=0)) / X[FOLD.train].std(axis=0))
    assert splits.class_names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("x", "transformer", "width"),
    [
        (FRAME, COLUMNS, 4),
        (FRAME, make_pipeline(COLUMNS, PCA(2)), 2),
        (np.where(X > 9, np.nan, X), SimpleImputer(), 4),
        (X, FunctionTransformer(np.abs), 4),
        (X, StandardScaler().set_output(transform="pandas"), 4),
        (FRAME[["colour"]], TargetEncoder(), 3),
        (X, SelectKBest(k=2), 2),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("y", [Y, Y[:, None], np.eye(3)[Y]], ids=["numbers", "a column", "one-hot"])
def test_transformers_of_scikit_learn(x, transformer, width, y):
    splits = fitted_splits(Samples(x, y), FOLD, PARTITION.test, preprocess=transformer)
    for part in splits.parts().values():
        assert isinstance(part[0], np.ndarray)
        assert part[0].shape == (len(part[1]), width)
        assert np.isfinite(part[0]).all()
        assert part[1].shape[1:] == y.shape[1:]


def test_a_target_encoder_does_not_show_a_row_its_own_target():
    many = pd.DataFrame({"city": np.arange(90).astype(str)})  # each its own: a fit that is then applied knows y
    y = GENERATOR.normal(size=90)
    encoded = fitted_splits(Samples(many, y), FOLD, preprocess=TargetEncoder()).train[0][:, 0]
    leaking = (
        TargetEncoder(smooth=1e-9).fit(many.iloc[FOLD.train], y[FOLD.train]).transform(many.iloc[FOLD.train])[:, 0]
    )
    assert abs(np.corrcoef(leaking, y[FOLD.train])[0, 1]) > 0.9
    assert abs(np.corrcoef(encoded, y[FOLD.train])[0, 1]) < 0.6


def test_what_it_draws_at_random_comes_from_the_seed():
    noisy = make_pipeline(StandardScaler(), PCA(2, svd_solver="randomized", iterated_power=0))
    x = GENERATOR.normal(size=(90, 60))
    one, same, other = (fitted_splits(Samples(x, Y), FOLD, preprocess=noisy, seed=seed).train[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def accuracy(splits):
    model = LogisticRegression().fit(*splits.train)
    return model.score(*splits.validation)


def test_a_leak_makes_noise_look_learnable_and_ours_does_not():
    """Feature selection before the split (Hastie, Tibshirani and Friedman, 2009, section 7.10.2), on pure noise."""
    leaked, kept = [], []
    for seed in range(1, 13):
        generator = np.random.default_rng(seed)
        x, y = generator.normal(size=(60, 1000)), np.arange(60) % 2
        select = SelectKBest(k=20)
        plan = CrossValidation(5)
        before = Samples(select.fit_transform(x, y), y)  # the leak: fitted on the rows that scores are measured on
        partition = draw(plan, before, seed)
        leaked += [accuracy(fitted_splits(before, fold)) for fold in partition.folds]
        kept += [accuracy(fitted_splits(Samples(x, y), fold, preprocess=select)) for fold in partition.folds]
    print(f"accuracy on noise: selected before the split {np.mean(leaked):.3f}, on training rows {np.mean(kept):.3f}")
    assert np.mean(leaked) > 0.85
    assert abs(np.mean(kept) - 0.5) < 0.07  # 12 x 60 guesses: 3.7 standard errors


class Halving(Spy):
    def transform(self, X):
        return X[::2]


class Sideways(Spy):
    def transform(self, X):
        return X.tolist()


@pytest.mark.parametrize(
    ("x", "transformer", "expected"),
    [
        (
            X,
            Halving(),
            "preprocess=Halving() makes ndarray of shape (27, 4) of the 54 rows of train x; expected as many",
        ),
        (
            X,
            Sideways(),
            "preprocess=Sideways() makes list of length 54 of the 54 rows of train x; expected as many rows",
        ),
        (FRAME[["colour"]], OneHotEncoder(), "makes a sparse matrix of train x; expected a dense array: OneHotEncoder"),
        (X, FunctionTransformer(np.log), "after preprocess=FunctionTransformer(func=<ufunc 'log'>), train x has"),
        (FRAME, FunctionTransformer(), "after preprocess=FunctionTransformer(), train x holds float and str; expected"),
        (FRAME, StandardScaler(), "preprocess=StandardScaler() raised ValueError: could not convert string to float"),
        (X, PCA(9), "preprocess=PCA(n_components=9) raised ValueError: n_components=9 must be between 0 and"),
        (X[:, 0], StandardScaler(), "and train x is ndarray of shape (90,); expected one two-dimensional array or a"),
        (X.reshape(90, 2, 2), StandardScaler(), "expected one two-dimensional array or a frame: reshape x, or put the"),
        ({"a": X}, StandardScaler(), "and train x is dict of length 1; expected one two-dimensional array or a frame"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(x, transformer, expected):
    with pytest.raises(DataError) as caught, np.errstate(all="ignore"):
        fitted_splits(Samples(x, Y), FOLD, PARTITION.test, preprocess=transformer)
    assert expected.replace("shape (90,)", f"shape ({len(FOLD.train)},)") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("preprocess", "expected"),
    [
        (StandardScaler, "preprocess=StandardScaler is a class; expected an object, such as StandardScaler()"),
        (
            np.abs,
            "preprocess=<ufunc 'absolute'>: expected a transformer of scikit-learn, such as StandardScaler(), with",
        ),
        (LogisticRegression(), "preprocess=LogisticRegression(): expected a transformer"),
        ("scale", "preprocess='scale': expected a transformer"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "preprocess=Pipeline(...): expected a transformer"),
    ],
)
def test_what_is_no_transformer_is_refused(preprocess, expected):
    with pytest.raises(StudyError) as caught:
        fitted_splits(SAMPLES, FOLD, preprocess=preprocess)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
