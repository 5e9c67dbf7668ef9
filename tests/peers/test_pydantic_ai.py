"""pydantic-ai: an agent with tools and a typed output."""

from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider


class Report(BaseModel):
    """A weather report."""

    city: str
    degrees: int


def agent_for(url, model, **settings):
    provider = BedrockProvider(base_url=url, region_name="us-east-1")
    return Agent(BedrockConverseModel(model, provider=provider), **settings)


def test_agent_with_tools(url, model):
    agent = agent_for(url, model)
    called = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Current weather for a city."""
        called.append(city)
        return "sunny, 21 degrees"

    answer = agent.run_sync("What is the weather in Lisbon?")
    assert called == ["Lisbon"]
    assert "21 degrees" in answer.output


def test_typed_output_beside_a_tool(url, model):
    agent = agent_for(url, model, output_type=Report)
    called = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Current weather for a city."""
        called.append(city)
        return "sunny, 21 degrees"

    report = agent.run_sync("What is the weather in Lisbon?").output
    assert called == ["Lisbon"]
    assert report.city == "Lisbon"
    assert report.degrees == 21


def test_stream(url, model):
    agent = agent_for(url, model)
    with agent.run_stream_sync("Tell me about rivers.") as run:
        parts = list(run.stream_text(delta=True, debounce_by=None))
    assert len(parts) > 1
