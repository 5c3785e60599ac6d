"""Few colours, few bytes, and the same picture for dark pages."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cml_bot.draw_png import CARD_DARK, LARGEST, darken, encode, shown_width
from cml_bot.draw_sheet import BASE, CARD, HEAD, INK


def to_rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def picture(*colours: tuple[int, ...]) -> bytes:
    """Of white, with a stripe of each colour."""
    pixels = np.full((40, 60, 4), 255, dtype=np.uint8)
    for number, colour in enumerate(colours):
        pixels[number + 1, 1:, :3] = colour
    return encode(pixels)


def read(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def dark_of(colour: str) -> tuple[int, ...]:
    return tuple(map(int, read(darken(picture(to_rgb(colour))))[1, 1]))


def luminance(colour: tuple[int, ...]) -> float:
    """As WCAG 2 has it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("text", [INK, HEAD.text, BASE.text])
def test_texts_can_be_read_on_light_and_on_dark(text: str) -> None:
    assert contrast(to_rgb(text), to_rgb(CARD)) >= 4.5
    assert contrast(dark_of(text), CARD_DARK) >= 4.5


def test_the_card_is_that_of_dark_pages_and_hues_stay() -> None:
    assert dark_of(CARD) == CARD_DARK
    red, green, blue = dark_of(HEAD.line)
    assert blue > 230
    assert blue > green > red
    red, green, blue = dark_of(BASE.line)
    assert 230 > red > green > blue
    assert contrast(dark_of(HEAD.line), CARD_DARK) > contrast(dark_of(BASE.line), CARD_DARK) > 3


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=30))
def test_few_colours_stay_as_they_are(colours: list[tuple[int, int, int]]) -> None:
    png = picture(*colours)
    assert [tuple(map(int, read(png)[number, 1])) for number in range(1, len(colours) + 1)] == colours
    assert [len(darken(png)), shown_width(darken(png))] == [len(png), 30]


def test_what_is_frequent_stays_exact_among_many_colours() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200, 4), dtype=np.uint8)
    pixels[:20, :, :3] = to_rgb(HEAD.line)
    pixels[..., 3] = 255
    found = read(encode(pixels))
    assert (found[:20] == to_rgb(HEAD.line)).all()
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 96


def test_a_file_that_gets_too_large_has_fewer_colours() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (250, 400, 4), dtype=np.uint8)
    noise[..., 3] = 255
    png = encode(noise)
    assert len(png) <= LARGEST
    assert len(np.unique(read(png).reshape(-1, 3), axis=0)) <= 48
