"""A free prompt, worked on with read-only tools in a loop of thought, call and result (ReAct).

Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", 2023. Tools are called
natively where the model's server takes them, else in words. However it ends, by itself or at a
limit of steps, tokens or time, there is an answer.
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipeline.documents.document_reader import DocumentReader
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.prompts import AGENT, AGENT_DATA_RULE, AGENT_FINAL, AGENT_STEP
from pipeline.tasks.agent.tool_types import ToolResult
from pipeline.tasks.agent.tools import Toolbox
from pipeline.tasks.ask import AnsweredQuestion, PagesRead, answer_question, describe_reading
from pipeline.tasks.task_calls import TaskFacts
from pipeline.tasks.task_kind import TaskWork
from shared.deadline import Deadline
from shared.errors import DeadlineError, ModelAnswerError, ModelUnavailableError
from shared.ledger.documents import Document
from shared.llm.model import ModelRequest, Source
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import delimit_untrusted
from shared.llm.thoughts import strip_thoughts
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import (
    Exchange,
    PastTurn,
    Tool,
    ToolCall,
    ToolsNotTakenError,
    Turn,
    TurnRequest,
)
from shared.messages.tasks import AgentTask

_MAX_OUTPUT_TOKENS = 2_000
_MAX_CALLS_PER_STEP = 4
_MAX_RESULT_TOKENS = 4_000
_LEAST_RESULT_TOKENS = 200

# Time that is kept for the final answer.
_FINAL_SECONDS = 30.0
_FINAL_SHARE_OF_TIME = 0.4
# A turn that fails with less than this left was cut off for the final answer's sake: no call is
# begun with less, and one that runs ends before.
_CUT_SECONDS = 3.0


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


class AgentRun(BaseModel):
    """What came of a prompt."""

    prompt: str
    answer: str
    stopped_by: StoppedBy
    steps: list[StepTaken]
    pages_read: list[PagesRead]


class AgentResult(AgentRun, TaskFacts):
    """The result of a task that has a prompt worked on."""


def _write_arguments(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


class _CallInWords(BaseModel):
    model_config = ConfigDict(frozen=True)

    tool: str = Field(description="The name of a tool.")
    arguments: Annotated[str, BeforeValidator(_write_arguments)] = Field(
        description="Its arguments, a JSON object as text."
    )


class AgentStep(BaseModel):
    """A turn in words, of a model whose server takes no tools.

    Nobody may hold it to the schema, and then small models leave out what does not apply, or write
    arguments as an object.
    """

    model_config = ConfigDict(frozen=True)

    thought: str = ""
    calls: Annotated[list[_CallInWords], BeforeValidator(lambda calls: calls or [])] = []
    answer: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() & {"calls", "answer"}:
            raise ValueError("there are neither calls nor an answer")
        return value


class FinalAnswer(BaseModel):
    """The answer that is asked for at a limit."""

    model_config = ConfigDict(frozen=True)

    answer: str = Field(min_length=1)


class Agent:
    """Works on prompts, any number of them.

    Args:
        toolbox: The tools.
        reader: Reads the documents that a tool asks a question.
        window: How much the model reads and writes.
    """

    def __init__(self, toolbox: Toolbox, reader: DocumentReader, window: ModelWindow) -> None:
        self.toolbox = toolbox
        self.reader = reader
        self.window = window
        self.tools = toolbox.describe()
        self.tool_list = _list_tools(self.tools)
        self.output_tokens = window.limit_answer(_MAX_OUTPUT_TOKENS)
        frame = AGENT + AGENT_DATA_RULE + AGENT_STEP + self.tool_list
        self.frame_tokens = estimate_tokens(frame)
        # The margin is for what a conversation says around its results.
        self.room = int(window.find_room(self.output_tokens, frame) * 0.9)

    def run(
        self,
        prompt: str,
        calls: MeteredCalls,
        limits: AgentLimits,
        deadline: Deadline,
        history: Sequence[PastTurn] = (),
    ) -> AgentRun:
        """Work on a prompt until there is an answer.

        Args:
            prompt: What the user asks for.
            calls: The model.
            limits: How far it may go.
            deadline: When the time is up.
            history: What was asked and answered before, oldest first.

        Raises:
            RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
        """
        return _Run(self, prompt, calls, limits, deadline, tuple(history)).go()


def carry_out_agent(order: AgentTask, work: TaskWork) -> AgentResult:
    """Work on the prompt of a task.

    Raises:
        TaskRefusedError: No language model is configured.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    work.calls.need_language_model()
    reader = work.services.reader
    agent = Agent(Toolbox(reader), reader, work.services.window)
    limits = AgentLimits(max_steps=order.max_steps, max_tokens=order.max_tokens)
    run = agent.run(order.prompt, work.calls, limits, work.deadline)
    return AgentResult(**work.calls.describe().model_dump(), **run.model_dump())


def _list_tools(tools: Sequence[Tool]) -> str:
    lines = [f"{t.name}: {t.description} {json.dumps(t.parameters)}" for t in tools]
    return "\n".join(["The tools, each with the JSON Schema of its arguments:", *lines])


class _Run:
    """One prompt on its way to an answer."""

    def __init__(
        self,
        agent: Agent,
        prompt: str,
        calls: MeteredCalls,
        limits: AgentLimits,
        deadline: Deadline,
        history: tuple[PastTurn, ...],
    ) -> None:
        self._agent = agent
        self._prompt = prompt
        self._calls = calls
        self._limits = limits
        self._deadline = deadline
        self._history = history
        final_seconds = min(_FINAL_SECONDS, deadline.remaining_seconds * _FINAL_SHARE_OF_TIME)
        self._turns_deadline = Deadline(deadline.at_seconds - final_seconds, deadline.clock)
        self._exchanges: list[Exchange] = []
        self._steps: list[StepTaken] = []
        self._pages: dict[str, tuple[Document, set[int]]] = {}
        self._in_words = False

    def go(self) -> AgentRun:
        """Take turns until there is an answer, or a limit is reached."""
        for _ in range(self._limits.max_steps):
            stopped_by = self._find_stop()
            if stopped_by is not None:
                return self._conclude(stopped_by)
            try:
                turn = self._think()
                if not turn.calls:
                    if not turn.text.strip():
                        return self._conclude(StoppedBy.ANSWER)
                    return self._describe(turn.text, StoppedBy.ANSWER)
                self._act(turn)
            except DeadlineError:
                return self._conclude(StoppedBy.TIME)
            except (ModelAnswerError, ModelUnavailableError):
                if self._turns_deadline.remaining_seconds > _CUT_SECONDS:
                    raise
                return self._conclude(StoppedBy.TIME)
        return self._conclude(StoppedBy.STEPS)

    @property
    def _sources(self) -> tuple[Source, ...]:
        """What a model that is asked in words reads: the history and the results; never none."""
        history = [
            f"Earlier in the conversation\nThe user: {past.prompt}\nYour answer: {past.answer}"
            for past in self._history
        ]
        results = [
            f"{call.name} {call.arguments}\n{result}"
            for exchange in self._exchanges
            for call, result in zip(exchange.turn.calls, exchange.results, strict=True)
        ]
        texts = [*history, *(results or ["No tool has been called yet."])]
        return tuple(Source(0, 0, text) for text in texts)

    @property
    def _tokens(self) -> int:
        return estimate_tokens(self._prompt) + sum(
            estimate_tokens(source.text) for source in self._sources
        )

    def _find_stop(self) -> StoppedBy | None:
        if not self._turns_deadline.remaining_seconds:
            return StoppedBy.TIME
        # What is left has to suffice for the turn, whose server may want the thoughts of those so
        # far back, and for the final answer after it.
        needed = 2 * (self._agent.frame_tokens + self._tokens + self._agent.output_tokens)
        if not self._in_words:
            needed += sum(exchange.turn.kept_tokens for exchange in self._exchanges)
        left = self._limits.max_tokens - self._calls.total_tokens
        is_full = self._agent.room - self._tokens < _LEAST_RESULT_TOKENS
        if self._exchanges and (left < needed or is_full):
            return StoppedBy.TOKENS
        return None

    def _think(self) -> Turn:
        if not self._in_words:
            request = TurnRequest(
                purpose="agent",
                instructions=f"{AGENT}\n{AGENT_DATA_RULE}",
                prompt=self._prompt,
                exchanges=tuple(self._exchanges),
                tools=self._agent.tools,
                max_output_tokens=self._agent.output_tokens,
                history=self._history,
            )
            try:
                turn = self._calls.take_turn(request, self._turns_deadline)
            except ToolsNotTakenError:
                self._in_words = True
            except ModelAnswerError:
                # A call was written so badly that its server, or nobody, can read it: the model may
                # do better in words.
                if self._turns_deadline.remaining_seconds <= _CUT_SECONDS:
                    raise
                self._in_words = True
            else:
                if turn.calls or not turn.is_doubtful:
                    return turn
                # It may never have seen the tools: one look at what it says when asked in words.
                self._in_words = True
        return self._think_in_words()

    def _think_in_words(self) -> Turn:
        request = ModelRequest(
            purpose="agent",
            instructions="\n".join([AGENT, AGENT_STEP, self._agent.tool_list]),
            sources=self._sources,
            answer_type=AgentStep,
            max_output_tokens=self._agent.output_tokens,
            checks_pages=False,
            question=f"The user asks:\n{self._prompt}",
        )
        step = self._calls.ask(request, self._turns_deadline).value
        if step.answer or not step.calls:
            # A thought is none: without an answer, one is asked for.
            return Turn(text=strip_thoughts(step.answer or ""))
        calls = tuple(ToolCall(name=c.tool, arguments=c.arguments) for c in step.calls)
        return Turn(text=step.thought, calls=calls)

    def _act(self, turn: Turn) -> None:
        turn = turn.model_copy(update={"calls": turn.calls[:_MAX_CALLS_PER_STEP]})
        room = max(_LEAST_RESULT_TOKENS, self._agent.room - self._tokens)
        share = min(_MAX_RESULT_TOKENS, max(_LEAST_RESULT_TOKENS, room // (2 * len(turn.calls))))
        results = []
        for call in turn.calls:
            result = self._agent.toolbox.call(call.name, call.arguments, share, self._ask)
            self._note(call, result)
            results.append(result.text if self._in_words else delimit_untrusted(result.text))
        self._exchanges.append(Exchange(turn, tuple(results)))

    def _ask(self, question: str, documents: Sequence[Document]) -> AnsweredQuestion:
        return answer_question(
            question,
            documents,
            self._agent.reader,
            self._calls,
            self._agent.window,
            self._turns_deadline,
        )

    def _note(self, call: ToolCall, result: ToolResult) -> None:
        self._steps.append(
            StepTaken(tool=call.name, arguments=call.arguments, is_error=result.is_error)
        )
        for document, pages in result.pages:
            self._pages.setdefault(document.document_id, (document, set()))[1].update(pages)

    def _conclude(self, stopped_by: StoppedBy) -> AgentRun:
        """Ask for the best answer that what was read allows."""
        request = ModelRequest(
            purpose="agent",
            instructions=f"{AGENT}\n{AGENT_FINAL}",
            sources=self._sources,
            answer_type=FinalAnswer,
            max_output_tokens=self._agent.output_tokens,
            checks_pages=False,
            question=f"The user asks:\n{self._prompt}",
        )
        answer = strip_thoughts(self._calls.ask(request, self._deadline).value.answer)
        if not answer.strip():
            raise ModelAnswerError("The final answer holds nothing but thoughts")
        return self._describe(answer, stopped_by)

    def _describe(self, answer: str, stopped_by: StoppedBy) -> AgentRun:
        return AgentRun(
            prompt=self._prompt,
            answer=answer.strip(),
            stopped_by=stopped_by,
            steps=self._steps,
            pages_read=[
                describe_reading(document, pages) for document, pages in self._pages.values()
            ],
        )
