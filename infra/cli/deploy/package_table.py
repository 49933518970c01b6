"""The sizes of the functions' packages, part by part."""

from collections.abc import Mapping

from rich.table import Table

from infra.cli.output import Output
from infra.packaging.build import Package
from infra.packaging.sizes import measure_parts

# Smaller parts are added up, so that one sees what counts.
_LEAST_BYTES = 20_000


def write_sizes(packages: Mapping[str, Package], output: Output) -> None:
    """Write what makes each package large: a table for people, else a line each."""
    for name, package in packages.items():
        parts = measure_parts(package.path)
        if not output.is_terminal:
            for part, size in parts.items():
                cells = (size.source, size.bytecode, size.other, size.total)
                output.write_line([name, part, *map(str, cells)])
            output.write_line([name, "", "", "", "", str(package.size_bytes)])
            continue
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column(f"{name}, kB", no_wrap=True)
        for column in ("sources", "bytecode", "libraries and data", "all"):
            table.add_column(column, justify="right", no_wrap=True)
        shown = {part: size for part, size in parts.items() if size.total >= _LEAST_BYTES}
        for part, size in shown.items():
            cells = (size.source, size.bytecode, size.other, size.total)
            table.add_row(part, *(f"{cell / 1e3:,.0f}" if cell else "" for cell in cells))
        rest = package.size_bytes - sum(size.total for size in shown.values())
        table.add_row(f"{len(parts) - len(shown)} smaller parts", "", "", "", f"{rest / 1e3:,.0f}")
        table.add_row("the zip", "", "", "", f"{package.size_bytes / 1e3:,.0f}", style="bold")
        output.write(table)
        output.write()
