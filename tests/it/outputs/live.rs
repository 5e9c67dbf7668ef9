//! Outputs while the model writes them: what is shown, checked and lent.

use super::*;

/// Each update of an output; the same natively and by a tool.
async fn updates(model: &str, answer: Answer) -> Vec<String> {
    let local = Local::script(Script::new().answer(answer)).start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    let stream = Agent::builder(bedrock).build().unwrap().ask("A trip").output_stream::<Trip>();
    let told = stream.map_ok(|update| match update {
        OutputUpdate::Partial(so_far) => serde_json::to_string(&*so_far).unwrap(),
        OutputUpdate::Rejected(problems) => format!("rejected:{problems}"),
        OutputUpdate::Done(trip) => format!("{trip:?}"),
        other => panic!("{other:?}"),
    });
    told.try_collect().await.unwrap()
}

#[tokio::test]
async fn an_output_as_it_grows() {
    let parts = [r#"{"ci"#, r#"ty": "Lis"#, r#"bon", "days""#, ": 2", "}"];
    let native = updates(CLAUDE, Answer::new().text("").fragments(parts)).await;
    expect![[r#"
        {}
        {"city":"Lis"}
        {"city":"Lisbon"}
        {"city":"Lisbon","days":2}
        Trip { city: "Lisbon", days: 2 }"#]]
    .assert_eq(&native.join("\n"));
    assert_eq!(updates(NOVA, Answer::new().tool_use("t", "Trip", "").fragments(parts)).await, native);
}

/// A trip that is refused while the model writes it: what is shown, what the model is told, what comes of it; watched
/// or not.
async fn refused_while_it_grows(
    model: &str,
    answer: fn([&'static str; 4]) -> Answer,
    watched: bool,
) -> String {
    fn is_there(so_far: &Partial<Trip>) -> Result<(), Problem> {
        match so_far.city.done() {
            Some(city) if city == "Atlantis" => Err(Problem::new("/city", "a city that is there", city)),
            _ => Ok(()),
        }
    }
    let sunken = [r#"{"city": "At"#, r#"lantis""#, r#", "days": 1"#, "}"];
    let script = Script::new().answer(answer(sunken)).answer(answer([
        r#"{"city": "Lis"#,
        r#"bon","#,
        r#""days": 2"#,
        "}",
    ]));
    let local = Local::script(script).start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    let session = Agent::builder(bedrock).build().unwrap().session();
    let asked = session.ask("A trip").output::<Trip>().validate_partial(is_there);
    let mut seen = String::new();
    if watched {
        let mut updates = asked.updates();
        while let Some(update) = updates.try_next().await.unwrap() {
            seen += &match update {
                OutputUpdate::Partial(so_far) => serde_json::to_string(&*so_far).unwrap(),
                OutputUpdate::Rejected(problems) => format!("rejected:{problems}"),
                OutputUpdate::Done(trip) => format!("{trip:?}"),
                other => panic!("{other:?}"),
            };
            seen += "\n";
        }
    } else {
        seen += &format!("{:?}\n", asked.await.unwrap());
    }
    assert_history(&session.history());
    let requests = local.take_requests();
    assert_eq!(requests.len(), 2);
    let request = requests[1].request().unwrap();
    let told = serde_json::to_string(request.messages.last().unwrap()).unwrap();
    assert!(told.contains("`/city`: expected a city that is there, found Atlantis"), "{told}");
    // The message was not cut off.
    let rejected = serde_json::to_string(&request.messages[1]).unwrap();
    assert!(rejected.contains("days"), "{rejected}");
    seen
}

#[tokio::test]
async fn an_output_that_is_refused_while_it_grows() {
    let native = |parts: [&'static str; 4]| Answer::new().text("").fragments(parts);
    let by_tool = |parts: [&'static str; 4]| Answer::new().tool_use("t", "Trip", "").fragments(parts);
    let seen = refused_while_it_grows(CLAUDE, native, true).await;
    expect![[r#"
        {"city":"At"}
        rejected:
        - `/city`: expected a city that is there, found Atlantis
        {"city":"Lis"}
        {"city":"Lisbon"}
        {"city":"Lisbon","days":2}
        Trip { city: "Lisbon", days: 2 }
    "#]]
    .assert_eq(&seen);
    assert_eq!(refused_while_it_grows(NOVA, by_tool, true).await, seen);
    for (model, answer) in [(CLAUDE, native as fn(_) -> _), (NOVA, by_tool)] {
        let unwatched = refused_while_it_grows(model, answer, false).await;
        assert_eq!(seen.lines().last(), unwatched.lines().last());
    }
}

/// Elements come before the list has ended.
#[tokio::test]
async fn elements_as_they_are_complete() {
    let parts = [r#"{"value": [{"city": "Lisbon", "days": 2}, {"city": "Fa"#, r#"ro", "days": 1"#, "}]", "}"];
    let script = || Script::new().answer(Answer::new().text("").fragments(parts));
    let stage = Stage::new(script()).await;
    let elements = stage.agent().build().unwrap().ask("Trips").elements::<Trip>();
    let cities: Vec<String> = elements.map_ok(|trip| trip.city).try_collect().await.unwrap();
    assert_eq!(cities, ["Lisbon", "Faro"]);
    // The first is there although the answer never ends well.
    let broken = Script::new().answer(Answer::new().text("").fragments(parts).exception(
        3,
        "modelStreamErrorException",
        "Try again.",
    ));
    let stage = Stage::new(broken).await;
    let mut elements = stage.agent().build().unwrap().ask("Trips").elements::<Trip>();
    assert_eq!(elements.try_next().await.unwrap().unwrap().city, "Lisbon");
    assert!(elements.try_next().await.is_err());
    assert!(elements.try_next().await.unwrap().is_none());
}

/// What the events of a turn with an output are: the value is lent with each.
#[tokio::test]
async fn the_events_of_an_output() {
    let stage = Stage::new(
        Script::new().answer(Answer::new().text("").fragments([r#"{"city": "Lis"#, r#"bon", "days": 2}"#])),
    )
    .await;
    let mut turn = stage.agent().build().unwrap().ask("A trip").output::<Trip>().stream();
    let mut seen = Vec::new();
    while let Some(event) = turn.try_next().await.unwrap() {
        if let EventKind::OutputDelta(_) = event.kind {
            let live = turn.live(&event).unwrap();
            seen.push(live.root().unwrap().to_value().unwrap());
        }
    }
    assert_eq!(seen, [json!({"city": "Lis"}), json!({"city": "Lisbon", "days": 2})]);
}
