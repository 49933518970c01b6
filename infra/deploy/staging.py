"""Upload packages and template to the deploy bucket, where CloudFormation and Lambda read them.

Everything lies there under a key that is made of its content, so that nothing is uploaded twice and
the code that a function runs can be found again by its hash.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from infra.deploy.api_deployment import name_api_deployment, restore_api_deployment
from infra.deploy.deploy_bucket import ensure_deploy_bucket, upload_file_once
from infra.deploy.stack_place import StackPlace
from infra.packaging.build import Package
from shared.errors import DeployError

# Where the template says that the packages are, for `sam deploy` and the like.
_PACKAGES_FOLDER = "../.seashore/build/"
_STAGED_PACKAGE = re.compile(r"s3://[a-z0-9.-]+/functions/(?P<function>\w+)-[0-9a-f]{64}\.zip")


@dataclass(frozen=True)
class StagedTemplate:
    """A template in the deploy bucket, with the packages that it names.

    Args:
        url: Address of the template.
        bucket: Name of the deploy bucket.
        account_id: The account that owns it.
        package_keys: Key of each package that the template names, by function.
        parameter_names: Names of the template's parameters.
    """

    url: str
    bucket: str
    account_id: str
    package_keys: dict[str, str]
    parameter_names: frozenset[str]


def package_placeholder(function: str) -> str:
    """What the template names as a function's package; replaced by its S3 URI."""
    return f"{_PACKAGES_FOLDER}{function}-aws.zip"


def package_key(function: str, sha256: str) -> str:
    """The key of a package in the deploy bucket, by the hash of its bytes in hex."""
    return f"functions/{function}-{sha256}.zip"


def unstage_template(text: str) -> str:
    """Put back into the text of a deployed template what staging has replaced."""
    text = _STAGED_PACKAGE.sub(lambda match: package_placeholder(match["function"]), text)
    return restore_api_deployment(text)


def stage_template(
    place: StackPlace,
    packages: Mapping[str, Package],
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> StagedTemplate:
    """Upload a template and the packages that it names, as far as they are not there yet.

    Args:
        place: The stack to deploy to.
        packages: The built packages by function, of which the template may use some.
        parameters: The values of template parameters that are given.

    Raises:
        DeployError: A package is missing, or was changed after its build.
        ClientError: S3 refused.
    """
    text = place.read_template()
    parameter_names = frozenset(place.parse_template().get("Parameters", {}))
    used = {
        name: package for name, package in packages.items() if package_placeholder(name) in text
    }
    for package in used.values():
        if hashlib.sha256(package.path.read_bytes()).hexdigest() != package.sha256:
            raise DeployError(f"The package {package.path} was changed after its build: try again.")
    s3, account_id = place.client("s3"), place.account_id
    bucket = ensure_deploy_bucket(s3, account_id, place.region)

    keys = {name: package_key(name, package.sha256) for name, package in used.items()}
    for name, package in used.items():
        if upload_file_once(s3, bucket, account_id, keys[name], package.path):
            place.report(f"Uploaded the package of {name} ({package.size_bytes / 1e6:.1f} MB)")
        text = text.replace(package_placeholder(name), f"s3://{bucket}/{keys[name]}")
    if _PACKAGES_FOLDER in text:
        missing = text.partition(_PACKAGES_FOLDER)[2].split()[0]
        raise DeployError(
            f"The template {place.template} names the package {missing}, which was not built."
        )
    text = name_api_deployment(text, parameters)
    template_key = f"templates/{hashlib.sha256(text.encode()).hexdigest()}.yaml"
    with TemporaryDirectory() as folder:
        packaged = Path(folder, "template.yaml")
        packaged.write_text(text, encoding="utf-8")
        upload_file_once(s3, bucket, account_id, template_key, packaged)
    url = f"{s3.meta.endpoint_url}/{bucket}/{template_key}"
    return StagedTemplate(url, bucket, account_id, keys, parameter_names)
