"""What a failed answer of a model has cost: carried by the errors that end one."""


class PaidCalls:
    """What a failed answer has consumed: calls are paid for, whatever came of them.

    Attributes:
        calls: How many calls of the model were answered.
        input_tokens: The tokens that they read.
        output_tokens: The tokens that they wrote.
        unanswered: How many calls were sent and got no whole answer. The provider may have served
            them, so their tokens are counted in, at the most that they can have been.
        cached_tokens: What of the tokens that they read the server had read before.
        flex_input_tokens: What of the tokens that they read went by the cheap tier.
        flex_output_tokens: What of the tokens that they wrote did.
        flex_cached_tokens: What of the cached tokens did.
        told_micro_usd: What the provider says that they have cost, in millionths of a dollar.
        told_calls: Of how many it says that.
        room_tokens: The room that the answer is known to need, as less of it was cut off; or 0.
        has_kept: Whether something that was paid for is kept, upon which the next run goes on.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unanswered: int = 0
    cached_tokens: int = 0
    flex_input_tokens: int = 0
    flex_output_tokens: int = 0
    flex_cached_tokens: int = 0
    told_micro_usd: int = 0
    told_calls: int = 0
    room_tokens: int = 0
    has_kept: bool = False

    @property
    def has_cost(self) -> bool:
        """Whether any call was served, or may have been."""
        return self.calls > 0 or self.unanswered > 0

    @property
    def is_paid_for_nothing(self) -> bool:
        """Whether calls were paid for, and a next run would have to pay for them again."""
        return self.calls > 0 and not self.has_kept
