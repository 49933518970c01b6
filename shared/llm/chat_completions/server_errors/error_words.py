"""The words by which servers of the Chat Completions API say what is wrong, by subject.

Most are taken from providers' documentation and from public reports; the table of answer shapes in
the tests (`tests/integration/openai_model/answer_shapes/`) names those sources.
"""

import re
from functools import cached_property

ACCESS_CODES = frozenset(
    {
        "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
        "access_terminated", "exceeded_current_quota_error", "budget_exceeded",
        "insufficient_balance", "arrearage", "unsupported_country_region_territory",
        "invalid_api_key", "api_key_invalid", "model_not_found", "model_decommissioned",
        "model_terms_required", "invalid_model", "model_not_available", "unknown_model",
        # Zhipu's for an account without money.
        "1113",
    }
)  # fmt: skip
REFUSAL_CODES = frozenset(
    {
        "content_filter", "content_policy_violation", "responsibleaipolicyviolation",
        "data_inspection_failed", "datainspectionfailed", "invalid_prompt", "prohibited_content",
        "flagged_input", "content_blocked",
        # Zhipu's, and that of WSO2's guardrails.
        "1301", "900514",
    }
)  # fmt: skip
# The numbers are those of Zhipu, MiniMax and Baidu.
OVERFLOW_CODES = frozenset(
    {
        "context_length_exceeded", "model_max_prompt_tokens_exceeded", "exceed_context_size_error",
        "1261", "1039", "336007",
    }
)  # fmt: skip
BAD_GENERATION_CODES = frozenset(
    {
        "json_validate_failed", "tool_use_failed", "output_parse_failed", "malformed_function_call",
    }
)  # fmt: skip


class _Words:
    # Compiled when a server first says something: a hundredth of the start of a function, most of
    # whose containers meet no error.
    def __init__(self, *patterns: str) -> None:
        self._patterns = patterns

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile("|".join(self._patterns), re.IGNORECASE)

    def search(self, text: str) -> re.Match[str] | None:
        return self._compiled.search(text)


KEY = _Words(
    r"api[ _-]?key (?:is )?(?:not valid|not found|invalid|expired|missing|required)",
    r"(?:in(?:valid|correct)|expired|missing|no|unknown) (?:\w+ )?api[ _-]?key",
    r"invalid (?:bearer |access |authentication )?token\b|invalid authentication",
    r"no auth credentials|user location is not supported|authentication ?(?:error|failed|fails)",
)
MODEL = _Words(
    r"model not exist|not a valid model(?: id)?\b|invalid model(?: name| id)?\b|unknown model\b",
    r"\bmodel\b.{0,120}?(?:does not exist|not found|is not available|has been decommissioned"
    r"|was not found)",
    r"\bmodel [\w./:'\"`-]{1,80} is not supported",
    r"model (?:id|identifier).{0,40}? is invalid|no models? (?:is |are )?(?:currently )?loaded",
    r"no endpoints found|not a chat model|does not support chat\b|deployment .*does not exist",
    r"on-demand throughput isn.t supported|doesn.t support on-demand|failed to load model",
    r"supported text or chat model",
)
# LM Studio says so with the status of an answer.
ADDRESS = _Words(r"unexpected endpoint or method")
BUDGET = _Words(
    r"budget (?:has been )?exceeded|exceeded.?budget|over budget|crossed budget|max budget",
    r"insufficient (?:account )?(?:balance|credits?|funds)|balance is (?:too low|insufficient)",
    r"credit balance is too low|(?:requires|need) more credits|used all available credits",
    r"exceeded your monthly included credits|spending limit|account (?:is |has been )?"
    r"(?:suspended|deactivated|not active|in arrears)|in good standing|access denied.*overdue",
    r"\u4f59\u989d\u4e0d\u8db3|\u6b20\u8d39",
)
MODERATION = _Words(
    r"content management policy|content (?:safety )?polic(?:y|ies)|usage (?:policy|guidelines)",
    r"content exists risk|considered high risk|requires moderation|input was flagged",
    r"flagged (?:as|for) |inappropriate content|safety system|prohibited[_ ]content",
    r"guardrail (?:raised|blocked|intervened|policy)|violated .{0,40}guardrail",
    r"blocked by .{0,20}guardrail|unsafe or sensitive",
    r"new_sensitive|sensitive (?:content|information|words)|responsible ai practices",
    r"(?:prompt|content|response) (?:was blocked|(?:is )?blocked (?:by|due))",
)
# What is said of a text alone, and so counts whatever the status is.
DECLINED_TEXT = _Words(
    r"(?:data|input|output|prompt|text|message|content).{0,40}? (?:may contain inappropriate|"
    r"(?:was|were|is|has been) flagged (?:as|for|by)\b)",
    r"data ?inspection ?failed|input was flagged",
)
THROTTLE = _Words(
    r"rate[ _-]?limit|too many (?:concurrent )?(?:requests|tokens, please wait|connections)",
    r"throttl|please wait before trying|tokens? per (?:day|minute|min)\b|capacity exceeded",
    r"exceeded your current (?:quota|rate)|quota exceeded|resource[_ ](?:has been )?exhausted",
    r"requests? per (?:day|minute|min)\b|concurrency limit|server is busy",
)
PER_DAY = _Words(r"(?:tokens?|requests?) per day|\((?:TPD|RPD)\)")
# One request that is over what a minute allows never passes as it is; a smaller one does.
OVER_A_MINUTE = _Words(
    r"request too large for|the input or output tokens must be reduced|reduce your message size"
)
BAD_GENERATION = _Words(
    r"failed to (?:generate json|call a function|parse (?:tool|input|messages))",
    r"tool call validation failed|parsing failed\. the model generated output",
    r"error parsing tool call|invalid tool call (?:generated|arguments)|malformed function call",
    r"failed to parse generated",
)
# The room for the answer, not the text, is too large. Not OpenAI's old sentence, which counts
# both together and is an overflow.
ANSWER_ROOM = _Words(
    r"max_(?:completion_|output_|new_)?tokens\W{0,2}.{0,60}?(?:too large|must be less than|"
    r"is greater than|exceeds?)",
    r"(?:valid )?range of max_(?:completion_)?tokens",
    r"max_tokens: \d+ > \d+|maximum allowed number of output tokens",
    r"maximum tokens you requested exceed|max_(?:completion_)?tokens.{0,80}above maximum",
)
OVERFLOW = _Words(
    # OpenAI, Azure, vLLM, llama.cpp, Ollama, LiteLLM and Bedrock.
    r"context[ _-]?(?:length|window|size)|maximum context|prompt is too long|too many tokens",
    r"exceed\w* (?:the )?(?:available |model'?s? )?(?:context|max\w* (?:input|model) (?:len|tok))",
    r"input (?:is )?too long|reduce the length of|exceed\w* (?:the )?model token limit",
    # Gemini and xAI.
    r"input token count (?:is \d+ but|.{0,40}? exceeds)|maximum prompt length",
    r"prompt too long|token count .{0,20}exceeds",
    # TGI.
    r"`?inputs`? (?:tokens \+|must have less than)",
    # vLLM, Mistral, DashScope, SGLang, Together and others.
    r"(?:prompt|input|request).{0,60}?(?:longer|larger|greater) than the (?:max|model|context)",
    r"prompt contains \d+ tokens|range of input length|input length .{0,40}?exceeds",
    r"max_model_len|max_seq_len|max_total_tokens|too large for model with \d+ maximum context",
    r"decoder prompt .{0,40}?is longer than|prompt token count of \d+ exceeds|payload too large",
    r"prompt exceeds max|input tokens exceed|cannot truncate prompt|should have at most \d+ tokens",
    # vLLM, of what a prompt that is longer than its window leaves for the answer.
    r"max_tokens must be at least 1, got -",
)
OUTPUT_FORMAT = _Words(
    r"response_format|json mode|json_schema|json_object|json schema|structured output|grammar"
)
# OpenAI ("'minLength' is not permitted"), Gemini, llama.cpp's and xgrammar's converters of schemas.
BOUNDS = _Words(
    r"\b(?:min|max)_?(?:length|items)\b|['\"`](?:min|max)imum['\"`]|exclusive(?:min|max)imum",
    r"multiple_?of\b|number of repetitions",
)
# Templates of Gemma, Mistral and others, Gemini of Gemma, OpenAI of o1-mini, MiniMax.
SYSTEM_MESSAGE = _Words(
    r"system (?:role|messages?|prompts?) (?:is |are )?not (?:supported|allowed)",
    r"role:? ?['\"]?system\b|does not support ['\"]system['\"]|only user and assistant roles",
    r"developer instruction is not enabled|(?<!system message, )conversation roles must alternate",
)
# DeepSeek and Kimi want the first back, OpenRouter the second, Gemini the third, Claude the others.
THOUGHTS = _Words(
    r"reasoning[_ ](?:content|details)|thought[_ ]?signature|redacted_thinking|thinking`? block"
)
TOOLS = _Words(r"\btools?\b|tool[_ -](?:choice|call)|function[_ -]call")
