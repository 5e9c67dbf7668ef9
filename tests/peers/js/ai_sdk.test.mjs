// The AI SDK with its Bedrock provider: streamText with tools, run by the SDK itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const bedrock = createAmazonBedrock({
  baseURL: process.env.OUTCROP_LOCAL_URL,
  region: "us-east-1",
  accessKeyId: "local",
  secretAccessKey: "local",
});

for (const modelId of ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-lite-v1:0"]) {
  test(`streamText with tools and ${modelId}`, async () => {
    const called = [];
    const errors = [];
    const result = streamText({
      model: bedrock(modelId),
      prompt: "What is the weather in Lisbon?",
      tools: {
        getWeather: tool({
          description: "Current weather for a city.",
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            called.push(city);
            return "sunny, 21 degrees";
          },
        }),
      },
      stopWhen: stepCountIs(4),
      onError: ({ error }) => errors.push(error),
    });
    let deltas = 0;
    for await (const part of result.fullStream) {
      if (part.type === "text-delta" || part.type === "tool-input-delta") deltas += 1;
    }
    assert.deepEqual(errors, []);
    assert.deepEqual(called, ["Lisbon"]);
    assert.match(await result.text, /21 degrees/);
    assert.ok(deltas > 2);
  });
}
