use outcrop::{Agent, testing::ScriptedModel, tools};

struct Weather;

fn main() {
    let _ = tools![Weather];
    let _ = Agent::builder(ScriptedModel::new()).tool(Weather);
}
