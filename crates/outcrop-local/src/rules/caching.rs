//! Cache points: who takes them, how many, where, in which order.

use super::{Refusal, Verdict, read::Asked, read::Block};

/// A cache point, named after the block that it stands behind, as Anthropic's API has it.
struct Point<'a> {
    /// As `messages.0.content.1`.
    behind: String,
    /// The kind of that block; empty where there is none.
    kind: &'a str,
    ttl: &'a str,
}

/// All cache points in the order in which prefixes are made: tools, system, messages.
fn points<'a>(asked: &Asked<'a>) -> Vec<Point<'a>> {
    let mut points = Vec::new();
    collect("tools", &asked.tools(), &mut points);
    collect("system", &asked.system(), &mut points);
    for (at, message) in asked.messages.iter().enumerate() {
        collect(&format!("messages.{at}.content"), &message.blocks, &mut points);
    }
    points
}

fn collect<'a>(list: &str, blocks: &[Block<'a>], points: &mut Vec<Point<'a>>) {
    let (mut before, mut kind) = (0usize, "");
    for block in blocks {
        if block.kind == "cachePoint" {
            let behind = format!("{list}.{}", before.saturating_sub(1));
            points.push(Point { behind, kind, ttl: block.str("ttl") });
        } else {
            before += 1;
            kind = block.kind;
        }
    }
}

pub(super) fn support(asked: &Asked<'_>) -> Verdict {
    if asked.profile.caching.is_none() && !points(asked).is_empty() {
        return Err(Refusal::new(
            403,
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. \
             See the documentation for more information.",
        ));
    }
    Ok(())
}

/// A cache point needs something before it, and not thinking.
pub(super) fn places(asked: &Asked<'_>) -> Verdict {
    for point in points(asked) {
        if point.kind.is_empty() {
            return Err(Refusal::validation(
                "There is nothing available to cache. Please remove the invalid cache point and try again.",
            ));
        }
        if point.kind == "reasoningContent" && asked.speaks_anthropic() {
            // Guess.
            return Err(Refusal::by_model(format!(
                "{}.thinking.cache_control: Extra inputs are not permitted",
                point.behind
            )));
        }
    }
    Ok(())
}

pub(super) fn count(asked: &Asked<'_>) -> Verdict {
    match points(asked).len() {
        0..=4 => Ok(()),
        count => Err(Refusal::by_model(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {count}."
        ))),
    }
}

/// Times to live that the model knows, the longer ones first.
pub(super) fn order(asked: &Asked<'_>) -> Verdict {
    let Some(caching) = &asked.profile.caching else { return Ok(()) };
    let mut short = false;
    for Point { behind, ttl, .. } in points(asked) {
        let ttl = if ttl.is_empty() { caching.ttls.first().map_or("5m", String::as_str) } else { ttl };
        if asked.speaks_anthropic() && !caching.ttls.iter().any(|taken| taken == ttl) {
            // Guess.
            return Err(Refusal::by_model(format!(
                "{behind}.cache_control.ephemeral.ttl: Extra inputs are not permitted"
            )));
        }
        if short && ttl == "1h" {
            // Guess: the last sentence.
            return Err(Refusal::by_model(format!(
                "{behind}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' \
                 cache_control block. Note that blocks are processed in the following order: `tools`, \
                 `system`, `messages`."
            )));
        }
        short |= ttl == "5m";
    }
    Ok(())
}
