"""Take turns with tools through the Chat Completions API."""

import json
import threading
from dataclasses import replace
from typing import Any

from openai.types.chat import ChatCompletionMessageParam

from shared.deadline import Deadline
from shared.errors import ContextOverflowError, ModelAnswerError, ModelRefusalError, SeashoreError
from shared.llm.call_chain import CallChain, find_most_of_turn
from shared.llm.chat_completions.answer_room import AnswerRoom
from shared.llm.chat_completions.chat_calls import ChatCall, ChatCaller
from shared.llm.chat_completions.chat_replies import ONLY_THOUGHTS, Reply
from shared.llm.chat_completions.paid_failures import charge_failure
from shared.llm.chat_completions.structured_output import OutputStep
from shared.llm.chat_completions.tool_rejections import (
    ThoughtsWantedError,
    ToolsRejectedError,
)
from shared.llm.chat_completions.worded_calls import read_worded_calls
from shared.llm.model_window import ModelWindow
from shared.llm.turns import (
    Exchange,
    ModelTurn,
    Tool,
    ToolCall,
    ToolsNotTakenError,
    Turn,
    TurnRequest,
    estimate_turn_tokens,
)

# For a turn in which the model had no thought, or another model spoke: DeepSeek and Kimi want one
# of each, and none that is empty.
_NO_THOUGHT = {"reasoning_content": "."}


class ToolTurns:
    """Takes turns with one model of one server, and remembers whether that takes tools.

    Some servers want the thoughts back that had led to the calls so far. They get them once they
    have said so: others refuse such fields, and a small window has better uses.

    Thread-safe.

    Args:
        caller: Makes the calls.
        model: The name of the model.
        window: How much the model reads and writes.
    """

    def __init__(self, caller: ChatCaller, model: str, window: ModelWindow) -> None:
        self._caller = caller
        self._model = model
        self._window = window
        self._lock = threading.Lock()
        self._takes_tools: bool | None = None
        # What the server calls the thoughts that it wants back; set by any thread, and never taken
        # back.
        self._wanted_thoughts = ""

    def take(self, request: TurnRequest, deadline: Deadline) -> ModelTurn:
        """Take a turn; one that is cut off is asked for once more with more room.

        Raises:
            ToolsNotTakenError: The server said that it does not take tools, now or before; or it
                rejects the request, or wants thoughts back for which there is no room.
            SeashoreError: As `LanguageModel.answer` says; with what was consumed (`PaidCalls`).
        """
        with self._lock:
            if self._takes_tools is False:
                raise ToolsNotTakenError
        chain = CallChain(
            find_most_of_turn(estimate_turn_tokens(request), request.max_output_tokens)
        )
        room = AnswerRoom(request.max_output_tokens, self._window, request.room_tokens)
        try:
            while True:
                wanted = self._wanted_thoughts
                call = self._write(request, room, wanted)
                try:
                    reply = self._call(call, deadline, chain)
                except ThoughtsWantedError as error:
                    if wanted:
                        # Else another model may have begun it, whose calls have none of this one's.
                        if all(map(_has_thoughts, request.exchanges)):
                            self._remember(takes_tools=False)
                        raise ToolsNotTakenError from None
                    self._wanted_thoughts = error.named
                    continue
                chain.charge(reply.usage, call.prompt_tokens, call.max_tokens)
                self._caller.check_was_read(call, reply)
                if reply.refused:
                    raise ModelRefusalError("The model declines to go on")
                if not reply.cut_off:
                    return ModelTurn(self._read(reply, request), self._model, chain.usage)
                room.widen(call.max_tokens)
        except SeashoreError as error:
            raise charge_failure(error, chain.usage, room.found_tokens) from None

    def _write(self, request: TurnRequest, room: AnswerRoom, wanted_thoughts: str) -> ChatCall:
        if not wanted_thoughts:
            return _write_call(_leave_thoughts(request), room)
        try:
            call = _write_call(request, room)
        except ContextOverflowError:
            raise ToolsNotTakenError from None
        return _fill_thoughts(call) if wanted_thoughts in _NO_THOUGHT else call

    def _call(self, call: ChatCall, deadline: Deadline, chain: CallChain) -> Reply:
        try:
            return self._caller.call(call, deadline, chain)
        except ToolsRejectedError as rejection:
            if rejection.by_name:
                self._remember(takes_tools=False)
            raise ToolsNotTakenError from None

    def _read(self, reply: Reply, request: TurnRequest) -> Turn:
        if reply.tool_calls:
            self._remember(takes_tools=True)
        else:
            # Some models call while they think, which their servers then take for a thought.
            said = reply.text if reply.text.strip() else reply.thoughts_alone
            calls = read_worded_calls(said, [tool.name for tool in request.tools])
            if calls:
                return Turn(text="", calls=calls, kept_fields=reply.kept_fields)
            if not reply.text.strip():
                problem = ONLY_THOUGHTS if said else "and calls nothing"
                raise ModelAnswerError(f"The model says nothing: {problem}")
        with self._lock:
            is_doubtful = self._takes_tools is None
        return Turn(
            text=reply.text,
            calls=reply.tool_calls,
            is_doubtful=is_doubtful,
            kept_fields=reply.kept_fields if reply.tool_calls else "",
        )

    def _remember(self, *, takes_tools: bool) -> None:
        with self._lock:
            self._takes_tools = takes_tools


def _has_thoughts(exchange: Exchange) -> bool:
    turn = exchange.turn
    return bool(turn.kept_fields or any(call.kept_fields for call in turn.calls))


def _fill_thoughts(call: ChatCall) -> ChatCall:
    """The call with a thought in each message of the model that has none."""
    messages: list[Any] = [
        {**_NO_THOUGHT, **message} if message["role"] == "assistant" else message
        for message in call.messages
    ]
    return replace(call, messages=messages)


def _leave_thoughts(request: TurnRequest) -> TurnRequest:
    return replace(
        request,
        exchanges=tuple(
            replace(exchange, turn=exchange.turn.without_kept_fields())
            for exchange in request.exchanges
        ),
    )


def _write_call(request: TurnRequest, room: AnswerRoom) -> ChatCall:
    prompt_tokens = estimate_turn_tokens(request)
    messages: list[Any] = [
        {"role": "system", "content": request.instructions},
    ]
    for past in request.history:
        messages.append({"role": "user", "content": past.prompt})
        messages.append({"role": "assistant", "content": past.answer})
    messages.append({"role": "user", "content": request.prompt})
    for number, exchange in enumerate(request.exchanges, start=1):
        messages.extend(_write_exchange(exchange, number))
    return ChatCall(
        purpose=request.purpose,
        messages=messages,
        step=OutputStep.TEXT,
        response_format=None,
        prompt_tokens=prompt_tokens,
        max_tokens=room.fit(prompt_tokens),
        may_step_down=False,
        tools=[_write_tool(tool) for tool in request.tools],
    )


def _write_exchange(exchange: Exchange, number: int) -> list[ChatCompletionMessageParam]:
    # Ids are made anew: those of some servers are empty, or the same for every call. Mistral takes
    # nine letters or digits, no more and no fewer.
    ids = [f"call{number:03}{position:02}" for position in range(1, len(exchange.turn.calls) + 1)]
    said: Any = {
        **_read_fields(exchange.turn.kept_fields),
        "role": "assistant",
        "content": exchange.turn.text or None,
        "tool_calls": [
            {
                **_read_fields(call.kept_fields),
                "id": call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": _write_arguments(call)},
            }
            for call_id, call in zip(ids, exchange.turn.calls, strict=True)
        ],
    }
    results: list[Any] = [
        {"role": "tool", "tool_call_id": call_id, "content": result}
        for call_id, result in zip(ids, exchange.results, strict=True)
    ]
    return [said, *results]


def _read_fields(kept_fields: str) -> dict[str, Any]:
    return dict(json.loads(kept_fields)) if kept_fields else {}


def _write_arguments(call: ToolCall) -> str:
    """What the model wrote; in an object if it is none.

    llama.cpp answers 500 each time to what is no JSON, vLLM, Bedrock and Anthropic 400 to a list,
    a text or null ("Input should be a valid dictionary").
    """
    try:
        is_object = isinstance(json.loads(call.arguments or "{}"), dict)
    except (ValueError, RecursionError):
        is_object = False
    return (call.arguments or "{}") if is_object else json.dumps({"unreadable": call.arguments})


def _write_tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        },
    }
