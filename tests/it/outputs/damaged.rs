//! Answers that are damaged at random: what the turn gives is what was sent, or a typed error.

use super::*;
use crate::support::Dice;

/// An answer that may be damaged: its text, and the way in which it is given.
fn damaged(dice: &mut Dice, by_tool: bool) -> (String, Answer) {
    let city = [json!("Lisbon"), json!("S\u{e3}o }{ \""), json!(null), json!(7)];
    let days = [json!(2), json!(300), json!("2"), json!(-1), json!(1.5)];
    let mut pick = |values: &[Value]| match dice.roll(3) {
        0 => values[dice.roll(values.len() as u64) as usize].clone(),
        _ => values[0].clone(),
    };
    let (city, days) = (pick(&city), pick(&days));
    let value = match dice.roll(12) {
        0 => json!({ "city": city }),
        1 => json!({ "city": city, "days": days, "more": true }),
        2 => json!([city, days]),
        _ => json!({ "city": city, "days": days }),
    };
    let whole = value.to_string();
    let text = match dice.roll(14) {
        0 => whole[..whole.floor_char_boundary(dice.roll(whole.len() as u64) as usize)].to_owned(),
        1 => format!("Here you are: {whole}"),
        2 => format!("```json\n{whole}\n```"),
        3 => whole.replace('}', ",}"),
        4 => whole.replacen('{', r#"{"city":"Faro","#, 1),
        5 => whole.replace('"', "'"),
        6 => format!("{whole} {whole}"),
        7 => String::new(),
        _ => whole,
    };
    let cut = text.floor_char_boundary(dice.roll(text.len() as u64 + 1) as usize);
    let (a, b) = text.split_at(cut);
    let answer = if by_tool && dice.roll(8) > 0 {
        Answer::new().tool_use(format!("t{}", dice.roll(1000)), "Trip", "").fragments([a, b])
    } else {
        Answer::new().text("").fragments([a, b])
    };
    let answer = match dice.roll(24) {
        0 => answer.stop_reason(StopReason::MaxTokens),
        1 => answer.stop_reason(StopReason::GuardrailIntervened),
        2 => answer.stop_reason(StopReason::ContentFiltered),
        3 => answer.stop_reason(StopReason::MalformedModelOutput),
        4 => answer.stop_reason(StopReason::EndTurn),
        5 => answer.exception(
            3,
            "modelStreamErrorException",
            "Model produced invalid sequence as part of ToolUse.",
        ),
        6 => answer.cut(outcrop_local::Cut::End(40)),
        _ => answer,
    };
    (text, answer)
}

/// R82, D3: turns against an endpoint that damages answers at random. No success unless the last answer was whole, is
/// valid for the schema and is what was sent; each failure is typed; the conversation can be gone on with. As many turns
/// as `OUTCROP_DAMAGED_TURNS` says.
#[tokio::test]
async fn r82_damaged_answers() {
    let turns = std::env::var("OUTCROP_DAMAGED_TURNS").map_or(200, |turns| turns.parse().unwrap());
    let schema = schema_of::<Trip>().to_value().unwrap();
    let mut ends: HashMap<String, usize> = HashMap::new();
    for (model, seed) in [(CLAUDE, 1), (NOVA, 2)] {
        let mut dice = Dice(seed);
        let (texts, answers): (Vec<String>, Vec<Answer>) =
            (0..turns / 2 * 3 + 3).map(|_| damaged(&mut dice, model == NOVA)).unzip();
        let local =
            Local::script(answers.into_iter().fold(Script::new(), Script::answer)).start().await.unwrap();
        let bedrock = client(local.url()).build().await.unwrap().with_model(model);
        let agent = Agent::builder(bedrock).build().unwrap();
        let mut answered = 0;
        for _ in 0..turns / 2 {
            let session = agent.session();
            let end = session.ask("A trip").output::<Trip>().answer().await;
            answered += local.take_requests().len();
            let end = match end {
                Ok(Typed { value, answer, .. }) => {
                    let output = answer.outcome.output.unwrap();
                    assert!(!output.repaired);
                    // The tool's wire form of what is not whole is never an output.
                    let text = &texts[answered - 1];
                    assert_eq!(output.value.as_str(), text.trim());
                    let sent: Value = serde_json::from_str(text).unwrap();
                    assert!(valid(&schema, &sent), "{text}");
                    assert_eq!(serde_json::from_str::<Trip>(text).unwrap(), value);
                    assert!(value.city != "Faro", "a name twice");
                    "an output".to_owned()
                }
                Err(error) => match error.kind() {
                    outcrop::ErrorKind::Output(error) => {
                        assert!(error.failure.attempts.len() <= 3);
                        error.failure.reason.to_string()
                    }
                    outcrop::ErrorKind::Model(_) | outcrop::ErrorKind::Protocol(_) => error.to_string(),
                    other => panic!("{other:?}"),
                },
            };
            *ends.entry(end).or_default() += 1;
            assert_history(&session.history());
        }
    }
    assert!(ends["an output"] > turns / 4, "{ends:?}");
    println!("{ends:?}");
}

fn valid(schema: &Value, value: &Value) -> bool {
    let days = value["days"].as_u64().is_some_and(|days| days <= 255);
    let closed = schema.get("additionalProperties") == Some(&json!(false));
    let members = value.as_object().map_or(0, serde_json::Map::len);
    value["city"].is_string() && days && (members == 2 || !closed)
}
