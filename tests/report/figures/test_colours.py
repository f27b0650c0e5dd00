"""The figures' colours, by computation: contrast with the page, and how far apart people see them."""

from __future__ import annotations

from importlib import resources
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from tuning.report.figures.base import BASELINE, DARK, FAINT, PALETTE, colours

Floats = npt.NDArray[np.float64]
LEAST_CONTRAST = 3.0  # WCAG 2.2, 1.4.11: parts of graphics
LEAST_DISTANCE = 0.1  # in Oklab; Okabe and Ito's six have 0.07 by the same measure
# Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity 1, on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson, A perceptual color space for image processing (2020).
LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def linear(colour: str) -> Floats:
    """Linear RGB of ``#RRGGBB``."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours' luminances."""
    light, dark = sorted((float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def oklab(colour: str, vision: Floats) -> Floats:
    return np.cbrt(np.clip(vision @ linear(colour), 0, 1) @ LMS.T) @ LAB.T


def paper(dark: bool) -> str:
    """The page's background, from its style sheet."""
    style = resources.files("tuning.report").joinpath("templates", "report.css").read_text()
    return style.split("--paper: ")[2 if dark else 1][:7]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_colour_stands_out_from_the_page(dark: bool) -> None:
    shown = [partner if dark else colour for colour, partner in DARK.items() if colour != FAINT]
    faint = {colour: found for colour in shown if (found := contrast(colour, paper(dark))) < LEAST_CONTRAST}
    assert faint == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_what_stands_behind_is_nearer_to_the_page_than_any_tuner(dark: bool) -> None:
    behind = DARK[FAINT] if dark else FAINT
    nearest = min(contrast(colour, paper(dark)) for colour in (DARK.values() if dark else DARK) if colour != behind)
    assert 1.5 < contrast(behind, paper(dark)) < nearest


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_people_with_any_kind_of_colour_vision_can_tell_tuners_apart(dark: bool, vision: str) -> None:
    shown = [DARK[colour] if dark else colour for colour in PALETTE]
    seen = {colour: oklab(colour, VISION[vision]) for colour in shown}
    apart = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(shown, 2)}
    least = LEAST_DISTANCE * (0.85 if vision == "tritanopia" else 1)  # the rarest, by far
    assert {pair: distance for pair, distance in apart.items() if distance < least} == {}


def test_baselines_are_grey_and_tuners_past_six_begin_again() -> None:
    tuners = [str(place) for place in range(8)]
    assert colours([*tuners, "default"], ["default"]) == [*PALETTE, *PALETTE[:2], BASELINE]
