//! Tools under `#[tool(strict)]` over real HTTP (R77 to R80): how each family is asked, what is left after a refusal in the
//! service's own words, and what the model writes.

use std::{collections::BTreeMap, sync::Arc};

use expect_test::expect;
use outcrop::{
    Agent, AgentBuilder, Bedrock, Profile, StrictReport, Tool, ToolInput, ToolSpec,
    core::{Request, ToolSet, schema_of, wire::ToolEntry},
    serde_json::{Value, json},
    testing::ScriptedModel,
    tool, tools, toolset,
};
use outcrop_local::{Answer, Local, Running, Script, judge};

use crate::support::{CLAUDE, client, tell_error, tool as loose, watch};

const NOVA: &str = "us.amazon.nova-pro-v1:0";
/// Claude without strict tools.
const FABLE: &str = "us.anthropic.claude-fable-5";

/// How far to go.
#[derive(ToolInput, Clone, Copy, Debug)]
#[serde(rename_all = "lowercase")]
enum Pace {
    /// Takes its time.
    Slow,
    Fast,
}

/// A stop on the way.
#[derive(ToolInput, Debug)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Stop {
    Sight { name: String, minutes: u32 },
    Meal { course: Course },
    Rest,
}

#[derive(ToolInput, Debug)]
#[serde(untagged)]
enum Course {
    Named(String),
    Numbered { number: u8 },
}

/// A day with bounds of every kind.
#[derive(ToolInput, Debug)]
#[serde(deny_unknown_fields)]
struct Day {
    #[schemars(range(min = 1, max = 14))]
    number: u32,
    #[schemars(length(min = 2, max = 40), regex(pattern = "^[A-Z]"))]
    title: String,
    #[schemars(length(max = 3))]
    stops: Vec<Stop>,
    #[schemars(email)]
    guide: Option<String>,
}

/// Plans a trip.
#[tool(strict)]
async fn plan(
    /// Where to.
    city: &str,
    nights: Option<u32>,
    #[tool(default = Pace::Slow)] pace: Pace,
    #[tool(default = "EUR")] currency: String,
    tags: Vec<String>,
) -> String {
    format!("{city} {nights:?} {pace:?} {currency} {tags:?}")
}

/// Adds a day.
#[tool(strict)]
fn add_day(#[tool(args)] day: Day) -> String {
    format!("{day:?}")
}

/// Without parameters.
#[tool(strict)]
fn now() -> &'static str {
    "noon"
}

struct Hotel;

#[toolset(prefix = "hotel_")]
impl Hotel {
    /// Books a room.
    #[tool(strict)]
    async fn book(&self, guests: u8, wishes: Option<Vec<Pace>>) -> String {
        format!("{guests} {wishes:?}")
    }

    /// How many rooms are free.
    #[tool]
    fn free(&self) -> u32 {
        7
    }
}

fn strict_tools(agent: AgentBuilder) -> AgentBuilder {
    let cancel = Tool::new("cancel", "Cancels a day.", |_: Day, _| async { "cancelled" }).strict();
    agent.tools(tools![plan, add_day, now]).tools(Hotel).tool(cancel)
}

/// A tool that wishes to be strict: its spec says so, as one that was read from a file would.
fn wishes(name: &str, schema: impl Into<outcrop::core::RawJson>) -> Tool {
    let mut spec = ToolSpec::with_schema(name, format!("The tool {name}."), schema);
    spec.strict = Some(true);
    Tool::with_spec(spec, |_: Value, _| async { "done" })
}

async fn served(script: Script, model: &str) -> (Running, Bedrock) {
    let local = Local::script(script).with_rules().start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    (local, bedrock)
}

/// The tools of a request; `!` stands behind those that are strict.
fn offered(request: &Request) -> String {
    let tools = request.tool_config.iter().flat_map(|config| &config.tools);
    let names = tools.filter_map(|entry| match entry {
        ToolEntry::ToolSpec(spec) if spec.strict == Some(true) => Some(format!("{}!", spec.name)),
        ToolEntry::ToolSpec(spec) => Some(spec.name.clone()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Asks once: each request with what the endpoint's rules say of it, what was told, and how it ended.
async fn asked(local: &Running, model: &str, agent: &Agent) -> String {
    let watched = watch(agent.ask("Go on.").stream()).await;
    let mut told = String::new();
    for received in local.take_requests() {
        told += &offered(&received.request().unwrap());
        told += &match judge(model, received.operation, &received.body) {
            Ok(()) => "\n".to_owned(),
            Err(refusal) => format!("\n  refused: {}\n", refusal.message),
        };
    }
    for event in &watched.events {
        if let outcrop::EventKind::Diagnostic(diagnostic) = &event.kind
            && diagnostic.code != outcrop::DiagnosticCode::StrictSchema
        {
            told += &format!("  {}: {}\n", diagnostic.code, diagnostic.message);
        }
    }
    match &watched.answer {
        Ok(answer) => told + &format!("  {}\n", answer.text()),
        Err(error) => told + &format!("  {}\n", tell_error(error)),
    }
}

/// Families that take strict tools and families that do not, both known to the client; and each of them behind an
/// inference profile that does not tell its model (R116).
#[tokio::test]
async fn r80_families() {
    let mut seen = String::new();
    for model in [CLAUDE, FABLE, NOVA] {
        for known in [true, false] {
            let (local, bedrock) = served(Script::new().answer("Done.").answer("Done again."), model).await;
            let agent = strict_tools(Agent::builder(bedrock.clone()));
            let agent = match known {
                true => agent,
                false => agent.profile(Profile::permissive()),
            };
            seen += &format!("{model}{}\n", if known { "" } else { ", unknown" });
            seen += &asked(&local, model, &agent.build().unwrap()).await;
        }
    }
    expect![[r#"
        us.anthropic.claude-sonnet-4-6
        plan! add_day! now! hotel_book! hotel_free cancel!
          Done.
        us.anthropic.claude-sonnet-4-6, unknown
        plan! add_day! now! hotel_book! hotel_free cancel!
          Done.
        us.anthropic.claude-fable-5
        plan add_day now hotel_book hotel_free cancel
          not_strict: asked for without `strict`: `plan` (the model takes no strict tools), `add_day` (the model takes no strict tools), `now` (the model takes no strict tools), `hotel_book` (the model takes no strict tools), `cancel` (the model takes no strict tools)
          Done.
        us.anthropic.claude-fable-5, unknown
        plan! add_day! now! hotel_book! hotel_free cancel!
          refused: The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted
        plan add_day now hotel_book hotel_free cancel
          not_strict: asked for without `strict`: `plan` (the model takes no strict tools), `add_day` (the model takes no strict tools), `now` (the model takes no strict tools), `hotel_book` (the model takes no strict tools), `cancel` (the model takes no strict tools)
          Done.
        us.amazon.nova-pro-v1:0
        plan add_day now hotel_book hotel_free cancel
          not_strict: asked for without `strict`: `plan` (the model takes no strict tools), `add_day` (the model takes no strict tools), `now` (the model takes no strict tools), `hotel_book` (the model takes no strict tools), `cancel` (the model takes no strict tools)
          Done.
        us.amazon.nova-pro-v1:0, unknown
        plan! add_day! now! hotel_book! hotel_free cancel!
          Done.
    "#]].assert_eq(&seen);
}

/// The bytes that are sent for a strict tool of each kind.
#[tokio::test]
async fn r78_what_is_sent() {
    let (local, bedrock) = served(Script::new().answer("Done."), CLAUDE).await;
    strict_tools(Agent::builder(bedrock)).build().unwrap().ask("Go on.").await.unwrap();
    let request = local.take_requests().remove(0).request().unwrap();
    let sent = serde_json::to_value(&request.tool_config.unwrap().tools).unwrap();
    let lines: Vec<String> =
        sent.as_array().unwrap().iter().map(|tool| tool["toolSpec"].to_string()).collect();
    expect![[r##"
        {"name":"plan","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string","description":"Where to."},"nights":{"type":["integer","null"],"description":"At least 0."},"pace":{"type":"string","enum":["fast","slow"],"description":"How far to go.\n- \"slow\": Takes its time.","default":"slow"},"currency":{"type":"string","default":"EUR"},"tags":{"type":"array","items":{"type":"string"}}},"required":["city","tags"],"additionalProperties":false}},"description":"Plans a trip.","strict":true}
        {"name":"add_day","inputSchema":{"json":{"type":"object","additionalProperties":false,"properties":{"number":{"type":"integer","description":"At least 1. At most 14."},"title":{"type":"string","pattern":"^[A-Z]","description":"At least 2 characters. At most 40 characters."},"stops":{"type":"array","items":{"$ref":"#/$defs/Stop"},"description":"At most 3 items."},"guide":{"type":["string","null"],"format":"email"}},"required":["number","title","stops"],"description":"A day with bounds of every kind.","$defs":{"Stop":{"anyOf":[{"type":"object","properties":{"kind":{"type":"string","const":"sight"},"name":{"type":"string"},"minutes":{"type":"integer","description":"At least 0."}},"required":["kind","name","minutes"],"additionalProperties":false},{"type":"object","properties":{"kind":{"type":"string","const":"meal"},"course":{"$ref":"#/$defs/Course"}},"required":["kind","course"],"additionalProperties":false},{"type":"object","properties":{"kind":{"type":"string","const":"rest"}},"required":["kind"],"additionalProperties":false}],"description":"A stop on the way."},"Course":{"anyOf":[{"type":"string"},{"type":"object","properties":{"number":{"type":"integer","description":"At least 0. At most 255."}},"required":["number"],"additionalProperties":false}]}}}},"description":"Adds a day.","strict":true}
        {"name":"now","inputSchema":{"json":{"type":"object","properties":{},"additionalProperties":false}},"description":"Without parameters.","strict":true}
        {"name":"hotel_book","inputSchema":{"json":{"type":"object","properties":{"guests":{"type":"integer","description":"At least 0. At most 255."},"wishes":{"type":["array","null"],"items":{"$ref":"#/$defs/Pace"}}},"required":["guests"],"additionalProperties":false,"$defs":{"Pace":{"type":"string","enum":["fast","slow"],"description":"How far to go.\n- \"slow\": Takes its time."}}}},"description":"Books a room.","strict":true}
        {"name":"hotel_free","inputSchema":{"json":{"type":"object","properties":{}}},"description":"How many rooms are free."}
        {"name":"cancel","inputSchema":{"json":{"type":"object","additionalProperties":false,"properties":{"number":{"type":"integer","description":"At least 1. At most 14."},"title":{"type":"string","pattern":"^[A-Z]","description":"At least 2 characters. At most 40 characters."},"stops":{"type":"array","items":{"$ref":"#/$defs/Stop"},"description":"At most 3 items."},"guide":{"type":["string","null"],"format":"email"}},"required":["number","title","stops"],"description":"A day with bounds of every kind.","$defs":{"Stop":{"anyOf":[{"type":"object","properties":{"kind":{"type":"string","const":"sight"},"name":{"type":"string"},"minutes":{"type":"integer","description":"At least 0."}},"required":["kind","name","minutes"],"additionalProperties":false},{"type":"object","properties":{"kind":{"type":"string","const":"meal"},"course":{"$ref":"#/$defs/Course"}},"required":["kind","course"],"additionalProperties":false},{"type":"object","properties":{"kind":{"type":"string","const":"rest"}},"required":["kind"],"additionalProperties":false}],"description":"A stop on the way."},"Course":{"anyOf":[{"type":"string"},{"type":"object","properties":{"number":{"type":"integer","description":"At least 0. At most 255."}},"required":["number"],"additionalProperties":false}]}}}},"description":"Cancels a day.","strict":true}"##]].assert_eq(&lines.join("\n"));
}

/// What cannot be strict goes without, by itself, where only the spec wishes it.
#[tokio::test]
async fn r79_schemas_that_cannot_be_strict() {
    #[derive(ToolInput)]
    struct Tree {
        #[allow(dead_code)]
        children: Vec<Tree>,
    }
    #[derive(ToolInput)]
    struct Flat {
        #[allow(dead_code)]
        id: u8,
        #[serde(flatten)]
        #[allow(dead_code)]
        stop: Stop,
    }
    let (local, bedrock) = served(Script::new().answer("Done."), CLAUDE).await;
    let member = |schema: Value| json!({ "type": "object", "properties": { "it": schema } });
    let agent = Agent::builder(bedrock)
        .tool(wishes("map", member(schema_of::<BTreeMap<String, u8>>().to_value().unwrap())))
        .tool(wishes("value", member(json!(true))))
        .tool(wishes("tree", schema_of::<Tree>()))
        .tool(wishes("pair", member(schema_of::<(u8, u8)>().to_value().unwrap())))
        .tool(wishes("flat", schema_of::<Flat>()))
        .tools(tools![now])
        .build()
        .unwrap();
    expect![[r#"
        map value tree pair flat now!
          not_strict: asked for without `strict`: `map` (the schema at `/properties/it/additionalProperties` cannot be sent: it is a map, whose members can have any name), `value` (the schema at `/properties/it` cannot be sent: it takes values of any type), `tree` (the schema at `/properties/children/items` cannot be sent: it leads to itself), `pair` (the schema at `/properties/it` cannot be sent: the items of an array have a schema each), `flat` (its top level takes several forms; put them into a member)
          Done.
    "#]].assert_eq(&asked(&local, CLAUDE, &agent).await);
    assert!(!agent.strict_report().is_strict());
    expect![[r#"
        `map` is not strict: the schema at `/properties/it/additionalProperties` cannot be sent: it is a map, whose members can have any name
        `value` is not strict: the schema at `/properties/it` cannot be sent: it takes values of any type
        `tree` is not strict: the schema at `/properties/children/items` cannot be sent: it leads to itself
        `pair` is not strict: the schema at `/properties/it` cannot be sent: the items of an array have a schema each
        `flat` is not strict: its top level takes several forms; put them into a member
        `now` is strict
        together: 1 strict tools, 0 optional members, 0 members with union types
    "#]].assert_eq(&agent.strict_report().to_string());
}

/// The same by `#[tool(strict)]` and `Tool::strict` is a mistake of the program, whatever the model.
#[test]
fn what_can_never_be_strict_is_not_built() {
    /// Of any depth.
    #[derive(ToolInput, Debug)]
    struct Tree {
        children: Vec<Tree>,
    }
    /// Takes a tree.
    #[tool(strict)]
    fn takes_tree(#[tool(args)] tree: Tree) -> String {
        format!("{:?}", tree.children)
    }
    /// Takes a map.
    #[tool(strict)]
    fn takes_map(prices: BTreeMap<String, f64>) -> usize {
        prices.len()
    }
    /// Takes anything.
    #[tool(strict)]
    fn takes_any(about: Vec<Value>) -> usize {
        about.len()
    }
    /// Takes a pair.
    #[tool(strict)]
    fn takes_pair(at: (f64, f64)) -> f64 {
        at.0 + at.1
    }
    struct Set;
    #[toolset]
    impl Set {
        /// Takes one of several forms.
        #[tool(strict)]
        fn takes_form(#[tool(args)] flat: Flat) -> String {
            format!("{} {:?}", flat.id, flat.stop)
        }
    }
    #[derive(ToolInput)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        stop: Stop,
    }
    let from_closure = Tool::new("closure", "A closure.", |_: Tree, _| async {}).strict();
    let demanded = wishes("demanded", json!({ "type": "object" })).strict();
    let tools = [tools![takes_tree, takes_map, takes_any, takes_pair], outcrop::IntoTools::into_tools(Set)];
    let mut seen = String::new();
    for tool in tools.into_iter().flatten().chain([from_closure, demanded]) {
        for model in [CLAUDE, NOVA, "somebody.new-model"] {
            let model = ScriptedModel::new().with_id(model);
            let error = Agent::builder(model).tools(tools![now]).tool(tool.clone()).build().unwrap_err();
            match seen.ends_with(&format!("{error}\n")) {
                true => {}
                false => seen += &format!("{error}\n"),
            }
        }
    }
    expect![[r#"
        tool `takes_tree` cannot be strict: the schema at `/properties/children/items` cannot be sent: it leads to itself
        tool `takes_map` cannot be strict: the schema at `/properties/prices/additionalProperties` cannot be sent: it is a map, whose members can have any name
        tool `takes_any` cannot be strict: the schema at `/properties/about/items` cannot be sent: it takes values of any type
        tool `takes_pair` cannot be strict: the schema at `/properties/at` cannot be sent: the items of an array have a schema each
        tool `takes_form` cannot be strict: its top level takes several forms; put them into a member
        tool `closure` cannot be strict: the schema at `/properties/children/items` cannot be sent: it leads to itself
        tool `demanded` cannot be strict: the schema at the root cannot be sent: it is a map, whose members can have any name
    "#]].assert_eq(&seen);
}

/// R80: each text of `bedrock-api` 6.4 that is about strict tools: the turn goes on with what was not refused, and the
/// next conversation begins without it.
#[tokio::test]
async fn r80_refusals_in_the_words_of_the_service() {
    let mut seen = String::new();
    for text in [
        "tools.0.custom.strict: Extra inputs are not permitted",
        "tools.1.custom: For 'array' type, property 'maxItems' is not supported",
        "tools.1.custom: Schema type 'oneOf' is not supported",
        "Schema is too complex.",
        "Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).",
        "The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
        // About no strict tool.
        "tools.4.custom: For 'array' type, property 'maxItems' is not supported",
    ] {
        let refusal = format!("The model returned the following errors: {text}");
        let script = Script::new()
            .answer(Answer::error(400, "ValidationException", refusal))
            .answer("Done.")
            .answer("Done again.");
        let (local, bedrock) = served(script, CLAUDE).await;
        let agent = strict_tools(Agent::builder(bedrock.clone())).build().unwrap();
        seen += &format!("{text}\n{}", asked(&local, CLAUDE, &agent).await);
        if !bedrock.learned_facts().is_empty() {
            agent.ask("And now?").await.unwrap();
            seen += &format!("  then {}\n", offered(&local.take_requests()[0].request().unwrap()));
        }
    }
    expect![[r#"
        tools.0.custom.strict: Extra inputs are not permitted
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan add_day now hotel_book hotel_free cancel
          not_strict: asked for without `strict`: `plan` (the model takes no strict tools), `add_day` (the model takes no strict tools), `now` (the model takes no strict tools), `hotel_book` (the model takes no strict tools), `cancel` (the model takes no strict tools)
          Done.
          then plan add_day now hotel_book hotel_free cancel
        tools.1.custom: For 'array' type, property 'maxItems' is not supported
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan! add_day now! hotel_book! hotel_free cancel
          not_strict: asked for without `strict`: `add_day` (the service refused its schema: For 'array' type, property 'maxItems' is not supported), `cancel` (the service refused its schema: For 'array' type, property 'maxItems' is not supported)
          Done.
          then plan! add_day now! hotel_book! hotel_free cancel
        tools.1.custom: Schema type 'oneOf' is not supported
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan! add_day now! hotel_book! hotel_free cancel
          not_strict: asked for without `strict`: `add_day` (the service refused its schema: Schema type 'oneOf' is not supported), `cancel` (the service refused its schema: Schema type 'oneOf' is not supported)
          Done.
          then plan! add_day now! hotel_book! hotel_free cancel
        Schema is too complex.
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan! add_day now! hotel_book! hotel_free cancel
          not_strict: asked for without `strict`: `add_day` (the service refused its schema: Schema is too complex.), `cancel` (the service refused its schema: Schema is too complex.)
          Done.
          then plan! add_day now! hotel_book! hotel_free cancel
        Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan add_day! now! hotel_book! hotel_free cancel!
          not_strict: asked for without `strict`: `plan` (the service refused its schema: Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).)
          Done.
          then plan add_day! now! hotel_book! hotel_free cancel!
        The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.
        plan! add_day! now! hotel_book! hotel_free cancel!
        plan! add_day now! hotel_book! hotel_free cancel
          not_strict: asked for without `strict`: `add_day` (the service refused its schema: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.), `cancel` (the service refused its schema: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.)
          Done.
          then plan! add_day now! hotel_book! hotel_free cancel
        tools.4.custom: For 'array' type, property 'maxItems' is not supported
        plan! add_day! now! hotel_book! hotel_free cancel!
          error: the model's answer did not come: ValidationException: The model returned the following errors: tools.4.custom: For 'array' type, property 'maxItems' is not supported (status 400, request id 00000000-0000-4000-8000-000000000001) [request id]
    "#]].assert_eq(&seen);
}

/// R23, R80: more than one request may hold. The client that knows the limits asks for less, and the one that does not
/// is refused by the endpoint until the request is taken.
#[tokio::test]
async fn r23_limits() {
    let optional = |count: usize| {
        let members: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("m{at}"), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "properties": members, "additionalProperties": false })
    };
    let unions = |count: usize| {
        let members: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("m{at}"), json!({ "type": ["string", "null"] }))).collect();
        let names: Vec<&String> = members.keys().collect();
        json!({ "type": "object", "required": names, "properties": members, "additionalProperties": false })
    };
    let large = {
        let names: Vec<String> = (0..1100).map(|at| format!("m{at}")).collect();
        let members: serde_json::Map<String, Value> =
            names.iter().map(|name| (name.clone(), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "required": names, "properties": members, "additionalProperties": false })
    };
    let sets: [(&str, Vec<Tool>); 4] = [
        ("22 tools", (0..22).map(|at| wishes(&format!("t{at}"), optional(0))).collect()),
        (
            "26 optional members",
            [9, 8, 9].iter().enumerate().map(|(at, n)| wishes(&format!("o{at}"), optional(*n))).collect(),
        ),
        (
            "18 unions",
            [4, 7, 7].iter().enumerate().map(|(at, n)| wishes(&format!("u{at}"), unions(*n))).collect(),
        ),
        ("one of 1100 parts", vec![wishes("small", optional(1)), wishes("large", large)]),
    ];
    let mut seen = String::new();
    for (what, tools) in sets {
        for known in [true, false] {
            let (local, bedrock) = served(Script::new().answer("Done."), CLAUDE).await;
            let agent = Agent::builder(bedrock).tools(tools.clone());
            let agent = if known { agent } else { agent.profile(Profile::permissive()) };
            seen += &format!("{what}{}\n", if known { "" } else { ", unknown" });
            seen += &asked(&local, CLAUDE, &agent.build().unwrap()).await;
        }
    }
    expect![[r#"
        22 tools
        t0! t1! t2! t3! t4! t5! t6! t7! t8! t9! t10! t11! t12! t13! t14! t15! t16! t17! t18! t19! t20 t21
          not_strict: asked for without `strict`: `t20` (21 strict tools, and the service takes 20 in one request), `t21` (21 strict tools, and the service takes 20 in one request)
          Done.
        22 tools, unknown
        t0! t1! t2! t3! t4! t5! t6! t7! t8! t9! t10! t11! t12! t13! t14! t15! t16! t17! t18! t19! t20! t21!
          refused: The model returned the following errors: Too many strict tools (22). The maximum number of strict tools supported is 20. Try reducing the number of tools marked as strict.
        t0! t1! t2! t3! t4! t5! t6! t7! t8! t9! t10! t11! t12! t13! t14! t15! t16! t17! t18! t19! t20 t21
          not_strict: asked for without `strict`: `t20` (21 strict tools, and the service takes 20 in one request), `t21` (21 strict tools, and the service takes 20 in one request)
          Done.
        26 optional members
        o0! o1! o2
          not_strict: asked for without `strict`: `o2` (26 optional members in strict schemas, and the service takes 24 in one request)
          Done.
        26 optional members, unknown
        o0! o1! o2!
          refused: The model returned the following errors: Schemas contains too many optional parameters (26), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).
        o0! o1! o2
          not_strict: asked for without `strict`: `o2` (26 optional members in strict schemas, and the service takes 24 in one request)
          Done.
        18 unions
        u0! u1! u2
          not_strict: asked for without `strict`: `u2` (18 members with union types in strict schemas, and the service takes 16 in one request)
          Done.
        18 unions, unknown
        u0! u1! u2!
          refused: The model returned the following errors: Schemas contains too many parameters with union types (18 parameters with type arrays or anyOf). This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters (limit: 16 parameters with unions).
        u0! u1! u2
          not_strict: asked for without `strict`: `u2` (18 members with union types in strict schemas, and the service takes 16 in one request)
          Done.
        one of 1100 parts
        small! large!
          refused: The model returned the following errors: Schema is too complex.
        small! large
          not_strict: asked for without `strict`: `large` (the service refused its schema: Schema is too complex.)
          Done.
        one of 1100 parts, unknown
        small! large!
          refused: The model returned the following errors: Schema is too complex.
        small! large
          not_strict: asked for without `strict`: `large` (the service refused its schema: Schema is too complex.)
          Done.
    "#]].assert_eq(&seen);
}

/// What the model writes is held to the schema as it was declared: what adaptation left out still counts.
#[tokio::test]
async fn inputs_are_held_to_what_was_declared() {
    let day = |number: u32, title: &str, stops: usize| {
        let stops = vec![json!({ "kind": "rest" }); stops];
        json!({ "number": number, "title": title, "stops": stops }).to_string()
    };
    let calls = Answer::new()
        .tool_use("a", "add_day", day(15, "x", 4))
        .tool_use("b", "add_day", day(1, "Old town", 1))
        .tool_use("c", "plan", r#"{"city": "Lisbon", "tags": [], "more": 1}"#)
        .tool_use("d", "hotel_book", r#"{"guests": 256}"#)
        .tool_use("e", "now", "");
    let (local, bedrock) = served(Script::new().answer(calls).answer("Done."), CLAUDE).await;
    let agent = strict_tools(Agent::builder(bedrock)).build().unwrap();
    let watched = watch(agent.ask("Go on.").stream()).await;
    let mut results: Vec<String> =
        watched.told().lines().filter(|line| line.contains("toolEnd")).map(str::to_owned).collect();
    results.sort(); // They run side by side.
    expect![[r##"
        1[0] toolEnd {"toolUseId":"a","content":[{"text":"The input does not fit the tool's schema, so the tool was not run:\n- `/number`: expected a number of at most 14, found the number 15. The schema there: {\"type\":\"integer\",\"format\":\"uint32\",\"minimum\":1,\"maximum\":14}\n- `/stops`: expected an array of at most 3 items, found 4 items: [{\"kind\":\"rest\"},{\"kind\":\"rest\"},{\"kind\":\"rest\"},{\"kind\":\"rest\"}]. The schema there: {\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/Stop\"},\"maxItems\":3}\n- `/title`: expected a string of at least 2 characters, found 1 character: \"x\". The schema there: {\"type\":\"string\",\"minLength\":2,\"maxLength\":40,\"pattern\":\"^[A-Z]\"}\n- `/title`: expected a string that matches the pattern `^[A-Z]`, found the string \"x\". The schema there: {\"type\":\"string\",\"minLength\":2,\"maxLength\":40,\"pattern\":\"^[A-Z]\"}"}],"status":"error"}
        1[1] toolEnd {"toolUseId":"b","content":[{"text":"Day { number: 1, title: \"Old town\", stops: [Rest], guide: None }"}],"status":"success"}
        1[2] toolEnd {"toolUseId":"c","content":[{"text":"Lisbon None Slow EUR []"}],"status":"success"}
        1[3] toolEnd {"toolUseId":"d","content":[{"text":"The input does not fit the tool's schema, so the tool was not run:\n- `/guests`: expected a number of at most 255, found the number 256. The schema there: {\"type\":\"integer\",\"format\":\"uint8\",\"minimum\":0,\"maximum\":255}"}],"status":"error"}
        1[4] toolEnd {"toolUseId":"e","content":[{"text":"noon"}],"status":"success"}"##]].assert_eq(&results.join("\n"));
    for received in local.requests() {
        judge(CLAUDE, received.operation, &received.body).unwrap();
    }
}

/// A turn's output is counted with strict tools and gives way to them; beside both stay the tools that are not strict.
#[tokio::test]
async fn strict_tools_beside_an_output() {
    #[derive(outcrop::Output, Debug)]
    struct Summary {
        text: String,
        more: Option<u8>,
    }
    let many: serde_json::Map<String, Value> =
        (0..24).map(|at| (format!("m{at}"), json!({ "type": "string" }))).collect();
    let large = || wishes("large", json!({ "type": "object", "properties": many }));
    let small = || wishes("small", json!({ "type": "object", "properties": {} }));
    let mut seen = String::new();
    for tools in [vec![small()], vec![large()], vec![small(), large(), loose("any", |_, _| async { "done" })]]
    {
        let output = r#"{"text": "All done."}"#;
        let local = Local::demo().start().await.unwrap();
        let bedrock = client(local.url()).build().await.unwrap().with_model(CLAUDE);
        let agent = Agent::builder(bedrock).tools(tools).build().unwrap();
        let summary = agent.ask(format!("Say {output}")).output::<Summary>().answer().await;
        let summary = summary.unwrap_or_else(|error| panic!("{}", tell_error(&error)));
        let _ = (&summary.value.text, summary.value.more);
        for received in local.take_requests() {
            let verdict = judge(CLAUDE, received.operation, &received.body);
            let request = received.request().unwrap();
            let native = request.output_config.is_some();
            seen +=
                &format!("{}{} {verdict:?}\n", offered(&request), if native { " and natively" } else { "" });
        }
    }
    expect![[r#"
        small! and natively Ok(())
        large! Summary Ok(())
        small! large! any Summary Ok(())
    "#]]
    .assert_eq(&seen);
}

/// The report says of the agent's tools what the turn then does, for every family.
#[tokio::test]
async fn the_report_is_what_is_sent() {
    for model in [CLAUDE, FABLE, NOVA, "somebody.new-model"] {
        let scripted = ScriptedModel::texts(["Done."]).with_id(model);
        let agent =
            strict_tools(Agent::builder(scripted.clone())).tool(wishes("map", json!({ "type": "object" })));
        let agent = agent.build().unwrap();
        agent.ask("Go on.").await.unwrap();
        let report = agent.strict_report();
        assert_eq!(report.tools.len(), 6);
        let sent = scripted.requests().remove(0).tool_config.unwrap().tools;
        for entry in sent {
            let ToolEntry::ToolSpec(spec) = entry else { panic!("{entry:?}") };
            let strict = report.tool(&spec.name).is_some_and(|tool| tool.outcome.is_ok());
            assert_eq!(spec.strict == Some(true), strict, "{model}: {}", spec.name);
        }
        // The same without an agent.
        let set = ToolSet::new(report.tools.iter().map(|tool| {
            let mut spec = ToolSpec::with_schema(&tool.name, "", tool.declared.clone());
            spec.strict = Some(true);
            spec
        }));
        let again = StrictReport::of(&Arc::new(set.unwrap()), &Profile::of(model));
        assert_eq!(again.to_string(), report.to_string());
    }
}
