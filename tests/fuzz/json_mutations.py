"""Other messages out of good ones: the same shape with one thing wrong, now and then a huge one."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

Path = tuple[str | int, ...]

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**64), 10**400, 0.5, 1e308, -0.0),
    *(float("nan"), float("inf"), "", " ", "\0", "\ud800", "\udc00\ud800", "é", "\U0001f40b"),
    *("%", "%ff", "%C3%28", "%00", "+", "%2B", "../..", "1", "NaN", "a" * 65, "a" * 2000),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00", "1e20"),
    *([], {}, [[]], {"": {}}, "sweep", "ask", "extract", "continue_ingest", "s3:TestEvent"),
)
TOKENS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"\\",
        b"\\u",
        b"\\ud800",
        b"\xff",
        b"\xef\xbb\xbf",
    ),
    *(
        b"1e999",
        b"-",
        b"9" * 5000,
        b"NaN",
        b"Infinity",
        b"null",
        b"true",
        b"\0",
        b"\n",
        b"[" * 5000,
    ),
)


def mutate_message(data: bytes, random: Random, max_bytes: int) -> bytes:
    """Another message: mostly still JSON.

    Args:
        data: The message.
        random: Decides everything.
        max_bytes: How long it may become.
    """
    if random.random() < 0.25:
        return mutate_bytes(data, random)[:max_bytes]
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, random)[:max_bytes]
    for _ in range(random.randint(1, 3)):
        content = mutate_value(content, random, max_bytes)
    try:
        mutant = json.dumps(content, ensure_ascii=random.random() < 0.8)
    except (ValueError, RecursionError):
        return mutate_bytes(data, random)[:max_bytes]
    return mutant.encode("utf-8", "surrogatepass")[:max_bytes]


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """The same with some bytes changed, gone, doubled, or a token put in."""
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 4, 20)))
    middle = random.choice(
        (b"", random.randbytes(1 + end - start), random.choice(TOKENS), data[start:end] * 2)
    )
    return data[:start] + middle + data[end:]


def mutate_value(content: Any, random: Random, max_bytes: int) -> Any:
    """The same content with one value changed, gone, moved, wrapped or repeated."""
    places = list(_list_places(content))
    place = random.choice(places)
    value = _get(content, place)
    kind = random.choice(("odd", "odd", "odd", "other", "gone", "key", "wrap", "text", "repeat"))
    if kind == "gone" and place:
        return _without(content, place)
    if kind == "key" and isinstance(value, dict):
        keys = [part for path in places for part in path if isinstance(part, str)]
        new_key = random.choice([*keys, "surprise", "", "k" * random.choice((100, 100_000))])
        return _with(content, place, {**value, new_key: random.choice(ODD_VALUES)})
    if kind == "wrap":
        for _ in range(random.choice((1, 2, 150, 250, 900))):
            value = [value] if random.random() < 0.5 else {"a": value}
        return _with(content, place, value)
    if kind == "text" and isinstance(value, str):
        return _with(content, place, _mutate_text(value, random))
    if kind == "other":
        return _with(content, place, _get(content, random.choice(places)))
    if kind == "repeat":
        return _with(content, place, _repeat(value, random, max_bytes))
    return _with(content, place, random.choice(ODD_VALUES))


def _repeat(value: Any, random: Random, max_bytes: int) -> Any:
    is_huge = random.random() < 0.02
    if isinstance(value, str):
        return value * (max_bytes // (len(value) + 1) if is_huge else 2)
    if isinstance(value, dict) and random.random() < 0.5:
        return {f"{key}{number}": value for key in value for number in range(100 if is_huge else 3)}
    item = random.choice(value) if isinstance(value, list) and value else value
    try:
        item_bytes = len(json.dumps(item)) + 2
    except (ValueError, RecursionError):
        return value
    return [item] * (max_bytes // item_bytes if is_huge else random.choice((1, 2, 25)))


def _mutate_text(text: str, random: Random) -> str:
    start = random.randint(0, len(text))
    end = min(len(text), start + random.choice((0, 1, 3)))
    piece = random.choice((*filter(_is_text, ODD_VALUES), chr(random.randrange(0x110000))))
    return text[:start] + piece + text[end:]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _list_places(content: Any, place: Path = (), depth: int = 0) -> Iterator[Path]:
    yield place
    if depth > 20:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _list_places(value, (*place, key), depth + 1)
    elif isinstance(content, list):
        for number, value in enumerate(content[:20]):
            yield from _list_places(value, (*place, number), depth + 1)


def _get(content: Any, place: Path) -> Any:
    for part in place:
        content = content[part]
    return content


def _with(content: Any, place: Path, value: Any) -> Any:
    if not place:
        return value
    copy = content.copy()
    copy[place[0]] = _with(content[place[0]], place[1:], value)
    return copy


def _without(content: Any, place: Path) -> Any:
    if len(place) > 1:
        return _with(content, place[:1], _without(content[place[0]], place[1:]))
    copy = content.copy()
    del copy[place[0]]
    return copy
