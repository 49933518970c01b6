"""Errors that pass, or that are the request's own: too much at once, out of order, not taken."""

import json

from tests.fakes.model.openai_requests import SECRET_TEXT
from tests.integration.openai_model.answer_shapes.rows import MADE, ErrorRow, error

INVALID = "invalid_request_error"
EXHAUSTED = "Resource exhausted. Please try again later."
QUOTA = "You exceeded your current quota, please check your plan and billing details."
WAIT = "Too many tokens, please wait before trying again."
LIMIT = "Rate limit reached for model `llama`"


def _throttled(source, status, body, delay_seconds=None, **headers):
    return ErrorRow(source, status, body, "throttled", delay_seconds, headers)


def _google(seconds, *details):
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds}
    return {"error": {"code": 429, "message": QUOTA, "status": "RESOURCE_EXHAUSTED",
                      "details": [*details, info]}}  # fmt: skip


VIOLATION = {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
             "violations": [{"quotaId": "GenerateRequestsPerMinute"}]}  # fmt: skip

THROTTLED = [
    _throttled("continuedev/continue: Error: Groq Llama 3.3 70B - 429", 429,
               error(f"{LIMIT} on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619."
                     " Please try again in 9m38.016s.", "tokens", "rate_limit_exceeded"), 578.016),
    _throttled("elizaOS/eliza: groq tokens per minute (TPM): Limit 6000", 429,
               error(f"{LIMIT} on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443."
                     " Please try again in 4.77s. Need more tokens?"), 4.77),
    _throttled("danielmiessler/Fabric: Rate limit hit when using Groq", 429,
               error(f"{LIMIT} on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903."
                     " Please try again in 50.597142857s. Visit", "tokens", "rate_limit_exceeded"),
               50.597142857),
    _throttled("bklieger-groq/stockbot-on-groq: Error with all prompts", 429,
               error(f"{LIMIT} on : Limit 500000, Used 500370, Requested 252. Please try again in"
                     " 1m47.5854s."), 107.5854),
    _throttled("Routstr/routstr-core: Handle upstream provider rate-limit errors cleanly", 429,
               error("Rate limit reached for gpt-5.5 on tokens per min (TPM): Limit 180000000, Used"
                     " 180000000, Requested 8929. Please try again in 2ms."), 0.002),
    _throttled("harry0703/MoneyPrinterTurbo: Moonshot 429", 429,
               error("Your account request reached max request: 3, please try again after 1"
                     " seconds", "rate_limit_reached_error"), 1),
    _throttled("jasonacox/TinyLLM: Azure OpenAI Rate Limits", 429,
               error("litellm.RateLimitError: AzureException RateLimitError - Requests have"
                     " exceeded token rate limit of your current AIServices S0 pricing tier. Please"
                     " retry after 86400 seconds.", "throttling_error", "429"), 86_400),
    _throttled("microsoft/copilot-camp: Lab B2 - Rate Limit Issue", 429,
               {"error": {"code": "429", "message": "Rate limit is exceeded. Try again in 2"
                                                    " seconds."}}, 2),
    _throttled("pollinations/pollinations: Azure-OpenAI Error", 429,
               {"success": False, "error": {
                   "message": "Your request exceeds the maximum usage size allowed during peak"
                              " load. Please retry after 20 seconds.",
                   "code": "RATE_LIMITED"}}, 20),
    _throttled("letterstory/lettertrace: Honour Gemini's retry window on a 429", 429,
               _google("38s"), 38),
    _throttled("Aider-AI/aider: Use suggested retry delay from response", 429,
               error("litellm.RateLimitError: VertexAIException - 429, see below",
                     details=_google("44s", VIOLATION)["error"]["details"]), 44),
    _throttled("dcdpr/jp: Honor Gemini's retry delay", 429, [_google("45.837906927s")],
               45.837906927),
    _throttled("diegosouzapw/OmniRoute: parse Gemini 429 RetryInfo.retryDelay", 429,
               {"error": {"code": 429, "message": f"{QUOTA} Please retry in 26.660853464s.",
                          "status": "RESOURCE_EXHAUSTED"}}, 26.660853464),
    _throttled("googleapis/python-genai: RetryHttpOptions ignored", 429,
               _google("47s", VIOLATION), 47),
    _throttled("google-gemini/gemini-cli: Resource exhausted. Please try again later", 429,
               [{"error": {"code": 429, "message": EXHAUSTED, "status": "RESOURCE_EXHAUSTED",
                           "errors": [{"message": EXHAUSTED, "reason": "rateLimitExceeded"}]}}]),
    _throttled("gke-labs/gemini-for-kubernetes-development: Fail faster without quota", 429,
               {"error": {"message": json.dumps({"error": {
                   "code": 429, "message": QUOTA, "status": "RESOURCE_EXHAUSTED"}}), "code": 429}}),
    _throttled("cline/cline: Grok 4 failing on Cline!", 429,
               {"error": "Too many tokens for team x and model grok-4. Your team's rate limit is"
                         " Tokens per Minute (actual/limit): 65605/16000."}),
    _throttled("open-webui/computer: user-facing error discards the provider's reason", 429,
               {"error": {"message": "Provider returned error", "code": 429, "metadata": {
                   "raw": "z-ai/glm is temporarily rate-limited upstream. Retry shortly."}}}),
    _throttled("BerriAI/litellm: not handling 429's from OpenRouter", 200,
               {"id": "1", "object": "chat.completion",
                "choices": [{"finish_reason": "stop", "index": 0,
                             "message": {"content": None, "role": "assistant"}}],
                "error": {"message": "Provider returned error", "code": 429,
                          "metadata": {"raw": "error code: 1015", "provider_name": "Kluster"}}}),
    _throttled("openai/openai-agents-python: handle None choices in ChatCompletion response", 200,
               {"choices": None, "error": {"message": "Rate limit exceeded", "code": 429}}),
    _throttled("anomalyco/opencode: Too many requests on Xiaomi MimoV2.5", 429,
               error("Error from provider (Xiaomi): Too many requests", "limitation", "429")),
    _throttled("Gitlawb/openclaude: Error 429 (OpenRouter, free models)", 429,
               {"error": {"message": "Rate limit exceeded: free-models-per-day.", "code": 429,
                          "metadata": {"headers": {"X-RateLimit-Remaining": "0"}}}}),
    _throttled("anthropics/claude-code: API Error on AWS bedrock (429)", 429, {"message": WAIT}),
    _throttled("anomalyco/opencode: stop classifying Bedrock throttling as context overflow", 400,
               {"message": WAIT}),
    _throttled("Groq: Flex Processing", 498, error("capacity_exceeded", code="capacity_exceeded")),
    _throttled("Pythagora-io/gpt-pilot: groq rate limit by api", 429, error("Rate limited"), 2,
               retry_after="2", x_ratelimit_remaining_requests="14370",
               x_ratelimit_reset_requests="2m59.56s"),
    _throttled("continuedev/continue #6185: Mistral, Service tier capacity exceeded", 429,
               {"object": "error", "message": "Service tier capacity exceeded for this model.",
                "type": INVALID, "param": None, "code": None}),
    _throttled("raycast/extensions #31107: Mistral, rate_limited", 429,
               {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited",
                "param": None, "code": "1300", "raw_status_code": 429}),
    _throttled("continuedev/continue #9233: Ollama's cloud, hourly usage", 429,
               {"error": "you've reached your hourly usage limit, please wait or upgrade to"
                         " continue"}),
    _throttled("google-gemini/gemini-cli #26633: MODEL_CAPACITY_EXHAUSTED", 429,
               {"error": {"code": 429, "message": "No capacity available for model on the server",
                          "status": "RESOURCE_EXHAUSTED",
                          "details": [{"reason": "MODEL_CAPACITY_EXHAUSTED"}]}}),
    _throttled("google-gemini/gemini-cli #13004: Your quota will reset", 429,
               [{"error": {"code": 429, "message": "You have exhausted your capacity on this model."
                                                   " Your quota will reset after 8h44m7s."}}],
               31_447),
    _throttled(MADE, 429, error("Too many requests"), 360, x_ratelimit_remaining_tokens="0",
               x_ratelimit_reset_tokens="6m0s", x_ratelimit_remaining_requests="5",
               x_ratelimit_reset_requests="2h"),
    _throttled(MADE, 429, error("Slow down"), 0.25, retry_after_ms="250", retry_after="9"),
    _throttled(MADE, 500, error(WAIT, "server_error")),
    _throttled(MADE, 424, {"error": "Rate limit exceeded", "error_type": "overloaded"}),
    _throttled(MADE, 499, error("Too many requests")),
    _throttled(MADE, 413, error("Request too large on tokens per day (TPD)",
                                code="rate_limit_exceeded")),
]  # fmt: skip


def _unavailable(source, status, body):
    return ErrorRow(source, status, body, "unavailable", 30)


UNAVAILABLE = [
    _unavailable("OpenRouter: Errors (502)", 502,
                 error("Your chosen model is down or we received an invalid response from it",
                       code=502)),
    _unavailable("OpenRouter: Errors (503)", 503,
                 error("There is no available model provider that meets your routing requirements",
                       code=503)),
    _unavailable("OpenRouter: Errors (in a response with status 200)", 200,
                 error("We received an invalid response", code=502)),
    _unavailable("diegosouzapw/OmniRoute: Non-stream request 502s with STREAM_EARLY_EOF", 502,
                 error("Stream ended before producing useful content", "stream_early_eof",
                       "STREAM_EARLY_EOF")),
    _unavailable("genkit-ai/genkit: report finish reason, finish message, and refusals", 200,
                 {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Half"},
                               "finish_reason": "error",
                               "error": {"code": 502, "message": "Upstream lost"}}]}),
    _unavailable("continuedev/continue #11478: Ollama, more memory than there is", 500,
                 {"error": "model requires more system memory (2.7 GiB) than is available (2.3"
                           " GiB)"}),
    _unavailable("continuedev/continue #11241: Ollama, the runner has stopped", 500,
                 {"error": "model runner has unexpectedly stopped, this may be due to resource"
                           " limitations or an internal error"}),
    _unavailable("cline/cline #3020: OpenRouter, a page of Cloudflare's", 503,
                 "<!DOCTYPE html><title>Worker exceeded resource limits | Cloudflare</title>"),
    _unavailable("CommandCodeAI/command-code #785: a word for the status", 500,
                 {"success": False, "error": {
                     "code": "INTERNAL_SERVER_ERROR", "status": 500,
                     "message": "An unexpected error occurred. Please try again later."}}),
    _unavailable(MADE, 424, error("Failed dependency")),
    _unavailable(MADE, 499, error("Request cancelled")),
    _unavailable(MADE, 200, {"error": "the engine is out of order"}),
]  # fmt: skip

REQUESTS = [
    ErrorRow("editor-code-assistant/eca: Mistral AI API tool call issues", 422,
             {"object": "error", "type": INVALID, "param": None, "code": None,
              "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "x"],
                                      "msg": "Extra inputs are not permitted",
                                      "input": SECRET_TEXT}]}}, "request"),
    ErrorRow("mistralai/platform-docs-public: Wrong type for msg in ValidationError", 422,
             {"message": {"detail": [{"type": "float_type", "loc": ["body", "top_p"],
                                      "msg": "Input should be a valid number"}]}}, "request"),
    ErrorRow("JohnnyZ93/oai-compatible-copilot: deepseek v4 request error", 400,
             error("The reasoning_content in the thinking mode must be passed back to the API.",
                   INVALID, INVALID), "request"),
]  # fmt: skip

# A server that knows no `json_schema` is asked in a weaker format.
FORMATS = [
    ErrorRow("lmstudio-ai/lmstudio-bug-tracker: Support response_format text", 400,
             {"error": "'response_format.type' must be 'json_schema'"}, "format"),
    ErrorRow("openai/openai-dotnet: response_format 'json_schema' not supported", 400,
             error("Invalid parameter: 'response_format' of type 'json_schema' is not supported"
                   " with model version `gpt-4o`.", INVALID, param="response_format"), "format"),
    ErrorRow("bhimrazy/receipt-ocr: support newer json_schema response format", 400,
             {"error": "'response_format.json_schema.schema' must be an object"}, "format"),
]  # fmt: skip

# A server that says that it knows no tools is asked in words.
TOOLS = [
    ErrorRow("ollama/ollama: Ollama API error 400: does not support tools", 400,
             {"error": "Qwen3.5:0.8b does not support tools"}, "tools"),
    ErrorRow("louisho5/picobot: not support tools for some model ?", 400,
             error("gemma3:4b does not support tools", "api_error"),
             "tools"),
]  # fmt: skip
