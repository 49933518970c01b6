"""Run parts of the benchmarks: `python -m tests.benchmarks.suite PART... [--small] [--keep]`.

With `--keep` what they find is written to docs/benchmarks.json and docs/benchmarks.md.
"""

import argparse
import sys

from tests.benchmarks.suite.arguments import read_number
from tests.benchmarks.suite.cost import measure_cost
from tests.benchmarks.suite.end_to_end import measure_end_to_end
from tests.benchmarks.suite.findings import describe_machine, keep_findings, read_kept, write_table
from tests.benchmarks.suite.growth import measure_growth
from tests.benchmarks.suite.latency import measure_latency
from tests.benchmarks.suite.overhead import measure_overhead
from tests.benchmarks.suite.peers import measure_peers

PARTS = {
    "overhead": measure_overhead,
    "end-to-end": measure_end_to_end,
    "latency": measure_latency,
    "peers": measure_peers,
    "cost": measure_cost,
    "scale": measure_growth,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--small", action="store_true", help="As few items as show that it works.")
    parser.add_argument("--keep", action="store_true", help="Write docs/benchmarks.* anew.")
    parser.add_argument(
        "--minutes", type=read_number, help="scale: work off items for so long only."
    )
    options = parser.parse_args()
    if options.small and options.keep:
        parser.error("--small shows that a part works; its figures are not to be kept")
    if options.keep:
        try:
            read_kept()
        except ValueError as error:
            parser.error(f"docs/benchmarks.json cannot be read, so nothing is measured: {error}")
    for part in options.parts:
        machine = describe_machine()
        limits = {"minutes": options.minutes} if part == "scale" and options.minutes else {}
        finding = PARTS[part](small=options.small, **limits)
        print(
            "\n".join(
                [f"\n{part}: {finding.question}", "", *write_table(finding.columns, finding.rows)]
            )
        )
        sys.stdout.flush()
        if finding.lacking:
            print(f"{part} lacks {', '.join(finding.lacking)}", file=sys.stderr)
        if options.keep and finding.lacking:
            print("The figures in docs/benchmarks.md stay as they are.", file=sys.stderr)
        elif options.keep:
            keep_findings([finding], machine)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted: what docs/benchmarks.md says of this part stays.")
