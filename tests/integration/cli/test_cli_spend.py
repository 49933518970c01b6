"""`seashore spend`, from the leases in the ledger to what is written."""

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import boto3
import pytest
from rich.console import Console

from infra.cli.command_context import CommandContext
from infra.cli.output import Output
from infra.cli.report.spend import write_spend
from infra.stacks import Stack
from pipeline.metering.spend_meter import Limits, SpendMeter
from shared.aws.dynamodb_table import LedgerTable
from shared.llm.model import Usage
from shared.prices import ModelPrice

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def stack(account):
    outputs = {
        "LedgerTable": account.settings.ledger_table,
        "TimeZone": "UTC",
        "DailyCapUsd": "10",
        "ChatDailyCapUsd": "5",
    }
    return Stack("local", "eu-west-1", boto3.Session(region_name="eu-west-1"), None, outputs)


@pytest.fixture
def spend_on(account):
    table = LedgerTable(account.clients.dynamodb, account.settings.ledger_table, lambda s: None)

    def spend_on(model, price, **told):
        limits = Limits(price=price, daily=10_000_000, document=None, zone=ZoneInfo("UTC"))
        meter = SpendMeter(table, model, limits, lambda: NOW, lambda: f"lease-{model}")
        usage = Usage(calls=1, input_tokens=1_000_000, output_tokens=500, **told)
        meter.settle(meter.reserve(meter.compute_cost(Usage(1, 1_000_000, 500))), usage)

    return spend_on


def write(stack, capsys, *, as_json):
    write_spend(CommandContext(stack, Output(), as_json, lambda: NOW), 2)
    return capsys.readouterr()


def test_a_day_is_shown_by_model_beside_the_limit(stack, spend_on, capsys):
    spend_on("gpt-5-mini", ModelPrice(input=0.25, output=2.0))
    said = write(stack, capsys, as_json=False)
    assert said.out == "2026-05-04\tgpt-5-mini\t1\t1000000\t500\t$0.2510\tpipeline\n"
    assert "Today (2026-05-04): $0.2510 spent" in said.err
    assert "the limit is $10.00" in said.err


@pytest.mark.parametrize(("cap", "told"), [("0.0001", "$0.0001"), ("0", "$0.00"), ("2.5", "$2.50")])
def test_a_limit_is_told_as_far_as_can_be_seen(stack, capsys, cap, told):
    stack.outputs["DailyCapUsd"] = cap
    assert f"the limit is {told}." in write(stack, capsys, as_json=False).err


def test_what_the_provider_says_stands_beside_what_is_computed(stack, spend_on, capsys):
    spend_on("gpt", ModelPrice(input=0.25, output=2.0), told_micro_usd=240_000, told_calls=1)
    assert "The provider itself says $0.2400 of 1 of today's calls" in (
        write(stack, capsys, as_json=False).err
    )
    (today, _) = json.loads(write(stack, capsys, as_json=True).out)
    assert (today["models"][0]["told_usd"], today["models"][0]["told_calls"]) == (0.24, 1)


def test_what_is_reserved_for_calls_is_told_beside_what_is_spent(stack, account, capsys):
    table = LedgerTable(account.clients.dynamodb, account.settings.ledger_table, lambda s: None)
    price = ModelPrice(input=0.25, output=2.0)
    limits = Limits(price=price, daily=10_000_000, document=None, zone=ZoneInfo("UTC"))
    meter = SpendMeter(table, "gpt", limits, lambda: NOW, lambda: "lease-gpt")
    reserved = meter.reserve(meter.compute_cost(Usage(1, 1_000_000, 500)))
    said = write(stack, capsys, as_json=False)
    assert "$0.00 spent, $0.2510 reserved for calls; the limit is $10.00" in said.err
    assert json.loads(write(stack, capsys, as_json=True).out)[0]["reserved_usd"] > 0
    meter.settle(reserved, Usage(1, 1_000_000, 500))


def test_a_model_without_a_price_is_named_as_such(stack, spend_on, capsys):
    spend_on("home-made", None)
    said = write(stack, capsys, as_json=False)
    assert said.out.endswith("no price\tpipeline\n")
    assert "no limit holds for it" in said.err


def test_days_and_models_are_whole_in_a_narrow_terminal(stack, spend_on):
    spend_on("gpt-5-mini", ModelPrice(input=0.25, output=2.0))
    output, written = Output(), io.StringIO()
    output.results = Console(file=written, width=60, force_terminal=True, color_system=None)
    write_spend(CommandContext(stack, output, False, lambda: NOW), 2)
    for word in (f"{NOW:%Y-%m-%d}", "gpt-5-mini", "pipeline"):
        assert word in written.getvalue()


def test_json_holds_what_programs_need(stack, spend_on, capsys):
    spend_on("gpt-5-mini", ModelPrice(input=0.25, output=2.0))
    today, yesterday = json.loads(write(stack, capsys, as_json=True).out)
    assert today["spent_usd"] == pytest.approx(0.251)
    assert today["daily_cap_usd"] == 10
    assert today["models"][0]["calls"] == 1
    assert yesterday == {
        "day": "2026-05-03",
        "spent_usd": 0,
        "reserved_usd": 0,
        "daily_cap_usd": 10,
        "chat_spent_usd": 0,
        "chat_daily_cap_usd": 5,
        "models": [],
    }


@pytest.mark.parametrize("now", [datetime(2026, 3, 29, 22, 30, tzinfo=UTC), NOW])
def test_no_day_is_left_out_where_clocks_are_changed(stack, capsys, now):
    berlin = replace(stack, outputs={**stack.outputs, "TimeZone": "Europe/Berlin"})
    write_spend(CommandContext(berlin, Output(), True, lambda: now), 3)
    days = [date.fromisoformat(day["day"]) for day in json.loads(capsys.readouterr().out)]
    today = now.astimezone(ZoneInfo("Europe/Berlin")).date()
    # On 29 March 2026 Berlin's day had 23 hours.
    assert days == [today - timedelta(days=age) for age in range(3)]


def test_a_quiet_week_is_no_error(stack, capsys):
    said = write(stack, capsys, as_json=False)
    assert said.out == ""
    assert "$0.00 spent" in said.err
