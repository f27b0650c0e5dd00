"""What a configuration is: hyperparameter values by name, as plain Python."""

from __future__ import annotations

Value = bool | int | float | str
Configuration = dict[str, Value]
"""Hyperparameter values by name, plain Python types, only the active ones."""


def key_of(configuration: Configuration) -> str:
    """The same text for equal configurations, in whatever order; 1, 1.0 and True are different values."""
    return repr(sorted(configuration.items()))
