"""Completions: whole ones, those that are cut off or declined, and thoughts in many spellings."""

from tests.integration.openai_model.answer_shapes.rows import (
    ANSWER,
    DRAFT,
    MADE,
    MALFORMED,
    ErrorRow,
    ReplyRow,
)

HARMONY_THOUGHT = f"<|channel|>analysis<|message|>{DRAFT}<|end|>"


def _ends(source, finish_reason, outcome):
    return ReplyRow(source, outcome, finish_reason=finish_reason)


def _fails(source, finish_reason, content=ANSWER, **more):
    row = ReplyRow(source, "", content, finish_reason, **more)
    return ErrorRow(source, 200, row.behaviour.body, "unavailable")


def _thinks(source, content, outcome="whole", **message):
    return ReplyRow(source, outcome, content, message=message)


REASONS = [
    _ends("docs.rs openai-struct: FinishReason (stop)", "stop", "whole"),
    _ends("huggingface/text-generation-inference: prefer stop over eos_token", "eos_token",
          "whole"),
    _ends("docs.rs openai-interface: FinishReason (eos)", "eos", "whole"),
    _ends("genkit-ai/genkit: report finish reason (xAI's end_turn)", "end_turn", "whole"),
    _ends("docs.rs openai-struct: FinishReason (length)", "length", "cut_off"),
    _ends("docs.rs mistral-openapi-client: ChatCompletionChoice (model_length)", "model_length",
          "cut_off"),
    _ends("docs.nvidia.com: Enum Finish Reason (max_tokens)", "max_tokens", "cut_off"),
    _ends("open-learning-exchange/planet: Gemini's reasons (MAX_TOKENS)", "MAX_TOKENS", "cut_off"),
    _ends("mozilla-ai/any-llm: scope GLM finish reason mapping to the zai provider",
          "model_context_window_exceeded", "cut_off"),
    _ends("InternLM/xtuner: Handle missing LMDeploy finish_reason on abort", None, "cut_off"),
    _ends("ollama/ollama: Incorrect value of finish_reason", "", "cut_off"),
    ReplyRow("trpc-group/trpc-agent-go: gate GLM reasoning fallback on normal completion",
             "cut_off", "", "length", {"reasoning_content": DRAFT}),
    _ends("docs.rs openai-struct: FinishReason (content_filter)", "content_filter", "refused"),
    _ends("langgenius/dify: Zhipu provider cannot forward finish_reason", "sensitive", "refused"),
    _ends("open-learning-exchange/planet: Gemini's reasons (SAFETY)", "SAFETY", "refused"),
    _ends("open-learning-exchange/planet: Gemini's reasons (RECITATION)", "RECITATION",
          "refused"),
    ReplyRow("genkit-ai/genkit: refusals", "refused", None, message={"refusal": "No."}),
    ReplyRow(MADE, "refused", [{"type": "refusal", "refusal": "No."}]),
    _ends(MADE, "malformed_function_call", "cut_off"),
]  # fmt: skip

# The server has failed: no answer is too long, and no text is to blame.
FAILURES = [
    _fails("docs.rs objectiveai: FinishReason (error)", "error"),
    _fails("vllm-project/vllm: Engine-initiated aborts end as if completed", "abort"),
    _fails("docs.rs openai-interface: FinishReason (InsufficientSystemResource)",
           "insufficient_system_resource"),
    _fails("openclaw/openclaw #43884: z.ai's network_error is a retryable failure",
           "network_error"),
    _fails("ranxianglei/billion-context-pi: Provider finish_reason: error_finish", "error_finish",
           '{"message":"Too many tokens, please wait before trying again."}'),
    _fails("maximhq/bifrost: relays non-enum finish_reason error and null usage", "error",
           '{"events": [{"title": "partial',
           usage={"prompt_tokens": None, "completion_tokens": None, "total_tokens": 0}),
    # It is the model that has failed.
    ErrorRow("OpenRouterTeam/openrouter-examples #67: Gemini calls badly", 200,
             {"choices": [{**MALFORMED, "message": {"role": "assistant", "content": None}}]},
             "unusable"),
    ErrorRow(MADE, 200,
             {"choices": [{**MALFORMED, "message": {"role": "assistant", "content": ""},
                           "error": {"code": 502, "message": "Provider returned error"}}]},
             "unusable"),
]  # fmt: skip

THOUGHTS = [
    _thinks("vercel/ai: magistral reasoning models (tags)", f"<think>{DRAFT}</think>{ANSWER}"),
    _thinks("perplexityai/api-discussion: R1 1776 doesn't output an opening tag",
            f"So {DRAFT}</think>\n\n{ANSWER}"),
    _thinks("nbramia/LifeOS: closing-only tag leaks reasoning", f"internal\n</think>{ANSWER}"),
    _thinks("logancyang/obsidian-copilot: chat with only ending think tag",
            f"{DRAFT}\n</think>\n{ANSWER}"),
    _thinks("openclaw/openclaw: text after unclosed <think> tags", f"<think>{DRAFT}", "misfit"),
    _thinks("onyx-dot-app/onyx: Thinking mode UI", f"<thinking>{DRAFT}</thinking>{ANSWER}"),
    _thinks("vectorize-io/hindsight: Strip reasoning tags (reasoning)",
            f"<reasoning>{DRAFT}</reasoning>{ANSWER}"),
    _thinks("vectorize-io/hindsight: Strip reasoning tags (startthink)",
            f"|startthink|{DRAFT}|endthink|{ANSWER}"),
    _thinks("tinyhumansai/openhuman: only ever matches <think> (exaone)",
            f"<thought>{DRAFT}</thought>{ANSWER}"),
    _thinks("NousResearch/hermes-agent: strip leaked harmony (MiniMax)",
            f"<mm:think>{DRAFT}</mm:think>{ANSWER}"),
    _thinks("CherryHQ/cherry-studio: add seed-36b parser support",
            f"<seed:think>{DRAFT}</seed:think>{ANSWER}"),
    _thinks("waybarrios/vllm-mlx: Add Mistral/Ministral [THINK] reasoning parser",
            f"[THINK]{DRAFT}[/THINK]{ANSWER}"),
    _thinks("MoonshotAI/Kimi-VL: Special token format",
            f"\u25c1think\u25b7{DRAFT}\u25c1/think\u25b7{ANSWER}"),
    _thinks("smg-project/smg: Add CohereCmdParser for Command models",
            f"<|START_THINKING|>\n{DRAFT}\n<|END_THINKING|>\n"
            f"<|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>"),
    _thinks("ollama/ollama: Weird think tag for Medgemma",
            f"<unused94>thought\n{DRAFT}<unused95>{ANSWER}"),
    _thinks("NousResearch/hermes-agent: fold Gemma 4 channel-thought reasoning",
            f"<|channel>thought{DRAFT}<channel|>{ANSWER}"),
    _thinks("jundot/omlx: gemma4: handle prompt-prefilled thought channels",
            f"{DRAFT}<channel|>{ANSWER}"),
    _thinks("Augustas11/macprovider: harmony channels leak",
            f"analysisPerhaps {DRAFT}.assistantfinal{ANSWER}"),
    _thinks("kekzl/imp: parse gpt-oss Harmony channels",
            f"{HARMONY_THOUGHT}<|start|>assistant<|channel|>final<|message|>{ANSWER}"),
    _thinks("madroidmaq/mlx-omni-server: gpt-oss reasoning support",
            f"{HARMONY_THOUGHT}<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>"),
    _thinks("scouzi1966/maclocal-api: WebUI shows raw harmony channel tokens",
            f"<|channel|>analysis<|message|>{DRAFT}", "misfit"),
    _thinks("NVIDIA/TensorRT-LLM: Harmony-format tokens emitted in responses",
            f"<|channel|>commentary<|message|>{DRAFT}<|end|>", "misfit"),
    _thinks("vercel/ai: magistral reasoning models with thinking content type",
            [{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]},
             {"type": "text", "text": ANSWER}]),
    _thinks("HKUDS/Vibe-Trading: reasoning-mode responses surface as no content", "", "misfit",
            reasoning_content=DRAFT),
    _thinks("vllm-project/vllm: Does Kimi-K2.5 support thinking_token_budget?", ANSWER,
            reasoning=DRAFT),
    _thinks("DeepSeek: Reasoning Model (deepseek-reasoner)", ANSWER, reasoning_content=DRAFT),
    _thinks(MADE, [{"type": "reasoning", "text": DRAFT}, ANSWER]),
    _thinks(MADE, f"<think>{DRAFT}</think><think>{DRAFT}</think>```json\n{ANSWER}\n```"),
]  # fmt: skip


def _counts(source, prompt, completion, total, output_tokens):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    return ReplyRow(source, "whole", usage=usage, output_tokens=output_tokens)


BILLS = [
    _counts("mozilla-ai/any-llm: Gemini usage drops thoughts_token_count", 20, 198, 623, 603),
    _counts("router-for-me/CLIProxyAPI: completion_tokens=0 while reasoning_tokens=60",
            21, 0, 81, 60),
    _counts("vercel/ai: gemini-2.5-pro doesn't include thinking tokens", 7_477, 2_060, 11_476,
            3_999),
    _counts("BerriAI/litellm: fail open on response_format", 44, 129, 173, 129),
    _counts(MADE, 100, 50, None, 50),
]  # fmt: skip
