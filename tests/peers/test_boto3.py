"""boto3: the service's own client, which checks every shape that it reads."""

import pytest

from conftest import CLAUDE, LLAMA, NOVA

WEATHER = {
    "toolSpec": {
        "name": "get_weather",
        "description": "Current weather for a city.",
        "inputSchema": {
            "json": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "City name"}},
                "required": ["city"],
            }
        },
    }
}
TIME = {
    "toolSpec": {
        "name": "get_time",
        "description": "Current local time of a city.",
        "inputSchema": {
            "json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        },
    }
}
TOOLS = {"tools": [WEATHER, TIME]}


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def read(stream):
    """Folds a stream by plain code; returns the message, the stop reason and the metadata."""
    import json

    blocks, stop, metadata = {}, None, None
    for event in stream:
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
        elif "contentBlockDelta" in event:
            index, delta = event["contentBlockDelta"]["contentBlockIndex"], event["contentBlockDelta"]["delta"]
            if "text" in delta:
                blocks.setdefault(index, {"text": ""})["text"] += delta["text"]
            elif "toolUse" in delta:
                blocks[index]["toolUse"]["input"] += delta["toolUse"]["input"]
            elif "reasoningContent" in delta:
                part = blocks.setdefault(index, {"reasoningContent": {"reasoningText": {"text": ""}}})
                part = part["reasoningContent"]["reasoningText"]
                for key in ("text", "signature"):
                    if key in delta["reasoningContent"]:
                        part[key] = part.get(key, "") + delta["reasoningContent"][key]
        elif "messageStop" in event:
            stop = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            metadata = event["metadata"]
    content = [blocks[index] for index in sorted(blocks)]
    for block in content:
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    return {"role": "assistant", "content": content}, stop, metadata


def answers(message, results):
    uses = [block["toolUse"] for block in message["content"] if "toolUse" in block]
    return {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": results[use["name"]]}]}}
            for use in uses
        ],
    }


def test_whole_answer(client, model):
    answer = client.converse(modelId=model, messages=[user("Hello there!")])
    assert answer["stopReason"] == "end_turn"
    assert answer["output"]["message"]["content"][0]["text"].strip()
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0
    assert answer["metrics"]["latencyMs"] > 0
    assert answer["ResponseMetadata"]["RequestId"]


def test_stream_says_what_the_whole_answer_says(client, model):
    ask = {"modelId": model, "messages": [user("Tell me about rivers.")]}
    whole = client.converse(**ask)
    message, stop, metadata = read(client.converse_stream(**ask)["stream"])
    assert message == whole["output"]["message"]
    assert stop == whole["stopReason"]
    assert metadata["usage"]["outputTokens"] == whole["usage"]["outputTokens"]


def test_tool_loop(client, model):
    messages = [user("What is the weather in Lisbon, and what time is it in Lisbon?")]
    message, stop, _ = read(client.converse_stream(modelId=model, messages=messages, toolConfig=TOOLS)["stream"])
    uses = {block["toolUse"]["name"]: block["toolUse"]["input"] for block in message["content"] if "toolUse" in block}
    assert stop == "tool_use"
    assert uses == {"get_weather": {"city": "Lisbon"}, "get_time": {"city": "Lisbon"}}

    messages += [message, answers(message, {"get_weather": "sunny, 21 degrees", "get_time": "12:34"})]
    message, stop, _ = read(client.converse_stream(modelId=model, messages=messages, toolConfig=TOOLS)["stream"])
    text = "".join(block.get("text", "") for block in message["content"])
    assert stop == "end_turn"
    assert "21 degrees" in text and "12:34" in text


def test_thinking_is_taken_back_only_unchanged(client):
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    ask = {
        "modelId": CLAUDE,
        "toolConfig": TOOLS,
        "inferenceConfig": {"maxTokens": 4096},
        "additionalModelRequestFields": fields,
    }
    messages = [user("What is the weather in Lisbon?")]
    message, stop, _ = read(client.converse_stream(messages=messages, **ask)["stream"])
    assert stop == "tool_use"
    reasoning = message["content"][0]["reasoningContent"]["reasoningText"]
    assert reasoning["signature"]

    results = answers(message, {"get_weather": "sunny", "get_time": ""})
    assert client.converse(messages=[*messages, message, results], **ask)["stopReason"] == "end_turn"

    reasoning["text"] += " And more."
    with pytest.raises(client.exceptions.ValidationException, match="thinking"):
        client.converse(messages=[*messages, message, results], **ask)


def test_refusals_are_typed_exceptions(client):
    refused = client.exceptions.ValidationException
    with pytest.raises(refused, match="must start with a user message"):
        client.converse(modelId=NOVA, messages=[{"role": "assistant", "content": [{"text": "Hi"}]}, user("Hi")])
    with pytest.raises(refused, match="is blank"):
        client.converse(modelId=NOVA, messages=[user(" ")])
    with pytest.raises(refused, match="toolConfig field must be defined"):
        use = {"toolUse": {"toolUseId": "t1", "name": "get_time", "input": {}}}
        result = {"toolResult": {"toolUseId": "t1", "content": [{"text": "12:34"}]}}
        history = [user("Hi"), {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
        client.converse(modelId=CLAUDE, messages=history)
    with pytest.raises(refused, match="tool use in streaming mode"):
        client.converse_stream(modelId=LLAMA, messages=[user("What time is it?")], toolConfig=TOOLS)
    with pytest.raises(refused, match="model identifier is invalid"):
        client.converse(modelId="no such model", messages=[user("Hi")])


def test_count_tokens(client):
    counted = client.count_tokens(
        modelId="anthropic.claude-sonnet-4-20250514-v1:0", input={"converse": {"messages": [user("Hello there!")]}}
    )
    assert counted["inputTokens"] > 0
