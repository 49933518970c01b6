"""What the exit status of a command tells a script."""

from enum import IntEnum

from shared.errors import (
    ObjectMissingError,
    SeashoreError,
    UnknownItemError,
    UnknownStackError,
    WrongUsageError,
)


class ExitCode(IntEnum):
    """The exit statuses. A bug ends with Python's own status 1 and a traceback."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN_STACK = 3
    UNKNOWN_DOCUMENT = 4
    AWS_REFUSED = 5
    DIFFERS = 6
    INTERRUPTED = 130


EXPLANATION = """\
\b
Exit status:
  0    done
  1    it ended badly: a file was not put, a document that was waited for
       is not DONE, a stack was not built, deployed, destroyed or started,
       or `doctor` has found a failure
  2    wrong usage
  3    the stack is unknown, or not running
  4    there is no such document, task or dead letter, or for `logs`
       no line about it either
  5    AWS refused, or cannot be reached: no region, no credentials
  6    the stack differs from what would be deployed (`deploy --diff`)
  130  interrupted with Ctrl-C; but 0 where `local up` runs until then"""


def find_exit_code(error: SeashoreError) -> ExitCode:
    """The exit status of a command that ended with an error."""
    from botocore.exceptions import BotoCoreError, ClientError  # takes long to import

    match error:
        case WrongUsageError():
            return ExitCode.USAGE
        case UnknownStackError():
            return ExitCode.UNKNOWN_STACK
        case UnknownItemError():
            return ExitCode.UNKNOWN_DOCUMENT
        case ObjectMissingError():
            return ExitCode.FAILED
        case _ if isinstance(error.__cause__, (BotoCoreError, ClientError)):
            return ExitCode.AWS_REFUSED
        case _:
            return ExitCode.FAILED
