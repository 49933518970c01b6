"""The calls that one answer may take, and the most that they can use up all together.

Room for all of them is reserved before the first goes out (`pipeline/metering/spend_meter.py`), and
no further one goes out that may not fit into it: so what a provider serves never passes a limit,
whatever becomes of the calls.
"""

from shared.llm.model import Usage

# What stands around an answer that is sent back with a complaint.
_COMPLAINT_TOKENS = 300
_MORE_ROOM = 2


def find_most_of_answer(prompt_tokens: int, answer_tokens: int) -> Usage:
    """The most that an answer can use up.

    It may take three calls: as it is asked for, once more with twice the room where it was cut
    off, and once more where it did not fit, which reads the answer that did not.

    Args:
        prompt_tokens: About how many tokens its prompt has.
        answer_tokens: The most that it is asked to have.
    """
    longest = _MORE_ROOM * answer_tokens
    return Usage(
        calls=3,
        input_tokens=3 * prompt_tokens + longest + _COMPLAINT_TOKENS,
        output_tokens=answer_tokens + 2 * longest,
    )


def find_most_of_turn(prompt_tokens: int, turn_tokens: int) -> Usage:
    """The most that a turn can use up: two calls, the second with twice the room.

    Args:
        prompt_tokens: About how many tokens its prompt has.
        turn_tokens: The most that it is asked to have.
    """
    return Usage(
        calls=2,
        input_tokens=2 * prompt_tokens,
        output_tokens=(1 + _MORE_ROOM) * turn_tokens,
    )


class CallChain:
    """What the calls of one answer have used up so far, and whether another one fits.

    Args:
        most: The most that they may use up.

    Attributes:
        usage: What they have used up. A call that was sent and got no whole answer counts at the
            most that it can have cost, since the provider may have served it.
    """

    def __init__(self, most: Usage) -> None:
        self.usage = Usage()
        self._left_input = most.input_tokens
        self._left_output = most.output_tokens

    def has_room(self, prompt_tokens: int, answer_tokens: int) -> bool:
        """Whether a call of this size fits into what is left."""
        return prompt_tokens <= self._left_input and answer_tokens <= self._left_output

    def charge(self, usage: Usage, prompt_tokens: int, answer_tokens: int) -> None:
        """Count what a call has used up.

        Args:
            usage: What its answer, or an error, says.
            prompt_tokens: What its prompt was estimated at. Room was reserved by such estimates: a
                server that counts more takes none from the calls after it.
            answer_tokens: The most that it was to write.
        """
        self.usage += usage
        self._left_input -= min(usage.input_tokens, prompt_tokens)
        self._left_output -= min(usage.output_tokens, answer_tokens)

    def charge_unanswered(self, prompt_tokens: int, answer_tokens: int) -> None:
        """Count a call that was sent and got no whole answer."""
        lost = Usage(0, prompt_tokens, answer_tokens, estimated=True, unanswered=1)
        self.charge(lost, prompt_tokens, answer_tokens)
