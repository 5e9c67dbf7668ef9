//! A turn that is saved as a string at any moment and resumed from it.

use expect_test::expect;
use outcrop_core::{turn::*, wire::*};

use crate::{
    shape::flaw,
    support::{
        Sim, arg, call, config, end, live_tools, metadata, sent_fields, sign, stop, text, think, whole_call,
    },
};

const LISBON: &str = r#"{"city":"Lisbon"}"#;

/// What happens in one turn, in order.
#[derive(Clone, Copy)]
enum Step {
    Event(fn() -> StreamEvent),
    Stream,
    Result(&'static str),
}

/// Two steps: reasoning and four calls, one of them malformed and one cut by an unknown tool; then an answer.
const STORY: [Step; 26] = {
    use Step::{Event, Result, Stream};
    [
        Event(|| think(0, "hm")),
        Event(|| sign(0, "s")),
        Event(|| stop(0)),
        Event(|| call(1, "a", "plan")),
        Event(|| arg(1, LISBON)),
        Event(|| stop(1)),
        Event(|| call(2, "b", "now")),
        Event(|| arg(2, r#"{"zone": UTC}"#)),
        Event(|| stop(2)),
        Event(|| call(3, "c", "now")),
        Event(|| stop(3)),
        Event(|| call(4, "d", "fly")),
        Event(|| arg(4, "")),
        Event(|| stop(4)),
        Event(|| text(5, "wait")),
        Event(|| stop(5)),
        Event(|| end("tool_use")),
        Event(|| metadata(3)),
        Stream,
        Result("c"),
        Result("a"),
        Event(|| text(0, "so")),
        Event(|| stop(0)),
        Event(|| end("end_turn")),
        Event(|| metadata(4)),
        Stream,
    ]
};

impl Sim {
    fn tell_step(&mut self, step: Step) {
        match step {
            Step::Event(event) => drop(self.events([event()])),
            Step::Stream => drop(self.end_stream()),
            Step::Result(id) => drop(self.result(id, id)),
        }
    }
}

/// At every moment: the calls that were handed out are not handed out again, what was done is kept, and the history
/// is the one that the turn itself would have given.
#[test]
fn saved_at_every_moment() {
    for moment in 0..=STORY.len() {
        let mut sim = Sim::new(config());
        STORY[..moment].iter().for_each(|step| sim.tell_step(*step));
        let runs = |log: &str| log.matches("run ").count();
        let before = runs(&sim.log);
        let dispatching = (17..21).contains(&moment);

        let saved = serde_json::to_string(&sim.turn.save()).unwrap();
        let again: SavedTurn = serde_json::from_str(&saved).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), saved, "{moment}");
        let history =
            Turn::resume(sim.config.clone(), again, Time(0)).unwrap().into_conversation().into_history();
        let own = Turn::resume(sim.config.clone(), sim.turn.save(), Time(0))
            .unwrap()
            .into_conversation()
            .into_history();
        assert_eq!(serde_json::to_string(&history).unwrap(), serde_json::to_string(&own).unwrap());

        sim.reload();
        assert_eq!(runs(&sim.log), before, "{moment}: {}", sim.log);
        if dispatching {
            assert!(sim.asked().contains("INVALID_JSON"), "{moment}");
            assert_eq!(sim.asked().contains("interrupted"), moment < 21, "{moment}: {}", sim.asked());
        }
        if moment == STORY.len() {
            assert!(sim.log.ends_with("answered (end_turn): `so`\n"), "{}", sim.log);
            assert_eq!((sim.turn.step(), sim.turn.usage().output_tokens), (2, 7));
        }
        let profile = sim.config.target().profile.clone();
        let rendered =
            render(&sim.turn.into_conversation().into_history(), &profile, "anthropic.claude-sonnet-4-6");
        assert_eq!(flaw(&rendered.messages, &profile), None, "{moment}");
    }
}

/// A turn saved after each step of the story and resumed from that at once tells the same story.
#[test]
fn into_history_at_every_moment() {
    let mut histories = String::new();
    for moment in 0..=STORY.len() {
        let mut sim = Sim::new(config());
        STORY[..moment].iter().for_each(|step| sim.tell_step(*step));
        let profile = sim.config.target().profile.clone();
        let history = sim.turn.into_conversation().into_history();
        let rendered = render(&history, &profile, "anthropic.claude-sonnet-4-6");
        assert_eq!(flaw(&rendered.messages, &profile), None, "{moment}");
        let kinds = history.messages().map(|message| {
            message.content.iter().map(|block| block.kind().unwrap()).collect::<Vec<_>>().join("+")
        });
        histories += &format!("{moment}: {}\n", kinds.collect::<Vec<_>>().join(", "));
    }
    expect![[r#"
        0: text
        1: text
        2: text
        3: text
        4: text
        5: text
        6: text
        7: text
        8: text
        9: text
        10: text
        11: text
        12: text
        13: text
        14: text
        15: text, reasoningContent+text
        16: text, reasoningContent+text
        17: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult
        18: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult
        19: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult
        20: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult
        21: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult
        22: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult, text
        23: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult, text
        24: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult, text
        25: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult, text
        26: text, reasoningContent+toolUse+toolUse+toolUse+toolUse+text, toolResult+toolResult+toolResult+toolResult, text
    "#]].assert_eq(&histories);
}

/// R44, R48: the raw text of an input that is no JSON is in the saved turn, also after it has failed.
#[test]
fn the_raw_text_of_an_invalid_input_survives() {
    let mut sim = Sim::new(config());
    sim.events(whole_call(0, "a", "now", r#"{"b": tr"#)).events([end("max_tokens")]);
    sim.reload();
    let Some(Err(TurnFailure::TruncatedToolCall { input, .. })) = sim.turn.outcome() else { panic!() };
    assert_eq!(input, r#"{"b": tr"#);
    sim.reload();
    let Some(Err(TurnFailure::TruncatedToolCall { input, .. })) = sim.turn.outcome() else { panic!() };
    assert_eq!(input, r#"{"b": tr"#);
    assert!(sim.turn.next_action().is_none());
}

/// A call that waits when the turn is saved is checked again, against the tools that are there then.
#[test]
fn waiting_calls_are_checked_against_the_tools_of_the_day() {
    let mut one = config();
    one.max_parallel_tools = 1;
    let mut sim = Sim::new(one);
    sim.events([whole_call(0, "a", "plan", LISBON), whole_call(1, "b", "now", "{}")].concat());
    sim.events([end("tool_use")]);
    let mut fewer = config();
    fewer.tools = Default::default();
    sim.config = fewer.into();
    sim.log.clear();
    sim.reload();
    expect![[r#"[{"role":"user","content":[{"text":"Go"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"plan","input":{"city":"Lisbon"}}},{"toolUse":{"toolUseId":"b","name":"now","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}},{"toolResult":{"toolUseId":"b","content":[{"text":"There is no tool called `now`. There are no tools."}],"status":"error"}}]}]"#]].assert_eq(&sim.asked());
}

/// D2: the saved form has no executable input, and a later version is refused.
#[test]
fn the_version_is_checked() {
    let sim = Sim::new(config());
    let saved = serde_json::to_string(&sim.turn.save()).unwrap();
    assert!(saved.starts_with(r#"{"version":3,"#));
    let later: SavedTurn = serde_json::from_str(&saved.replacen(":3,", ":4,", 1)).unwrap();
    let error = Turn::resume(sim.config.clone(), later, Time(0)).unwrap_err();
    assert_eq!(
        error,
        serde_json::from_str::<SavedTurn>(&saved.replacen(":3,", ":4,", 1))
            .map(|saved| { Turn::resume(sim.config.clone(), saved, Time(0)).unwrap_err() })
            .unwrap()
    );
    assert_eq!(error.to_string(), "the saved turn is of version 4, this reads up to 3");
}

/// Every way in which a turn can end without an answer is told again after it was saved.
#[test]
fn failures_survive() {
    let streams: [&[StreamEvent]; 5] = [
        &[text(0, "a"), stop(0), stop(0)],
        &[text(0, "a"), arg(0, "b")],
        &[call(0, "a", "now"), call(0, "a", "now")],
        &[
            StreamEvent::MessageStart(MessageStart::new("assistant")),
            StreamEvent::MessageStart(MessageStart::new("user")),
        ],
        &[text(0, "a"), end("malformed_model_output")],
    ];
    for stream in streams {
        let mut sim = Sim::new(config());
        sim.events(stream.iter().cloned());
        if sim.turn.outcome().is_none() {
            sim.end_stream();
        }
        let failure = sim.turn.outcome().unwrap().unwrap_err().clone();
        sim.reload();
        assert_eq!(sim.turn.outcome().unwrap().unwrap_err(), &failure);
    }
}

/// R41: a turn that gave up fine-grained tool streaming after damage does without it after it was resumed.
#[test]
fn what_became_of_the_streaming_of_inputs_survives() {
    let mut live = config();
    live.tools = live_tools();
    let fields = |sim: &Sim| sent_fields(&sim.ask.as_ref().unwrap().request);
    let mut sim = Sim::new(live.clone());
    sim.reload();
    expect![[r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#]]
        .assert_eq(&fields(&sim).unwrap());
    sim.events(whole_call(0, "a", "now", "{")).events([end("tool_use")]);
    sim.reload();
    assert_eq!((fields(&sim), sim.turn.conversation().buffers_tools()), (None, true));
    // What was not damaged is asked for as before.
    let mut sim = Sim::new(live);
    sim.events(whole_call(0, "a", "now", "{}")).events([end("tool_use")]);
    sim.reload();
    assert_eq!((fields(&sim).is_some(), sim.turn.conversation().buffers_tools()), (true, false));
}
