"""Real data sets, each as a function that takes no required argument: what a problem's `data` is.

Whole data sets (`Samples`), which a resampling splits, so that each replicate has a split of its own:

| loader | samples | x | y | where from |
| --- | --- | --- | --- | --- |
| `digits` | 1,797 | (64,) in 0..1 | 0..9 | bundled with scikit-learn |
| `iris` | 150 | (4,) in cm | 0..2 | bundled with scikit-learn |
| `breast_cancer` | 569 | (30,) raw | 0, 1 | bundled with scikit-learn |
| `california_housing` | 20,640 | (8,) raw | value, 100,000 $ | scikit-learn's cache, or a download |

Data sets with an official test part, as fixed `Splits`:

| loader | samples: train, validation, test | x | y | where from |
| --- | --- | --- | --- | --- |
| `fashion_mnist` | 55,000, 5,000, 10,000 | (28, 28) in 0..1 | 0..9 | a folder, Debian's package, or a download |
| `mnist` | 55,000, 5,000, 10,000 | (28, 28) in 0..1 | 0..9 | a folder, or a download |

x is float32; class labels are int64 and targets float32, both of shape (samples,). All are the same on every call,
worker and machine. The loaders that need scikit-learn or Keras import them on their first call.
"""

from __future__ import annotations

import gzip
import logging
import math
import os
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tuning.arrays import Array, empty
from tuning.errors import DataError
from tuning.resampling.samples import Samples
from tuning.splits import Splits
from tuning.text import error_line

DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # of the package dataset-fashion-mnist
FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_VALIDATION_IMAGES = 5_000
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_log = logging.getLogger(__name__)
_Images: TypeAlias = tuple[Array, Array]
"""Pictures and their labels."""
_Loaded = TypeVar("_Loaded")


def digits() -> Samples:
    """1,797 handwritten digits of 8 x 8 pixels, bundled with scikit-learn.

    x: (64,), pixels / 16, so 0..1. y: the digit.

    Source: https://archive.ics.uci.edu/dataset/80 (its test part).
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return Samples((x / 16).astype(np.float32), y.astype(np.int64))


def iris() -> Samples:
    """150 iris flowers of three species, bundled with scikit-learn.

    x: (4,), raw lengths and widths of sepal and petal in cm. y: the species, 0..2; 50 of each.

    Source: R. A. Fisher, The use of multiple measurements in taxonomic problems, 1936.
    """
    from sklearn.datasets import load_iris

    return _labelled(load_iris())


def breast_cancer() -> Samples:
    """569 breast tumours, bundled with scikit-learn.

    x: (30,), raw: columns differ by a factor of a million, so an MLP needs a Normalization layer, or the problem
    ``preprocess=StandardScaler()``. y: 0 malignant (212), 1 benign (357).

    Source: https://archive.ics.uci.edu/dataset/17 (Wisconsin diagnostic).
    """
    from sklearn.datasets import load_breast_cancer

    return _labelled(load_breast_cancer())


def fashion_mnist(folder: str | os.PathLike[str] | None = None) -> Splits:
    """70,000 pictures of clothes in ten classes.

    x: (28, 28), pixels / 255, so 0..1. y: the class, 0..9. The last 5,000 of the 60,000 training pictures are
    validation, the 10,000 test pictures are test. About 220 MB in memory.

    Source: Xiao, Rasul and Vollgraf, https://arxiv.org/abs/1708.07747.

    Args:
        folder: Holds the four IDX files, gzipped or plain. Without it: the folder named by the environment variable
            `TUNING_FASHION_MNIST`; else `DEBIAN_FASHION_MNIST`; else Keras downloads it once, into its own cache.

    Raises:
        DataError: The folder that was named does not hold the four files, a file is broken, or the download failed.
    """
    named = folder or os.environ.get("TUNING_FASHION_MNIST")
    if named or DEBIAN_FASHION_MNIST.is_dir():
        home = Path(named or DEBIAN_FASHION_MNIST)
        train, test = (_scaled(*_idx_split(home, prefix, "Fashion MNIST")) for prefix in ("train", "t10k"))
    else:
        from keras.datasets import fashion_mnist as source

        train, test = _downloaded_images(
            "Fashion MNIST",
            source.load_data,
            f"looked in {DEBIAN_FASHION_MNIST}; install Debian's package dataset-fashion-mnist, or name a folder with "
            "its four IDX files in the environment variable TUNING_FASHION_MNIST",
        )
    return replace(_images(train, test), class_names=FASHION_CLASSES)


def mnist(folder: str | os.PathLike[str] | None = None) -> Splits:
    """70,000 handwritten digits.

    x: (28, 28), pixels / 255, so 0..1. y: the digit, 0..9. The last 5,000 of the 60,000 training pictures are
    validation, the 10,000 test pictures are test.

    **A folder with only the two test (`t10k`) files** is accepted too: their 10,000 digits are split into 8,000, 1,000
    and 1,000, stratified and shuffled (the second half of the file is easier). Such scores cannot be compared with
    those on all of MNIST.

    Source: LeCun, Cortes and Burges, the MNIST database of handwritten digits.

    Args:
        folder: Holds the IDX files, gzipped or plain. Without it: the folder named by the environment variable
            `TUNING_MNIST`; else Keras downloads it once, into its own cache.

    Raises:
        DataError: The folder that was named does not hold the files, a file is broken, or the download failed.
    """
    named = folder or os.environ.get("TUNING_MNIST")
    if not named:
        from keras.datasets import mnist as source

        advice = "name a folder with its IDX files in the environment variable TUNING_MNIST"
        return _images(*_downloaded_images("MNIST", source.load_data, advice))
    test = _scaled(*_idx_split(Path(named), "t10k", "MNIST"))
    if _idx_path(Path(named), "train-images-idx3-ubyte") is not None:
        return _images(_scaled(*_idx_split(Path(named), "train", "MNIST")), test)
    x, y = test
    return _stratified(x, y, validation=len(x) // 10, test=len(x) // 10)


def california_housing(data_home: str | os.PathLike[str] | None = None) -> Samples:
    """20,640 districts of California in the census of 1990: a regression.

    x: (8,), raw: median income, house age, rooms, bedrooms, population, occupancy, latitude, longitude (scales differ
    by a thousand: give the model a Normalization layer). y: the median house value in 100,000 $.

    Source: Pace and Barry, Sparse spatial autoregressions, 1997, from scikit-learn's `fetch_california_housing`.

    Args:
        data_home: scikit-learn's cache folder, with `cal_housing_py3.pkz`. Without it: the one named by the environment
            variable `SCIKIT_LEARN_DATA`, else scikit-learn's own. If the file is missing, it is downloaded into
            that folder, and a line in the log says so.

    Raises:
        DataError: Not in the cache, and the download failed.
    """
    from sklearn.datasets import fetch_california_housing, get_data_home

    def fetch(download: bool) -> _Images:
        pair = fetch_california_housing(data_home=data_home, download_if_missing=download, return_X_y=True)
        return pair[0], pair[1]

    try:
        home = get_data_home(data_home)  # makes the folder
        x, y = fetch(download=False)
    except OSError:
        home = os.fspath(data_home or os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data")
        _log.warning("California housing is not in %s: downloading it", home)
        x, y = _downloaded(
            "California housing",
            lambda: fetch(download=True),
            f"looked for cal_housing_py3.pkz in {home}; name the folder that holds it in the environment variable "
            "SCIKIT_LEARN_DATA",
        )
    return Samples(x.astype(np.float32), y.astype(np.float32))


def read_idx(path: str | os.PathLike[str]) -> Array:
    """The array in an IDX file, gzipped (`.gz`) or plain.

    The format: two zero bytes, a byte for the type, a byte for the number of dimensions, each dimension as a big-endian
    unsigned 32-bit integer, then the values, big-endian, the last dimension running fastest.

    Raises:
        DataError: The file cannot be read, is no IDX file, or is shorter or longer than its header says.
    """
    path = Path(path)
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read ({error_line(error)}); fetch the file again") from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _IDX_TYPES or raw[3] == 0:
        raise DataError(
            f"{path} begins with the bytes {raw[:4].hex(' ') or '(none)'}; expected an IDX file, such as 00 00 08 03 "
            "for pictures or 00 00 08 01 for labels"
        )
    dtype, dimensions = np.dtype(_IDX_TYPES[raw[2]]), raw[3]
    start = 4 + 4 * dimensions
    if len(raw) < start:
        raise DataError(f"{path} ends within its header of {start} bytes; fetch the file again")
    shape = struct.unpack(f">{dimensions}I", raw[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(raw) != expected:
        raise DataError(
            f"{path} has {len(raw):,} bytes; expected {expected:,} for the shape {shape} in its header; "
            "fetch the file again"
        )
    return np.frombuffer(raw, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _idx_path(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.is_file()), None)


def _idx_split(folder: Path, prefix: str, title: str) -> _Images:
    """Pictures and labels of the files `<prefix>-images-idx3-ubyte[.gz]` and `<prefix>-labels-idx1-ubyte[.gz]`."""
    arrays = []
    for stem, dimensions in ((f"{prefix}-images-idx3-ubyte", 3), (f"{prefix}-labels-idx1-ubyte", 1)):
        path = _idx_path(folder, stem)
        if path is None:
            raise DataError(f"{title}: no {stem}.gz and no {stem} in {folder}; put the data set's IDX files there")
        array = read_idx(path)
        if array.ndim != dimensions or array.dtype != np.uint8:
            raise DataError(
                f"{path} holds {array.dtype} of shape {array.shape}; expected uint8 in {dimensions} dimensions"
            )
        arrays.append(array)
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: {len(images):,} pictures and {len(labels):,} labels in the {prefix} files; expected as many: "
            "take both from one release of the data set"
        )
    return images, labels


def _downloaded(title: str, load: Callable[[], _Loaded], advice: str) -> _Loaded:
    try:
        return load()
    except Exception as error:
        raise DataError(f"{title} cannot be downloaded ({error_line(error, 120)}): {advice}") from error


def _downloaded_images(title: str, load: Callable[[], Sequence[_Images]], advice: str) -> tuple[_Images, ...]:
    return tuple(_scaled(*part) for part in _downloaded(title, load, advice))


def _scaled(images: Array, labels: Array) -> _Images:
    """Pixels 0..255 as float32 in 0..1, without another copy."""
    x = empty(images.shape, np.float32)
    np.divide(images, np.float32(255), out=x, dtype=np.float32)
    return x, labels.astype(np.int64)


def _images(train: _Images, test: _Images) -> Splits:
    """The last 5,000 training pictures as validation."""
    x, y = train
    if len(x) <= _VALIDATION_IMAGES:
        raise DataError(f"{len(x):,} training pictures; expected more than the {_VALIDATION_IMAGES:,} of validation")
    cut = len(x) - _VALIDATION_IMAGES
    return Splits((x[:cut], y[:cut]), (x[cut:], y[cut:]), test)


def _labelled(bunch: Any) -> Samples:
    """One of scikit-learn's bundled data sets of classes."""
    return Samples(bunch.data.astype(np.float32), bunch.target.astype(np.int64), class_names=tuple(bunch.target_names))


def _stratified(x: Array, y: Array, *, validation: int, test: int) -> Splits:
    """A fixed shuffled split in which every class keeps its share."""
    from sklearn.model_selection import train_test_split

    seed = 42  # defines the data set, and is not a setting
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=test, stratify=y, random_state=seed)
    x_train, x_validation, y_train, y_validation = train_test_split(
        x_rest, y_rest, test_size=validation, stratify=y_rest, random_state=seed
    )
    return Splits((x_train, y_train), (x_validation, y_validation), (x_test, y_test))
