"""The runbook goes with the template's alarms."""

import re

from infra.project_files import PROJECT, TEMPLATE
from tests.unit.template.rules.watch import alarms
from tests.unit.template.template_parts import parse_template

RUNBOOK = PROJECT / "docs" / "operations.md"
COSTS = PROJECT / "docs" / "costs.md"

# CloudWatch's free tier.
_FREE_ALARMS = 10


def test_the_runbook_says_what_to_do_at_each_alarm_and_at_no_other() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    section = text.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == list(
        alarms(parse_template(TEMPLATE))
    )
    for part in section.split("\n### ")[1:]:
        name, _, advice = part.partition("\n")
        assert len(advice.split()) >= 20, f"{name}: too little to act on"


def test_the_alarms_of_a_stack_with_default_parameters_are_priced() -> None:
    by_default = {"IsWatched", "SpendIsWatched"}
    template = parse_template(TEMPLATE)
    made = [template["Resources"][name]["Condition"] in by_default for name in alarms(template)]
    paid = sum(made) - _FREE_ALARMS
    assert f"0.10 each, {paid} of them: {paid / 10:.2f} |" in COSTS.read_text(encoding="utf-8")
    # The key of their topic costs a dollar.
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"about ${paid / 10 + 1:.2f} for the alarms" in readme


def test_the_receives_of_a_stack_with_default_parameters_are_priced() -> None:
    polled = {
        str(event["Properties"]["Queue"])
        for resource in parse_template(TEMPLATE)["Resources"].values()
        if "Condition" not in resource
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    # As the page reckons: five receivers that ask three times a minute, $0.40 a million.
    requests = len(polled) * 5 * 3 * 43_200
    dollars, after_free = requests * 0.4 / 1e6, (requests - 1e6) * 0.4 / 1e6
    words = {4: "four", 5: "five", 6: "six"}[len(polled)]
    assert (
        f"receives on {words} empty queues | {dollars:.2f}; {after_free:.2f} after the free million"
    ) in COSTS.read_text(encoding="utf-8")
