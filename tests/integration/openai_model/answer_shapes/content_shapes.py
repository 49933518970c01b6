"""Errors of one text: it is declined, it is too long, or what was written for it is of no use."""

import json

from tests.fakes.model.openai_requests import SECRET_TEXT
from tests.integration.openai_model.answer_shapes.rows import MADE, ErrorRow, RoomRow, error

INVALID = "invalid_request_error"
POLICY = "The response was filtered due to the prompt triggering {} content management policy."
INSPECTION = "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain" \
    " inappropriate content."  # fmt: skip
FLAGGED = "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
NO_JSON = "Failed to generate JSON. Please adjust your prompt."
NO_CALL = "Failed to call a function. Please adjust your prompt."
GEMINI_LONG = "The input token count (1200293) exceeds the maximum number of tokens allowed"


def _refused(source, status, body):
    return ErrorRow(source, status, body, "refused")


def _overflow(source, status, body):
    return ErrorRow(source, status, body, "overflow")


def _unusable(source, status, body):
    return ErrorRow(source, status, body, "unusable")


REFUSED = [
    _refused("666ghj/BettaFish: Content Exists Risk (400)", 400,
             error("Content Exists Risk", INVALID, INVALID)),
    _refused("deepseek-ai/DeepSeek-V2: BadRequestError: 'detail': 'Content Exists Risk'", 400,
             {"detail": "Content Exists Risk"}),
    _refused(
        "theopenco/llmgateway: treat xAI content safety 403 as content_filter",
        403,
        {"code": "permission denied", "error": "Content violates usage guidelines. Failed check:"
                                               " SAFETY_CHECK_TYPE_CSAM"},
    ),
    _refused(
        "Gitlawb/openclaude: Azure content management policy even for Hi",
        400,
        {"error": {"message": POLICY.format("Azure OpenAI's"), "type": None, "param": "prompt",
                   "code": "content_filter", "status": 400,
                   "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
    ),
    _refused(
        "openai/openai-python: Error when trigger Azure OpenAI's content management policy",
        400,
        {"error": {"message": POLICY.format("Azure OpenAI\u2019s"), "code": "content_filter"}},
    ),
    _refused(
        "BerriAI/litellm: returning Azure Content Policy error information",
        400,
        error("litellm.ContentPolicyViolationError: AzureException - "
              + POLICY.format("Azure OpenAI's"), code="400",
              provider_specific_fields={
                  "innererror": {"code": "ResponsibleAIPolicyViolation"}}),
    ),
    _refused("gpt4free/g4f.dev: Azure Microsoft's content management policy", 400,
             {"error": {"message": POLICY.format("Microsoft's"), "type": None, "status": 400}}),
    _refused("camel-ai/owl: data_inspection_failed", 400,
             error("Input data may contain inappropriate content.", "data_inspection_failed",
                   "data_inspection_failed")),
    _refused("QwenLM/Qwen: Input data may contain inappropriate content. api error", 400,
             {"request_id": "1", "code": "DataInspectionFailed",
              "message": "Input data may contain inappropriate content."}),
    _refused("QwenLM/qwen-code: InternalError.Algo.DataInspectionFailed", 400, error(INSPECTION)),
    _refused("alan-turing-institute/t0-1: Safety filter reject message not captured", 400,
             error(FLAGGED, INVALID, "invalid_prompt")),
    _refused("songquanpeng/one-api: Azure o1-preview", 400, error(FLAGGED)),
    _refused(
        "OpenRouter: Errors (moderation)",
        403,
        {"error": {"code": 403, "message": "Your chosen model requires moderation and your input"
                                           " was flagged",
                   "metadata": {"reasons": ["violence"], "flagged_input": SECRET_TEXT}}},
    ),
    _refused("langchain4j/langchain4j: Use ZhipuAiChatModel to input sensitive words", 400,
             {"error": {"code": "1301", "message": "\u654f\u611f\u5185\u5bb9"}}),
    _refused("SWE-agent/mini-swe-agent #902: OpenRouter, flagged inside an answer", 200,
             error("This content was flagged for possible cybersecurity risk", code=502)),
    _refused("Cloudflare AI Gateway: Set up Guardrails (prompt blocked)", 424,
             {"success": False, "result": [], "messages": [], "error": [
                 {"code": 2016, "message": "Prompt blocked due to security configurations"}]}),
    _refused("Cloudflare AI Gateway: Set up Guardrails (response blocked)", 424,
             error("Response blocked due to security configurations", code=2017)),
    _refused("WSO2 AI Gateway: Guardrail Error Response", 446,
             {"code": "900514", "type": "SENTENCE_COUNT_GUARDRAIL",
              "message": {"action": "GUARDRAIL_INTERVENED", "direction": "REQUEST"}}),
    _refused("databricks/ucode #66: blocked by an input guardrail", 400,
             error("Request blocked by input guardrail 'databricks_demo'")),
    _refused("BerriAI/litellm #20357: Gemini's finish message", 400,
             {"error": {"code": 400, "message": "The prompt contains sensitive words that violate"
                                                " Google's Responsible AI practices."}}),
    _refused(MADE, 451, error("Content blocked by policy", code="content_blocked")),
    _refused(MADE, 500, error(INSPECTION)),
    _refused(MADE, 500, {"code": "InternalError.Algo",
                         "message": "Output data may contain inappropriate content."}),
    _refused(MADE, 403, error("No.", code=403, metadata={"flagged_input": SECRET_TEXT})),
    _refused(MADE, 400, error("The request was rejected because it was considered high risk",
                              "content_filter")),
    _refused(MADE, 200, error("Provider returned error", code=403, metadata={
        "raw": json.dumps({"error": "Content violates usage guidelines."})})),
]  # fmt: skip

OVERFLOWS = [
    _overflow("MoonshotAI/kimi-cli: Context window below 50% but LLM provider error", 400,
              {"error": {"message": "Invalid request: Your request exceeded model token limit:"
                                    " 262144 (requested: 269030)",
                         "type": "invalid_request_error"}}),
    _overflow("cline/cline: 400 This model's maximum prompt length is 131072", 400,
              {"error": "This model's maximum prompt length is 131072 but the request contains"
                        " 136973 tokens."}),
    _overflow("Vertex AI: the count beside what the model takes", 400,
              {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
                         "Unable to submit request because the input token count is 1050000 but"
                         " model only supports up to 1048576."}}),
    _overflow("openJiuwen-ai/jiuwenswarm #12: prompt too long", 400,
              error("400 Bad Request: prompt too long", "api_error")),
    _overflow("google-gemini/gemini-cli: The input token count (1200293) exceeds the maximum", 400,
              [{"error": {"code": 400, "message": GEMINI_LONG, "status": "INVALID_ARGUMENT",
                          "errors": [{"message": GEMINI_LONG, "reason": "badRequest"}]}}]),
    _overflow("google-gemini/gemini-cli: Err400 - The input token count execeeds", 400,
              {"error": {"message": json.dumps({"error": {"code": 400, "message": GEMINI_LONG}}),
                         "code": 400, "status": "Bad Request"}}),
    _overflow("google-gemini/gemini-cli: Input token count exceeds the maximum", 400,
              {"error": {"code": 400, "message": GEMINI_LONG, "status": "INVALID_ARGUMENT"}}),
    _overflow(
        "bytedance/UI-TARS-desktop: Too many model invoke failures: 422",
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 65537."
                  " Given: 79993 `inputs` tokens and 1024 `max_new_tokens`"},
    ),
    _overflow(
        "opea-project/GenAIInfra: ChatQnA queries return just Gaudi TGI error messages",
        200,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048."
                  " Given: 1887 `inputs` tokens and 1024 `max_new_tokens`",
         "error_type": "validation"},
    ),
    _overflow("opea-project/GenAIExamples: parameters for handling long retrievals", 422,
              {"error": "Input validation error: `inputs` must have less than 512 tokens."}),
    _overflow("ggml-org/llama.cpp: server: add exceed_context_size_error type", 500,
              {"error": {"code": 500, "message": "the request exceeds the available context size.",
                         "type": "exceed_context_size_error", "n_prompt_tokens": 1407,
                         "n_ctx": 256}}),
    _overflow("oobabooga/textgen: Give feedback when request exceeds available context size", 200,
              {"error": {"code": 400, "message": "the request exceeds the available context size.",
                         "type": "exceed_context_size_error"}}),
    _overflow(
        "vllm-project/vllm: This model's maximum context length is 16384 tokens",
        400,
        {"object": "error", "type": "BadRequestError", "param": None, "code": 400,
         "message": "This model's maximum context length is 16384 tokens. However, you requested"
                    " 122946 tokens (112946 in the messages, 10000 in the completion). Please"
                    " reduce the length of the messages or completion."},
    ),
    _overflow("The-Vibe-Company/quivr: This model's maximum context length is 4097 tokens", 400,
              error("This model's maximum context length is 4097 tokens. However, you requested"
                    " 4203 tokens (3703 in the messages, 500 in the completion).", INVALID)),
    _overflow("nicknochnack/LangchainDocuments: max tokens?", 400,
              error("This model's maximum context length is 4097 tokens, however you requested"
                    " 4322 tokens (4066 in your prompt; 256 for the completion).")),
    _overflow("stackblitz/bolt.new: prompt is too long: 202128 tokens > 200000 maximum", 400,
              {"type": "error", "error": {
                  "type": INVALID,
                  "message": "prompt is too long: 202128 tokens > 200000 maximum"}}),
    _overflow("continuedev/continue: Error: Llama 3.3 70B (Groq) - 413", 413,
              error("Request too large for model `llama-3.3-70b-versatile` on tokens per minute"
                    " (TPM): Limit 12000, Requested 14137, please reduce your message size and try"
                    " again.", "tokens", "rate_limit_exceeded")),
    _overflow("vanna-ai/vanna-flask: Request Too Large for GPT-4o", 429,
              error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested"
                    " 342389. The input or output tokens must be reduced in order to run"
                    " successfully.", "tokens", "rate_limit_exceeded")),
    _overflow("Groq: API Error Codes and Responses (413)", 413, error("Request Entity Too Large")),
    _overflow("vllm-project/vllm #36789: no room left for an answer", 400,
              error("max_tokens must be at least 1, got -7584. (parameter=max_tokens, value=-7584)",
                    "BadRequestError", 400)),
    _overflow("vllm-project/vllm #4667: no room left for an answer, unnamed", 400,
              {"object": "error", "message": "max_tokens must be at least 1, got -186.",
               "type": "BadRequestError", "param": None, "code": 400}),
    _overflow("vllm-project/vllm #36789: Input length exceeds", 400,
              error("Input length (11680) exceeds model's maximum context length (4096).",
                    "BadRequestError", 400)),
    _overflow("vllm-project/vllm-ascend #11557: output and input tokens", 400,
              error("This model's maximum context length is 4096 tokens. However, you requested 1"
                    " output tokens and your prompt contains at least 4096 input tokens, for a"
                    " total of at least 4097 tokens. (parameter=input_tokens, value=4096)",
                    "BadRequestError", 400)),
    _overflow("QwenLM/Qwen3 #1321: SGLang, longer than the context length", 400,
              {"object": "error", "type": "BadRequestError", "param": None, "code": 400,
               "message": "The input (61709 tokens) is longer than the model's context length"
                          " (40960 tokens)."}),
    _overflow("sgl-project/sglang #4048: exceeds the maximum allowed length", 400,
              error("Input length (160062 tokens) exceeds the maximum allowed length (59862"
                    " tokens).", "BadRequestError", 400)),
    _overflow("chatboxai/chatbox #2060: SiliconFlow, max_seq_len", 400,
              {"code": 20015, "data": None,
               "message": "length of prompt_tokens (68957) must be less than max_seq_len"
                          " (65536)."}),
    _overflow("continuedev/continue #10993: SiliconFlow, max_total_tokens", 400,
              {"code": 20015, "message": "max_total_tokens (33802) must be less than or equal to"
                                         " max_seq_len (32768)", "data": None}),
    _overflow("tashfeenahmed/freellmapi #873: Zhipu, Prompt exceeds max length", 400,
              {"error": {"code": "1261", "message": "Prompt exceeds max length"}}),
    _overflow("eslint/tsc-meetings #593: GitHub Models, tokens_limit_reached", 413,
              {"error": {"code": "tokens_limit_reached",
                         "message": "Request body too large for gpt-4o model. Max size: 8000"
                                    " tokens.", "details": "Request body too large."}}),
    _overflow("lmstudio-ai/lmstudio-bug-tracker #546: the first tokens are kept", 400,
              {"error": "Trying to keep the first 111490 tokens when context the overflows."
                        " However, the model is loaded with context length of only 32768 tokens,"
                        " which is not enough."}),
    _overflow("anomalyco/opencode #11141: LM Studio, n_keep and n_ctx", 400,
              {"error": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}),
    _overflow("cohere-ai/sandbox-topically #4: too many tokens", 400,
              {"message": "too many tokens: total number of tokens (prompt and prediction) cannot"
                          " exceed 2048 - received 6354. Try using a shorter prompt."}),
    _overflow("jjleng/copilot-more #35: prompt token count", 400,
              {"error": {"message": "prompt token count of 93854 exceeds the limit of 90000",
                         "param": "", "code": "", "type": ""}}),
    _overflow("refly-ai/refly #1177: OpenRouter, middle-out", 400,
              error("This endpoint's maximum context length is 32768 tokens. However, you requested"
                    " about 42832 tokens (42832 of text input).", code=400)),
    _overflow("cloudflare/cloudflare-docs #29731: Workers AI", 400,
              {"success": False, "result": {}, "messages": [], "errors": [
                  {"code": 8007, "message": "AiError: This model's maximum context length is 131072"
                                            " tokens. However, you requested 16000 output"
                                            " tokens"}]}),
    _overflow("anomalyco/models.dev #4422: Workers AI, Requested token count", 400,
              error("Requested token count exceeds the model's maximum context length of 256000"
                    " tokens. You requested a total of 256878 tokens: 31216 tokens from the input"
                    " messages and 225662 tokens for the completion.")),
    _overflow("dyad-sh/dyad #1950: Bedrock, Input is too long", 400,
              {"message": "The model returned the following errors: Input is too long for requested"
                          " model."}),
    _overflow("llmmllab/llmmllab-api #56: exceeds context size", 400,
              error("request (53192 tokens) exceeds context size (50176 tokens)",
                    "exceed_context_size_error", 400)),
    _overflow("jaylfc/taOS #1738: RKLLM", 400,
              {"error": "Prompt is 11543 tokens but the model context window is 4096 tokens."}),
    _overflow("agentscope-ai/QwenPaw #6255: DashScope, Range of input length", 400,
              {"request_id": "1", "error": {
                  "code": "invalid_parameter_error", "type": INVALID,
                  "message": "<400> InternalError.Algo.InvalidParameter: Range of input length"
                             " should be [1, 983616]"}}),
    _overflow("MiniMax-AI/MiniMax-01 #15: 1039 in an answer", 200,
              {"id": "1", "choices": None, "object": "chat.completion",
               "usage": {"completion_tokens": None, "prompt_tokens": None, "total_tokens": 0},
               "base_resp": {"status_code": 1039, "status_msg": "token limit"}}),
    _overflow("anthropics/claude-code #77992: exceeds the context window", 400,
              error("Your input exceeds the context window of this model. Please adjust your input"
                    " and try again.", INVALID)),
]  # fmt: skip

UNUSABLE = [
    _unusable("thepersonalaicompany/amurex-backend: json generation errors on end meeting", 400,
              error(NO_JSON, INVALID, "json_validate_failed", failed_generation=SECRET_TEXT)),
    _unusable("lucagrippa/obsidian-ai-tagger: Groq: failed generation", 400,
              error(NO_CALL, INVALID, "tool_use_failed", failed_generation="")),
    _unusable("HunorLaczko/ha-groq-cloud-api: Status 400 for llama-3.1-8b-instant", 400,
              error("tool call validation failed: parameters for tool HassTurnOff did not match"
                    " schema", INVALID, "tool_use_failed")),
    _unusable("laravel/ai: (Groq) Tool call validation failed", 400,
              error("Tool call validation failed: missing properties", INVALID)),
    _unusable(
        "huggingface/smolagents: Groq API fails to call tools for ToolCallingAgents",
        400,
        error("litellm.BadRequestError: GroqException - "
              + json.dumps(error(NO_CALL, INVALID, "tool_use_failed"))),
    ),
    _unusable("ggml-org/llama.cpp: LFM2.5-8B-A1B tool parser rejects documented format", 500,
              {"error": {"code": 500, "type": "server_error",
                         "message": f"Failed to parse input at pos 395: {SECRET_TEXT}"}}),
    _unusable("ggml-org/llama.cpp: broken tool-use for Qwen3.5-9B", 500,
              {"error": {"code": 500, "message": "Failed to parse input at pos 12: </tool_call>",
                         "type": "server_error"}}),
    _unusable("am17an/llama.cpp: malformed tool-call history returns HTTP 500", 500,
              error("Failed to parse tool call arguments as JSON", "server_error", 500)),
    _unusable("vxcontrol/pentagi: Tool call calling issue with llama.cpp backend", 500,
              error("litellm.InternalServerError: Custom_openaiException - Failed to parse tool"
                    " call arguments as JSON: unexpected end of input")),
    _unusable("pydantic/pydantic-ai: OpenRouter responses with null choices and no error", 200,
              {"id": "1", "choices": None, "provider": None, "model": "m"}),
    _unusable(MADE, 200, {"id": "1", "choices": [], "error": None}),
]  # fmt: skip

ROOMS = [
    RoomRow("ChatGPTNextWeb/NextChat: max_token is too large", 8_192,
            error("max_tokens is too large: 8192. This model supports at most 4096 completion"
                  " tokens, whereas you provided 8192.", INVALID, param="max_tokens"), 4_096),
    RoomRow("enoch3712/ExtractThinker: tokens too large for default", 32_000,
            error("litellm.BadRequestError: OpenAIException - max_tokens is too large: 32000. This"
                  " model supports at most 16384 completion tokens, whereas you provided 32000."),
            16_384),
    RoomRow("deepseek-ai/DeepSeek-V3: how to set a bigger max_tokens", 100_000,
            error("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", INVALID,
                  INVALID), 8_192),
    RoomRow("anomalyco/opencode: `max_tokens` must be less than or equal to `16384`", 131_072,
            error("`max_tokens` must be less than or equal to `16384`"), 16_384),
    RoomRow("claude-code-best/claude-code: 'max_completion_tokens' is too large: 64000", 64_000,
            error("'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's"
                  " maximum context length is 64001 tokens and your request has 24235 input tokens"
                  " (64000 > 64001 - 24235). None"), 39_766),
    RoomRow("RooCodeInc/Roo-Code: AWS Bedrock exceed maximum tokens", 8_192,
            {"message": "The maximum tokens you requested exceed the model limit of 4096. Try again"
                        " with a maximum tokens value lower than 4096."}, 4_096),
    RoomRow("Gitlawb/openclaude: different model Provider max_completion_tokens problem", 32_000,
            {"error": {"code": "InvalidParameter", "type": "BadRequest",
                       "param": "max_completion_tokens",
                       "message": "The parameter `max_completion_tokens` specified in the request"
                                  " are not valid: integer above maximum value, expected a value"
                                  " <= 12288, but got 32000 instead."}}, 12_288),
    RoomRow("anomalyco/models.dev #4422: Workers AI, max_completion_tokens", 262_144,
            {"errors": [{"code": 8007, "message":
                         "max_completion_tokens is too large: 262144. This model supports at most"
                         " 256000 completion tokens."}]}, 256_000),
    RoomRow("aws-samples/bedrock-access-gateway #41: the model limit of 2048", 4_096,
            {"detail": "An error occurred (ValidationException) when calling the ConverseStream"
                       " operation: The maximum tokens you requested exceeds the model limit of"
                       " 2048. Try again with a maximum tokens value that is lower than 2048."},
            2_048),
    RoomRow("AQBot-Desktop/AQBot: max_tokens", 500_000,
            {"error": {"message": "Param Incorrect", "type": "upstream_error", "code": "400",
                       "param": "max_tokens is too large: 500000. This model supports at most"
                                " 131072 completion tokens, whereas you provided 500000."}},
            131_072),
]  # fmt: skip
