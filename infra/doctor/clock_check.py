"""Whether this machine's clock is right, by the time that a server has answered at."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from infra.doctor.check import Check, failed, passed, skipped, warned

# AWS refuses requests that are signed with a time further off than this (AWS General Reference:
# "Troubleshooting Signature Version 4").
_REFUSED_SECONDS = 300.0
_SUSPICIOUS_SECONDS = 30.0
_ADVICE = "Set this machine's clock by NTP, for example with `timedatectl set-ntp true`."


def check_clock(date_header: str | None, now: datetime) -> Check:
    """Compare the `Date` header of an answer that has just come in with this machine's clock.

    Args:
        date_header: The header; None if no server has answered.
        now: This machine's time.
    """
    if not date_header:
        return skipped("clock", "not compared: no server was asked, or none has answered")
    try:
        server_time = parsedate_to_datetime(date_header)
    except ValueError:
        return skipped("clock", "the server's answer has no readable date")
    if server_time.tzinfo is None:
        server_time = server_time.replace(tzinfo=UTC)
    off_seconds = (now - server_time).total_seconds()
    words = f"{abs(off_seconds):.0f} s {'ahead of' if off_seconds > 0 else 'behind'} the server's"
    if abs(off_seconds) >= _REFUSED_SECONDS:
        return failed("clock", f"{words}: AWS refuses what is signed with it", _ADVICE)
    if abs(off_seconds) >= _SUSPICIOUS_SECONDS:
        return warned("clock", words, _ADVICE)
    return passed("clock", "agrees with the server's")
