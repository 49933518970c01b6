"""By which tier a call went, what it costs by that, and what the provider says that it has cost."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.metering.spend_meter import Limits, SpendMeter
from shared.errors import ModelAnswerError
from shared.llm.model import Usage
from shared.prices import ModelPrice, TierPrice
from tests.fakes.model.chat_behaviours import ok, saying, sending
from tests.fakes.model.openai_requests import answer

FLEX = {"service_tier": "flex"}
NO_ROOM = sending(429, {"error": {"message": "No room", "code": "resource_unavailable"}})
PRICE = ModelPrice(
    input=2, output=8, cached_input=1, flex=TierPrice(input=1, output=4, cached_input=0.5)
)
SUMMARY = {"title": "Seals", "abstract": "They rest.", "key_points": [], "language": "en"}


def completing(cost=None, header=None, **fields):
    """An answer of 1,000 tokens read, 400 of them before, and 100 written."""
    usage = {
        "prompt_tokens": 1_000,
        "completion_tokens": 100,
        "total_tokens": 1_100,
        "prompt_tokens_details": {"cached_tokens": 400},
    }
    message = {"role": "assistant", "content": json.dumps(SUMMARY | {"names": [], "dates": []})}
    body = {
        "id": "c",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": usage if cost is None else usage | {"cost": cost},
        **fields,
    }
    return sending(200, body, **({} if header is None else {"x_litellm_response_cost": header}))


def compute_cost(usage):
    limits = Limits(price=PRICE, daily=None, document=None, zone=ZoneInfo("UTC"))
    return SpendMeter(None, "m", limits, lambda: datetime.now(UTC), str).compute_cost(usage)


NORMAL, CHEAP = 600 * 2 + 400 * 1 + 100 * 8, 600 * 1 + 400 * 0.5 + 100 * 4


@pytest.mark.parametrize(
    ("extra_body", "script", "cost"),
    [
        ({}, [completing()], NORMAL),
        (FLEX, [completing()], CHEAP),
        # Where the tier has no room, the call goes without it, and so does its price.
        (FLEX, [NO_ROOM, completing()], NORMAL),
        # Who has served it otherwise says so.
        (FLEX, [completing(service_tier="default")], NORMAL),
        (FLEX, [completing(service_tier="flex")], CHEAP),
        ({}, [completing(service_tier="flex")], CHEAP),
    ],
)
def test_a_call_costs_what_its_tier_does(build, server, extra_body, script, cost):
    server.script(*script)
    assert compute_cost(answer(build(extra_body=extra_body)).usage) == cost


def test_a_streamed_answer_goes_by_the_tier_too(build):
    usage = answer(build(extra_body=FLEX)).usage
    assert usage.input_tokens
    assert usage.flex_input_tokens == usage.input_tokens
    assert usage.flex_output_tokens == usage.output_tokens


def test_an_answer_of_no_use_is_billed_by_its_tier(build, server):
    server.script(*[saying("no JSON")] * 3)
    with pytest.raises(ModelAnswerError) as caught:
        answer(build(extra_body=FLEX))
    assert caught.value.flex_input_tokens == caught.value.input_tokens > 0


def test_without_a_price_of_its_own_the_cheap_tier_costs_as_much():
    limits = Limits(ModelPrice(input=2, output=8), None, None, ZoneInfo("UTC"))
    meter = SpendMeter(None, "m", limits, lambda: datetime.now(UTC), str)
    assert meter.compute_cost(Usage(1, 10, 10, flex_input_tokens=10, flex_output_tokens=10)) == 100


@pytest.mark.parametrize(
    ("behaviour", "told_micro_usd"),
    [
        (completing(header="0.0023"), 2_300),
        (completing(header="2.3e-06"), 2),
        (completing(cost=0.0014), 1_400),
        (completing(header="", cost=0.0014), 1_400),
        (completing(header="None"), None),
        (completing(header="0.0"), None),
        (completing(header="nan"), None),
        (completing(cost=-1), None),
        (completing(cost=1e300), None),
        (completing(cost={"usd": 1}), None),
        (completing(cost=True), None),
        (ok(), None),
    ],
)
def test_what_the_provider_says_of_the_cost_is_kept(model, server, behaviour, told_micro_usd):
    server.script(behaviour)
    usage = answer(model).usage
    assert (usage.told_micro_usd, usage.told_calls) == (
        (0, 0) if told_micro_usd is None else (told_micro_usd, 1)
    )
