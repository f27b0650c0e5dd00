"""The data sets: sizes, ranges, what cannot be found, broken files."""

import gzip
import logging
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tuning import datasets
from tuning import splits as data
from tuning.errors import DataError
from tuning.resampling.samples import load_samples


def sizes(splits):
    return [data.size(part) for part in splits.parts().values()]


def write_idx(path: Path, array, code=0x08):
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    raw = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def write_pictures(folder: Path, prefix, samples, suffix=".gz"):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (samples, 28, 28), "uint8")
    labels = (np.arange(samples) % 10).astype("uint8")
    write_idx(folder / f"{prefix}-images-idx3-ubyte{suffix}", images)
    write_idx(folder / f"{prefix}-labels-idx1-ubyte{suffix}", labels)
    return images, labels


def one_line_of(error):
    line = str(error.value)
    assert "\n" not in line
    return line


class TestBundled:
    @pytest.mark.parametrize(
        ("loader", "features", "classes"),
        [
            (datasets.digits, 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
            (datasets.iris, 4, [50, 50, 50]),
            (datasets.breast_cancer, 30, [212, 357]),
        ],
    )
    def test_sizes_types_and_classes(self, loader, features, classes):
        samples = load_samples(loader)
        assert samples.x.shape == (sum(classes), features)
        assert samples.x.dtype == np.float32
        assert samples.y.dtype == np.int64
        assert np.bincount(samples.y).tolist() == classes
        assert samples.test is None

    @pytest.mark.parametrize("loader", [datasets.digits, datasets.iris, datasets.breast_cancer])
    def test_the_same_on_every_call(self, loader):
        assert data.fingerprint(loader()) == data.fingerprint(loader())

    def test_digits_are_scaled(self):
        from sklearn.datasets import load_digits

        np.testing.assert_array_equal(datasets.digits().x, load_digits().data / 16)
        assert datasets.digits().x.max() == 1

    def test_classes_have_names(self):
        assert load_samples(datasets.iris).class_names == ("setosa", "versicolor", "virginica")
        assert load_samples(datasets.breast_cancer).class_names == ("malignant", "benign")


@pytest.mark.skipif(
    not datasets.DEBIAN_FASHION_MNIST.is_dir() and "TUNING_FASHION_MNIST" not in os.environ,
    reason="the real files are not installed: apt-get install dataset-fashion-mnist",
)
def test_the_real_fashion_mnist():
    splits = data.load_splits(datasets.fashion_mnist)
    assert sizes(splits) == [55_000, 5_000, 10_000]
    for x, _ in splits.parts().values():
        assert x.shape[1:] == (28, 28)
        assert x.dtype == np.float32
        assert x.min() == 0
        assert x.max() == 1
    # The data set's first pictures: an ankle boot and two T-shirts; in the test set a boot, a pullover, trousers.
    assert splits.train[1][:3].tolist() == [9, 0, 0]
    assert splits.test[1][:3].tolist() == [9, 2, 1]
    counts = np.bincount(splits.train[1]) + np.bincount(splits.validation[1])
    assert counts.tolist() == [6_000] * 10
    assert np.bincount(splits.test[1]).tolist() == [1_000] * 10
    assert abs(splits.train[0].mean() - 0.286) < 0.001  # published: 0.2860


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder with a small data set in the right format: 5,040 and 30 pictures."""
    monkeypatch.delenv("TUNING_FASHION_MNIST", raising=False)
    monkeypatch.delenv("TUNING_MNIST", raising=False)
    return tmp_path, write_pictures(tmp_path, "train", 5_040), write_pictures(tmp_path, "t10k", 30)


class TestImageFolders:
    @pytest.mark.parametrize("loader", [datasets.fashion_mnist, datasets.mnist])
    def test_the_last_5000_are_validation(self, pictures, loader):
        folder, (images, labels), (test_images, test_labels) = pictures
        splits = loader(folder)
        assert sizes(splits) == [40, 5_000, 30]
        x = np.concatenate([splits.train[0], splits.validation[0]])
        np.testing.assert_array_equal(np.rint(x * 255).astype("uint8"), images)
        np.testing.assert_array_equal(np.concatenate([splits.train[1], splits.validation[1]]), labels)
        np.testing.assert_array_equal(np.rint(splits.test[0] * 255).astype("uint8"), test_images)
        np.testing.assert_array_equal(splits.test[1], test_labels)

    @pytest.mark.parametrize(
        ("loader", "variable"),
        [(datasets.fashion_mnist, "TUNING_FASHION_MNIST"), (datasets.mnist, "TUNING_MNIST")],
    )
    def test_the_folder_from_the_environment(self, pictures, loader, variable, monkeypatch):
        monkeypatch.setenv(variable, str(pictures[0]))
        assert sizes(loader()) == [40, 5_000, 30]

    def test_plain_files(self, tmp_path):
        write_pictures(tmp_path, "train", 5_001, suffix="")
        write_pictures(tmp_path, "t10k", 10, suffix="")
        assert sizes(datasets.fashion_mnist(tmp_path)) == [1, 5_000, 10]

    def test_a_named_folder_is_never_replaced_by_another_source(self, tmp_path):
        for loader, stem in ((datasets.fashion_mnist, "train-images"), (datasets.mnist, "t10k-images")):
            with pytest.raises(DataError, match=f"MNIST: no {stem}-idx3-ubyte.gz and no .* in .*; put") as error:
                loader(tmp_path / "nowhere")
            assert str(tmp_path / "nowhere") in one_line_of(error)

    def test_labels_of_another_release(self, pictures):
        folder = pictures[0]
        write_idx(folder / "t10k-labels-idx1-ubyte.gz", np.zeros(29, "uint8"))
        with pytest.raises(DataError, match="30 pictures and 29 labels in the t10k files"):
            datasets.fashion_mnist(folder)

    def test_swapped_files(self, pictures):
        folder = pictures[0]
        write_idx(folder / "t10k-images-idx3-ubyte.gz", np.zeros(30, "uint8"))
        with pytest.raises(DataError, match=r"t10k-images.*holds uint8 of shape \(30,\); expected uint8 in 3 dim"):
            datasets.fashion_mnist(folder)

    def test_too_few_for_a_validation_split(self, tmp_path):
        write_pictures(tmp_path, "train", 100)
        write_pictures(tmp_path, "t10k", 10)
        with pytest.raises(DataError, match="100 training pictures; expected more than the 5,000 of validation"):
            datasets.fashion_mnist(tmp_path)

    def test_mnist_from_its_test_files_alone(self, tmp_path):
        write_pictures(tmp_path, "t10k", 1_000)
        splits = data.load_splits(lambda: datasets.mnist(tmp_path))
        assert sizes(splits) == [800, 100, 100]
        for _, y in splits.parts().values():
            assert np.bincount(y).tolist() == [len(y) // 10] * 10

    @pytest.mark.skipif("TUNING_MNIST" not in os.environ, reason="TUNING_MNIST names no folder with MNIST's IDX files")
    def test_the_real_mnist_test_digits(self):
        splits = data.load_splits(datasets.mnist)
        assert sum(sizes(splits)) in (10_000, 70_000)
        assert splits.train[0].max() == 1
        assert np.unique(splits.train[1]).tolist() == list(range(10))


class TestDownloads:
    @pytest.mark.slow
    @pytest.mark.parametrize(("loader", "title"), [("fashion_mnist", "Fashion MNIST"), ("mnist", "MNIST")])
    def test_offline(self, loader, title, monkeypatch, tmp_path):
        import keras

        def offline():
            raise Exception("URL fetch failure on https://example.org: None -- unreachable")  # as Keras raises it

        monkeypatch.delenv(f"TUNING_{loader.upper()}", raising=False)
        monkeypatch.setattr(datasets, "DEBIAN_FASHION_MNIST", tmp_path / "absent")
        monkeypatch.setattr(getattr(keras.datasets, loader), "load_data", offline)
        with pytest.raises(
            DataError, match=f"^{title} cannot be downloaded .*URL fetch failure.*TUNING_{loader.upper()}"
        ) as error:
            getattr(datasets, loader)()
        one_line_of(error)

    @pytest.mark.slow
    def test_what_keras_downloads_is_split_in_the_same_way(self, monkeypatch, tmp_path):
        import keras

        train = np.full((5_010, 28, 28), 255, "uint8"), np.zeros(5_010, "uint8")
        monkeypatch.delenv("TUNING_FASHION_MNIST", raising=False)
        monkeypatch.setattr(datasets, "DEBIAN_FASHION_MNIST", tmp_path / "absent")
        monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (train, train))
        splits = datasets.fashion_mnist()
        assert sizes(splits) == [10, 5_000, 5_010]
        assert splits.train[0].max() == 1


class TestCaliforniaHousing:
    @pytest.mark.skipif(
        not (
            Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser() / "cal_housing_py3.pkz"
        ).is_file(),
        reason="no cal_housing_py3.pkz in SCIKIT_LEARN_DATA or ~/scikit_learn_data",
    )
    def test_the_real_one(self):
        samples = load_samples(datasets.california_housing)
        assert samples.x.shape == (20_640, 8)
        assert samples.x.dtype == samples.y.dtype == np.float32
        # The first district of the file; published: a median value of 452,600 $, and a mean of 206,856 $ over all.
        assert samples.x[0, :2].tolist() == pytest.approx([8.3252, 41.0])
        assert samples.y[0] == pytest.approx(4.526)
        assert samples.y.mean(dtype=float) == pytest.approx(2.06856, abs=1e-5)

    @pytest.mark.parametrize("by_argument", [True, False])
    def test_offline(self, tmp_path, monkeypatch, caplog, by_argument):
        import sklearn.datasets

        def fetch(*, download_if_missing, **_):
            raise OSError("Data not found" if not download_if_missing else "<urlopen error no route>")

        monkeypatch.setattr(sklearn.datasets, "fetch_california_housing", fetch)
        if by_argument:
            arguments = (tmp_path / "empty",)
        else:
            arguments = ()
            monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "empty"))
        with caplog.at_level(logging.WARNING), pytest.raises(DataError) as error:
            datasets.california_housing(*arguments)
        line = one_line_of(error)
        assert line.startswith("California housing cannot be downloaded (OSError: <urlopen error no route>)")
        assert f"cal_housing_py3.pkz in {tmp_path / 'empty'}" in line
        assert "SCIKIT_LEARN_DATA" in line
        assert f"not in {tmp_path / 'empty'}: downloading it" in caplog.text


class TestReadIdx:
    @pytest.mark.parametrize(
        ("code", "dtype"),
        [(0x08, "uint8"), (0x09, "int8"), (0x0B, "int16"), (0x0C, "int32"), (0x0D, "float32"), (0x0E, "float64")],
    )
    @pytest.mark.parametrize("name", ["array.gz", "array"])
    def test_every_type(self, tmp_path, code, dtype, name):
        array = np.arange(-12, 12).reshape(2, 3, 4).astype(dtype)
        write_idx(tmp_path / name, array, code)
        read = datasets.read_idx(tmp_path / name)
        assert read.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(read, array)

    def test_without_values(self, tmp_path):
        write_idx(tmp_path / "none", np.zeros((0, 28, 28), "uint8"))
        assert datasets.read_idx(tmp_path / "none").shape == (0, 28, 28)

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            (b"", r"begins with the bytes \(none\); expected an IDX file"),
            (b"\0\0\x08", "begins with the bytes 00 00 08; expected an IDX file"),
            (b"\x89PNG\r\n", "begins with the bytes 89 50 4e 47"),
            (b"\0\0\x07\x01\0\0\0\x01a", "begins with the bytes 00 00 07 01"),
            (b"\0\0\x08\0", "begins with the bytes 00 00 08 00"),
            (b"\0\0\x08\x03\0\0\0\x01", "ends within its header of 16 bytes"),
            (b"\0\0\x08\x01\0\0\0\x05abcd", r"has 12 bytes; expected 13 for the shape \(5,\)"),
            (b"\0\0\x08\x01\0\0\0\x03abcd", r"has 12 bytes; expected 11 for the shape \(3,\)"),
            (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "has 12 bytes; expected 18,446,744,065,119,617,037"),
        ],
    )
    @pytest.mark.parametrize("name", ["broken.gz", "broken"])
    def test_broken_content(self, tmp_path, raw, expected, name):
        path = tmp_path / name
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        with pytest.raises(DataError, match=expected) as error:
            datasets.read_idx(path)
        assert one_line_of(error).startswith(str(path))

    @pytest.mark.parametrize("damage", ["cut", "flipped", "plain", "absent", "folder"])
    def test_broken_files(self, tmp_path, damage):
        path = tmp_path / "array.gz"
        write_idx(path, np.random.default_rng(0).integers(0, 256, (100, 9), "uint8"))
        raw = bytearray(path.read_bytes())
        if damage == "cut":
            path.write_bytes(raw[:-200])
        elif damage == "flipped":
            raw[len(raw) // 2] ^= 0xFF
            path.write_bytes(raw)
        elif damage == "plain":
            path.write_bytes(gzip.decompress(raw))
        else:
            path.unlink()
            if damage == "folder":
                path.mkdir()
        with pytest.raises(DataError, match=r"array\.gz cannot be read \(\w+.*\); fetch the file again") as error:
            datasets.read_idx(path)
        one_line_of(error)


def test_importing_the_module_loads_no_library():
    code = "import sys, tuning.datasets; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"keras", "tensorflow", "sklearn", "scipy"} & set(modules)
