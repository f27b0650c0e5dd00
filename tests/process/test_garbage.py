"""Where Python's search for garbage in cycles is kept away, and that it comes back."""

import gc
import subprocess
import sys

import pytest

from tuning.process.garbage import no_search_for_cycles


def test_there_is_no_search_within_and_one_behind() -> None:
    @no_search_for_cycles()
    def fail() -> None:
        assert not gc.isenabled()
        raise KeyError

    assert gc.isenabled()
    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off() -> None:
    gc.disable()
    try:
        with no_search_for_cycles():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def in_a_process_of_its_own(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_what_is_made_within_is_never_searched() -> None:
    in_a_process_of_its_own("""
import gc
from tuning.process.garbage import kept_for_good

with kept_for_good():
    made = [[] for _ in range(1000)]
    assert not gc.isenabled()
assert gc.isenabled()
assert gc.get_freeze_count() > len(made)
assert not any(one is made for one in gc.get_objects())
""")


@pytest.mark.parametrize("before", [True, False])
def test_what_a_program_holds_that_has_imported_tensorflow_is_searched(before: bool) -> None:
    in_a_process_of_its_own(f"""
import gc, sys, types
from tuning.process.tensorflow_import import import_tensorflow

if {before}:
    sys.modules["tensorflow"] = types.ModuleType("tensorflow")
held = []
import_tensorflow(look_for_devices=False)
assert any(one is held for one in gc.get_objects()) == {before}
""")
