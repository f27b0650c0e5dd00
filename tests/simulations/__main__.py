"""Prints the tables of all simulations of the statistics, in full; hours on one core.

    python -m tests.simulations                    all
    python -m tests.simulations claims equality    these

Each is also a command of its own, which takes a smaller number of studies: `python -m tests.simulations.claims 200`.
"""

from __future__ import annotations

import subprocess
import sys

TABLES: dict[str, list[list[str]]] = {
    "baselines": [[]],
    "choice": [[]],
    "claims": [[]],
    "dependence": [[]],
    "endpoint": [[]],
    "equality": [[]],
    "flat": [[]],
    "intervals": [[]],
    "overtuning": [[]],
    "problems": [[]],
    "resampled": [[]],
    "retraining": [[]],
    "sequential": [[]],
    "splits": [[]],
    "studies": [[]],
    "tables": [["ends", "40"], ["halves", "3", "40"], ["share", "13", "10"]],
}
"""Arguments of each module's commands. `kill_points` and `soak` are no statistics: they test runs that end halfway."""


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        print(f"no simulation {', '.join(unknown)}: expected some of {', '.join(TABLES)}", file=sys.stderr)
        return 2
    for name in names or TABLES:
        for arguments in TABLES[name]:
            print(f"\n# {' '.join([name, *arguments])}\n", flush=True)
            done = subprocess.run([sys.executable, "-m", f"tests.simulations.{name}", *arguments], check=False)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
