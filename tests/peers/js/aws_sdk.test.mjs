// @aws-sdk/client-bedrock-runtime: a streamed tool loop.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BedrockRuntimeClient, ConverseStreamCommand, ValidationException } from "@aws-sdk/client-bedrock-runtime";

const client = new BedrockRuntimeClient({ endpoint: process.env.OUTCROP_LOCAL_URL, region: "us-east-1" });
const toolConfig = {
  tools: [
    {
      toolSpec: {
        name: "get_weather",
        description: "Current weather for a city.",
        inputSchema: { json: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
      },
    },
  ],
};

async function ask(modelId, messages) {
  const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages, toolConfig }));
  const content = [];
  let stopReason;
  for await (const { contentBlockStart, contentBlockDelta, messageStop } of stream) {
    if (contentBlockStart) {
      content[contentBlockStart.contentBlockIndex] = { toolUse: { ...contentBlockStart.start.toolUse, input: "" } };
    }
    if (contentBlockDelta) {
      const { contentBlockIndex: index, delta } = contentBlockDelta;
      if (delta.text !== undefined) {
        content[index] ??= { text: "" };
        content[index].text += delta.text;
      } else if (delta.toolUse) {
        content[index].toolUse.input += delta.toolUse.input;
      }
    }
    stopReason = messageStop?.stopReason ?? stopReason;
  }
  for (const block of content) {
    if (block.toolUse) block.toolUse.input = JSON.parse(block.toolUse.input || "{}");
  }
  return { message: { role: "assistant", content: content.filter(Boolean) }, stopReason };
}

for (const modelId of ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-lite-v1:0"]) {
  test(`a tool loop with ${modelId}`, async () => {
    const messages = [{ role: "user", content: [{ text: "What is the weather in Lisbon?" }] }];
    const first = await ask(modelId, messages);
    assert.equal(first.stopReason, "tool_use");
    const { toolUse } = first.message.content.find((block) => block.toolUse);
    assert.deepEqual(toolUse.input, { city: "Lisbon" });

    const toolResult = { toolUseId: toolUse.toolUseId, content: [{ text: "sunny, 21 degrees" }] };
    messages.push(first.message, { role: "user", content: [{ toolResult }] });
    const second = await ask(modelId, messages);
    assert.equal(second.stopReason, "end_turn");
    assert.match(second.message.content.map((block) => block.text ?? "").join(""), /21 degrees/);
  });
}

test("a refusal is a typed exception", async () => {
  const blank = [{ role: "user", content: [{ text: " " }] }];
  await assert.rejects(ask("us.amazon.nova-lite-v1:0", blank), (error) => {
    assert.ok(error instanceof ValidationException);
    assert.match(error.message, /is blank/);
    return true;
  });
});
