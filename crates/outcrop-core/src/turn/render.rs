//! The copy of a history that is sent: what this model family takes, as stable bytes.
//!
//! # Invariants
//! - The history is not changed, and every change in the copy is told as a [`Rule`].
//! - Each entry is rendered from itself and its neighbour's calls alone, so that what was sent stays a prefix of
//!   what is sent next: for a history that ends with the user, the blocks of `render(h)` begin those of
//!   `render(h + step)`, for every profile (D5).
//! - Signed reasoning goes back to the byte and in its place, or not at all (R58). Where the model binds it to what stood
//!   before it, it goes back behind just that, or not at all (R70).

use std::{borrow::Cow, collections::HashSet};

use crate::{
    profile::{Media, Profile, ReasoningReplay, bare_model_id},
    turn::{Entry, History},
    wire::{
        CachePoint, ContentBlock, Message, RawJson, ReasoningContent, Role, ToolResult, ToolResultContent,
        ToolResultStatus, ToolUse, raw_json::object_members,
    },
};

mod bound;
mod ids;

pub(crate) use bound::Prefix;
pub(crate) use ids::sent_name;

use ids::Ids;

/// The messages to send.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rendered {
    /// Alternating messages, ready for [`Request::messages`](crate::wire::Request).
    pub messages: Vec<Message>,
    /// What differs from the history, with the entry it concerns.
    pub applied: Vec<(Rule, usize)>,
    /// What stands before the answer, where the model binds to it what it thinks.
    pub(crate) prefix: Option<u32>,
    /// Something else stands before the newest of the model's answers than when it was written.
    pub(crate) prefix_changed: bool,
}

wire_enum! {
    /// A change that rendering makes, by the requirement that asks for it.
    pub enum Rule {
        /// R1: neighbours of one role became one message.
        Merged = "merged_neighbours",
        /// R2: a user message was put before the first assistant message.
        UserFirst = "user_first",
        /// R3: a blank text was left out, or replaced where nothing else was there.
        BlankText = "blank_text",
        /// R4: white space at the end of a final assistant text was cut.
        TrimmedPrefill = "trimmed_prefill",
        /// R5: an assistant message of which nothing was left was left out.
        EmptyMessage = "empty_message",
        /// R6: content that may not stand beside tool calls or results got a message of its own.
        Split = "split_message",
        /// R8: a system message inside the conversation became user text.
        SystemAsUser = "system_as_user",
        /// R12: reasoning in a user message was left out.
        UserReasoning = "user_reasoning",
        /// R14: the name of a tool that the model made up was replaced by one that the service takes.
        ToolName = "tool_name",
        /// R15, R16: an id that the service refuses was replaced, in the call and in its result.
        ToolUseId = "tool_use_id",
        /// A `type` other than `server_tool_use` was left out.
        ToolUseType = "tool_use_type",
        /// R27, R30: JSON in a tool result became text.
        JsonAsText = "json_as_text",
        /// R28: an empty tool result got a text that says so.
        EmptyResult = "empty_result",
        /// R29: the status of a tool result went into its text.
        StatusAsText = "status_as_text",
        /// R31: media in a tool result were moved behind the results, or left out where the model takes none.
        ResultMedia = "result_media",
        /// R32: a cache point in a tool result was moved behind the results.
        ResultCachePoint = "result_cache_point",
        /// R61: reasoning without a signature was left out.
        UnsignedReasoning = "unsigned_reasoning",
        /// R62: the signature of reasoning was left out.
        ReasoningSignature = "reasoning_signature",
        /// R62: reasoning was left out, since the model takes none.
        RefusedReasoning = "refused_reasoning",
        /// R63: reasoning of another model was left out.
        ForeignReasoning = "foreign_reasoning",
        /// R70: reasoning was left out that the model binds to what stood before it, since something else stands there
        /// now, or since the service refused it.
        BoundReasoning = "bound_reasoning",
        /// A block that may not stand in a message of its role was left out: a call by the user, a result that
        /// answers no call of the service's own, a change of tools outside a system message (R9).
        Misplaced = "misplaced_block",
        /// A block of a known kind in a form that cannot be read was left out.
        Unreadable = "unreadable_block",
    }
}

impl Rule {
    /// Whether the model loses something by it, so that somebody should be told.
    pub fn is_lossy(&self) -> bool {
        use Rule::*;
        matches!(
            self,
            UserReasoning
                | ToolName
                | ResultMedia
                | UnsignedReasoning
                | RefusedReasoning
                | ForeignReasoning
                | BoundReasoning
                | Misplaced
                | Unreadable
        )
    }
}

/// Stands where the service wants a message and nobody said anything.
pub(crate) const NOTHING: &str = ".";
const EMPTY_RESULT: &str = "(empty)";

/// What to send of `history` to the model `model_id`, which is as `profile` says.
///
/// ```
/// use outcrop_core::{History, Message, Profile, turn::render};
/// let mut history = History::new();
/// history.push_user(Message::user("Hello"));
/// history.push_user(Message::user("Anybody there?"));
/// let rendered = render(&history, &Profile::permissive(), "a.model");
/// assert_eq!(rendered.messages.len(), 1);
/// ```
///
/// Reasoning that is bound to what stood before it is kept: what else the request holds is not known here. A
/// [`Turn`](crate::turn::Turn) knows it, and leaves out what would be refused ([`Rule::BoundReasoning`]).
///
/// # Complexity
/// Linear in the history; texts and media are copied.
pub fn render(history: &History, profile: &Profile, model_id: &str) -> Rendered {
    render_behind(history, profile, model_id, None, 0)
}

/// As [`render`], behind `prefix`, and without what was thought in the first `forgotten` entries.
pub(crate) fn render_behind(
    history: &History,
    profile: &Profile,
    model_id: &str,
    prefix: Option<Prefix>,
    forgotten: usize,
) -> Rendered {
    let out = Vec::with_capacity(history.len());
    let forgotten = forgotten.max(history.forgotten());
    let mut render = Render {
        profile,
        model_id,
        out,
        applied: Vec::new(),
        entry: 0,
        prefix,
        forgotten,
        bound_elsewhere: false,
        prefix_changed: false,
    };
    let mut ids = Ids::default();
    for (at, entry) in history.entries().enumerate() {
        render.entry = at;
        match entry.message.role {
            Role::Assistant => render.assistant(entry, &mut ids),
            Role::System if profile.messages.system_role => render.system(&entry.message),
            _ => render.user(&entry.message, ids.take_answers()),
        }
    }
    if render.out.is_empty() {
        render.apply(Rule::UserFirst);
        render.out.push(Message::user(NOTHING));
    }
    render.trim_prefill();
    let prefix = render.prefix_here();
    let Render { out: messages, applied, prefix_changed, .. } = render;
    Rendered { messages, applied, prefix, prefix_changed }
}

struct Render<'a> {
    profile: &'a Profile,
    model_id: &'a str,
    out: Vec<Message>,
    applied: Vec<(Rule, usize)>,
    /// The entry at hand.
    entry: usize,
    /// What stands before it, as far as that was needed yet; where the model binds to it what it thinks.
    prefix: Option<Prefix>,
    /// Entries whose reasoning was refused.
    forgotten: usize,
    /// The reasoning of the entry at hand would be refused here.
    bound_elsewhere: bool,
    prefix_changed: bool,
}

impl Render<'_> {
    fn apply(&mut self, rule: Rule) {
        self.applied.push((rule, self.entry));
    }

    /// What stands before what comes next.
    fn prefix_here(&mut self) -> Option<u32> {
        let prefix = self.prefix.as_mut()?;
        prefix.go_behind(&self.out);
        Some(prefix.number())
    }

    /// Looks at what stands before an answer of this model.
    fn compare_prefix(&mut self, entry: &Entry) {
        self.bound_elsewhere = self.entry < self.forgotten;
        if let Some(then) = entry.binding.prefix
            && let Some(now) = self.prefix_here()
        {
            self.prefix_changed = then != now;
            self.bound_elsewhere |= self.prefix_changed;
        }
    }

    /// Renders an assistant message; `ids` then holds the ids that its results must bear, in order.
    fn assistant(&mut self, entry: &Entry, ids: &mut Ids) {
        let own = entry.model.as_deref().is_none_or(|model| is_same_model(model, self.model_id));
        if own {
            self.compare_prefix(entry);
        }
        let follows_own_role = self.out.last().is_some_and(|last| last.role == Role::Assistant);
        let server_side: HashSet<&str> = entry.message.content.iter().filter_map(server_side_id).collect();
        ids.begin(follows_own_role, &server_side);
        let mut blocks = Vec::with_capacity(entry.message.content.len());
        let mut calls = Vec::new();
        for block in &entry.message.content {
            match block {
                block if is_unreadable(block) => self.apply(Rule::Unreadable),
                ContentBlock::Text(text) if text.trim().is_empty() => self.apply(Rule::BlankText),
                ContentBlock::ReasoningContent(reasoning) => {
                    blocks.extend(self.reasoning(reasoning, own).map(ContentBlock::ReasoningContent));
                }
                ContentBlock::ToolUse(tool_use) if !tool_use.is_server_side() => {
                    let call = self.tool_use(tool_use, ids).into();
                    if self.profile.messages.mixes_tool_uses { &mut blocks } else { &mut calls }.push(call);
                }
                ContentBlock::ToolResult(result)
                    if result.kind.is_none() && !server_side.contains(&*result.tool_use_id) =>
                {
                    self.apply(Rule::Misplaced);
                }
                ContentBlock::ToolAddition(_) | ContentBlock::ToolRemoval(_) => self.apply(Rule::Misplaced),
                block => blocks.push(block.clone()),
            }
        }
        if calls.is_empty() && blocks.iter().all(is_cache_point) {
            self.apply(Rule::EmptyMessage);
            blocks.clear();
        }
        // Calls that must be alone come last, so that their results are in the next message.
        for blocks in [blocks, calls].into_iter().filter(|blocks| !blocks.is_empty()) {
            self.push(Role::Assistant, blocks);
        }
    }

    fn reasoning(&mut self, reasoning: &ReasoningContent, own: bool) -> Option<ReasoningContent> {
        let signed = match reasoning {
            ReasoningContent::ReasoningText(text) => text.is_signed(),
            ReasoningContent::RedactedContent(_) | ReasoningContent::Unknown(_) => true,
        };
        let refusal = match self.profile.thinking.replay {
            ReasoningReplay::Refused => Some(Rule::RefusedReasoning),
            _ if !own => Some(Rule::ForeignReasoning),
            ReasoningReplay::Signed if !signed => Some(Rule::UnsignedReasoning),
            _ if signed && self.bound_elsewhere => Some(Rule::BoundReasoning),
            _ => None,
        };
        if let Some(rule) = refusal {
            self.apply(rule);
            return None;
        }
        let mut reasoning = reasoning.clone();
        if let (ReasoningReplay::Unsigned, ReasoningContent::ReasoningText(text)) =
            (self.profile.thinking.replay, &mut reasoning)
            && text.signature.take().is_some()
        {
            self.apply(Rule::ReasoningSignature);
        }
        match &reasoning {
            ReasoningContent::ReasoningText(text) if !text.is_signed() && text.text.trim().is_empty() => {
                self.apply(Rule::BlankText);
                None
            }
            _ => Some(reasoning),
        }
    }

    fn tool_use(&mut self, tool_use: &ToolUse, ids: &mut Ids) -> ToolUse {
        let mut sent = tool_use.clone();
        if sent.kind.take().is_some() {
            self.apply(Rule::ToolUseType);
        }
        if let Cow::Owned(name) = sent_name(&tool_use.name) {
            sent.name = name;
            self.apply(Rule::ToolName);
        }
        if ids.assign(&mut sent.tool_use_id, self.profile.tools.use_ids) {
            self.apply(Rule::ToolUseId);
        }
        sent
    }

    fn system(&mut self, message: &Message) {
        let mut blocks = Vec::with_capacity(message.content.len());
        for block in &message.content {
            match block {
                block if is_unreadable(block) => self.apply(Rule::Unreadable),
                ContentBlock::Text(text) if text.trim().is_empty() => self.apply(Rule::BlankText),
                ContentBlock::ToolUse(_)
                | ContentBlock::ToolResult(_)
                | ContentBlock::ReasoningContent(_) => {
                    self.apply(Rule::Misplaced);
                }
                block => blocks.push(block.clone()),
            }
        }
        if !blocks.is_empty() {
            self.push(Role::System, blocks);
        }
    }

    fn user(&mut self, message: &Message, answer_ids: Vec<String>) {
        if message.role == Role::System {
            self.apply(Rule::SystemAsUser);
        }
        let mut results = Vec::new();
        let mut others = Vec::new();
        let mut moved = Vec::new();
        let mut answer_ids = answer_ids.into_iter();
        for block in &message.content {
            match block {
                ContentBlock::Text(text) if text.trim().is_empty() => self.apply(Rule::BlankText),
                ContentBlock::ReasoningContent(_) => self.apply(Rule::UserReasoning),
                ContentBlock::ToolResult(result) => match answer_ids.next() {
                    Some(id) => results.push(self.tool_result(result, id, &mut moved).into()),
                    None => self.apply(Rule::Misplaced),
                },
                ContentBlock::ToolUse(_) | ContentBlock::ToolAddition(_) | ContentBlock::ToolRemoval(_) => {
                    self.apply(Rule::Misplaced);
                }
                block if is_unreadable(block) => self.apply(Rule::Unreadable),
                block => others.push(block.clone()),
            }
        }
        moved.append(&mut others);
        if results.is_empty() && moved.is_empty() {
            self.apply(Rule::BlankText);
            moved.push(NOTHING.into());
        }
        for blocks in [results, moved].into_iter().filter(|blocks| !blocks.is_empty()) {
            self.push(Role::User, blocks);
        }
    }

    /// Renders a result; what may not stand in it goes into `moved`, behind the results.
    fn tool_result(&mut self, result: &ToolResult, id: String, moved: &mut Vec<ContentBlock>) -> ToolResult {
        let mut content = Vec::with_capacity(result.content.len());
        for part in &result.content {
            match part {
                ToolResultContent::Text(text) if text.trim().is_empty() => {}
                ToolResultContent::Json(json) if !json.is_object() || !self.profile.tools.result_json => {
                    self.apply(Rule::JsonAsText);
                    content.push(ToolResultContent::Text(json.as_str().to_owned()));
                }
                ToolResultContent::Unknown(raw) if part.kind().as_deref() == Some("cachePoint") => {
                    self.apply(Rule::ResultCachePoint);
                    moved.push(cache_point(raw));
                }
                ToolResultContent::Unknown(raw) if is_unreadable_as(raw, ToolResultContent::KINDS) => {
                    self.apply(Rule::Unreadable);
                }
                part => {
                    match media_of(part).filter(|media| !self.profile.media.in_tool_results.contains(media)) {
                        Some(media) => {
                            self.apply(Rule::ResultMedia);
                            content.push(self.refer_to(media, part, moved).into());
                        }
                        None => content.push(part.clone()),
                    }
                }
            }
        }
        let mut status = result.status.clone();
        if !self.profile.tools.result_status && status.take() == Some(ToolResultStatus::Error) {
            self.apply(Rule::StatusAsText);
            match content.first_mut() {
                Some(ToolResultContent::Text(text)) => text.insert_str(0, "Error: "),
                _ => content.insert(0, "Error".into()),
            }
        }
        if content.is_empty() {
            self.apply(Rule::EmptyResult);
            content.push(EMPTY_RESULT.into());
        }
        let (kind, other) = (result.kind.clone(), result.other.clone());
        ToolResult { tool_use_id: id, content, status, kind, other }
    }

    /// Moves media behind the results and gives the words that stand in their place.
    fn refer_to(&self, media: Media, part: &ToolResultContent, moved: &mut Vec<ContentBlock>) -> String {
        let name = match media {
            Media::Image => "image",
            Media::Document => "document",
            Media::Video => "video",
            Media::Audio => "sound",
            Media::SearchResult => "search result",
        };
        if !self.profile.media.in_messages.contains(&media) {
            return format!("[{name} left out: this model takes none]");
        }
        let label = format!("[{name} {}]", moved.len() / 2 + 1);
        moved.push(ContentBlock::Text(label.clone()));
        moved.extend(as_block(part));
        format!("{label} follows the tool results")
    }

    /// Adds blocks to the conversation so that roles alternate (R1) and what may not stand together does not (R6).
    fn push(&mut self, role: Role, mut blocks: Vec<ContentBlock>) {
        if self.out.is_empty() && role == Role::Assistant && !self.profile.messages.assistant_first {
            self.apply(Rule::UserFirst);
            self.out.push(Message::user(NOTHING));
        }
        if let Some(last) = self.out.last_mut().filter(|last| last.role == role) {
            let alone = |blocks: &[ContentBlock]| {
                blocks.iter().any(|block| match block {
                    ContentBlock::ToolResult(_) => {
                        role == Role::User && !self.profile.messages.mixes_tool_results
                    }
                    ContentBlock::ToolUse(call) => {
                        !call.is_server_side() && !self.profile.messages.mixes_tool_uses
                    }
                    _ => false,
                })
            };
            if alone(&last.content) == alone(&blocks) {
                last.content.extend(blocks);
                return self.apply(Rule::Merged);
            }
            let other = if role == Role::Assistant { Role::User } else { Role::Assistant };
            self.out.push(Message::new(other, vec![ContentBlock::from(NOTHING)]));
            self.apply(Rule::Split);
        }
        // Cache points come and go, and are nothing that is said.
        if blocks.iter().all(is_cache_point) {
            self.apply(Rule::BlankText);
            blocks.insert(0, NOTHING.into());
        }
        self.out.push(Message::new(role, blocks));
    }

    fn trim_prefill(&mut self) {
        let Some(last) = self.out.last_mut().filter(|last| last.role == Role::Assistant) else { return };
        if let Some(ContentBlock::Text(text)) = last.content.last_mut()
            && text.ends_with(char::is_whitespace)
        {
            text.truncate(text.trim_end().len());
            self.apply(Rule::TrimmedPrefill);
        }
    }
}

/// A block whose kind we know but whose value we could not read, or that has no kind: the service would refuse it.
fn is_unreadable(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::Unknown(raw) => is_unreadable_as(raw, ContentBlock::KINDS),
        ContentBlock::ReasoningContent(ReasoningContent::Unknown(raw)) => {
            is_unreadable_as(raw, ReasoningContent::KINDS)
        }
        _ => false,
    }
}

fn is_unreadable_as(raw: &RawJson, kinds: &[&str]) -> bool {
    object_members(raw.as_str()).is_none_or(|members| {
        members.is_empty() || members.iter().any(|(kind, _)| kinds.contains(&kind.as_str()))
    })
}

fn is_cache_point(block: &ContentBlock) -> bool {
    matches!(block, ContentBlock::CachePoint(_))
}

/// Whether two ids name the same model, each under whatever inference profile.
fn is_same_model(one: &str, other: &str) -> bool {
    one == other || bare_model_id(one) == bare_model_id(other)
}

fn server_side_id(block: &ContentBlock) -> Option<&str> {
    match block {
        ContentBlock::ToolUse(call) if call.is_server_side() => Some(&call.tool_use_id),
        _ => None,
    }
}

fn cache_point(raw: &RawJson) -> ContentBlock {
    raw.parse_into().unwrap_or_else(|_| CachePoint::default().into())
}

fn media_of(part: &ToolResultContent) -> Option<Media> {
    Some(match part {
        ToolResultContent::Image(_) => Media::Image,
        ToolResultContent::Document(_) => Media::Document,
        ToolResultContent::Video(_) => Media::Video,
        ToolResultContent::SearchResult(_) => Media::SearchResult,
        _ => return None,
    })
}

/// Media of a result as they stand outside of one.
fn as_block(part: &ToolResultContent) -> Option<ContentBlock> {
    Some(match part {
        ToolResultContent::Image(image) => ContentBlock::Image(image.clone()),
        ToolResultContent::Document(document) => ContentBlock::Document(document.clone()),
        ToolResultContent::Video(video) => ContentBlock::Video(video.clone()),
        ToolResultContent::SearchResult(found) => ContentBlock::SearchResult(found.clone()),
        _ => return None,
    })
}
