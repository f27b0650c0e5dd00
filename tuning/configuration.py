"""What a configuration is: hyperparameter values by name, as plain Python."""

from __future__ import annotations

Value = bool | int | float | str
Configuration = dict[str, Value]
"""Hyperparameter values by name, plain Python types, only the active ones."""
