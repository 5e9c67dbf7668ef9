"""langchain-aws: ChatBedrockConverse, invoked, streamed, with tools and with a typed answer."""

import pytest
from langchain_aws import ChatBedrockConverse
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field


@tool
def get_weather(city: str) -> str:
    """Current weather for a city."""
    return f"sunny in {city}, 21 degrees"


@pytest.fixture
def chat(url, model):
    return ChatBedrockConverse(model=model, endpoint_url=url, region_name="us-east-1")


def test_invoke(chat):
    answer = chat.invoke("Hello there!")
    assert answer.text.strip()
    assert answer.usage_metadata["total_tokens"] > 0


def test_stream(chat):
    chunks = list(chat.stream("Tell me about rivers."))
    assert len(chunks) > 2
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.text == chat.invoke("Tell me about rivers.").text


def test_tool_loop(chat):
    bound = chat.bind_tools([get_weather])
    messages = [HumanMessage("What is the weather in Lisbon?")]
    called = bound.invoke(messages)
    assert [(call["name"], call["args"]) for call in called.tool_calls] == [("get_weather", {"city": "Lisbon"})]
    messages.append(called)
    for call in called.tool_calls:
        messages.append(ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]))
    answer = bound.invoke(messages)
    assert not answer.tool_calls
    assert "21 degrees" in answer.text


def test_streamed_tool_call(chat):
    whole = None
    for chunk in chat.bind_tools([get_weather]).stream("What is the weather in Lisbon?"):
        whole = chunk if whole is None else whole + chunk
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [("get_weather", {"city": "Lisbon"})]


class Trip(BaseModel):
    """A trip."""

    city: str = Field(description="City to go to")
    days: int = Field(description="How many days", ge=1)


def test_structured_output(chat):
    trip = chat.with_structured_output(Trip).invoke("Plan a trip of 3 days to Lisbon.")
    assert trip == Trip(city="Lisbon", days=3)
