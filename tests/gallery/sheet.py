"""All pictures of a case on one sheet, and all cases on one page to leaf through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw

WIDE, PHONE, TALLEST, GAP, LABEL = 590, 288, 760, 12, 18
"""Pixels on a sheet."""
ACROSS = {"wide": 4, "phone": 8}
BACK = "#8a8f98"


def write_sheet(shots: Sequence[Path], sheet: Path) -> None:
    """Put all pictures side by side, scaled, with their names: those of a desk, then those of a phone.

    Long ones are cut at the bottom.
    """
    strips = [
        _strip(row)
        for size, across in ACROSS.items()
        for row in _rows([shot for shot in shots if shot.stem.endswith(size)], across)
    ]
    whole = Image.new("RGB", (max(strip.width for strip in strips), sum(strip.height for strip in strips)), BACK)
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    whole.save(sheet)


def _rows(shots: Sequence[Path], across: int) -> Iterator[Sequence[Path]]:
    return (shots[start : start + across] for start in range(0, len(shots), across))


def _strip(shots: Sequence[Path]) -> Image.Image:
    small = [_shrink(shot) for shot in shots]
    width, height = sum(one.width + GAP for one in small), max(one.height for one in small) + LABEL + GAP
    strip = Image.new("RGB", (width, height), BACK)
    pen, left = ImageDraw.Draw(strip), 0
    for shot, one in zip(shots, small, strict=True):
        pen.text((left + 2, 3), shot.stem, fill="#000000")
        strip.paste(one, (left, LABEL))
        left += one.width + GAP
    return strip


def _shrink(shot: Path) -> Image.Image:
    with Image.open(shot) as opened:
        image = opened.convert("RGB")
    width = PHONE if shot.stem.endswith("phone") else WIDE
    image = image.crop((0, 0, image.width, min(image.height, TALLEST * image.width // width)))
    return image.resize((width, max(1, image.height * width // image.width)), Image.Resampling.LANCZOS)


def write_index(folder: Path, cases: Mapping[str, str]) -> None:
    """Write the page of all cases that there are pictures of."""
    there = {name: what for name, what in cases.items() if (folder / f"{name}.png").exists()}
    parts = "\n".join(
        f'<section><h2 id="{name}">{name}</h2><p>{escape(what)}</p><p>{_links(folder, name)}</p>'
        f'<a href="{name}.png"><img src="{name}.png" alt="" loading="lazy"></a></section>'
        for name, what in there.items()
    )
    style = "body{font:15px/1.5 sans-serif;margin:1rem;background:#e8eaed}img{max-width:100%}"
    names = " · ".join(f'<a href="#{name}">{name}</a>' for name in there)
    html = f'<!doctype html><meta charset="utf-8"><title>Gallery</title><style>{style}</style><p>{names}</p>{parts}'
    (folder / "index.html").write_text(html, encoding="utf-8")


def _links(folder: Path, name: str) -> str:
    files = [*sorted((folder / name).glob("*.html")), *sorted((folder / name / "shots").glob("*.png"))]
    return " · ".join(f'<a href="{file.relative_to(folder)}">{file.stem}</a>' for file in files)
