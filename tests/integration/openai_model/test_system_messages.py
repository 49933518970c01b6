"""Models that take no message of the system get their instructions with what the user says."""

from dataclasses import replace
from itertools import pairwise

import pytest

from shared.deadline import Deadline
from shared.errors import ModelAccessError
from shared.llm.model import Picture
from shared.llm.turns import PastTurn, Tool, TurnRequest
from tests.fakes.model.chat_behaviours import saying, sending
from tests.fakes.model.openai_requests import REQUEST, answer
from tests.integration.openai_model.answer_shapes.rows import ReplyRow, error

INVALID = "invalid_request_error"
O1_MINI = error("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                INVALID, "unsupported_value")  # fmt: skip
ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."
OBJECTIONS = {
    "vllm-project/vllm #2964: Gemma": (
        400, {"object": "error", "message": "System role not supported", "type": "BadRequestError",
              "param": None, "code": 400}),
    "sgl-project/sglang #892: Gemma 2": (
        500, {"object": "error", "message": "TemplateError: System role not supported"}),
    "microsoft/vscode #258088: Gemma 3 of Gemini's API": (
        400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
                         "Developer instruction is not enabled for models/gemma-3-27b-it"}}]),
    "microsoft/autogen #1037: Mistral Instruct behind vLLM": (
        400, {"object": "error", "message": ALTERNATE, "type": INVALID}),
    "withcatai/node-llama-cpp #263: Mistral's template": (
        500, error("Only user and assistant roles are supported!", "server_error", 500)),
    "microsoft/agent-framework #1077: o1-mini": (400, O1_MINI),
    "BigPizzaV3/CodexPlusPlus: MiniMax": (
        400, {"type": "error", "error": {
            "type": "bad_request_error", "http_code": "400",
            "message": "invalid params, chat content has invalid message role: system"}}),
}  # fmt: skip
WHOLE = ReplyRow("", "").behaviour


def read_messages(server, number=-1):
    return server.calls[number].body["messages"]


@pytest.mark.parametrize(("status", "body"), OBJECTIONS.values(), ids=OBJECTIONS)
def test_instructions_go_with_the_text_where_there_is_no_system_message(
    server, model, status, body
):
    server.script(sending(status, body), *[WHOLE] * 2)
    assert answer(model).value.title == "Answer"
    system, user = read_messages(server, 0)
    (joined,) = read_messages(server)
    assert joined == {"role": "user", "content": f"{system['content']}\n\n{user['content']}"}
    assert server.calls[1].response_format == "json_schema"
    # From then on at once.
    answer(model)
    assert [message["role"] for message in read_messages(server)] == ["user"]
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [404, 422])
def test_it_is_an_objection_by_any_status(server, model, status):
    server.script(sending(status, {"detail": "System role not supported"}), WHOLE)
    answer(model)
    assert [message["role"] for message in read_messages(server)] == ["user"]


def test_turns_and_pictures_keep_all_that_is_in_them(server, model):
    server.script(sending(*OBJECTIONS["vllm-project/vllm #2964: Gemma"]), *[WHOLE] * 2)
    answer(model)
    answer(model, replace(REQUEST, pictures=(Picture("image/png", b"\x89PNG"),)))
    (message,) = read_messages(server)
    rules, text, picture = message["content"]
    assert "Summarise the text." in rules["text"]
    assert "Seals" in text["text"]
    assert picture["type"] == "image_url"
    server.script(saying("Done."))
    tool = Tool("look", "Look somewhere.", {"type": "object", "properties": {}})
    history = (PastTurn("Before?", "Yes."),)
    request = TurnRequest("agent", "Do as asked.", "Find it.", (), (tool,), 500, history)
    model.take_turn(request, Deadline.after(30))
    assert [(m["role"], m["content"]) for m in read_messages(server)] == [
        ("user", "Do as asked.\n\nBefore?"), ("assistant", "Yes."), ("user", "Find it."),
    ]  # fmt: skip


def test_one_objection_after_another_is_met(server, build):
    def unsupported(name):
        told = {"message": "Unsupported.", "param": name, "code": "unsupported_parameter"}
        return sending(400, {"error": told})

    large = error("max_tokens: 2000 > 200, which is the maximum allowed number of output tokens")
    objections = [unsupported("reasoning_effort"), unsupported("service_tier"), sending(400, large)]
    model = build(reasoning_effort="low", extra_body={"service_tier": "auto"})
    server.script(*objections, sending(400, O1_MINI), WHOLE)
    answer(model)
    formats = [call.body["response_format"] for call in server.calls]
    assert formats == formats[:1] * 5
    assert not server.calls[-1].body.keys() & {"reasoning_effort", "service_tier"}
    assert len(read_messages(server)) == 1


def test_the_name_of_a_limit_and_a_system_message_are_met_at_once(server, model):
    words = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    length = error(f"Unsupported parameter: {words}", INVALID, "unsupported_parameter")
    server.script(sending(400, length), sending(400, O1_MINI), WHOLE)
    answer(model)
    assert "max_completion_tokens" in server.calls[-1].body
    assert len(read_messages(server)) == 1


def test_an_objection_that_stays_is_met_once(server, model):
    body = OBJECTIONS["vllm-project/vllm #2964: Gemma"][1]
    server.script(*[sending(400, body)] * 9)
    with pytest.raises(ModelAccessError):
        answer(model)
    sent = [call.body for call in server.calls]
    assert all(one != other for one, other in pairwise(sent))


def test_an_objection_to_other_roles_changes_nothing(server, model):
    body = {"message": f"After the optional system message, {ALTERNATE.lower()}"}
    server.script(*[sending(400, body)] * 4)
    with pytest.raises(ModelAccessError):
        answer(model)
    assert all(call.body["messages"][0]["role"] == "system" for call in server.calls)


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_after_an_answer_of_nothing_the_user_does_not_speak_twice(server, model, nothing):
    # vllm-project/vllm #6862: Mistral's template takes no two messages of the user in a row.
    server.script(saying(nothing), WHOLE)
    answer(model)
    system, user = read_messages(server)
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"].endswith("with nothing around it.")
    assert "Seals" in user["content"]
