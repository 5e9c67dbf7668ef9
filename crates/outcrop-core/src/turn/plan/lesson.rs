//! What a refusal teaches: the one place where it does.
//!
//! # Invariants
//! - Each lesson takes something away that the next request no longer has, so that this comes to an end: the same
//!   request is never made twice.
//! - A statement means only what it says of what the refused request held.

use super::{
    output_strategy::{ForcedChoice, OutputPlan, StrategyContext, plan},
    request::Sent,
    tools::SentTools,
};
use crate::{
    profile::{Fact, Profile},
    schema::{SchemaCounts, SchemaLimits},
    tools::{OutputSpec, Strategy, StrictTool, output_spec::schema_hash},
    turn::{Diagnostic, DiagnosticCode},
    wire::refusal_text::{Refusal, Statement},
};

/// What a refusal taught: the request is phrased anew by it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lesson {
    /// A fact about the model, to be remembered.
    pub(crate) fact: Option<Fact>,
    /// What changes for this turn alone.
    pub(crate) effect: Effect,
    /// What is reported.
    pub(crate) diagnostic: Option<Diagnostic>,
}

/// What a lesson changes for the turn at hand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Nothing,
    /// The model's thinking so far is omitted.
    DropThinking,
    /// Native output is not asked for, since citations are.
    CitationsExcludeNativeOutput,
    /// The service refused the strict schema with this hash, in these words.
    SchemaRefused {
        schema: u32,
        words: String,
    },
}

impl Lesson {
    fn silent(fact: Fact) -> Self {
        Self { fact: Some(fact), effect: Effect::Nothing, diagnostic: None }
    }
}

/// What `refusal` of the request that is described by `sent` teaches; `profile` is what was known when it was made.
pub(crate) fn learn(refusal: &Refusal, sent: &Sent, profile: &Profile) -> Option<Lesson> {
    // First, since this refusal speaks of betas too.
    drop_thinking(refusal, sent, profile)
        .or_else(|| general_fact(refusal, sent, profile))
        .or_else(|| drop_strict(refusal, &sent.tools, profile))
        .or_else(|| fall_back(refusal, sent, profile))
        .or_else(|| drop_largest_strict(refusal, &sent.tools))
}

/// Thinking that is bound to another prefix: the next request goes without (R70).
fn drop_thinking(refusal: &Refusal, sent: &Sent, profile: &Profile) -> Option<Lesson> {
    if !sent.reasoning || !refusal.says(Statement::ThinkingBoundElsewhere) {
        return None;
    }
    let text = "the service takes the model's thinking only after the exact prefix that it was written after; \
                retrying without the thinking so far";
    Some(Lesson {
        fact: (!profile.thinking.bound_to_prefix).then_some(Fact::BindsThinking),
        effect: Effect::DropThinking,
        diagnostic: Some(Diagnostic::new(DiagnosticCode::BoundReasoning, text)),
    })
}

/// A fact about the model's conversations (R7).
fn general_fact(refusal: &Refusal, sent: &Sent, profile: &Profile) -> Option<Lesson> {
    // Whether to stream is the client's business, and making the same request again would not help.
    let fact = Fact::from_refusal(refusal).filter(|fact| *fact != Fact::NoToolStreaming);
    let fact =
        fact.or((sent.fine_streaming && refusal.says(Statement::UnknownBeta)).then_some(Fact::NoFineTools))?;
    if profile.clone().with_fact(fact) == *profile {
        return None;
    }
    let text = match fact {
        Fact::ToolResultsAlone => {
            "the model does not accept tool results beside other content; retrying with them in a message of their own"
        }
        Fact::ToolUsesAlone => {
            "the model does not accept tool calls beside other content; retrying with them in a message of their own"
        }
        Fact::NoToolResultStatus => "the model does not accept `status` in tool results; retrying without it",
        Fact::NoReasoning => "the model does not accept its earlier reasoning; retrying without it",
        Fact::NoFineTools => "the model does not accept fine-grained tool streaming; retrying without it",
        _ => "the model refused the request; retrying without what it refused",
    };
    Some(Lesson {
        fact: Some(fact),
        effect: Effect::Nothing,
        diagnostic: Some(Diagnostic::new(DiagnosticCode::Learned, text)),
    })
}

/// A refusal that names a strict tool, or says that a limit is exceeded that was not known.
fn drop_strict(refusal: &Refusal, tools: &SentTools, profile: &Profile) -> Option<Lesson> {
    tools.strict_schemas().next()?;
    let Some(at) = refusal.tool else {
        let counted = [Statement::TooManyStrictTools, Statement::TooManyUnionMembers];
        let counted = counted.into_iter().any(|statement| refusal.says(statement));
        let is_over = SchemaLimits::claude().check(&tools.report().counts).is_err();
        let is_new = counted && is_over && !profile.schema.subset_only;
        return is_new.then(|| Lesson::silent(Fact::SchemaLimits));
    };
    if refusal.words().starts_with(".strict") && refusal.says(Statement::NoStrictTools) {
        return Some(Lesson::silent(Fact::NoStrictTools));
    }
    let tool = tools.tool(at as usize).filter(|tool| tool.outcome.is_ok())?;
    Some(schema_refused(tool, refusal.words()))
}

/// A refusal about the schemas of the request as a whole, once it is not the output's that gives way: the tool whose
/// schema is largest is no longer strict.
fn drop_largest_strict(refusal: &Refusal, tools: &SentTools) -> Option<Lesson> {
    let too_much =
        [Statement::TooManyStrictTools, Statement::TooManyUnionMembers, Statement::SchemaTooComplex];
    if refusal.tool.is_some() || !too_much.into_iter().any(|statement| refusal.says(statement)) {
        return None;
    }
    let size = |tool: &StrictTool| {
        let schema = &tool.outcome.as_ref().ok()?.schema;
        let counts = SchemaCounts::of([schema], None);
        let count = if refusal.says(Statement::TooManyOptionalMembers) {
            counts.optional
        } else if refusal.says(Statement::TooManyUnionMembers) {
            counts.unions
        } else {
            0
        };
        Some((count, schema.to_string().len()))
    };
    let sized = tools.report().tools.iter().filter_map(|tool| Some((size(tool)?, tool)));
    let (_, tool) = sized.max_by_key(|(size, _)| *size)?;
    Some(schema_refused(tool, refusal.words()))
}

fn schema_refused(tool: &StrictTool, words: &str) -> Lesson {
    let schema = schema_hash(&tool.declared);
    let effect = Effect::SchemaRefused { schema, words: words.to_owned() };
    Lesson { fact: Some(Fact::StrictSchemaRefused(schema)), effect, diagnostic: None }
}

/// A refusal of how the output was asked for: where it leads to another strategy, the output is asked for by that.
fn fall_back(refusal: &Refusal, sent: &Sent, profile: &Profile) -> Option<Lesson> {
    let output = sent.output.as_ref()?;
    let lesson = refused_strategy(refusal, &output.plan, &output.spec, &output.context)?;
    let profile = lesson.fact.map_or_else(|| profile.clone(), |fact| profile.clone().with_fact(fact));
    let cites = output.context.cites || lesson.effect == Effect::CitationsExcludeNativeOutput;
    let mut context = output.context.clone();
    context.cites = cites;
    let next = plan(&output.spec, &profile, &context).ok()?;
    (!next.asks_like(&output.plan)).then_some(lesson)
}

/// What a refusal says of a request that asked by `plan` (`bedrock-api` 6.3, 6.4). What is said of a schema must not be
/// taken for what is said of a model.
fn refused_strategy(
    refusal: &Refusal,
    plan: &OutputPlan,
    spec: &OutputSpec,
    context: &StrategyContext,
) -> Option<Lesson> {
    use Statement::*;
    let says = |statements: &[Statement]| statements.iter().any(|statement| refusal.says(*statement));
    let schema = spec.schema_hash();
    // What is said of a tool is said of that one alone.
    let place = refusal.tool.map(|place| place as usize);
    let fact = match plan.strategy {
        Strategy::Native if says(&[CitationsExcludeNativeOutput]) => {
            let effect = Effect::CitationsExcludeNativeOutput;
            return Some(Lesson { fact: None, effect, diagnostic: None });
        }
        Strategy::Native if says(&[NoNativeOutput]) => Fact::NoNativeOutput,
        Strategy::Native
            if says(&[NativeSchema])
                || (place.is_none() && says(&[SchemaKeyword, TooManyUnionMembers, SchemaTooComplex])) =>
        {
            Fact::NativeSchemaRefused(schema)
        }
        Strategy::StrictTool if says(&[NoStrictTools]) => Fact::NoStrictTools,
        Strategy::StrictTool
            if place.is_none_or(|place| place == context.place)
                && says(&[SchemaKeyword, TooManyUnionMembers, SchemaTooComplex, TooManyStrictTools]) =>
        {
            Fact::StrictSchemaRefused(schema)
        }
        Strategy::Tool | Strategy::StrictTool => match plan.forced {
            Some(_) if says(&[NoForcedToolWhileThinking]) => {
                // Where the request does not mention thinking the model thinks by default.
                match context.thinks {
                    Some(true) => Fact::NoForcedToolsWhileThinking,
                    _ => Fact::NoForcedTools,
                }
            }
            Some(_) if says(&[NoForcedTool]) => Fact::NoForcedTools,
            Some(ForcedChoice::Any) if says(&[NoAnyTool]) => Fact::NoAnyTool,
            Some(ForcedChoice::Tool) if says(&[NoNamedTool]) => Fact::NoNamedTool,
            Some(_) if says(&[NoToolChoice]) => Fact::NoForcedTools,
            // With other tools the next request would be refused too.
            _ if !context.has_tools && says(&[NoTools]) => Fact::NoTools,
            _ => return None,
        },
        _ => return None,
    };
    Some(Lesson::silent(fact))
}
