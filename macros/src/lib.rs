//! The macros of Outcrop. Use them from there: `outcrop::tool`, `outcrop::toolset`, `outcrop::Output`,
//! `outcrop::ToolInput`.
//!
//! parse (`attr`, `model`) → rules (`check`) → code (`expand`, or `fallback` beside an error).
//!
//! # Invariants
//! - Whatever is wrong with an item is told at once, each mistake at its place; what the user wrote stays.

mod attr;
mod check;
mod derive;
mod expand;
mod fallback;
mod model;
mod partial;
mod toolset;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, spanned::Spanned};

use crate::{attr::ToolAttr, check::Mistakes, model::Function};

/// Makes a tool of a function: it can still be called, and its name stands for the tool in `tools![..]`.
///
/// The doc comment is the description that the model reads; a doc comment on a parameter is the description of the
/// parameter. An `async fn` runs in a task, a plain `fn` on tokio's blocking pool.
///
/// ```
/// use outcrop::{Agent, State, ToolCx, testing::ScriptedModel, tool, tools};
///
/// struct Stations(Vec<&'static str>);
///
/// /// Forecast for a city.
/// #[tool(read_only, timeout = "10s")]
/// async fn forecast(
///     /// City name, e.g. "Lisbon".
///     city: &str,
///     #[tool(default = 3)] days: u32,
///     stations: State<Stations>, // From the host, never in the schema.
///     cx: ToolCx,                // Cancellation, progress, the call's id.
/// ) -> Result<String, String> {
///     cx.progress("asking the station");
///     if !stations.0.contains(&city) {
///         return Err(format!("no station in {city}")); // The model reads this.
///     }
///     Ok(format!("Sun for {days} days"))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let model = ScriptedModel::new()
///     .calls([("call_1", "forecast", outcrop::serde_json::json!({ "city": "Lisbon" }))])
///     .text("Sun for three days.");
/// let agent = Agent::builder(model).tools(tools![forecast]).state(Stations(vec!["Lisbon"])).build()?;
/// assert_eq!(agent.ask("How will it be in Lisbon?").await?.text(), "Sun for three days.");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// To call the function by hand, make states with `State::new` and the context with `testing::tool_cx`.
///
/// # Parameters
/// | form | what it is |
/// |---|---|
/// | `city: String` | a member of the input, required; any type that is `Deserialize` and `JsonSchema` |
/// | `city: &str`, `days: &[u32]`, `place: &Place` | the same, lent for the call |
/// | `days: Option<u32>` | not required |
/// | `#[tool(default = 3)] days: u32` | not required; the schema tells the default |
/// | `#[tool(args)] place: Place` | the whole input: the fields of the struct are its members |
/// | `db: State<Db>` | the value given by `AgentBuilder::state`; without it the agent is not built |
/// | `cx: ToolCx` | the call: cancellation, progress, id, step |
/// | `#[tool(state)] db: Shared`, `#[tool(context)] cx: Call` | the same under another name: an alias of `State<Db>`, a type that is `From<ToolCx>` |
///
/// # What it can give
/// A `String`, `&'static str`, `()` (the model reads `done`), a number, content blocks, whatever is
/// `IntoToolOutput`; else whatever is `Serialize`, as `Json` tells it; or a `Result` of one of these, by whatever
/// name, whose error is `Display`. The text of an error goes to the model; that of `ToolError::internal` does not.
///
/// # Settings
/// | setting | what it says |
/// |---|---|
/// | `name = "get_weather"` | the tool's name, where it is not the function's: 1 to 64 of `a-z A-Z 0-9 _ -` |
/// | `read_only` | a call changes nothing (`Tool::is_read_only`) |
/// | `sequential` | a call is alone: it waits for those before it, and those after it wait for it |
/// | `live` | the input is shown while the model writes it: where the model takes it, fine-grained tool streaming is asked for (`Tool::live`) |
/// | `strict` | where the model takes it, the input is held to the schema while the model writes it; an agent with a tool whose input can never be held so is not built (`Tool::strict`) |
/// | `timeout = "30s"` | how long a call may take: `ms`, `s`, `m` or `h`, or an expression of type `Duration` |
/// | `redact_errors` | the text of errors goes to the log (`tracing`) and not to the model |
/// | `marker = WeatherTool` | the name that stands for the tool in `tools![..]` |
/// | `crate = path::to::outcrop` | where outcrop is, where it is not `::outcrop` |
///
/// # The marker
/// Beside the function stands a type of the same name and visibility, so that one `use` imports both. Where a type,
/// a module or a crate has that name, give the marker another: `#[tool(marker = WeatherTool)]`, and collect it by
/// that: `tools![WeatherTool]`.
///
/// # While the model writes the input
/// `Partial<weather>`, by the marker, is a struct with a public place for each parameter that the model writes, absent,
/// growing or done; `LivePartial::<weather>` keeps one up to date (`TurnStream::live`). Under `#[tool(args)]` it is that
/// of the parameter's type. A tool with a parameter that has no companion is a tool all the same, without one. Methods
/// have no marker and so no companion: give them `#[tool(args)]`, and name the type.
#[proc_macro_attribute]
pub fn tool(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    tool_of(attr.into(), item.into()).into()
}

/// Makes tools of the methods of a type: those under `#[tool]`. The value is their state, checked by the compiler.
///
/// One block of a type is under `#[toolset]`. An agent takes it as a value or an `Arc` of one: `AgentBuilder::tools`. Methods take `&self` or `self: Arc<Self>`,
/// and everything that a function under [`macro@tool`] can take; `marker` and `crate` are no settings of theirs.
///
/// ```
/// use std::sync::Arc;
/// use outcrop::{Agent, testing::ScriptedModel, toolset};
///
/// struct Warehouse {
///     items: Vec<&'static str>,
/// }
///
/// #[toolset(prefix = "stock_")]
/// impl Warehouse {
///     /// Items whose name contains a text.
///     #[tool(read_only)]
///     async fn search(&self, query: String, #[tool(default = 10)] limit: usize) -> Vec<&'static str> {
///         self.items.iter().copied().filter(|item| item.contains(&query)).take(limit).collect()
///     }
///
///     fn len(&self) -> usize {
///         self.items.len() // No tool.
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let warehouse = Arc::new(Warehouse { items: vec!["umbrella", "hat"] });
/// let model = ScriptedModel::new()
///     .calls([("call_1", "stock_search", outcrop::serde_json::json!({ "query": "umb" }))])
///     .text("We have one.");
/// let agent = Agent::builder(model).tools(Arc::clone(&warehouse)).build()?;
/// assert_eq!(agent.ask("Any umbrellas?").await?.text(), "We have one.");
/// assert_eq!(warehouse.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Settings
/// | setting | what it says |
/// |---|---|
/// | `prefix = "stock_"` | stands before the name of every tool |
/// | `crate = path::to::outcrop` | where outcrop is, where it is not `::outcrop` |
#[proc_macro_attribute]
pub fn toolset(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    toolset::expand(attr.into(), item.into()).into()
}

/// Makes a struct or an enum a type that a model can answer with: it has a JSON Schema, is read from JSON and written
/// as JSON. Neither serde nor schemars has to be in `Cargo.toml`.
///
/// The derive implements `Deserialize`, `Serialize`, `JsonSchema` and with them the trait `Output`; the trait
/// `ToolInput` too, so that a type of one can be a field of the other. One of the two derives goes on a type, not both.
///
/// ```
/// use outcrop::{Output, core::schema_of, serde_json};
///
/// /// A recipe.
/// #[derive(Output, Debug, PartialEq)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// struct Recipe {
///     /// What it is called.
///     name: String,
///     /// In minutes.
///     #[serde(default)]
///     cooking_time: Option<u32>,
///     steps: Vec<Step>,
/// }
///
/// #[derive(Output, Debug, PartialEq)]
/// #[serde(tag = "do", rename_all = "lowercase")]
/// enum Step {
///     /// Put something in.
///     Add { what: String },
///     Stir,
/// }
///
/// let text = r#"{ "name": "Tea", "steps": [{ "do": "add", "what": "water" }, { "do": "stir" }] }"#;
/// let recipe: Recipe = serde_json::from_str(text)?;
/// assert_eq!(recipe.steps, [Step::Add { what: "water".into() }, Step::Stir]);
///
/// let schema: serde_json::Value = serde_json::from_str(schema_of::<Recipe>().as_str())?;
/// assert_eq!(schema["properties"]["cookingTime"]["description"], "In minutes.");
/// assert_eq!(schema["required"], serde_json::json!(["name", "steps"]));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # What the model is told
/// Doc comments on the type, its fields and its variants are the descriptions in the schema; fields stand in the order
/// in which they are declared. The attributes `#[serde(..)]` and `#[schemars(..)]` mean what they mean under serde's and
/// schemars' own derives: `rename`, `rename_all`, `default`, `alias`, `flatten`, `skip`, `tag`, `untagged`,
/// `transparent`, `with`, `from`, `deny_unknown_fields`, `bound`; `range`, `length`, `regex`, `title`, `example`,
/// `extend` and all others. `crate` and `remote` are not needed.
///
/// - A function under `#[serde(with = "..")]` does not say what it reads: `#[schemars(with = "Type")]` beside it does.
/// - The schema of a generic type is named after its parameters: `Page_of_Item`.
/// - A type owns what it holds; there are no lifetimes.
///
/// # While the model writes it
/// Beside a type `Recipe` stands its companion `RecipePartial`, which `Partial<Recipe>` names: the same fields and
/// variants, each a `Part` that is absent, growing or done. `LivePartial::<Recipe>` keeps one up to date. Text grows, and
/// lists, maps and nested types; numbers, booleans and enums of names are there once they are complete, and so is what
/// the type does not read by its fields: untagged enums, `from`, `with`. A variant is there once it is known. A newtype's
/// companion is that of what it holds, where whoever sees the one sees the other. What is flattened and no struct or map
/// is left out, as is what `skip` leaves out.
///
/// ```
/// use outcrop::{LivePartial, Output, Part, json::LiveJson};
///
/// #[derive(Output)]
/// struct Recipe {
///     name: String,
///     steps: Vec<String>,
/// }
///
/// let (mut live, mut recipe) = (LiveJson::new(), LivePartial::<Recipe>::new());
/// live.push(r#"{ "name": "Tea", "steps": ["boil wa"#)?;
/// let recipe: &RecipePartial = recipe.update(&live)?.get().unwrap();
/// assert_eq!(recipe.name, Part::Done("Tea".to_owned()));
/// assert_eq!(recipe.steps.as_deref().unwrap(), ["boil wa"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Settings
/// On the type and on fields, as `#[output(..)]`:
///
/// | setting | where | what it says |
/// |---|---|---|
/// | `existing` | type | it has implementations of `Deserialize`, `Serialize` and `JsonSchema`; none are made |
/// | `done` | field, type | while the model writes, it is held back until it is whole |
/// | `validate = path::to::function` | type | the function looks at a value before a turn ends with it, wherever it stands in the output: it takes it by reference and gives a `Result` whose error is a `Problem` or `Problems`, with places in that value, which the model reads |
/// | `validate_partial = path::to::function` | type | the same for what there is so far while the model writes it, where the type is the output itself, and not where it stands in another: the function takes `Partial<T>` by reference |
/// | `crate = path::to::outcrop` | type | where outcrop is, where it is not `::outcrop` |
#[proc_macro_derive(Output, attributes(output, serde, schemars))]
pub fn output(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand("output", item.into()).into()
}

/// Makes a struct a type that can be the input of a tool: its fields are the members of the input.
///
/// It is the same as [`macro@Output`], with settings under `#[input(..)]`; an `Output` can be an input too.
///
/// ```
/// use outcrop::{Agent, ToolInput, testing::ScriptedModel, tool, tools};
///
/// /// What to order.
/// #[derive(ToolInput)]
/// struct Order {
///     /// As `search` gives it.
///     item: String,
///     #[serde(default = "one")]
///     pieces: u32,
/// }
///
/// fn one() -> u32 {
///     1
/// }
///
/// /// Orders an item.
/// #[tool]
/// async fn order(#[tool(args)] order: Order) -> String {
///     format!("{} of {}", order.pieces, order.item)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let model = ScriptedModel::new()
///     .calls([("call_1", "order", outcrop::serde_json::json!({ "item": "umbrella" }))])
///     .text("It is on its way.");
/// let agent = Agent::builder(model).tools(tools![order]).build()?;
/// assert_eq!(agent.ask("An umbrella, please.").await?.text(), "It is on its way.");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// The top level of an input is an object: a type that is written as something else, such as an enum, goes into a
/// field. An agent with a tool of another input is not built.
#[proc_macro_derive(ToolInput, attributes(input, serde, schemars))]
pub fn tool_input(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand("input", item.into()).into()
}

fn tool_of(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let attr = ToolAttr::read(attr, &mut mistakes);
    let mut function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            mistakes.add(error.span(), "`#[tool]` goes on a function with a body");
            let told = mistakes.told();
            return quote!(#item #told);
        }
    };
    let tool = model::Tool::read(attr, &mut function, &mut mistakes);
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first() {
        let mut mistakes = Mistakes::default();
        mistakes.add(receiver.span(), "`#[tool]` on a method needs `#[toolset]` on its `impl` block");
        let told = mistakes.told();
        return quote!(#function #told);
    }
    check::tool(&tool, &function, &mut mistakes);
    match mistakes.told() {
        None => expand::tool(&tool, &function),
        Some(told) => {
            let fallback = fallback::tool(&tool.attr, &function);
            quote!(#told #fallback)
        }
    }
}
