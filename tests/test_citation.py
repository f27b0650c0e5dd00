"""`CITATION.cff` says of this package what the package says of itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.test_dependencies import PROJECT, ROOT
from tuning import __version__


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_it_is_of_this_version_and_license(citation: dict[str, Any]) -> None:
    assert str(citation["version"]) == __version__
    assert citation["license"] == PROJECT["license"]


def test_it_has_what_its_format_requires(citation: dict[str, Any]) -> None:
    """See `guides/schema-guide.md` of the Citation File Format 1.2.0."""
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert all(set(author) <= {"name"} for author in citation["authors"])
