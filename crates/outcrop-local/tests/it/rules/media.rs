//! Media, documents, citations, and how much fits.

use super::*;

const PNG: &str = "iVBORw0KGgoAAAAN";

fn image(source: Value) -> Value {
    json!({"image": {"format": "png", "source": source}})
}

fn document(name: &str, source: Value) -> Value {
    json!({"document": {"name": name, "format": "pdf", "source": source}})
}

fn s3() -> Value {
    json!({"s3Location": {"uri": "s3://bucket/key"}})
}

fn asking(block: Value) -> Value {
    messages(json!([user(json!([{"text": "What is it?"}, block]))]))
}

fn answering(item: Value) -> Value {
    dialog(json!([tool_use("A")]), json!([{"toolResult": {"toolUseId": "A", "content": [item]}}]))
}

#[test]
fn kinds() {
    let video = || json!({"video": {"format": "mp4", "source": s3()}});
    let words = "This model doesn't support the video content block that you provided. \
                 Update the content block and try again.";
    refuses(CLAUDE, asking(video()), words, asking(image(json!({"bytes": PNG}))));
    refuses(CLAUDE, answering(video()), words, answering(image(json!({"bytes": PNG}))));
    takes(NOVA, Operation::Converse, &asking(video()));
    refuses(
        "openai.gpt-5.6-sol",
        answering(image(json!({"bytes": PNG}))),
        "This model doesn't support the image field for user messages. Remove image and try again.",
        asking(image(json!({"bytes": PNG}))),
    );
}

#[test]
fn sources() {
    let words = "This model doesn't support the s3Uri field. Remove s3Uri and try again.";
    refuses(CLAUDE, asking(image(s3())), words, asking(image(json!({"bytes": PNG}))));
    refuses(CLAUDE, answering(image(s3())), words, answering(document("a", s3())));
    model_refuses(
        CLAUDE,
        asking(document("a", s3())),
        "messages.0.content.1.document.source.type: Field required",
        asking(document("a", json!({"bytes": "YQ=="}))),
    );
    model_refuses(
        NOVA,
        answering(document("a", s3())),
        "Malformed input request: #/messages/2/content/0: extraneous key [toolResult] is not permitted, \
         please reformat your input and try again.",
        answering(document("a", json!({"bytes": "YQ=="}))),
    );
}

#[test]
fn image_bytes() {
    let text = json!({"bytes": "dGhlc2UgYnl0ZXMgYXJlIG5vdCBhIFBORyBpbWFnZQ=="});
    let words = "The model returned the following errors: The detected file MIME type text/plain does not match the \
                 expected type image/png. Reformat your input and try again.";
    refuses(NOVA, asking(image(text.clone())), words, asking(image(json!({"bytes": PNG}))));
    let late = refusal(NOVA, Operation::ConverseStream, &asking(image(text)));
    assert_eq!((late.status, late.in_stream, late.message.as_str()), (200, true, words));
    assert_eq!(late.exception_type(), "validationException");
}

#[test]
fn documents() {
    let alone =
        |more: Value| messages(json!([user(json!([document("a b-(1)", json!({"bytes": "YQ=="})), more]))]));
    refuses(
        UNKNOWN,
        alone(image(json!({"bytes": PNG}))),
        "A text block must be included when using documents. Add a text block and retry your request.",
        alone(json!({"text": "Hi"})),
    );
    refuses(
        NOVA,
        asking(document("a_b.pdf", json!({"bytes": "YQ=="}))),
        "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, \
         parentheses, and square brackets. The name can't contain more than one consecutive whitespace character. \
         Check that the file name conforms to these restrictions and retry your request.",
        asking(document("a b [2]", json!({"bytes": "YQ=="}))),
    );
    let cited = json!({"document": {"name": "a", "format": "pdf", "source": {"bytes": "YQ=="}, "citations": {"enabled": true}}});
    refuses(
        NOVA,
        asking(cited.clone()),
        "This model doesn't support citations.",
        asking(document("a", json!({"bytes": "YQ=="}))),
    );
    takes(CLAUDE, Operation::Converse, &asking(cited));
}

#[test]
fn sizes() {
    let images = |count: usize| {
        let mut blocks = vec![json!({"text": "Look."})];
        blocks.extend((0..count).map(|_| image(json!({"bytes": PNG}))));
        messages(json!([user(json!(blocks))]))
    };
    model_refuses(CLAUDE_4, images(21), "messages: too many images and documents: 21 + 0 > 20", images(20));
    let limited = |most: u32| with(json!({"inferenceConfig": {"maxTokens": most}}));
    refuses(
        NOVA,
        limited(10_001),
        "The maximum tokens you requested exceeds the model limit of 10000. \
         Try again with a maximum tokens value that is lower than 10000.",
        limited(10_000),
    );
    let long = |marks: usize| messages(json!([user(json!([{"text": "a".repeat(marks)}]))]));
    refuses(CLAUDE, long(1_000_200), "Input is too long for requested model.", long(900_000));
    let text = refusal(HAIKU_45, Operation::Converse, &long(1_000_200)).message;
    assert!(text.starts_with("The model returned the following errors: prompt is too long: "), "{text}");
    assert!(text.ends_with(" tokens > 200000 maximum"), "{text}");
    model_refuses(
        NOVA,
        long(1_500_200),
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
        long(1_400_000),
    );
    refuses(UNKNOWN, long(20_000_001), "Input is too long for requested model.", long(2_000_000));
    // Before Claude 4.5 the answer must fit too.
    let long = "word ".repeat(170_000);
    let ask = |tokens: u32| {
        let mut request = messages(json!([user(json!([{"text": long}]))]));
        merge(&mut request, json!({"inferenceConfig": {"maxTokens": tokens}}));
        request
    };
    let broken = refusal(CLAUDE_4, Operation::Converse, &ask(64_000));
    let words =
        "The model returned the following errors: input length and `max_tokens` exceed context limit: ";
    assert!(broken.message.starts_with(words), "{broken:?}");
    takes(CLAUDE_4, Operation::Converse, &ask(1000));
}

#[test]
fn cache_points() {
    let point = |ttl: &str| json!({"cachePoint": {"type": "default", "ttl": ttl}});
    let plain = || json!({"cachePoint": {"type": "default"}});
    let said = |blocks: Value| messages(json!([user(blocks)]));
    check(
        "qwen.qwen3-32b-v1:0",
        Operation::Converse,
        said(json!([{"text": "Hi"}, plain()])),
        (
            403,
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. \
             See the documentation for more information.",
        ),
        said(json!([{"text": "Hi"}])),
    );
    refuses(
        CLAUDE,
        said(json!([plain(), {"text": "Hi"}])),
        "There is nothing available to cache. Please remove the invalid cache point and try again.",
        said(json!([{"text": "Hi"}, plain()])),
    );
    let many = |count: usize| {
        said(json!((0..count).flat_map(|_| [json!({"text": "Hi"}), plain()]).collect::<Vec<_>>()))
    };
    model_refuses(
        CLAUDE,
        many(5),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        many(4),
    );
    model_refuses(
        CLAUDE,
        said(json!([{"text": "a"}, point("5m"), {"text": "b"}, point("1h")])),
        "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' \
         cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
        said(json!([{"text": "a"}, point("1h"), {"text": "b"}, point("5m")])),
    );
    refuses(
        CLAUDE,
        answering(plain()),
        "ToolResultContentBlock object at messages.2.content.0.toolResult.content.0 must set one of the following \
         keys: json, text, image, document, video, searchResult.",
        answering(json!({"text": "a"})),
    );
    takes(UNKNOWN, Operation::Converse, &many(2));
}
