"""schemathesis against the API's own OpenAPI document; what it may not mind is listed beside it.

`make api-check` does the same with many more requests.
"""

import subprocess
import sys
from pathlib import Path

from infra.api_client import open_api

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ALL_PHASES = "examples,coverage,fuzzing,stateful"


def test_the_api_does_what_its_document_says(local_stack, request, tmp_path):
    examples = request.config.getoption("--api-examples", 0)
    api = open_api(local_stack, {})
    found = subprocess.run(  # noqa: S603 - a fixed command
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={CONFIGURATION}",
            "run",
            f"{api.url}/openapi.json",
            f"--url={api.url}",
            f"--header=X-Api-Key: {api.key}",
            f"--phases={ALL_PHASES if examples else 'fuzzing'}",
            f"--max-examples={examples or 3}",
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    print(found.stdout)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
    assert "12 selected / 12 total" in found.stdout
