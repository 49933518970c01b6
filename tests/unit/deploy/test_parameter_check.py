"""Parameters that no function could start with are found before anything is changed."""

import re

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.deploy import deploy
from infra.deploy.parameter_check import (
    describe_excess,
    describe_missing_price,
    find_parameter_problems,
)
from infra.deploy.template_file import parse_template, read_defaults
from infra.project_files import TEMPLATE
from shared.errors import BuildError
from tests.fakes.aws.cloudformation_server import serve_stack


@pytest.fixture(scope="module")
def template():
    return parse_template(TEMPLATE.read_text(encoding="utf-8"))


def test_the_defaults_are_good(template):
    assert find_parameter_problems(template, {}) == {}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ModelPrices", '{"gpt-5-mini": {"input": 0.25, "output": 2.0}', "Expecting"),
        ("ModelPrices", '{"gpt-5-mini": {"inptu": 0.25, "output": 2}}', "gpt-5-mini: inptu: Extra"),
        ("ModelPrices", '{"gpt-5-mini": {"input": "0,25", "output": 2}}', "input: Input should be"),
        ("ModelPrices", '{"gpt-5-mini": {"input": -1, "output": 2}}', "greater than or equal to 0"),
        ("ModelPrices", "0.25", "valid dictionary"),
        ("DailyCapUsd", "ten", "unable to parse"),
        ("TimeZone", "Europe/Olso", "is not a time zone"),
        ("ContextWindowTokens", "100", "greater than or equal to 3000"),
        ("MaxDocumentPages", "many", "unable to parse"),
        ("ChatMaxSteps", "50", "less than or equal to 20"),
        ("DatabasePort", "70000", "less than or equal to 65535"),
        ("OpenAiModel", "", "at least 1 character"),
        ("OpenAiBaseUrl", "127.0.0.1:11434/v1", "a full address, such as http://"),
    ],
)
def test_a_value_that_a_function_cannot_read_is_told_by_the_parameters_name(
    template, name, value, words
):
    [(parameter, sentence)] = find_parameter_problems(template, {name: value}).items()
    assert parameter == name
    assert sentence.startswith(f"The functions cannot start with the parameter {name} as {value!r}")
    assert words in sentence
    assert template["Parameters"][name]["Description"] in sentence


@pytest.mark.parametrize(
    ("values", "unpriced"),
    [
        ({}, ""),
        ({"OpenAiModel": "home-made"}, ""),
        ({"OpenAiBaseUrl": "http://a/v1"}, ""),
        ({"OpenAiBaseUrl": "http://a/v1", "OpenAiModel": "b"}, "b"),
        ({"OpenAiApiKeySecret": "a", "FallbackModel": "b"}, "b"),
        ({"ModelAuth": "iam", "OpenAiModel": "a", "FallbackModel": "b"}, "a and b"),
        ({"ModelAuth": "iam", "OpenAiModel": "a", "DailyCapTokens": "1000"}, ""),
        ({"ModelAuth": "iam", "OpenAiModel": "a", "DailyCapUsd": ""}, ""),
        ({"OpenAiBaseUrl": "http://a/v1", "ModelPrices": ""}, "gpt-5-mini"),
    ],
)
def test_a_model_that_no_daily_limit_holds_for_is_named(values, unpriced):
    words = describe_missing_price({**read_defaults(), **values})
    assert words.startswith(f"DailyCapUsd does not hold for {unpriced}, " if unpriced else "")
    assert bool(words) == bool(unpriced)


def test_values_that_are_good_are_taken(template):
    values = {
        "ModelPrices": '{"small": {"input": 0, "output": 0.5}}',
        "DailyCapUsd": "",
        "TimeZone": "Europe/Oslo",
        "OpenAiBaseUrl": "http://127.0.0.1:11434/v1",
    }
    assert find_parameter_problems(template, values) == {}


@pytest.mark.parametrize("value", ["512.5", "5e2", "-1", "", "many"])
@pytest.mark.parametrize("name", ["WorkerMemory", "IngestMaximumConcurrency", "LogRetentionDays"])
def test_a_number_that_only_the_template_reads_is_whole(template, name, value):
    [(parameter, sentence)] = find_parameter_problems(template, {name: value}).items()
    assert parameter == name
    assert sentence.startswith(f"The parameter {name} is a whole number, not {value!r}. It is: ")


def test_all_that_is_wrong_is_told_at_once(template):
    wrong = {"ModelPrices": "{", "TimeZone": "Nowhere"}
    assert set(find_parameter_problems(template, wrong)) == set(wrong)


@pytest.fixture
def built(monkeypatch):
    """Whether packages were to be built; nothing is."""
    targets = []

    def build_packages(target, folder, report):
        targets.append(target)
        raise BuildError("nothing is built here")

    monkeypatch.setattr(deploy, "build_packages", build_packages)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return targets


@pytest.mark.parametrize("mode", [[], ["--diff"]])
@pytest.mark.parametrize("kept", [False, True])
def test_a_mistyped_price_is_refused_before_anything_is_built(built, monkeypatch, mode, kept):
    price = '{"gpt-5-mini": {"input": "O.25", "output": 2}}'
    options = [] if kept else ["-p", f"ModelPrices={price}"]
    with serve_stack("prod", {}, {"ModelPrices": price} if kept else {}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        result = CliRunner().invoke(app, ["deploy", "--stack", "prod", *mode, *options])
    assert result.exit_code == 1
    assert "cannot start with the parameter ModelPrices" in " ".join(result.stderr.split())
    assert built == []


def test_variables_that_lambda_would_not_take_are_refused_before_anything_is_built(
    built, monkeypatch
):
    senders = ",".join(f"somebody-{i}@example.com" for i in range(120))
    price = ', "another-model-{}": {{"input": 1.25, "output": 2.5}}'
    prices = '{"a": {"input": 1, "output": 2}' + "".join(map(price.format, range(12))) + "}"
    options = ["-p", f"InboundMailSenders={senders}", "-p", f"ModelPrices={prices}"]
    with serve_stack("prod", {}, {}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        result = CliRunner().invoke(app, ["deploy", "--stack", "prod", *options])
    told = " ".join(result.stderr.split())
    assert (result.exit_code, built) == (1, [])
    assert re.search(r"variables of the function IngestFunction .* about [45],\d{3} bytes", told)
    assert "Lambda takes 4,096. The longest is the parameter InboundMailSenders with" in told
    assert f"InboundMailSenders with {len(senders) + 2:,} bytes" in told
    # As JSON, where each quote has a sign before it.
    assert f"ModelPrices {len(prices) + prices.count(chr(34)) + 2:,}" in told
    assert "name domains in place of their addresses" in told


def test_variables_are_measured_as_what_lambda_shows(template):
    def check(length, stack="prod"):
        values = {**read_defaults(), "CallbackArns": "a" * length}
        return describe_excess(template, values, stack, "eu-west-1")

    room = next(length for length in range(4_096) if check(length + 1))
    # What all functions have takes about half, so that this much is left for what is given.
    assert 1_500 < room < 2_500
    assert "take about 4,097 bytes" in check(room + 1)
    assert "name one SNS topic" in check(room + 1)
    assert check(room) == ""
    assert check(room, "prod-with-a-longer-name") != ""


def test_a_mended_value_takes_the_place_of_one_that_the_stack_has(built, monkeypatch):
    with serve_stack("prod", {}, {"ModelPrices": "{"}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        CliRunner().invoke(app, ["deploy", "--stack", "prod", "-p", "ModelPrices={}"])
    assert len(built) == 1


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("ReportFrom", "", True),
        ("ReportFrom", "o'neil+x-1@mail.example.com", True),
        ("ReportFrom", "j\u00f6rg@example.com", False),
        ("ReportFrom", "Ada <ada@example.com>", False),
        ("ReportTo", "a@b.example,c@d.example", True),
        ("ReportTo", ",".join(["a@b.example"] * 50), True),
        ("ReportTo", ",".join(["a@b.example"] * 51), False),
        ("ReportTo", "a@b.example, c@d.example", False),
        ("ReportTo", "a@b.example,j\u00f6rg@example.com", False),
    ],
)
def test_a_report_goes_only_to_addresses_that_ses_takes(template, name, value, is_taken):
    # Amazon SES API v2 Reference, "Destination" and "SendEmail".
    pattern = template["Parameters"][name]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) == is_taken
