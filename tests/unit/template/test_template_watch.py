"""The runbook goes with the template's alarms."""

import re

from infra.project_files import PROJECT, TEMPLATE
from tests.unit.template.rules.watch import alarms
from tests.unit.template.template_parts import parse_template

RUNBOOK = PROJECT / "docs" / "operations.md"


def test_the_runbook_says_what_to_do_at_each_alarm_and_at_no_other() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    section = text.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == list(
        alarms(parse_template(TEMPLATE))
    )
    for part in section.split("\n### ")[1:]:
        name, _, advice = part.partition("\n")
        assert len(advice.split()) >= 20, f"{name}: too little to act on"
