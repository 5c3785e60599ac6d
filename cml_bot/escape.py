r"""Foreign text, made harmless for the place it stands in.

Names, values, paths and captions come from the pull request. A forge reads a comment twice: as Markdown, then once more
over the finished page for mentions, references and emoji codes. Against the first stand numeric entities: unlike
backslashes they also hold inside ``<summary>``, where no Markdown is read. The second sees entities decoded; against it
stands a WORD JOINER (U+2060) behind the character that starts a reference. Of the invisible characters it alone forms
no ligature and no emoji (as U+200D does), allows no line break (as U+200B does), is neither space nor letter to a
regular expression, and is silent when read aloud. `clean` takes it off again from a name that somebody copied.

Bitbucket reads Markdown with Python-Markdown, shows HTML as text, and was seen to show entities as text too. Against
its first reading stand backslashes, where Python-Markdown and CommonMark agree on them, and elsewhere the same joiner:
behind ``<`` and ``&`` it leaves neither tag nor entity.

Not broken, because metrics are called so: ``BLEU-4``, which links only where a team has made ``BLEU-`` a tracker of its
own; a plain number such as ``1234567``; and words of the letters a to f alone.

Source:
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
    https://docs.gitlab.com/user/markdown/#gitlab-specific-references
    https://github.com/github/markup/issues/1742 (what may stand before ``$``)
    https://python-markdown.github.io/ (``ESCAPED_CHARS``)
    https://github.com/hailstorm75/ModularDoc/issues/74 (entities on Bitbucket)
"""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile, islice
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY = "(empty)"
JOINER = "\u2060"
_MARKS = 4
"""Combining marks that one letter may carry: more would reach over the rows above and below."""
_SHRINKS = 10
"""How many characters may come to one; without a bound, normalizing takes the square of a long run of marks."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Controls that are no white space, what Unicode calls default ignorable (bidi, zero width, tags, variation selectors,
# fillers), annotation marks and noncharacters.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# One no-break space stays what it is, so that a formatted number comes through whole.
_SPACE = re.compile(r"\s{2,}|[^\S\u00a0\u202f]")

_REFERENCE = re.compile(
    r"""
      (?<=[@\#!$~&:]) (?=\S)                         # mention, issue, merge request, label, emoji; the scheme of a URL
    | (?<=%) (?=[^\s"<]*\w | ["{])                   # milestone; not the percentage before a bracket
    | (?=\$)                                         # mathematics may not follow on a joiner
    | (?<=[\[{]) (?=[\[+-]) | (?<=\[) (?=TOC\])      # wiki link, inline diff, table of contents
    | (?<=www) (?=\.)
    | (?<=(?<![^\W_])G[HL]-) (?=\d)                  # other names of issues, and of advisories
    | (?<=(?<![^\W_])CVE-) (?=\d) | (?<=(?<![^\W_])GHSA-) (?=\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A whole word of hexadecimal digits that has a figure and a letter; seven make an abbreviated commit.
_COMMIT = re.compile(r"(?<![^\W_])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,}(?![^\W_])", re.IGNORECASE)
# Within a word no underscore makes emphasis, so val_loss stays readable in the source.
_UNDERSCORE = re.compile(r"(?<!\w)_+|_+(?!\w)")
# What makes a list, a rule, an underlined heading or a command of a line; +0.1 and -5 are none of these.
_LEADING = re.compile(r"\A(?:[-+=:](?![^\W_])|/|[0-9]{1,9}[.)](?=\s|\Z))")
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"} | {mark: f"&#{ord(mark)};" for mark in "\\`*[]#$|~"}
)
# What a backslash makes plain in Python-Markdown and in CommonMark, as far as it can do anything in either.
_BACKSLASHES = str.maketrans({mark: f"\\{mark}" for mark in "\\`*[]{}#>|"})
# No mark of Markdown is in it, and none can stand before it.
_COMMAND = re.compile(r"(?<![^\s(])(?:mlbot (?:doctor|record|report)|--against|mlbot\.toml|metrics\.json)(?![\w`-])")
_HALF_TAG = re.compile(r"(?<=<)(?=\S)")


def clean(text: str, limit: int = 120) -> str:
    r"""One line without anything that cannot be seen, at most `limit` characters: for HTML that escapes, and terminals.

    Example:
        >>> clean("val\nloss \u202e\x1b"), clean("\u200b"), clean("precision", limit=6)
        ('val loss', '(empty)', 'preci…')
    """
    visible = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
    line = _SPACE.sub(" ", visible).strip()
    line = unicodedata.normalize("NFC", line[: _SHRINKS * limit])
    # At the start marks have nothing to stand on, nor behind a space there, which goes as well.
    line = "".join(dropwhile(lambda letter: letter == " " or unicodedata.combining(letter), line))
    start = "".join(islice(_without_stacks(line), limit + 2))
    if len(start) > limit:
        start = f"{start[: limit - 1].rstrip()}…"
    return start or EMPTY


def escape(text: str, limit: int = 120, commits: frozenset[str] = frozenset()) -> str:
    """Foreign text as Markdown that shows one piece of text and does nothing: the one way into a comment.

    For table cells, headings, list items, prose, ``<summary>`` and quoted attributes. Give it the whole text at once:
    two halves that are escaped apart can still meet as a reference.

    Args:
        text: the foreign text.
        limit: characters of it that are kept.
        commits: our own, which may be linked, and which somebody may want to copy.

    Example:
        >>> escape("val_loss"), escape("mAP50-95(B)"), escape("a|b"), escape("<b>")
        ('val_loss', 'mAP50-95(B)', 'a&#124;b', '&lt;b&gt;')
        >>> escape("@someone").replace(JOINER, "+"), escape("#1").replace(JOINER, "+")
        ('@+someone', '&#35;+1')
    """
    line = _break_references(clean(text, limit), commits)
    line = _UNDERSCORE.sub(lambda run: "&#95;" * len(run[0]), line.translate(_ENTITIES))
    return _LEADING.sub(lambda mark: f"{mark[0][:-1]}&#{ord(mark[0][-1])};", line)


def code(text: str, limit: int = 120) -> str:
    """Foreign text as a code span, for anywhere that Markdown is read; inside HTML write ``<code>`` around `escape`.

    A pipe takes the HTML form: in a span it would need a backslash in a table, which shows everywhere else.

    Example:
        >>> code("lr"), code("a`b"), code("a|b")
        ('`lr`', '``a`b``', '<code>a&#124;b</code>')
    """
    line = clean(text, limit)
    if "|" in line:
        return f"<code>{escape(line, limit)}</code>"
    return _span(line)


def mark_commands(text: str) -> str:
    """Write what somebody is to type as code, in text that is escaped already; that it is foreign does no harm.

    Example:
        >>> mark_commands("see mlbot doctor, or name one with --against (mlbot.toml)")
        'see `mlbot doctor`, or name one with `--against` (`mlbot.toml`)'
    """
    return _COMMAND.sub(r"`\g<0>`", text)


def escape_bare(text: str, limit: int = 120, commits: frozenset[str] = frozenset()) -> str:
    r"""Do as `escape` does for a forge that shows HTML, and entities, as text; for all places but HTML.

    Example:
        >>> escape_bare("val_loss"), escape_bare("a|b"), escape_bare("*x*"), escape_bare("_x")
        ('val_loss', 'a\\|b', '\\*x\\*', '\\_x')
        >>> escape_bare("<b> &lt; @you").replace(JOINER, "+")
        '<+b\\> &+lt; @+you'
    """
    line = _HALF_TAG.sub(JOINER, _break_references(clean(text, limit), commits))
    line = _UNDERSCORE.sub(lambda run: "\\_" * len(run[0]), line.translate(_BACKSLASHES))
    line = _LEADING.sub(lambda mark: f"{JOINER}{mark[0]}", line)
    # Of two backslashes before the end of a cell, tables read the last one alone.
    return f"{line}{JOINER}" if line.endswith("\\") else line


def code_bare(text: str, limit: int = 120) -> str:
    r"""Do as `code` does for a forge that shows HTML as text; with a pipe it is plain text, where no span holds one.

    Example:
        >>> code_bare("a`b"), code_bare("a|b")
        ('``a`b``', 'a\\|b')
    """
    line = clean(text, limit)
    return escape_bare(line, limit) if "|" in line else _span(line)


def address(url: str) -> str:
    """Write an address of ours as the target of a link or picture: it cannot end there early.

    Example:
        >>> address("https://example.com/a b(1).png?raw=1"), address("/uploads/0a/x_1.png")
        ('https://example.com/a%20b%281%29.png?raw=1', '/uploads/0a/x_1.png')
    """
    return quote(url, safe="/:?=&%#~.-_+@,", errors="replace")


def safe_link(url: str) -> str:
    """Give an address that a page may link to: http or https, and nothing that a browser would run; else nothing.

    Example:
        >>> safe_link("https://ci.example/7"), safe_link("javascript:alert(1)"), safe_link("https://me:pw@ci.example")
        ('https://ci.example/7', '', '')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_plain = parts.scheme in ("http", "https") and parts.netloc and "@" not in parts.netloc
    return quote(url, safe="/:?=&%#~.-_+@,;!", errors="replace") if is_plain else ""


def attribute(url: str) -> str:
    """Write an address of ours between the quotes of an attribute, of one that takes several addresses too.

    Example:
        >>> attribute('https://example.com/a,b".png?raw=1&x=2')
        'https://example.com/a%2Cb%22.png?raw=1&amp;x=2'
    """
    return address(url).replace(",", "%2C").replace("&", "&amp;")


def _span(line: str) -> str:
    # No forge reads HTML in a span, but bots look for their own comments by such a marker anywhere in the source.
    line = line.replace("<!", f"<{JOINER}!")
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def find_commits(text: str) -> frozenset[str]:
    """Find what a forge takes for a commit.

    Example:
        >>> sorted(find_commits("the merge base (9f8e7d6) of abcdefa and 12345678"))
        ['9f8e7d6']
    """
    return frozenset(_COMMIT.findall(text))


def _break_references(line: str, commits: frozenset[str]) -> str:
    return _REFERENCE.sub(JOINER, _COMMIT.sub(lambda word: _break_commit(word, commits), line))


def _without_stacks(line: str) -> Iterator[str]:
    """Drop combining marks that have no letter of this text to stand on, or too much company."""
    marks = _MARKS
    for letter in line:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= _MARKS:
            yield letter


def _break_commit(commit: re.Match[str], own: frozenset[str]) -> str:
    """Leave no run of seven hexadecimal digits, but for our own."""
    if commit[0] in own:
        return commit[0]
    return JOINER.join(commit[0][start : start + 6] for start in range(0, len(commit[0]), 6))
