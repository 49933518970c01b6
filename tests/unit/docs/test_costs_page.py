"""The dollars of docs/costs.md follow from its amounts and from the prices of the benchmark."""

import re

import pytest

from tests.benchmarks import bench_costs as prices
from tests.project_files import PROJECT

PAGE = (PROJECT / "docs" / "costs.md").read_text(encoding="utf-8")


def price_lambda(runs, _seconds, gigabyte_seconds):
    return gigabyte_seconds * prices.LAMBDA_GB_SECOND_ARM64 + runs * prices.LAMBDA_REQUEST


PARTS = {
    "Lambda, ingest": price_lambda,
    "Lambda, worker": price_lambda,
    "SQS": lambda requests: requests * prices.SQS_REQUEST,
    "DynamoDB": lambda writes, reads: (
        writes * prices.DYNAMODB_WRITE_UNIT + reads * prices.DYNAMODB_READ_UNIT
    ),
    "S3": lambda writes, reads: writes * prices.S3_WRITE + reads * prices.S3_READ,
    "CloudWatch Logs": lambda megabytes: megabytes / 1_000 * prices.LOGS_GB,
    "**AWS in all": None,
}


def read_row(part):
    """The amounts and the dollars of a row: a message an invocation, and ten."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {part}"))
    one, one_usd, ten, ten_usd = (cell.strip(" *") for cell in line.split("|")[2:-1])
    return [(one, float(one_usd)), (one if ten == "the same" else ten, float(ten_usd))]


def read_amounts(text):
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


@pytest.mark.parametrize("part", [part for part, price in PARTS.items() if price])
def test_a_part_costs_what_its_amounts_cost(part):
    for text, dollars in read_row(part):
        assert PARTS[part](*read_amounts(text)) == pytest.approx(dollars, abs=0.0006)


def test_all_of_it_is_the_sum_of_its_parts():
    for column in (0, 1):
        parts = [read_row(part)[column][1] for part, price in PARTS.items() if price]
        assert read_row("**AWS in all")[column][1] == pytest.approx(sum(parts), abs=0.0021)
