//! What a closing bracket closes, where brackets are missing, wrong, or too many.

use super::ahead::{Ahead, Bracket, Name, is_name_byte, is_quote};

/// How many of `stack`, of which the first `depth` are open, stay open behind a bracket that closes: those before
/// the innermost of its kind. `None` if there is none of its kind.
pub(super) fn after_closing(stack: &[Bracket], depth: usize, bracket: Bracket) -> Option<usize> {
    stack.get(..depth).unwrap_or_default().iter().rposition(|known| *known == bracket)
}

/// Whether the bracket before `behind`, which closes `stack`, comes too early: `{"a": 1}, "b": 2}`.
pub(super) fn is_early(ahead: &Ahead<'_>, stack: &[Bracket], behind: usize) -> bool {
    stack == [Bracket::Object] && member_follows(ahead, ahead.after_space(behind))
}

/// Whether a comma and a quoted name with its colon stand at `at`.
pub(super) fn member_follows(ahead: &Ahead<'_>, at: usize) -> bool {
    let name = ahead.after_space(at + 1);
    ahead.byte(at) == Some(b',')
        && ahead.byte(name).is_some_and(is_quote)
        && ahead.quoted_name(name) == Name::Yes
}

/// How many of `stack` stay open behind a bracket, before `behind`, that is not of the kind of the innermost. Either
/// what is within was not closed, or it is the wrong bracket for the innermost, or one too many: the first of these
/// that what follows agrees with.
pub(super) fn after_mismatch(ahead: &Ahead<'_>, stack: &[Bracket], bracket: Bracket, behind: usize) -> usize {
    let next = ahead.after_space(behind);
    let wrong = stack.len().saturating_sub(1);
    match after_closing(stack, stack.len(), bracket) {
        Some(missing) if agrees(ahead, stack, missing, next) || !agrees(ahead, stack, wrong, next) => missing,
        None if ahead.byte(next).is_some() && agrees(ahead, stack, stack.len(), next) => stack.len(),
        _ => wrong,
    }
}

/// Whether what stands at `next` may follow an item, if the first `depth` of `stack` are open.
fn agrees(ahead: &Ahead<'_>, stack: &[Bracket], depth: usize, next: usize) -> bool {
    let Some(byte) = ahead.byte(next) else { return true };
    let Some(container) = depth.checked_sub(1).and_then(|top| stack.get(top)).copied() else {
        return !matches!(byte, b',' | b'}' | b']');
    };
    if byte != b',' {
        return Bracket::closed_by(byte) == Some(container);
    }
    let item = ahead.after_commas(next);
    let name = match ahead.byte(item) {
        None => return true,
        Some(byte) if Bracket::closed_by(byte).is_some() => return true,
        Some(byte) if is_quote(byte) => ahead.quoted_name(item),
        Some(byte) if is_name_byte(byte) => ahead.bare_name(item),
        Some(_) => Name::No,
    };
    match container {
        Bracket::Object => name != Name::No,
        Bracket::Array => name != Name::Yes,
    }
}
