"""A picture of measured sizes, as SVG: time and cost over memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from infra.tuning.choose_size import MeasuredSize

_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 650, 60, 340
_TIME, _COST = "#0f6cbd", "#b5451b"
_FONT = "font-family='system-ui, sans-serif' font-size='13'"


@dataclass(frozen=True)
class _Curve:
    """One figure of each size: what it is called, its colour, on which side its axis stands."""

    name: str
    colour: str
    read: Callable[[MeasuredSize], float]
    unit: Callable[[float], str]
    axis_x: int
    anchor: str


_CURVES = (
    _Curve(
        "time of a run", _TIME, lambda one: one.duration_ms, lambda v: f"{v:,.0f} ms", _LEFT, "end"
    ),
    _Curve(
        "a million runs", _COST, lambda one: one.cost_usd, lambda v: f"${v:,.2f}", _RIGHT, "start"
    ),
)


def draw_sizes(function: str, sizes: Sequence[MeasuredSize], chosen: MeasuredSize) -> str:
    """Draw the sizes that can be used, each axis from zero, with the chosen one marked.

    Args:
        function: Its name, for the title.
        sizes: At least one that can be used.
        chosen: One of these.
    """
    usable = sorted((one for one in sizes if not one.problem), key=lambda one: one.memory_mb)
    largest = max(one.memory_mb for one in usable)

    def place(memory_mb: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * memory_mb / (largest * 1.05)

    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img'>",
        f"<title>{escape(function)}: time and cost over memory</title>",
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='white'/>",
        f"<text x='{_LEFT}' y='28' {_FONT} font-weight='bold'>{escape(function)}: "
        f"{chosen.memory_mb:,} MB</text>",
        f"<line x1='{place(chosen.memory_mb):.1f}' x2='{place(chosen.memory_mb):.1f}' "
        f"y1='{_TOP}' y2='{_BOTTOM}' stroke='#888' stroke-dasharray='4 4'/>",
        f"<line x1='{_LEFT}' x2='{_RIGHT}' y1='{_BOTTOM}' y2='{_BOTTOM}' stroke='#444'/>",
    ]
    for one in usable:
        lines.append(
            f"<text x='{place(one.memory_mb):.1f}' y='{_BOTTOM + 20}' {_FONT} "
            f"text-anchor='middle'>{one.memory_mb:,} MB</text>"
        )
    for curve in _CURVES:
        lines += _draw_curve(curve, usable, place)
    return "\n".join([*lines, "</svg>", ""])


def _draw_curve(
    curve: _Curve, sizes: Sequence[MeasuredSize], place: Callable[[int], float]
) -> Iterator[str]:
    most = max(map(curve.read, sizes)) * 1.1 or 1.0
    points = [
        (place(one.memory_mb), _BOTTOM - (_BOTTOM - _TOP) * curve.read(one) / most) for one in sizes
    ]
    yield (
        f"<polyline fill='none' stroke='{curve.colour}' stroke-width='2' points='"
        + " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        + "'/>"
    )
    for (x, y), one in zip(points, sizes, strict=True):
        yield (
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{curve.colour}'>"
            f"<title>{curve.unit(curve.read(one))}</title></circle>"
        )
    side = -8 if curve.anchor == "end" else 8
    for share in (0.0, 0.5, 1.0):
        y = _BOTTOM - (_BOTTOM - _TOP) * share
        yield (
            f"<text x='{curve.axis_x + side}' y='{y + 4:.1f}' {_FONT} fill='{curve.colour}' "
            f"text-anchor='{curve.anchor}'>{curve.unit(most * share)}</text>"
        )
    yield (
        f"<text x='{curve.axis_x}' y='{_TOP - 12}' {_FONT} fill='{curve.colour}' "
        f"text-anchor='middle'>{curve.name}</text>"
    )
