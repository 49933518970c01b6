"""Errors of a setting: the key, the account, the model's name, the address."""

import json

from tests.integration.openai_model.answer_shapes.rows import MADE, ErrorRow, error

INVALID = "invalid_request_error"


def _access(source, status, body, **more):
    return ErrorRow(source, status, body, "access", **more)


GEMINI_KEY = {
    "error": {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        ],
    }
}
ON_DEMAND = "with on-demand throughput isn\u2019t supported"

ROWS = [
    # Keys.
    _access(
        "continuedev/continue: Error: Grok Code Fast 1 - 400",
        400,
        {"code": "Client specified an invalid argument",
         "error": "Incorrect API key provided: sk***YA."},
    ),
    _access(
        "continuedev/continue: Error: Gemini 3 Pro - Unknown error",
        400,
        {"error": {"message": json.dumps(GEMINI_KEY), "code": 400, "status": "Bad Request"}},
    ),
    _access("cequence-io/openai-scala-client: gemini API key is not invalid", 400, GEMINI_KEY),
    _access(MADE, 400, [GEMINI_KEY]),
    _access(
        "poenl/gemini-api: User location is not supported for the API use",
        400,
        {"error": {"code": 400, "message": "User location is not supported for the API use.",
                   "status": "FAILED_PRECONDITION"}},
    ),
    _access("OpenRouter: Errors", 401, error("Invalid credentials", code=401)),
    _access(MADE, 200, error("No auth credentials found", code=401)),
    _access(MADE, 401, {"detail": "Unauthorized"}),
    # Models.
    _access(
        "sipeed/picoclaw: LLM call fails with 400 error: glm-4.7 is not a valid model ID",
        400,
        {"error": {"message": "glm-4.7 is not a valid model ID", "code": 400}},
    ),
    _access(
        "maxnowack/anthropic-proxy: API error 400",
        400,
        {"error": json.dumps({"error": {"message": "google/gemini-2.0 is not a valid model ID",
                                        "code": 400}, "user_id": "u"})},
    ),
    _access(
        "decolua/9router: [ERROR] [400]: Invalid model. Please select a different model",
        400,
        {"message": "Invalid model. Please select a different model to continue.",
         "reason": "INVALID_MODEL_ID"},
    ),
    _access(
        "coze-dev/coze-studio: deepseek model always reports an error",
        400,
        {"code": INVALID, "message": "Model Not Exist", "type": INVALID, "request_id": ""},
    ),
    _access("langbot-app/LangBot: Model Not Exist", 400,
            error("Model Not Exist", INVALID, INVALID)),
    _access(
        "zh-plus/openlrc: DEEPSEEK_API_KEY error",
        404,
        error("The model `deepseek-chat` does not exist or you do not have access to it.",
              INVALID, "model_not_found"),
    ),
    _access(
        "RightNow-AI/openfang: Groq - stale model list",
        400,
        error("The model `deepseek-r1-distill-llama-70b` has been decommissioned and is no longer"
              " supported.", INVALID, "model_decommissioned"),
    ),
    _access(
        "RightNow-AI/openfang: Groq - stale model list #2",
        400,
        {"error": {"message": "The model gemma2-9b-it has been decommissioned and is no longer"
                              " supported."}},
    ),
    _access(
        "BerriAI/litellm: Show `model` passed on Invalid model name errors",
        400,
        error("400: {'error': 'Invalid model name passed in model=Lite-GPT-12'}", "None", 400),
    ),
    _access(
        "BerriAI/litellm: Perplexity Agent API models 400 on /v1/chat/completions",
        400,
        error("litellm.BadRequestError: PerplexityException - Invalid model 'perplexity/sonar'.",
              code="400"),
    ),
    _access(
        "MattJColes/lgtmaybe: clarify valid model ids and inference profiles",
        400,
        {"message": "The provided model identifier is invalid."},
    ),
    _access(
        "Laisky/one-api: AWS Bedrock claude-sonnet-4-20250514",
        400,
        error(f"ValidationException: Invocation of model ID anthropic.claude {ON_DEMAND}.", ""),
    ),
    _access(
        "aws-samples/bedrock-access-gateway: Unable to access anthropic.claude-3-5-sonnet",
        400,
        {"detail": f"An error occurred (ValidationException): model ID a {ON_DEMAND}"},
    ),
    _access(
        "konveyor/kai: InvokeModel operation: The provided model doesn't support on-demand",
        400,
        {"message": "The provided model doesn't support on-demand throughput."},
    ),
    _access(
        "mlcommons/modelbench: Fix AWS SUTs",
        400,
        {"message": "This action doesn't support the model that you provided. Try again with a"
                    " supported text or chat model."},
    ),
    _access(
        "tinyhumansai/openhuman: lm_studio chat: demote 'No models loaded' 400",
        400,
        error("No models loaded. Please load a model ...", INVALID, param="model"),
    ),
    _access(
        "continuedev/continue: Error: LM Studio - 400",
        400,
        {"error": 'Failed to load model "gpt-oss-20b". Error: Error loading model.'},
    ),
    _access(
        "continuedev/continue: Error: Grok 4 - 404",
        404,
        {"message": "We couldn't find a secret with the name \"XAI_API_KEY\"."},
    ),
    # Addresses.
    _access(
        "Alishahryar1/free-claude-code: Cloudflare provider fails with HTTP 400",
        404,
        {"type": "error", "error": {"type": "not_found_error",
                                    "message": "Model not found: moonshotai/kimi-k2.6"}},
    ),
    _access(
        "anomalyco/opencode: Cloudflare Worker AI rest api falure",
        404,
        {"result": None, "success": False, "messages": [],
         "errors": [{"code": 7003, "message": "Could not route to /client/v4/accounts"}]},
    ),
    _access(
        "jekalmin/extended_openai_conversation: Cloudflare AI cannot be used?",
        405,
        {"result": None, "success": False, "messages": [],
         "errors": [{"code": 7001, "message": "GET not supported for requested URI."}]},
    ),
    _access(
        "lmstudio-ai/lmstudio-bug-tracker #618: no /v1/ in the address",
        200,
        {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
    ),
    _access(
        "NousResearch/hermes-agent #47812: Azure, DeploymentNotFound",
        404,
        {"error": {"type": INVALID, "code": "DeploymentNotFound",
                   "message": "The API deployment for this resource does not exist. If you created"
                              " the deployment within the last 5 minutes, please wait a moment and"
                              " try again."}},
    ),
    _access(MADE, 307, {"message": "moved"}, headers={"Location": "/elsewhere"}),
    # Budgets.
    _access(
        "BerriAI/litellm: Improve BudgetExceededErrors - tell me what budget was exceeded",
        400,
        error("Budget has been exceeded! Current cost: 0.0010747, Max budget: 0.0",
              "auth_error", 400),
    ),
    _access(
        "BerriAI/litellm: state what type of budget was exceeded in error",
        400,
        error("litellm.BadRequestError: OpenAIException - Budget has been exceeded! Current cost:"
              " 14, Max budget: 100. Received Model Group=meta.llama3", code="400"),
    ),
    _access(
        "BerriAI/litellm: state what type of budget was exceeded in error (router)",
        429,
        error("No deployments available - crossed budget: Exceeded budget for deployment"
              " model_name: xxx", code="429"),
    ),
    _access(
        "OWASP/OpenCRE: Shared LiteLLM helper (user and model)",
        429,
        error("LiteLLM User: engineer-1, exceeded budget for model=claude", "budget_exceeded",
              "429"),
    ),
    _access(
        "OWASP/OpenCRE: Shared LiteLLM helper (end user)",
        400,
        error("ExceededBudget: End User=x over budget. Spend=0.0008, Budget=0.0001", code=400),
    ),
    _access(
        "anthropics/claude-code: Credit balance is too low",
        400,
        {"type": "error", "request_id": "req_1",
         "error": {"type": INVALID, "message": "Your credit balance is too low to access the"
                                               " Anthropic API."}},
    ),
    _access(
        "MoonshotAI/kimi-code: fail fast on quota-exhausted 429 instead of retrying",
        429,
        {"error": {"message": "Your account is suspended due to insufficient balance",
                   "type": "exceeded_current_quota_error"}},
    ),
    _access(
        "anomalyco/opencode: Kimi route returns Moonshot insufficient balance 429",
        429,
        {"error": {"message": "Error from provider: Provider returned error", "code": 429,
                   "metadata": {"raw": json.dumps(error("Your account is suspended due to"
                                                        " insufficient balance"))}}},
    ),
    _access(
        "modelscope/modelscope: Minimax m2.7 with API-Inference get insufficient balance error",
        429,
        {"error": {"http_code": "429", "message": "insufficient balance (1008)",
                   "type": "insufficient_balance_error"}, "request_id": "x"},
    ),
    _access(
        "MiniMax-AI/MiniMax-M2: API Error: 500 insufficient balance (1008)",
        500,
        {"type": "error", "error": {"type": "api_error",
                                    "message": "insufficient balance (1008)"}},
    ),
    _access(
        "anthropics/claude-code #9201: Zhipu, 1113",
        429,
        {"type": "error", "request_id": "1",
         "error": {"type": "1113", "message": "Insufficient balance or no resource package. Please"
                                              " recharge."}},
    ),
    _access(
        "zhayujie/CowAgent #2910: Zhipu, 1113 in Chinese",
        429,
        {"error": {"code": "1113", "message": "\u4f59\u989d\u4e0d\u8db3"}},
    ),
    _access(
        "TiaraBasori/OpenCode2API #5: the same words alone",
        429,
        {"message": "\u4f59\u989d\u4e0d\u8db3", "type": "CreditsError", "code": None},
    ),
    _access(
        "FoundationAgents/OpenManus #438: SiliconFlow, paid balance",
        403,
        {"code": 30011, "message": "The selected model requires paid balance. Your paid balance is"
                                   " insufficient. Please top up and try again.", "data": None},
    ),
    _access("continuedev/continue: 402 Insufficient Balance", 402, error("Insufficient Balance")),
    _access(
        "QwenLM/qwen-code: OpenAI API 402 Error: Requested max_tokens Exceeds Available Credits",
        402,
        error("This request requires more credits, or fewer max_tokens. You requested up to 225702"
              " tokens, but can only afford 92985.", code=402),
    ),
    _access(
        "Gitlawb/openclaude: Minimax Api Error ? Rate limit 30 Request for 5hours ?",
        402,
        error("Free quota used (30 requests / 5h).", "insufficient_quota", "free_quota_exceeded"),
    ),
    _access(
        "openai/openai-cookbook: 429 Error You exceeded your current quota",
        429,
        error("You exceeded your current quota, please check your plan and billing details.",
              "insufficient_quota", "insufficient_quota"),
    ),
    _access(
        "ayaka14732/ChatGPTAPIFree: You exceeded your current quota (no code)",
        429,
        error("You exceeded your current quota, please check your plan and billing details.",
              "insufficient_quota"),
    ),
    _access(
        "huggingface/agents-course: You have exceeded your monthly included credits",
        402,
        {"error": "You have exceeded your monthly included credits for Inference Providers."},
    ),
    _access(MADE, 200, {"base_resp": {"status_code": 1004, "status_msg": "invalid api key"}}),
]  # fmt: skip


# Before the model has answered for the first time.
FIRST = [
    ErrorRow("danny-avila/LibreChat #4688: http to a port of https", 400,
             "Client sent an HTTP request to an HTTPS server.", "access"),
    ErrorRow("lollipopkit/flutter_gpt_box #213: a parameter that the model does not take", 400,
             error("deepseek-reasoner does not support the parameter `presence_penalty`",
                   "invalid_request_error", "invalid_request_error"), "access"),
]  # fmt: skip
