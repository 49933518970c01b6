"""What must hold for the language model's key."""

import re
from collections.abc import Iterator
from functools import cache

from infra.project_files import PROJECT
from tests.unit.template.template_changes import Break, set_part
from tests.unit.template.template_parts import (
    Template,
    as_list,
    functions,
    own_modules,
    policy_statements,
    resources,
    roles_policies,
    statements,
    text_of,
)

# The functions that ask the language model; no other may read its key.
KEY_READERS = {"WorkerFunction", "ApiFunction"}
KEY_VARIABLES = ("OPENAI_API_KEY_SECRET", "FALLBACK_API_KEY_SECRET")
KEY_POLICIES = ("ModelKeyPolicy", "FallbackKeyPolicy")
DECODERS = PROJECT / "pipeline" / "extraction"
READING_SECRETS = ("secretsmanager:", "ssm:", "kms:")


def a_model_is_told_by_key_address_or_role(template: Template) -> Iterator[str]:
    """As by the functions' settings: without a model chunks are small."""
    options = template["Conditions"]["HasModel"]["Fn::Or"]
    for wanted in (
        {"Condition": "HasModelKey"},
        {"Condition": "ModelGoesByRole"},
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "OpenAiBaseUrl"}, ""]}]},
    ):
        if wanted not in options:
            yield f"HasModel does not hold for {wanted}"


def the_key_is_in_no_environment(template: Template) -> Iterator[str]:
    for parameter in ("OpenAiApiKeySecret", "FallbackApiKeySecret"):
        pattern = template["Parameters"][parameter]["AllowedPattern"]
        if re.match(pattern, "sk-proj-0123456789"):
            yield f"{parameter}: a key would be taken for the name of a secret, and be shown"
    for name, function in functions(template):
        for variable in function["Environment"]["Variables"]:
            # The operators' is told by its id alone.
            if "KEY" in variable and variable not in (*KEY_VARIABLES, "OPERATOR_API_KEY_ID"):
                yield f"{name}: {variable} may hold a key"


def few_functions_know_of_the_key(template: Template) -> Iterator[str]:
    readers = {name: f for name, f in functions(template) if name in KEY_READERS}
    for name, function in functions(template):
        for variable in KEY_VARIABLES:
            told = variable in function["Environment"]["Variables"]
            if told != (name in readers):
                yield f"{name}: {'must not' if told else 'has to'} know {variable}"
    roles = [{"Ref": f["Role"]["Fn::GetAtt"][0]} for f in readers.values()]
    for name, policy in [*roles_policies(template), *resources(template, "AWS::IAM::Policy")]:
        for statement in policy_statements(policy):
            actions = as_list(statement["Action"])
            if not any(action.startswith(READING_SECRETS) for action in actions):
                continue
            if name not in KEY_POLICIES or sorted(map(str, policy["Roles"])) != sorted(
                map(str, roles)
            ):
                yield f"{name}: reads secrets, or is not for those alone that ask the model"
            if text_of(statement["Resource"]) not in (
                "arn:${Arn}",
                "${OpenAiApiKeySecretKmsKeyArn}",
            ):
                yield f"{name}: reads more than the one secret"


def what_decodes_files_holds_no_key(template: Template) -> Iterator[str]:
    """A file may take over the process that decodes it: there has to be nothing to find."""
    for name, function in functions(template):
        if not _decodes_files(function["Handler"].rpartition(".")[0]):
            continue
        role = {"Ref": function["Role"]["Fn::GetAtt"][0]}
        given = statements(template, function)
        for _, policy in resources(template, "AWS::IAM::Policy"):
            given += policy_statements(policy) if role in policy["Roles"] else []
        rights = [action for statement in given for action in as_list(statement["Action"])]
        if any(action.startswith((*READING_SECRETS, "rds-db:", "sts:")) for action in rights):
            yield f"{name}: decodes files, and may read a key"
        if not function["Environment"]["Variables"].keys().isdisjoint(KEY_VARIABLES):
            yield f"{name}: decodes files, and knows of the key"


@cache
def _decodes_files(module: str) -> bool:
    needs = own_modules().find_needs(module)
    return any(DECODERS in file.parents for file in needs.files)


# ---- What each rule has to notice

_KEY_POLICY = "Resources/ModelKeyPolicy/Properties/PolicyDocument/Statement"
_INGEST_POLICY = "Resources/IngestRole/Properties/Policies/0/PolicyDocument/Statement"

BREAKS: list[Break] = [
    (
        a_model_is_told_by_key_address_or_role,
        set_part("Conditions/HasModel/Fn::Or", [{"Condition": "HasModelKey"}]),
    ),
    (
        the_key_is_in_no_environment,
        set_part("Globals/Function/Environment/Variables/OPENAI_API_KEY", "sk-1"),
    ),
    (the_key_is_in_no_environment, set_part("Parameters/OpenAiApiKeySecret/AllowedPattern", ".*")),
    (
        the_key_is_in_no_environment,
        set_part("Parameters/FallbackApiKeySecret/AllowedPattern", ".*"),
    ),
    *(
        (
            few_functions_know_of_the_key,
            set_part(f"Globals/Function/Environment/Variables/{variable}", "a-secret"),
        )
        for variable in KEY_VARIABLES
    ),
    (
        few_functions_know_of_the_key,
        set_part("Resources/ModelKeyPolicy/Properties/Roles", [{"Ref": "IngestRole"}]),
    ),
    (
        few_functions_know_of_the_key,
        set_part(f"{_KEY_POLICY}/ReadModelKey/Resource", {"Ref": "OpenAiApiKeySecret"}),
    ),
    (
        few_functions_know_of_the_key,
        set_part(f"{_INGEST_POLICY}/KeepText/Action", "secretsmanager:GetSecretValue"),
    ),
    (
        what_decodes_files_holds_no_key,
        set_part("Globals/Function/Environment/Variables/OPENAI_API_KEY_SECRET", "a-secret"),
    ),
    (
        what_decodes_files_holds_no_key,
        set_part("Resources/ModelKeyPolicy/Properties/Roles", [{"Ref": "IngestRole"}]),
    ),
    (
        what_decodes_files_holds_no_key,
        set_part(f"{_INGEST_POLICY}/KeepText/Action", "ssm:GetParameter"),
    ),
]
