"""`summary.json` is what its schema says: in every committed report, and in one with a bit of everything."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tuning.analysis.summary import Summary
from tuning.analysis.summary_json import SUMMARY_FORMAT, to_json
from tuning.exploration.exploration import Search, search_json

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
REPORTS = sorted((ROOT / "reports").glob("*/summary.json"))


@pytest.fixture(scope="module")
def document(golden: Summary, search: Search) -> dict[str, Any]:
    return json.loads(to_json(golden, {"digits": search_json(search)}))


def closed(schema: Any) -> Any:
    """The schema, refusing every key that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in inner and "type" in inner else inner


def test_the_schema_is_one_of_this_format() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"] == {"const": SUMMARY_FORMAT}


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.parent.name)
def test_a_committed_report_follows_the_schema(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)


def test_the_schema_names_every_key(document: dict[str, Any]) -> None:
    errors = [error.message for error in jsonschema.Draft202012Validator(closed(SCHEMA)).iter_errors(document)]
    assert not errors, "add what is new in `summary.json` to docs/summary.schema.json"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 1),
        (("problems", "digits", "choice", "kind"), "proven"),
        (("problems", "digits", "tuners", 0, "trials"), 1.5),
        (("problems", "digits", "pairs", 0, "p"), "0.01"),
        (("problems", "digits", "cells"), None),
    ],
)
def test_the_schema_refuses_what_is_wrong(document: dict[str, Any], place: tuple[Any, ...], value: object) -> None:
    jsonschema.validate(document, SCHEMA)
    wrong = copy.deepcopy(document)
    inner: Any = wrong
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
    del inner[place[-1]]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
