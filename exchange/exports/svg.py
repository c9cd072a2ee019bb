"""A small SVG writer: shapes and text as strings, escaped, with numbers short enough to compare files.

Text cannot be measured without a font, so widths are estimated from the letters of a usual sans-serif.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

FONT = "'Inter','Segoe UI','Helvetica Neue',Arial,'Noto Sans','Noto Sans SC','DejaVu Sans',sans-serif"
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMWQO@%—")
# What XML cannot hold at all, not even escaped.
_FORBIDDEN = {code: None for code in [*range(32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)] if code not in (9, 10, 13)}


def clean(text: str) -> str:
    """Text without the characters that no XML document may hold."""
    return text.translate(_FORBIDDEN)


def number(value: float) -> str:
    """At most one decimal: a tenth of a pixel is not seen, and files stay the same on every machine."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def element(name: str, body: str = "", **attributes: str | float | None) -> str:
    """`stroke_width=2` becomes stroke-width="2"; None leaves the attribute out."""
    parts = [
        f"{key.rstrip('_').replace('_', '-')}={quoteattr(clean(value if isinstance(value, str) else number(value)))}"
        for key, value in attributes.items()
        if value is not None
    ]
    opening = " ".join([name, *parts])
    return f"<{opening}>{body}</{name}>" if body else f"<{opening}/>"


def text(x: float, y: float, content: str, size: float, **attributes: str | float | None) -> str:
    return element("text", escape(clean(content)), x=x, y=y, font_size=size, **attributes)


def title(content: str) -> str:
    """What a browser shows when the mouse rests on the element around it."""
    return element("title", escape(clean(content)) or " ")


def text_width(content: str, size: float) -> float:
    """About how wide a text is."""
    units = 0.0
    for letter in content:
        if ord(letter) >= 0x2E80:
            units += 1.0
        elif letter in _NARROW:
            units += 0.36
        elif letter in _WIDE:
            units += 0.92
        elif letter.isupper():
            units += 0.7
        else:
            units += 0.61
    return units * size


def wrapped(content: str, size: float, width: float, lines_max: int) -> list[str]:
    """The text in lines no wider than `width`, the last one shortened with … where it does not fit."""
    lines: list[str] = []
    for word in clean(content).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > lines_max:
        lines = [*lines[: lines_max - 1], " ".join(lines[lines_max - 1 :])]
    return [shortened(line, size, width) for line in lines] or [""]


def shortened(content: str, size: float, width: float) -> str:
    if text_width(content, size) <= width:
        return content
    while content and text_width(content + "…", size) > width:
        content = content[:-1]
    return content.rstrip() + "…"


def curve(points: Sequence[tuple[float, float]]) -> str:
    """Path data through points from left to right (or back), leaving and arriving horizontally."""
    (x, y), *rest = points
    data = [f"M{number(x)} {number(y)}"]
    for next_x, next_y in rest:
        bend = (next_x - x) / 2
        leaving, arriving = f"{number(x + bend)} {number(y)}", f"{number(next_x - bend)} {number(next_y)}"
        data.append(f"C{leaving} {arriving} {number(next_x)} {number(next_y)}")
        x, y = next_x, next_y
    return "".join(data)


def bow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Path data of a curve that leaves and arrives vertically."""
    (x, y), (to_x, to_y) = start, end
    bend = (to_y - y) / 2
    leaving, arriving = f"{number(x)} {number(y + bend)}", f"{number(to_x)} {number(to_y - bend)}"
    return f"M{number(x)} {number(y)}C{leaving} {arriving} {number(to_x)} {number(to_y)}"


def document(width: float, height: float, parts: Iterable[str], *, label: str, background: str = "#ffffff") -> str:
    """A whole file, readable on light and dark pages alike because it brings its own background."""
    body = "\n".join(
        [
            title(label),
            element("rect", width=width, height=height, rx=10, fill=background),
            *parts,
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" font-family="{FONT}" role="img">\n{body}\n</svg>\n'
    )
