"""The programs of the guide's page "Coming from other libraries" run as they stand there."""

import coming_from_langchain
import coming_from_strands
import pytest


@pytest.mark.parametrize("program", [coming_from_langchain, coming_from_strands])
def test_the_program_runs(program, url, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
    program.main()
    assert capsys.readouterr().out.strip()


def test_the_tools_are_the_same():
    shop = coming_from_strands.Shop()
    strands = [shop.search, shop.stock, shop.order, shop.cancel, shop.shipping]
    assert [tool.tool_name for tool in strands] == list(coming_from_langchain.TOOLS)
    for tool in strands:
        theirs = coming_from_langchain.TOOLS[tool.tool_name].tool_call_schema.model_json_schema()
        ours = tool.tool_spec["inputSchema"]["json"]
        assert list(ours["properties"]) == list(theirs["properties"])
        assert ours["required"] == theirs["required"]
