"""A free prompt, worked on with read-only tools in a loop of thought, call and result (ReAct).

Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", 2023. Tools are called
natively where the model's server takes them, else in words. However it ends, by itself or at a
limit of steps, tokens or time, there is an answer.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from pipeline.ask import PagesRead, describe_reading
from pipeline.prompts import AGENT, AGENT_DATA_RULE, AGENT_FINAL, AGENT_STEP
from pipeline.task_calls import TaskCalls, TaskFacts
from pipeline.tools import Toolbox, ToolResult
from shared.deadline import Deadline
from shared.errors import DeadlineError, ModelUnavailableError
from shared.ledger.documents import Document
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.prompt_rendering import delimit_untrusted
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import (
    Exchange,
    ToolCall,
    ToolsNotTakenError,
    Turn,
    TurnRequest,
)

_MAX_OUTPUT_TOKENS = 2_000
_OUTPUT_SHARE_OF_WINDOW = 1 / 4
_MAX_CALLS_PER_STEP = 4
_MAX_RESULT_TOKENS = 4_000
_LEAST_RESULT_TOKENS = 200

# Time that is kept for the final answer.
_FINAL_SECONDS = 30.0
_FINAL_SHARE_OF_TIME = 0.4
# A turn that ends with less than this left was cut off for the final answer's sake.
_CUT_SECONDS = 2.0


class StoppedBy(StrEnum):
    """Why the agent gave its final answer."""

    ANSWER = "answer"
    STEPS = "steps"
    TOKENS = "tokens"
    TIME = "time"


class AgentLimits(BaseModel):
    """How far the agent may go."""

    model_config = ConfigDict(frozen=True)

    max_steps: int
    max_tokens: int


class StepTaken(BaseModel):
    """A call of a tool, as the model asked for it."""

    tool: str
    arguments: str
    is_error: bool


class AgentResult(TaskFacts):
    """The result of a prompt."""

    prompt: str
    answer: str
    stopped_by: StoppedBy
    steps: list[StepTaken]
    pages_read: list[PagesRead]


class _CallInWords(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: str = Field(description="The name of a tool.")
    arguments: str = Field(description="Its arguments, a JSON object as text.")


class AgentStep(BaseModel):
    """A turn in words, of a model whose server takes no tools."""

    model_config = ConfigDict(frozen=True)

    thought: str
    calls: list[_CallInWords]
    answer: str | None


class FinalAnswer(BaseModel):
    """The answer that is asked for at a limit."""

    model_config = ConfigDict(frozen=True)

    answer: str = Field(min_length=1)


@dataclass
class _Conversation:
    prompt: str
    exchanges: list[Exchange] = field(default_factory=list)
    steps: list[StepTaken] = field(default_factory=list)
    pages: dict[str, tuple[Document, set[int]]] = field(default_factory=dict)
    in_words: bool = False

    def note(self, call: ToolCall, result: ToolResult) -> None:
        self.steps.append(
            StepTaken(tool=call.name, arguments=call.arguments, is_error=result.is_error)
        )
        for document, pages in result.pages:
            self.pages.setdefault(document.document_id, (document, set()))[1].update(pages)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The results so far, for a model that is asked in words; never none."""
        results = tuple(
            Source(0, 0, f"{call.name} {call.arguments}\n{result}")
            for exchange in self.exchanges
            for call, result in zip(exchange.turn.calls, exchange.results, strict=True)
        )
        return results or (Source(0, 0, "No tool has been called yet."),)

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.prompt) + sum(
            estimate_tokens(source.text) for source in self.sources
        )


class Agent:
    """Works on prompts.

    Args:
        toolbox: The tools.
        calls: The model.
        context_window_tokens: How much the model reads and writes, all told.
        limits: How far it may go.
        deadline: When the time is up.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        calls: TaskCalls,
        context_window_tokens: int,
        limits: AgentLimits,
        deadline: Deadline,
    ) -> None:
        self._toolbox = toolbox
        self._calls = calls
        self._limits = limits
        self._deadline = deadline
        self._tools = toolbox.describe()
        self._output_tokens = min(
            _MAX_OUTPUT_TOKENS, int(context_window_tokens * _OUTPUT_SHARE_OF_WINDOW)
        )
        self._frame_tokens = estimate_tokens(
            AGENT + AGENT_DATA_RULE + AGENT_STEP + self._list_tools()
        )
        # The margin is for what a conversation says around its results.
        self._room = int((context_window_tokens - self._output_tokens - self._frame_tokens) * 0.9)
        final_seconds = min(_FINAL_SECONDS, deadline.remaining_seconds * _FINAL_SHARE_OF_TIME)
        self._turns_deadline = Deadline(deadline.at_seconds - final_seconds, deadline.clock)

    def run(self, prompt: str) -> AgentResult:
        """Work on a prompt until there is an answer.

        Raises:
            RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
        """
        conversation = _Conversation(prompt)
        for _ in range(self._limits.max_steps):
            stopped_by = self._find_stop(conversation)
            if stopped_by is not None:
                return self._conclude(conversation, stopped_by)
            try:
                turn = self._think(conversation)
            except DeadlineError:
                return self._conclude(conversation, StoppedBy.TIME)
            except ModelUnavailableError:
                if self._turns_deadline.remaining_seconds > _CUT_SECONDS:
                    raise
                return self._conclude(conversation, StoppedBy.TIME)
            if not turn.calls:
                return self._describe(conversation, turn.text, StoppedBy.ANSWER)
            self._act(conversation, turn)
        return self._conclude(conversation, StoppedBy.STEPS)

    def _find_stop(self, conversation: _Conversation) -> StoppedBy | None:
        if not self._turns_deadline.remaining_seconds:
            return StoppedBy.TIME
        # What is left has to suffice for the turn and for the final answer after it.
        needed = 2 * (self._frame_tokens + conversation.tokens + self._output_tokens)
        left = self._limits.max_tokens - self._calls.total_tokens
        is_full = self._room - conversation.tokens < _LEAST_RESULT_TOKENS
        if conversation.exchanges and (left < needed or is_full):
            return StoppedBy.TOKENS
        return None

    def _think(self, conversation: _Conversation) -> Turn:
        if not conversation.in_words:
            request = TurnRequest(
                purpose=Purpose.AGENT,
                instructions=f"{AGENT}\n{AGENT_DATA_RULE}",
                prompt=conversation.prompt,
                exchanges=tuple(conversation.exchanges),
                tools=self._tools,
                max_output_tokens=self._output_tokens,
            )
            try:
                turn = self._calls.take_turn(request, self._turns_deadline)
            except ToolsNotTakenError:
                conversation.in_words = True
            else:
                if turn.calls or not turn.is_doubtful:
                    return turn
                # It may never have seen the tools: one look at what it says when asked in words.
                conversation.in_words = True
        return self._think_in_words(conversation)

    def _think_in_words(self, conversation: _Conversation) -> Turn:
        parts = [AGENT, AGENT_STEP, self._list_tools(), f"The user asks:\n{conversation.prompt}"]
        request = ModelRequest(
            purpose=Purpose.AGENT,
            instructions="\n".join(parts),
            sources=conversation.sources,
            answer_type=AgentStep,
            max_output_tokens=self._output_tokens,
            checks_pages=False,
        )
        step = self._calls.ask(request, self._turns_deadline).value
        if step.answer or not step.calls:
            return Turn(text=step.answer or step.thought)
        calls = tuple(ToolCall(name=c.tool, arguments=c.arguments) for c in step.calls)
        return Turn(text=step.thought, calls=calls)

    def _list_tools(self) -> str:
        lines = [f"{t.name}: {t.description} {json.dumps(t.parameters)}" for t in self._tools]
        return "\n".join(["The tools, each with the JSON Schema of its arguments:", *lines])

    def _act(self, conversation: _Conversation, turn: Turn) -> None:
        turn = turn.model_copy(update={"calls": turn.calls[:_MAX_CALLS_PER_STEP]})
        room = max(_LEAST_RESULT_TOKENS, self._room - conversation.tokens)
        share = max(_LEAST_RESULT_TOKENS, room // (2 * len(turn.calls)))
        results = []
        for call in turn.calls:
            result = self._toolbox.call(call.name, call.arguments, min(_MAX_RESULT_TOKENS, share))
            conversation.note(call, result)
            results.append(result.text if conversation.in_words else delimit_untrusted(result.text))
        conversation.exchanges.append(Exchange(turn, tuple(results)))

    def _conclude(self, conversation: _Conversation, stopped_by: StoppedBy) -> AgentResult:
        """Ask for the best answer that what was read allows."""
        request = ModelRequest(
            purpose=Purpose.AGENT,
            instructions=f"{AGENT}\n{AGENT_FINAL}\nThe user asks:\n{conversation.prompt}",
            sources=conversation.sources,
            answer_type=FinalAnswer,
            max_output_tokens=self._output_tokens,
            checks_pages=False,
        )
        answer = self._calls.ask(request, self._deadline).value.answer
        return self._describe(conversation, answer, stopped_by)

    def _describe(
        self, conversation: _Conversation, answer: str, stopped_by: StoppedBy
    ) -> AgentResult:
        return AgentResult(
            **self._calls.describe().model_dump(),
            prompt=conversation.prompt,
            answer=answer.strip(),
            stopped_by=stopped_by,
            steps=conversation.steps,
            pages_read=[
                describe_reading(document, pages) for document, pages in conversation.pages.values()
            ],
        )
