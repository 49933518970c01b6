"""What every part of a daily report is."""

from pydantic import BaseModel, ConfigDict


class ReportPart(BaseModel):
    """Figures that are read once and written down: never changed, and nothing unknown among them.

    Amounts are in millionths of a dollar, durations in seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
