"""What users give, checked."""

import pytest

from tuning.arguments import share, whole_number
from tuning.errors import StudyError


@pytest.mark.parametrize("given", [0, -1, 1.0, "1", None, True])
def test_what_is_no_whole_number_is_named(given: object) -> None:
    with pytest.raises(StudyError, match=r"^x=.*: expected a whole number of at least 1$"):
        whole_number(given, f"x={given!r}")


def test_a_whole_number_is_returned_and_may_be_0_where_that_is_the_least() -> None:
    assert whole_number(3, "x=3") == 3
    assert whole_number(0, "x=0", least=0, expected="epochs, or 0 for none") == 0
    with pytest.raises(StudyError, match="expected epochs, or 0 for none"):
        whole_number(-1, "x=-1", least=0, expected="epochs, or 0 for none")


@pytest.mark.parametrize("given", [1, 1.0, -0.1, "0.2", True, False])
def test_what_is_no_share_is_named(given: object) -> None:
    with pytest.raises(StudyError, match=r"^x=.*: expected a share of the data between 0 and 1, such as 0\.2$"):
        share(given, f"x={given!r}")


def test_a_share_is_returned_and_none_is_none() -> None:
    assert [share(given, "x") for given in (0.2, 0, 0.0, None)] == [0.2, None, None, None]
