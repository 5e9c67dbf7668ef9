//! A profile in JSON, in the table and wherever users save one: a flat object.
//!
//! # Invariants
//! - Member names and words never change, so that profiles saved by earlier releases can be read.

use serde::{Deserialize, Serialize};

use super::{
    Caching, LimitsProfile, Media, MediaProfile, MessagesProfile, Prefill, Profile, ReasoningReplay,
    Sampling, SchemaProfile, Support, ThinkingProfile, ThinkingType, ToolChoiceKind, ToolUseIds,
    ToolsProfile,
};

// Not the groups with `serde(flatten)`: that buffers numbers, and with serde_json's feature `arbitrary_precision` a
// buffered number is a map.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SavedProfile {
    family: String,
    streams_tools: bool,
    fine_tools: Support,
    assistant_first: bool,
    mixes_tool_results: bool,
    mixes_tool_uses: bool,
    tool_result_status: bool,
    tool_result_json: bool,
    tool_result_media: Vec<Media>,
    media: Vec<Media>,
    system_messages: bool,
    reasoning: ReasoningReplay,
    tool_use_ids: ToolUseIds,
    tools: bool,
    tool_choice: Vec<ToolChoiceKind>,
    forces_tools_while_thinking: bool,
    system_prompt: bool,
    prefill: Prefill,
    thinking: Vec<ThinkingType>,
    thinks_by_default: bool,
    binds_thinking: bool,
    sampling: Sampling,
    cache: Option<Caching>,
    native_output: bool,
    strict_tools: bool,
    schema_subset: bool,
    follows_references: bool,
    native_schemas_refused: Vec<u32>,
    strict_schemas_refused: Vec<u32>,
    citations: bool,
    s3_media: Vec<Media>,
    tool_result_s3_media: Vec<Media>,
    context_window: Option<u64>,
    max_output_tokens: Option<u64>,
}

impl Default for SavedProfile {
    fn default() -> Self {
        Profile::permissive().into()
    }
}

impl From<Profile> for SavedProfile {
    fn from(profile: Profile) -> Self {
        // Taken apart in full: a new field does not compile until it is saved.
        let Profile { family, messages, tools, media, thinking, schema, caching, sampling, limits } = profile;
        let MessagesProfile {
            assistant_first,
            prefill,
            system_prompt,
            system_role,
            mixes_tool_results,
            mixes_tool_uses,
        } = messages;
        let ToolsProfile {
            supported,
            streams,
            fine_streaming,
            choices,
            forced_while_thinking,
            use_ids,
            result_status,
            result_json,
        } = tools;
        let MediaProfile { in_messages, in_tool_results, s3_in_messages, s3_in_tool_results, citations } =
            media;
        let ThinkingProfile { types, on_by_default, bound_to_prefix, replay } = thinking;
        let SchemaProfile {
            native_output,
            strict_tools,
            subset_only,
            follows_references,
            refused_for_native_output,
            refused_for_strict_tools,
        } = schema;
        let LimitsProfile { context_window, max_output_tokens } = limits;
        Self {
            family,
            streams_tools: streams,
            fine_tools: fine_streaming,
            assistant_first,
            mixes_tool_results,
            mixes_tool_uses,
            tool_result_status: result_status,
            tool_result_json: result_json,
            tool_result_media: in_tool_results,
            media: in_messages,
            system_messages: system_role,
            reasoning: replay,
            tool_use_ids: use_ids,
            tools: supported,
            tool_choice: choices,
            forces_tools_while_thinking: forced_while_thinking,
            system_prompt,
            prefill,
            thinking: types,
            thinks_by_default: on_by_default,
            binds_thinking: bound_to_prefix,
            sampling,
            cache: caching,
            native_output,
            strict_tools,
            schema_subset: subset_only,
            follows_references,
            native_schemas_refused: refused_for_native_output,
            strict_schemas_refused: refused_for_strict_tools,
            citations,
            s3_media: s3_in_messages,
            tool_result_s3_media: s3_in_tool_results,
            context_window,
            max_output_tokens,
        }
    }
}

impl From<SavedProfile> for Profile {
    fn from(saved: SavedProfile) -> Self {
        Self {
            family: saved.family,
            messages: MessagesProfile {
                assistant_first: saved.assistant_first,
                prefill: saved.prefill,
                system_prompt: saved.system_prompt,
                system_role: saved.system_messages,
                mixes_tool_results: saved.mixes_tool_results,
                mixes_tool_uses: saved.mixes_tool_uses,
            },
            tools: ToolsProfile {
                supported: saved.tools,
                streams: saved.streams_tools,
                fine_streaming: saved.fine_tools,
                choices: saved.tool_choice,
                forced_while_thinking: saved.forces_tools_while_thinking,
                use_ids: saved.tool_use_ids,
                result_status: saved.tool_result_status,
                result_json: saved.tool_result_json,
            },
            media: MediaProfile {
                in_messages: saved.media,
                in_tool_results: saved.tool_result_media,
                s3_in_messages: saved.s3_media,
                s3_in_tool_results: saved.tool_result_s3_media,
                citations: saved.citations,
            },
            thinking: ThinkingProfile {
                types: saved.thinking,
                on_by_default: saved.thinks_by_default,
                bound_to_prefix: saved.binds_thinking,
                replay: saved.reasoning,
            },
            schema: SchemaProfile {
                native_output: saved.native_output,
                strict_tools: saved.strict_tools,
                subset_only: saved.schema_subset,
                follows_references: saved.follows_references,
                refused_for_native_output: saved.native_schemas_refused,
                refused_for_strict_tools: saved.strict_schemas_refused,
            },
            caching: saved.cache,
            sampling: saved.sampling,
            limits: LimitsProfile {
                context_window: saved.context_window,
                max_output_tokens: saved.max_output_tokens,
            },
        }
    }
}
