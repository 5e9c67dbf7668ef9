"""The shop of the guide's page "Coming from other libraries", with Strands Agents."""

from typing import Optional

from pydantic import BaseModel, Field
from strands import Agent, tool
from strands.models import BedrockModel


class Address(BaseModel):
    city: str
    country: str = Field(description='Two letters, e.g. "PT"')


class Shop:
    def __init__(self):
        self.items = {"hat": 3, "umbrella": 9}

    @tool
    def search(self, query: str, limit: int = 10) -> list[str]:
        """Items whose name contains a text.

        Args:
            query: Part of a name
            limit: How many at most
        """
        return [item for item in self.items if query in item][:limit]

    @tool
    def stock(self, item: str) -> int:
        """How many of an item there are."""
        return self.items.get(item, 0)

    @tool
    def order(self, item: str, quantity: int, note: Optional[str] = None) -> str:
        """Orders an item.

        Args:
            item: Its name
            quantity: How many
            note: For the packer
        """
        if self.items.get(item, 0) < quantity:
            raise ValueError(f"not that many of {item}")  # The model reads this.
        self.items[item] -= quantity
        return f"{quantity} {item} ordered. {note or ''}"

    @tool
    def cancel(self, item: str, quantity: int) -> str:
        """Takes an order back."""
        self.items[item] = self.items.get(item, 0) + quantity
        return "done"

    @tool
    def shipping(self, to: Address, express: bool) -> float:
        """What it costs to ship a parcel, in euros."""
        country = to["country"] if isinstance(to, dict) else to.country
        return 12.0 if express else 4.0 if country == "PT" else 9.0


def main():
    shop = Shop()
    agent = Agent(
        model=BedrockModel(model_id="us.anthropic.claude-sonnet-4-6"),
        system_prompt="You sell hats and umbrellas.",
        tools=[shop.search, shop.stock, shop.order, shop.cancel, shop.shipping],
        callback_handler=None,
    )
    print(agent("Two umbrellas to Lisbon, please."))


if __name__ == "__main__":
    main()
