"""What all intervals and draws share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95  # of every interval
BOOTSTRAP_SEED = 20_240_229  # of all draws; fixed, so that a report can be rebuilt byte for byte
Floats = npt.NDArray[np.float64]
