//! The wire, the assembler, rendering and the turn, tried from outside with everything that a model, a service or
//! a driver may do wrong.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod support;

mod action_id;
mod adapt;
mod adapt_matrix;
mod adapt_property;
mod adapt_support;
mod adapt_types;
mod adapt_whole;
mod assembler;
mod assembler_end;
mod assembler_property;
mod docs;
mod events;
mod generate;
mod history;
mod output;
mod output_calls;
mod output_end;
mod output_ladder;
mod output_live;
mod output_property;
mod output_recorded;
mod output_saved;
mod play;
mod profile;
mod references;
mod render;
mod render_calls;
mod render_property;
mod render_results;
mod saved_data;
mod shape;
mod turn;
mod turn_apart;
mod turn_approval;
mod turn_bound;
mod turn_contract;
mod turn_course;
mod turn_event;
mod turn_policy;
mod turn_property;
mod turn_resume;
mod turn_retry;
mod turn_saved;
mod turn_strict;
mod ui;
mod wire;
