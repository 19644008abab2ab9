"""Drives the mock Messages API with the official `anthropic` package, to prove the mock honest.

Run by the test `the_mock_is_honest` with the mock's base URL as the only argument. Prints one line a
check and ends with status 0; any difference between what the package expects and what the mock
sends is an exception.
"""

import json
import sys
import urllib.request

import anthropic

BASE_URL = sys.argv[1]
KEY = "sk-ant-mock"
MODEL = "claude-sonnet-5-5"
CLIENT = anthropic.Anthropic(api_key=KEY, base_url=BASE_URL, max_retries=0, timeout=5.0)

ROUTE = {
    "name": "route",
    "description": "Chooses the worker.",
    "input_schema": {
        "type": "object",
        "properties": {
            "agent": {"type": "string", "enum": ["code", "data", "infra", "research", "qa"]},
            "reason": {"type": "string"},
        },
        "required": ["agent", "reason"],
    },
}

CITED = [
    {
        "role": "user",
        "content": [
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": data},
                "title": title,
                "citations": {"enabled": True},
            }
            for title, data in [
                ("memory 1", "lunch is at noon on Fridays"),
                ("memory 2", "the staging database is called heron"),
            ]
        ]
        + [{"type": "text", "text": "what is the staging database called?"}],
    }
]


def say(text):
    return [{"role": "user", "content": text}]


def next_is(**behaviour):
    request = urllib.request.Request(
        BASE_URL + "/_mock/next",
        data=json.dumps(behaviour).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=5).close()


def whole_message():
    message = CLIENT.messages.create(model=MODEL, max_tokens=100, messages=say("hello there"))
    assert message.type == "message" and message.role == "assistant", message
    assert message.model == MODEL and message.stop_reason == "end_turn", message
    assert message.content[0].text.endswith("hello there"), message
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0, message


def streamed_message():
    names, pieces = [], []
    with CLIENT.messages.stream(
        model=MODEL, max_tokens=100, messages=say("hello there")
    ) as stream:
        for event in stream:
            names.append(event.type)
            if event.type == "text":
                pieces.append(event.text)
        final = stream.get_final_message()
    assert names[0] == "message_start" and names[-1] == "message_stop", names
    assert len(pieces) > 3 and "".join(pieces) == final.content[0].text, pieces
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 1, final


def streamed_citations():
    events = []
    with CLIENT.messages.stream(model=MODEL, max_tokens=100, messages=CITED) as stream:
        for event in stream:
            if event.type == "citation":
                events.append(event.citation)
        final = stream.get_final_message()
    whole = CLIENT.messages.create(model=MODEL, max_tokens=100, messages=CITED)
    assert len(events) == 1, events
    for message in (final, whole):
        cited = [b for b in message.content if b.type == "text" and b.citations]
        assert len(cited) == 1 and len(cited[0].citations) == 1, message
        place = cited[0].citations[0]
        assert place.type == "char_location" and place.document_index == 1, place
        assert place.document_title == "memory 2", place
        source = CITED[0]["content"][1]["source"]["data"]
        assert source[place.start_char_index : place.end_char_index] == place.cited_text, place


def forced_tool():
    ask = dict(
        model=MODEL,
        max_tokens=100,
        tools=[ROUTE],
        tool_choice={"type": "tool", "name": "route"},
        messages=say("please look at my data"),
    )
    whole = CLIENT.messages.create(**ask)
    with CLIENT.messages.stream(**ask) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert message.stop_reason == "tool_use", message
        (block,) = message.content
        assert block.type == "tool_use" and block.name == "route" and block.id, block
        assert block.input["agent"] == "data" and block.input["reason"], block


def raises(kind, status, call):
    try:
        call()
    except kind as error:
        assert type(error) is kind, f"{type(error)} is not {kind}"
        assert error.status_code == status, error
        return error
    raise AssertionError(f"{kind.__name__} expected")


def told_errors():
    ask = dict(model=MODEL, max_tokens=100, messages=say("hello"))
    for status, name, kind in [
        (401, "authentication_error", anthropic.AuthenticationError),
        (403, "permission_error", anthropic.PermissionDeniedError),
        (404, "not_found_error", anthropic.NotFoundError),
        (429, "rate_limit_error", anthropic.RateLimitError),
    ]:
        next_is(behaviour="error", status=status, kind=name, retry_after=7)
        error = raises(kind, status, lambda: CLIENT.messages.create(**ask))
        assert error.body["error"]["type"] == name, error.body
        assert error.response.headers["retry-after"] == "7", error.response.headers
    next_is(behaviour="error", status=529, kind="overloaded_error")
    try:
        CLIENT.messages.create(**ask)
    except anthropic.APIStatusError as error:
        assert error.status_code == 529, error
        assert error.body["error"]["type"] == "overloaded_error", error.body
    else:
        raise AssertionError("an overloaded mock must raise")


def overload_is_retried():
    next_is(behaviour="error", status=529, kind="overloaded_error", retry_after=0)
    patient = CLIENT.with_options(max_retries=2)
    message = patient.messages.create(model=MODEL, max_tokens=100, messages=say("hello"))
    assert message.stop_reason == "end_turn", message


def refused_requests():
    hello = say("hello")
    bad = anthropic.BadRequestError
    raises(bad, 400, lambda: CLIENT.messages.create(model=MODEL, max_tokens=9, messages=[]))
    raises(bad, 400, lambda: CLIENT.messages.create(model=MODEL, max_tokens=9, messages=say("")))
    raises(
        bad,
        400,
        lambda: CLIENT.messages.create(
            model=MODEL, max_tokens=9, messages=hello, tool_choice={"type": "tool", "name": "x"}
        ),
    )
    keyless = anthropic.Anthropic(api_key="wrong", base_url=BASE_URL, max_retries=0)
    raises(
        anthropic.AuthenticationError,
        401,
        lambda: keyless.messages.create(model=MODEL, max_tokens=9, messages=hello),
    )


def error_in_mid_stream():
    next_is(behaviour="error_event", after_events=5)
    try:
        with CLIENT.messages.stream(model=MODEL, max_tokens=100, messages=say("hello")) as stream:
            stream.get_final_message()
    except anthropic.APIStatusError as error:
        assert error.body["error"]["type"] == "overloaded_error", error.body
    else:
        raise AssertionError("an error event must raise")


def cut_in_mid_stream():
    next_is(behaviour="cut", after_events=5)
    try:
        with CLIENT.messages.stream(model=MODEL, max_tokens=100, messages=say("hello")) as stream:
            stream.get_final_message()
    except Exception as error:  # the transport's own class, which the package does not wrap
        assert "AssertionError" not in type(error).__name__, error
    else:
        raise AssertionError("a cut stream must raise")


def hang_times_out():
    next_is(behaviour="hang")
    hasty = CLIENT.with_options(timeout=0.5)
    try:
        hasty.messages.create(model=MODEL, max_tokens=9, messages=say("hello"))
    except anthropic.APITimeoutError:
        return
    raise AssertionError("a hanging mock must time out")


CHECKS = [
    whole_message,
    streamed_message,
    streamed_citations,
    forced_tool,
    told_errors,
    overload_is_retried,
    refused_requests,
    error_in_mid_stream,
    cut_in_mid_stream,
    hang_times_out,
]

for check in CHECKS:
    check()
    print(f"ok {check.__name__}")
print(f"anthropic {anthropic.__version__}: {len(CHECKS)} checks passed")
