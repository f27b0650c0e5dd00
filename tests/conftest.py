"""Where the tests find data sets that do not come with a package, and what is the same wherever they run.

A checkout may have a folder `shared/data` beside it; what is there is used, and what the caller set in the environment
goes before it.
"""

import os
import signal
from pathlib import Path

from hypothesis import settings

_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

for _variable, _folder in (("SCIKIT_LEARN_DATA", "scikit_learn"), ("TUNING_MNIST", "mnist")):
    if (_DATA / _folder).is_dir():
        os.environ.setdefault(_variable, str(_DATA / _folder))

# How long an example takes says how busy the machine is.
settings.register_profile("tuning", deadline=None)
settings.load_profile("tuning")

# Tests that run in the background or under nohup ignore Ctrl-C or a closed terminal, and so would all that they start.
for _name, _heard in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _signal = getattr(signal, _name, None)  # Windows has no SIGHUP
    if _signal is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _heard)
