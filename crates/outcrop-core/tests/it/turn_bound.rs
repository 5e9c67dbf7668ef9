//! R70: models that bind what they think to what stood before it, against a service that signs and checks as the
//! strictest would: a signature here is a hash of all that stands before the block.

use std::hash::{DefaultHasher, Hash, Hasher};

use expect_test::{Expect, expect};
use outcrop_core::{Strategy, profile::*, tools::*, turn::*, wire::*};
use proptest::{collection::vec, prelude::*, strategy::Strategy as _};
use serde_json::{Value, json};

use crate::{
    shape::{PROFILES, flat},
    support::Recovery,
    support::{Sim, arg, begin, call, cases, end, redact, sign, stop, text, think, tools, whole_call},
};

const BINDING: &str = "anthropic.claude-fable-5-1";
const REFUSED: &str = "The model returned the following errors: messages.1.content.0: Invalid `signature` in `thinking` \
                       block. The block is bound to a different conversation. Remove the block, or set \
                       `thinking.block_binding.prefix_mismatch_behavior` to \"drop_block\".";

/// What the service counts, in order, with what is signed in it.
fn walk(request: &Request, mut each: impl FnMut(u64, &Value)) -> u64 {
    let body = serde_json::to_value(request).unwrap();
    let mut seen = DefaultHasher::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let is_point = |value: &Value| value.get("cachePoint").is_some();
    for (name, at) in [("tools", "/toolConfig/tools"), ("system", "/system")] {
        for item in list(body.pointer(at).unwrap_or(&Value::Null)).iter().filter(|item| !is_point(item)) {
            (name, item.to_string()).hash(&mut seen);
        }
    }
    let mut role = String::new();
    for message in list(&body["messages"]) {
        for block in list(&message["content"]).iter().filter(|block| !is_point(block)) {
            each(seen.finish(), block);
            if message["role"] != role.as_str() {
                role = message["role"].as_str().unwrap().to_owned();
                role.hash(&mut seen);
            }
            block.to_string().hash(&mut seen);
        }
    }
    seen.finish()
}

/// Whether all that was thought stands where it was thought, and how many thoughts there are.
fn accepts(request: &Request) -> Result<usize, ()> {
    let (mut thoughts, mut accepted) = (0, true);
    walk(request, |seen, block| {
        if let Some(signature) = block.pointer("/reasoningContent/reasoningText/signature") {
            thoughts += 1;
            accepted &= *signature == format!("{seen:x}");
        }
    });
    if accepted { Ok(thoughts) } else { Err(()) }
}

/// How a step is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// A thought and a text.
    Text,
    /// A thought and a call.
    Call,
    /// As `Call`, with something that nobody may read, and saved and resumed while the call runs.
    Saved,
    /// As `Text`, without a thought.
    Plain,
    /// The stream breaks off behind the thought.
    Broken,
    /// The stream breaks off in a text behind the thought, which is kept then.
    Cut,
}

/// What happens between two turns.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Nothing,
    /// The history goes through JSON.
    Reloaded,
    /// The history loses what is known of where its answers stood.
    Foreign,
    System(u8),
    Tools(bool),
    /// The turn is to end with an output, by a tool or in words.
    Output(Strategy),
}

struct Talk {
    config: TurnConfig,
    history: History,
    /// Requests that were refused.
    refused: usize,
    /// Thoughts in the last request.
    sent: usize,
    /// What was told.
    told: Vec<String>,
    /// Of each request of the last turn: how many thoughts of how many.
    turn_sent: Vec<String>,
    /// The blocks of the last request, and whether each request has begun with those of the one before.
    blocks: Vec<(String, String)>,
    grows: bool,
}

impl Talk {
    fn new(model: &str, profile: Profile) -> Self {
        let config = TurnConfig::with_profile(model, profile, tools()).system("Be short.");
        Self {
            config,
            history: History::new(),
            refused: 0,
            sent: 0,
            told: Vec::new(),
            turn_sent: Vec::new(),
            blocks: Vec::new(),
            grows: true,
        }
    }

    fn change(&mut self, change: Change) {
        self.config.output = None;
        match change {
            Change::Nothing => {}
            Change::Reloaded => {
                let saved = serde_json::to_string(&self.history).unwrap();
                let again: History = serde_json::from_str(&saved).unwrap();
                assert_eq!(again, self.history);
                self.history = again;
            }
            Change::Foreign => {
                let mut saved = serde_json::to_value(&self.history).unwrap();
                for entry in saved["entries"].as_array_mut().unwrap() {
                    entry.as_object_mut().unwrap().remove("binding");
                }
                self.history = serde_json::from_value(saved).unwrap();
            }
            Change::System(which) => {
                self.config.request.system = vec![format!("Be short {which}.").into()];
            }
            Change::Tools(all) => {
                let kept = tools().specs().take(if all { 2 } else { 1 }).cloned().collect::<Vec<_>>();
                self.config.tools = ToolSet::new(kept).unwrap().into();
            }
            Change::Output(strategy) => {
                let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
                let spec = OutputSpec::new("trip", schema).unwrap().strategy(strategy).retries(0);
                self.config.output = Some(spec.into());
            }
        }
    }

    /// The signature of the answer to the request at hand, which must be taken by now.
    fn asked(&mut self, sim: &mut Sim) -> String {
        let request = |sim: &Sim| sim.ask.as_ref().unwrap().request.clone();
        if accepts(&request(sim)).is_err() {
            self.refused += 1;
            assert_ne!(sim.refuse(REFUSED), Recovery::Failed);
        }
        let request = request(sim);
        let blocks = flat(&request.messages);
        self.grows &= blocks.starts_with(&self.blocks);
        self.blocks = blocks;
        self.sent = accepts(&request).expect("asked again with what was refused");
        self.turn_sent.push(format!("{} of {}", self.sent, thoughts(sim.turn.history())));
        format!("{:x}", walk(&request, |_, _| {}))
    }

    fn turn(&mut self, steps: &[Step]) {
        let mut sim = Sim::over(self.config.clone(), self.history.clone());
        self.turn_sent.clear();
        for (at, step) in steps.iter().enumerate() {
            if sim.turn.outcome().is_some() {
                break;
            }
            let signature = self.asked(&mut sim);
            let id = format!("t{at}");
            match step {
                Step::Plain => drop(sim.events([begin(), text(0, "Fine."), stop(0), end("end_turn")])),
                Step::Broken => drop(sim.events([begin(), think(0, "Hm."), sign(0, &signature), stop(0)])),
                Step::Cut => {
                    sim.events([
                        begin(),
                        think(0, "Hm."),
                        sign(0, &signature),
                        stop(0),
                        text(1, "So"),
                        stop(1),
                    ]);
                }
                Step::Text => {
                    sim.events([begin(), think(0, "Hm."), sign(0, &signature), stop(0)]);
                    sim.events([text(1, r#"{"city":"Lisbon"}"#), stop(1), end("end_turn")]);
                }
                Step::Call | Step::Saved => {
                    sim.events([begin(), think(0, ""), sign(0, &signature), stop(0)]);
                    let mut at = 1;
                    if *step == Step::Saved {
                        sim.events([redact(1, b"hidden"), stop(1)]);
                        at = 2;
                    }
                    sim.events([call(at, &id, "plan"), arg(at, "{\"city\": "), arg(at, "\"Faro\"}")]);
                    sim.events([stop(at), end("tool_use")]);
                }
            }
            if matches!(step, Step::Broken | Step::Cut) {
                break;
            }
            sim.end_stream();
            match step {
                Step::Call if !sim.running.is_empty() => drop(sim.result(&id, "done")),
                Step::Saved => drop(sim.reload()),
                _ => {}
            }
        }
        let told = sim.log.lines().filter_map(|line| line.strip_prefix("diagnostic ")).map(str::to_owned);
        self.told.extend(told);
        self.history = sim.turn.into_conversation().into_history();
    }

    /// Answers that were written without what was refused.
    fn marks(&self) -> usize {
        self.history.entries().filter(|entry| entry.binding.forgets).count()
    }
}

/// Thoughts that can be sent back at all.
fn thoughts(history: &History) -> usize {
    let signed = |block: &&ContentBlock| match block {
        ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(text)) => text.is_signed(),
        _ => false,
    };
    history.messages().flat_map(|message| &message.content).filter(signed).count()
}

/// A turn a line: thoughts in its last request, of those that there are, and what was told.
fn check(profile: Profile, turns: &[(Change, &[Step])], expected: Expect) {
    let mut talk = Talk::new(BINDING, profile);
    let mut seen = String::new();
    for (change, steps) in turns {
        let refused = talk.refused;
        talk.change(*change);
        talk.turn(steps);
        talk.turn_sent.iter_mut().for_each(|line| line.push(' '));
        seen += &format!("{change:?}: {}", talk.turn_sent.concat().trim_end());
        seen += if talk.refused > refused { "; refused" } else { "" };
        let told: Vec<_> = talk.told.drain(..).filter(|code| code == "bound_reasoning").collect();
        seen += &format!("{}\n", "; told".repeat(told.len()));
    }
    expected.assert_eq(&seen);
}

/// An output's tool is there in some turns only: what was thought with it is left out without it, and the other way
/// round. What comes later is written behind what was sent, and stays with that.
#[test]
fn r70_an_output_by_a_tool() {
    use Change::{Nothing, Output};
    use Step::{Call, Text};
    let trip = |strategy| (Output(strategy), &[Call, Text][..]);
    check(
        Profile::of(BINDING),
        &[
            (Nothing, &[Call, Text]),
            trip(Strategy::Tool),
            (Nothing, &[Call, Text]),
            (Nothing, &[Text]),
            trip(Strategy::Tool),
            trip(Strategy::Tool),
            (Nothing, &[Text]),
        ],
        expect![[r#"
            Nothing: 0 of 0 1 of 1
            Output(Tool): 0 of 2 1 of 3; told
            Nothing: 2 of 4 3 of 5; told
            Nothing: 4 of 6
            Output(Tool): 2 of 7 3 of 8; told
            Output(Tool): 4 of 9 5 of 10
            Nothing: 5 of 11; told
        "#]],
    );
    // In words nothing stands elsewhere than before.
    check(
        Profile::of(BINDING),
        &[(Nothing, &[Call, Text]), trip(Strategy::Auto), (Nothing, &[Call, Text]), trip(Strategy::Prompt)],
        expect![[r#"
            Nothing: 0 of 0 1 of 1
            Output(Auto): 2 of 2 3 of 3
            Nothing: 4 of 4 5 of 5
            Output(Prompt): 6 of 6 7 of 7
        "#]],
    );
}

/// A conversation that goes on under another system prompt or with other tools.
#[test]
fn r70_another_prefix() {
    use Change::{Nothing, Reloaded, System, Tools};
    use Step::{Broken, Call, Cut, Plain, Saved, Text};
    check(
        Profile::of(BINDING),
        &[
            (Nothing, &[Saved, Text]),
            (Reloaded, &[Text]),
            (System(1), &[Call, Text]),
            (Nothing, &[Text]),
            (System(2), &[Broken]),
            (Nothing, &[Cut]),
            (Nothing, &[Plain]),
            (Tools(false), &[Plain]),
            (Nothing, &[Plain]),
        ],
        expect![[r#"
            Nothing: 0 of 0 1 of 1
            Reloaded: 2 of 2
            System(1): 0 of 3 1 of 4; told
            Nothing: 2 of 5
            System(2): 0 of 6; told
            Nothing: 0 of 6; told
            Nothing: 1 of 7
            Tools(false): 0 of 7; told
            Nothing: 0 of 7
        "#]],
    );
}

/// What nobody knows is sent, and once it was refused it stays left out; what is refused for something else fails.
#[test]
fn r70_refusals() {
    use Change::{Foreign, Nothing, Reloaded, System};
    use Step::{Call, Text};
    let turns: [(Change, &[Step]); 6] = [
        (Nothing, &[Call, Text]),
        (Foreign, &[Text]),
        (System(1), &[Call, Text]),
        (Nothing, &[Text]),
        (Reloaded, &[Text]),
        (System(2), &[Text]),
    ];
    check(
        Profile::of(BINDING),
        &turns,
        expect![[r#"
        Nothing: 0 of 0 1 of 1
        Foreign: 2 of 2
        System(1): 0 of 3 1 of 4; refused; told; told
        Nothing: 2 of 5
        Reloaded: 3 of 6
        System(2): 0 of 7; told
    "#]],
    );
    // The same of a model that is not known to bind. A session would know it from then on.
    let mut profile = Profile::of(BINDING);
    profile.thinking.bound_to_prefix = false;
    check(
        profile.clone(),
        &turns,
        expect![[r#"
        Nothing: 0 of 0 1 of 1
        Foreign: 2 of 2
        System(1): 0 of 3 1 of 4; refused; told
        Nothing: 2 of 5
        Reloaded: 3 of 6
        System(2): 0 of 7; refused; told
    "#]],
    );
    let mut sim = Sim::over(
        TurnConfig::with_profile(BINDING, profile, tools()),
        History::from_messages([Message::user("Go"), thought("Hm."), Message::user("On")]),
    );
    assert_eq!(sim.refuse("messages.1.content.0: Invalid `signature` in `thinking` block"), Recovery::Failed);
    let mut sim = Sim::over(
        TurnConfig::new(BINDING, tools()),
        History::from_messages([Message::user("Go"), thought("Hm."), Message::user("On")]),
    );
    assert_eq!(sim.refuse(REFUSED), Recovery::AsksAgain);
    assert_eq!(sim.remembered, []);
    // It speaks of a beta, and not of that which the request asks for.
    let mut config = TurnConfig::new(BINDING, tools());
    config.tool_streaming = ToolStreaming::Fine;
    let history = History::from_messages([Message::user("Go"), thought("Hm."), Message::user("On")]);
    let mut fine = Sim::over(config, history);
    assert_eq!(fine.refuse(&format!("{REFUSED} Set it in `anthropic_beta`.")), Recovery::AsksAgain);
    assert_eq!(fine.remembered, []);
    // Nothing is left that could be refused so.
    assert_eq!(sim.refuse(REFUSED), Recovery::Failed);
}

fn thought(text: &str) -> Message {
    let mut thought = ReasoningText::new(text);
    thought.signature = Some("c2ln".to_owned());
    Message::assistant([ReasoningContent::ReasoningText(thought).into(), ContentBlock::from("So.")])
}

/// What another refusal takes away stands before what was thought: only what comes behind it is left out.
#[test]
fn r70_what_other_refusals_change() {
    let check = |refusal: &str, strict: bool, kept: usize| {
        let tools = tools();
        let specs = tools.specs().cloned().map(|mut spec| {
            spec.strict = (strict && spec.name == "plan").then_some(true);
            spec
        });
        let tools = ToolSet::new(specs).unwrap();
        let mut talk = Talk::new("anthropic.claude-opus-5-5", Profile::of("anthropic.claude-opus-5-5"));
        talk.config.tools = tools.into();
        let mut sim = Sim::over(talk.config.clone(), History::new());
        let signature = talk.asked(&mut sim);
        sim.events([think(0, "Hm."), sign(0, &signature), stop(0)]).events(whole_call(1, "a", "plan", "{}"));
        // The call does not fit its schema, so that its result has a status.
        sim.events([end("tool_use")]).end_stream();
        let signature = talk.asked(&mut sim);
        sim.events([
            think(0, "So."),
            sign(0, &signature),
            stop(0),
            text(1, "Fine."),
            stop(1),
            end("end_turn"),
        ]);
        sim.end_stream();
        let mut sim = Sim::over(talk.config.clone(), sim.turn.into_conversation().into_history());
        talk.asked(&mut sim);
        assert_eq!(talk.sent, 2, "{refusal}");
        assert!(matches!(sim.refuse(refusal), Recovery::Learned(_)), "{refusal}");
        talk.asked(&mut sim);
        assert_eq!((talk.sent, talk.refused), (kept, 0), "{refusal}");
        assert!(sim.log.contains("diagnostic bound_reasoning"), "{}", sim.log);
    };
    check("This model doesn't support the status field. Remove status and try again.", false, 1);
    check("tools.0.custom.strict: Extra inputs are not permitted", true, 0);
    check("tools.0.custom: For 'array' type, property 'maxItems' is not supported", true, 0);
}

/// What was asked in words stays where it stands when the turn learns that the model binds, saved or not; where the
/// output was asked for by a tool it is asked in words from then on, in the question.
#[test]
fn r70_an_output_in_words_is_asked_for_once() {
    let places = |sim: &Sim| {
        let request = &sim.ask.as_ref().unwrap().request;
        let count = |json: String| json.matches("fits this JSON Schema").count();
        let tools = request.tool_config.as_ref().map_or(0, |config| config.tools.len());
        (
            count(serde_json::to_string(&request.system).unwrap()),
            count(serde_json::to_string(&request.messages).unwrap()),
            tools,
        )
    };
    let play = |strategy| {
        let mut profile = Profile::of(BINDING);
        profile.thinking.bound_to_prefix = false;
        let spec = OutputSpec::new("trip", json!({ "type": "object" })).unwrap().strategy(strategy);
        let config = TurnConfig::with_profile(BINDING, profile, std::sync::Arc::default()).output(spec);
        let history = History::from_messages([Message::user("Go"), thought("Hm."), Message::user("On")]);
        let mut sim = Sim::over(config, history);
        let before = places(&sim);
        assert_eq!(sim.refuse(REFUSED), Recovery::Learned(Fact::BindsThinking));
        let after = places(&sim);
        sim.reload();
        (before, after, places(&sim))
    };
    assert_eq!(play(Strategy::Prompt), ((1, 0, 0), (1, 0, 0), (1, 0, 0)));
    assert_eq!(play(Strategy::Auto), ((0, 0, 1), (0, 1, 0), (0, 1, 0)));
    assert_eq!(play(Strategy::Tool), ((0, 0, 1), (0, 0, 1), (0, 0, 1)));
}

/// A turn that is saved between the refusal and the answer asks without what was refused.
#[test]
fn r70_saved_after_a_refusal() {
    let config = TurnConfig::new(BINDING, tools());
    let history = History::from_messages([Message::user("Go"), thought("Hm."), Message::user("On")]);
    let mut sim = Sim::over(config, history);
    sim.refuse(REFUSED);
    sim.reload();
    assert_eq!(accepts(&sim.ask.as_ref().unwrap().request), Ok(0));
    sim.events([begin(), text(0, "Fine."), stop(0), end("end_turn")]).end_stream();
    assert!(sim.turn.history().entries().last().unwrap().binding.forgets);
}

/// Histories of before this was kept are read, and what is not known is not written.
#[test]
fn the_saved_form_is_open() {
    let old = r#"{"version":1,"entries":[{"message":{"role":"assistant","content":[{"text":"So."}]}}]}"#;
    let history: History = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&history).unwrap(), old);
    let new = r#"{"version":1,"entries":[{"message":{"role":"assistant","content":[{"text":"So."}]},"model":"m","binding":{"prefix":7,"forgets":true}}]}"#;
    let history: History = serde_json::from_str(new).unwrap();
    assert_eq!(serde_json::to_string(&history).unwrap(), new);
}

/// What a prefix is called must be the same in each process and version: a history outlives both.
#[test]
fn a_prefix_keeps_its_number() {
    let mut talk = Talk::new(BINDING, Profile::of(BINDING));
    talk.turn(&[Step::Text]);
    let bindings: Vec<_> = talk.history.entries().map(|entry| entry.binding.prefix).collect();
    expect!["[None, Some(614143359)]"].assert_eq(&format!("{bindings:?}"));
}

/// Where a cache point begins a message, which then loses it: there is a text from the beginning.
#[test]
fn r86_a_message_of_cache_points() {
    let result = ToolResult::new("a", [ToolResultContent::from("done")]);
    let mut result: Value = serde_json::to_value(result).unwrap();
    result["content"].as_array_mut().unwrap().push(json!({ "cachePoint": { "type": "default" } }));
    let point = || ContentBlock::from(CachePoint::default());
    for model in [
        BINDING,
        "meta.llama3-1-70b-instruct-v1:0",
        "mistral.mistral-large-2407-v1:0",
        "amazon.nova-pro-v1:0",
    ] {
        let mut history = History::new();
        history.push_user(Message::user(vec![point()]));
        let call = ContentBlock::from(ToolUse::new("a", "plan", r#"{"city":"Faro"}"#));
        history.push_step(
            Message::assistant([call]),
            None,
            [serde_json::from_value(result.clone()).unwrap()],
        );
        history.push_step(Message::assistant([point()]), None, []);
        let config = TurnConfig::new(model, tools());
        let mut turn = Turn::new(config.into(), history, Message::user(vec![point()]), "t", Time(0));
        let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
        for message in &ask.request.messages {
            let mut said =
                message.content.iter().filter(|block| !matches!(block, ContentBlock::CachePoint(_)));
            assert!(said.next().is_some(), "{model}: {message:?}");
        }
    }
}

/// Cache points come and go, and tell nothing: not even where a message has nothing else.
#[test]
fn r86_cache_points_are_no_prefix() {
    let mut history = History::new();
    for sent in 0..6 {
        let config = TurnConfig::new(BINDING, tools());
        let user = Message::user(vec![ContentBlock::from(CachePoint::default())]);
        let mut turn = Turn::new(config.into(), history, user, format!("t{sent}"), Time(0));
        let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
        assert_eq!(accepts(&ask.request), Ok(sent));
        let signature = format!("{:x}", walk(&ask.request, |_, _| {}));
        let answer = [think(0, "Hm."), sign(0, &signature), stop(0), text(1, "So."), end("end_turn")];
        answer.into_iter().for_each(|event| turn.on_stream_event(ask.id, event, Time(0)));
        turn.on_stream_end(ask.id, Time(0));
        history = turn.into_conversation().into_history();
    }
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Call),
        1 => Just(Step::Saved),
        2 => Just(Step::Text),
        1 => Just(Step::Plain),
        1 => Just(Step::Broken),
        1 => Just(Step::Cut),
    ];
    vec(step, 1..5)
}

proptest! {
    #![proptest_config(cases(96))]

    /// As long as nothing changes, all that was thought goes back, and what was sent begins what is sent next.
    #[test]
    fn r70_nothing_is_left_out_of_what_stays(
        turns in vec((prop_oneof![Just(Change::Nothing), Just(Change::Reloaded)], steps()), 1..8),
        at in 0..PROFILES.len(),
    ) {
        let (model, profile) = &PROFILES[at];
        let mut profile = profile.clone();
        profile.thinking.bound_to_prefix = true;
        let signed = matches!(profile.thinking.replay, ReasoningReplay::Signed | ReasoningReplay::AsSent);
        let mut talk = Talk::new(model, profile);
        for (change, steps) in turns {
            talk.change(change);
            talk.turn(&steps);
            prop_assert_eq!(talk.refused, 0);
            prop_assert!(!talk.told.iter().any(|code| code == "bound_reasoning"), "{:?}", talk.told);
            talk.turn(&[Step::Plain]);
            prop_assert!(talk.grows);
            prop_assert_eq!(talk.sent, if signed { thoughts(&talk.history) } else { 0 });
        }
    }

    /// Whatever changes, nothing is refused of what turns wrote; what comes from elsewhere is refused once, and so is what
    /// a model thought of which it is not known that it binds.
    #[test]
    fn r70_nothing_is_refused(
        turns in vec((
            prop_oneof![
                2 => Just(Change::Nothing),
                1 => Just(Change::Reloaded),
                1 => Just(Change::Foreign),
                2 => (0u8..3).prop_map(Change::System),
                1 => any::<bool>().prop_map(Change::Tools),
                3 => proptest::sample::select(vec![Strategy::Tool, Strategy::StrictTool, Strategy::Prompt, Strategy::Auto])
                    .prop_map(Change::Output),
            ],
            steps(),
        ), 1..12),
        known: bool,
    ) {
        let mut profile = Profile::of(BINDING);
        profile.thinking.bound_to_prefix = known;
        let mut talk = Talk::new(BINDING, profile);
        let mut unknown = !known;
        for (change, steps) in turns {
            unknown |= change == Change::Foreign;
            talk.change(change);
            let (refused, marks) = (talk.refused, talk.marks());
            talk.turn(&steps);
            prop_assert!(talk.refused - refused <= usize::from(unknown), "{:?}", change);
            // What is known of the model goes to the next turn by its driver; that is not played here.
            unknown = !known || (unknown && talk.marks() == marks);
        }
    }
}
