"""strands-agents: an agent with two tools, streamed as it always is."""

import boto3
from strands import Agent, tool
from strands.models import BedrockModel


def test_agent_with_two_tools(url, model):
    called = []

    @tool
    def get_weather(city: str) -> str:
        """Current weather for a city.

        Args:
            city: City name
        """
        called.append(("get_weather", city))
        return "sunny, 21 degrees"

    @tool
    def get_time(city: str) -> str:
        """Current local time of a city.

        Args:
            city: City name
        """
        called.append(("get_time", city))
        return "12:34"

    bedrock = BedrockModel(model_id=model, endpoint_url=url, boto_session=boto3.Session(region_name="us-east-1"))
    agent = Agent(model=bedrock, tools=[get_weather, get_time], callback_handler=None)
    answer = str(agent("What is the weather in Lisbon, and what time is it in Lisbon?"))
    assert sorted(called) == [("get_time", "Lisbon"), ("get_weather", "Lisbon")]
    assert "21 degrees" in answer and "12:34" in answer
    # The conversation goes on.
    assert str(agent("Thank you!")).strip()
