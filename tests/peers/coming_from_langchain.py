"""The shop of the guide's page "Coming from other libraries", with LangChain."""

from typing import Optional

from langchain_aws import ChatBedrockConverse
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

SHOP = {"hat": 3, "umbrella": 9}


class Address(BaseModel):
    city: str
    country: str = Field(description='Two letters, e.g. "PT"')


@tool(parse_docstring=True)
def search(query: str, limit: int = 10) -> list[str]:
    """Items whose name contains a text.

    Args:
        query: Part of a name
        limit: How many at most
    """
    return [item for item in SHOP if query in item][:limit]


@tool
def stock(item: str) -> int:
    """How many of an item there are."""
    return SHOP.get(item, 0)


@tool(parse_docstring=True)
def order(item: str, quantity: int, note: Optional[str] = None) -> str:
    """Orders an item.

    Args:
        item: Its name
        quantity: How many
        note: For the packer
    """
    if SHOP.get(item, 0) < quantity:
        raise ValueError(f"not that many of {item}")
    SHOP[item] -= quantity
    return f"{quantity} {item} ordered. {note or ''}"


@tool
def cancel(item: str, quantity: int) -> str:
    """Takes an order back."""
    SHOP[item] = SHOP.get(item, 0) + quantity
    return "done"


@tool
def shipping(to: Address, express: bool) -> float:
    """What it costs to ship a parcel, in euros."""
    return 12.0 if express else 4.0 if to.country == "PT" else 9.0


TOOLS = {tool.name: tool for tool in [search, stock, order, cancel, shipping]}


def main():
    model = ChatBedrockConverse(model="us.anthropic.claude-sonnet-4-6").bind_tools(list(TOOLS.values()))
    messages = [SystemMessage("You sell hats and umbrellas."), HumanMessage("Two umbrellas to Lisbon, please.")]
    while True:
        answer = model.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            break
        for call in answer.tool_calls:
            try:
                said, status = str(TOOLS[call["name"]].invoke(call["args"])), "success"
            except Exception as error:
                said, status = str(error), "error"
            messages.append(ToolMessage(said, tool_call_id=call["id"], status=status))
    print(answer.text)


if __name__ == "__main__":
    main()
