from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.summaries.summary_types import KeyPoint, Summary
from shared.llm.answer_key import answer_key
from shared.llm.model import ModelRequest, Purpose, Source

REQUEST = ModelRequest(
    Purpose.SUMMARIZE_CHUNK, "Do it.", (Source(1, 1, "a"), Source(2, 2, "b")), Summary, 100
)


def test_the_key_is_stable():
    # A change of this value empties the cache of every installation: mean it.
    assert answer_key("m", "1", REQUEST) == answer_key("m", "1", replace(REQUEST))
    assert len(answer_key("m", "1", REQUEST)) == 64
    assert answer_key("m", "1", REQUEST).isalnum()


def test_everything_that_an_answer_depends_on_is_in_the_key():
    keys = [
        answer_key("m", "1", REQUEST),
        answer_key("n", "1", REQUEST),
        answer_key("m", "2", REQUEST),
        *(
            answer_key("m", "1", other)
            for other in (
                replace(REQUEST, purpose=Purpose.COMBINE),
                replace(REQUEST, instructions="Do it"),
                replace(REQUEST, max_output_tokens=101),
                replace(REQUEST, answer_type=KeyPoint),
                replace(REQUEST, sources=REQUEST.sources[:1]),
                replace(REQUEST, sources=(Source(1, 1, "a", "sheet"), Source(2, 2, "b", "sheet"))),
                replace(REQUEST, sources=REQUEST.sources[::-1]),
                replace(REQUEST, sources=(Source(1, 2, "a"), Source(2, 2, "b"))),
                replace(REQUEST, sources=(Source(1, 1, "ab"), Source(2, 2, ""))),
                replace(REQUEST, sources=(Source(1, 1, 'a"],[2,2,"b'),)),
            )
        ),
    ]
    assert len(set(keys)) == len(keys)


texts = st.lists(st.text(alphabet='ab[],"1', max_size=6), max_size=4)


@given(texts, texts)
def test_different_texts_have_different_keys(one, other):
    def key(parts):
        sources = tuple(Source(1, 1, part) for part in parts)
        return answer_key("m", "1", replace(REQUEST, sources=sources))

    assert (key(one) == key(other)) == (one == other)


def test_lone_surrogates_have_a_key():
    sources = (Source(1, 1, "\ud800"),)
    assert answer_key("m", "1", replace(REQUEST, sources=sources))
