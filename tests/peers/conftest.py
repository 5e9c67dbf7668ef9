"""What all clients share: where the endpoint is, which models are asked, and two tools."""

import os

import pytest

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-lite-v1:0"
LLAMA = "us.meta.llama3-1-70b-instruct-v1:0"


@pytest.fixture
def url() -> str:
    return os.environ["OUTCROP_LOCAL_URL"]


@pytest.fixture
def client(url):
    import boto3

    return boto3.client("bedrock-runtime", endpoint_url=url)


@pytest.fixture(params=[CLAUDE, NOVA])
def model(request) -> str:
    return request.param
