"""A bundle: the data of one run, for another job to report on. Never Markdown, and nothing in it is believed.

A bundle is a ``run.json``, a ``bundle.json`` that says which figure is which, and the figures beside them. Whoever made
it may have been a stranger, so it is read within limits, and only under names that mlbot gives.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from cml_bot.as_json import dump_run, lay_out, parse_run
from cml_bot.charts import MOST_CHARTS, bound_chart, count_numbers
from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import ENDINGS, Figure
from cml_bot.own_folder import write_own
from cml_bot.readers.image_file import find_media
from cml_bot.records.thin import thin
from cml_bot.review import LARGEST_PICTURE, SHOWN_MEDIA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cml_bot.model import Run

RUN, ABOUT = "run.json", "bundle.json"
SCHEMA = 1
MIB = 2**20
LARGEST_RUN = 16 * MIB
LARGEST_ABOUT = MIB
LARGEST_FIGURES = 64 * MIB
"""Bytes of all figures that are read."""
WRITTEN_FIGURES = 48 * MIB
"""Bytes of all figures that are written, so that a bundle fits into an artifact that forges are asked for."""
MOST_FIGURES = 250
MOST_BRACKETS = 500_000
"""Lists and tables of a run.json. Each takes a hundred times the memory of its two characters."""
MOST = {
    "metrics": 5_000,
    "params": 5_000,
    "series": 500,
    "charts": MOST_CHARTS,
    "data": 5_000,
    "environment": 500,
    "sources": 5_000,
}
MOST_LINES = 1_000
"""Notes, and lines of what is broken or unread, of each kind."""
MOST_POINTS = 1_000_000
"""Of all series and charts together."""
POINTS = 2_000
"""Points of a series that are written."""
CURE = "Make it anew with `mlbot collect`."
_FILE = re.compile(r"figures/[a-z0-9][a-z0-9._-]{0,99}")


class Files(Protocol):
    """Where the files of a bundle lie."""

    def read(self, name: str, limit: int) -> bytes | None:
        """Give a file's content; None where there is none of that name.

        Raises:
            InputError: it has more bytes than the limit, or cannot be read, or is no plain file.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a bundle.json."""

    file: str
    name: str
    caption: str
    source: str
    digest: str


def dump_bundle(run: Run) -> tuple[dict[str, str], dict[str, bytes]]:
    """Give the texts of a bundle by name, and its figures by the names of their files.

    What does not fit is left out, and the run's own notes say so. Long curves are thinned.

    Raises:
        InputError: even so it is larger than a bundle may be.
    """
    figures, notes = _choose_figures(run.figures)
    kept = replace(
        run,
        series=tuple(thin(series, POINTS) for series in run.series),
        charts=tuple(map(bound_chart, run.charts)),
    )
    for part, most in MOST.items():
        found = getattr(kept, part)
        if len(found) > most:
            notes.append(f"only the first {format_number(most)} of {format_number(len(found))} {part} are kept")
            kept = replace(kept, **{part: found[:most]})
    kept = replace(kept, notes=(*kept.notes[: MOST_LINES - len(notes)], *notes))
    text = dump_run(kept)
    if len(text.encode()) > LARGEST_RUN:
        what = f"has {len(text.encode()) / MIB:.0f} MiB, and in a bundle it may have {LARGEST_RUN // MIB}"
        raise InputError(RUN, what, "Name fewer sources in mlbot.toml.")
    rows = [_row(f"figures/{file}", figure) for file, figure in figures.items()]
    about = lay_out({"schema": SCHEMA, "figures": rows})
    return {RUN: text, ABOUT: about}, {file: figure.data for file, figure in figures.items()}


def write_bundle(folder: Path, run: Run) -> None:
    """Write a bundle into a folder of mlbot's own, replacing an earlier one.

    Raises:
        ConfigError: the folder cannot be written, or holds files of somebody else.
        InputError: the run is larger than a bundle may be.
    """
    texts, figures = dump_bundle(run)
    write_own(folder, texts, figures)


def _choose_figures(figures: Sequence[Figure]) -> tuple[dict[str, Figure], list[str]]:
    chosen: dict[str, Figure] = {}
    notes: list[str] = []
    size = 0
    for figure in figures:
        why = _find_objection(figure, size, len(chosen))
        if why:
            notes.append(f"{figure.source or figure.name}: {why}; left out")
            continue
        stem = re.sub(r"[^a-z0-9]+", "-", figure.name.rpartition("/")[2].rpartition(".")[0].lower()).strip("-")[:60]
        chosen[f"{len(chosen) + 1:02}-{stem or 'picture'}.{ENDINGS[figure.media][0]}"] = figure
        size += len(figure.data)
    return chosen, notes[: MOST_LINES // 2]


def _find_objection(figure: Figure, size: int, count: int) -> str:
    if figure.media not in SHOWN_MEDIA:
        return "is an SVG, and bundles hold none. Save it as PNG"
    if len(figure.data) > LARGEST_PICTURE:
        return f"has more than {LARGEST_PICTURE // MIB} MiB. Save it smaller, at 150 dpi or less"
    if size + len(figure.data) > WRITTEN_FIGURES or count >= MOST_FIGURES:
        return f"is one picture too many: a bundle holds {MOST_FIGURES}, and {WRITTEN_FIGURES // MIB} MiB of them"
    return ""


def _row(file: str, figure: Figure) -> dict[str, str]:
    about = {"name": figure.name, "media": figure.media, "caption": figure.caption, "source": figure.source}
    return {"file": file, **about, "sha256": sha256(figure.data).hexdigest()}


def read_bundle(files: Files, where: str) -> Run:
    """Read a run with its figures.

    A figure that is missing, or is not what the bundle says, is a line in the run; anything else is refused.

    Raises:
        InputError: it is no bundle, or a larger one than mlbot makes.
    """
    text = files.read(RUN, LARGEST_RUN)
    if text is None:
        raise InputError(where, f"holds no {RUN}", CURE)
    run = _check(_parse(text, f"{where}, {RUN}"), where)
    about = files.read(ABOUT, LARGEST_ABOUT)
    figures: list[Figure] = []
    unread: list[str] = []
    size = 0
    for entry in _parse_about(about, f"{where}, {ABOUT}") if about is not None else ():
        try:
            figures.append(_read_figure(files, entry, LARGEST_FIGURES - size))
            size += len(figures[-1].data)
        except InputError as error:
            unread.append(f"{entry.name}: {error.what}. {error.cure}")
    unique = {figure.name: figure for figure in figures}
    return replace(run, figures=tuple(unique.values()), unread=(*run.unread, *unread))


def _parse(data: bytes, where: str) -> Run:
    if data.count(b"[") + data.count(b"{") > MOST_BRACKETS:
        raise InputError(where, "holds more than any run", "Name fewer sources in mlbot.toml.")
    try:
        return parse_run(data.decode(), where)
    except UnicodeDecodeError as error:
        raise InputError(where, "is not UTF-8", CURE) from error


def _check(run: Run, where: str) -> Run:
    """Refuse what is more than mlbot writes, and leave out sources that lie in no workspace."""
    for part, most in MOST.items():
        if len(getattr(run, part)) > most:
            what = f"holds {format_number(len(getattr(run, part)))} {part}, and {format_number(most)} are the most"
            raise InputError(where, what, CURE)
    if max(map(len, (run.notes, run.broken, run.unread))) > MOST_LINES:
        raise InputError(where, f"holds more than {format_number(MOST_LINES)} notes", CURE)
    if sum(len(series.x) for series in run.series) + sum(map(count_numbers, run.charts)) > MOST_POINTS:
        raise InputError(where, f"holds more than {format_number(MOST_POINTS)} points", CURE)
    if len(run.sha) > 64:
        raise InputError(where, "is of something that is no commit", CURE)
    return replace(run, sources=tuple(source for source in run.sources if _is_inside(source.path)))


def _is_inside(path: str) -> bool:
    """Whether a path lies in the workspace: others would be asked of git, or looked for on disk."""
    return bool(path) and path.isprintable() and not path.startswith("/") and ".." not in re.split(r"[/\\]", path)


def _parse_about(data: bytes, where: str) -> Iterator[Entry]:
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(where, "is not JSON", CURE) from error
    if not isinstance(table, dict) or type(table.get("schema")) is not int or table["schema"] != SCHEMA:
        raise InputError(where, f"is not of schema {SCHEMA}", CURE)
    rows = table.get("figures")
    if not isinstance(rows, list) or len(rows) > MOST_FIGURES:
        what = f"has no list of figures, or one of more than {plural(MOST_FIGURES, 'figure')}"
        raise InputError(where, what, CURE)
    for row in rows:
        keys = ("file", "name", "caption", "source", "sha256")
        values = [row.get(key) if isinstance(row, dict) else None for key in keys]
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) < len(keys) or not _FILE.fullmatch(texts[0]):
            raise InputError(where, "has a row that names no figure of its own", CURE)
        file, name, caption, source, digest = (text.encode(errors="replace").decode() for text in texts)
        yield Entry(file=file, name=name, caption=caption, source=source, digest=digest)


def _read_figure(files: Files, entry: Entry, left: int) -> Figure:
    data = files.read(entry.file, min(LARGEST_PICTURE, left))
    cure = "The rest is reported without it."
    if data is None:
        raise InputError(entry.file, "its picture is not in the bundle", cure)
    if sha256(data).hexdigest() != entry.digest:
        raise InputError(entry.file, "its picture is not the one that was collected", cure)
    media = find_media(data)
    if media not in SHOWN_MEDIA:
        raise InputError(entry.file, "is no picture that bundles hold", "Save it as PNG, JPEG, GIF or WebP.")
    return Figure(name=entry.name, media=media, data=data, caption=entry.caption, source=entry.source)
