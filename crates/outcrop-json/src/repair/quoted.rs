//! Where a string ends, in a text in which quotes inside strings may lack their backslash.
//!
//! A quote ends a string if what follows makes sense as structure:
//! - of a name, if a colon follows;
//! - of a member's value, if a comma and the next name with its colon follow, or a bracket that closes and then
//!   something that may follow it, or the end of the text;
//! - of an element, if a comma and something that may begin an element follow, or a bracket that closes.
//!
//! Three things weigh in where that does not decide. Quotes inside strings come in pairs, so after an odd number
//! of them the next one has to make better sense. In a string with quotes inside, brackets come in pairs too:
//! where one is open, structure after a quote is the structure of that inner text. And structure in a string that
//! showed no damage so far is taken at its word, so strict JSON is always read as what it is.

use std::cell::Cell;

use super::{
    ahead::{Ahead, Bracket, Name, Tail, is_quote},
    brackets::{after_closing, member_follows},
};

/// What a string is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Name,
    Value,
}

/// Where a string ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Where its text ends.
    pub(super) text: usize,
    /// Where reading goes on.
    pub(super) resume: usize,
    pub(super) how: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With its quote.
    Quote,
    /// Without.
    NoQuote,
    /// With the end of the whole text.
    Cut,
}

/// What a string holds so far, apart from text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inner {
    /// Quotes that lack their backslash.
    pub(super) quotes: usize,
    /// Quotes that have it.
    pub(super) escaped: usize,
    /// Brackets opened, less those closed.
    pub(super) curly: isize,
    pub(super) square: isize,
}

impl Inner {
    /// Whether a quote that comes now is not the second of two, as far as can be told.
    fn is_paired(self) -> bool {
        self.quotes == 0 || self.quotes % 2 == self.escaped % 2
    }

    fn is_balanced(self) -> bool {
        self.curly <= 0 && self.square <= 0
    }
}

/// What decides whether a quote closes a string.
#[derive(Debug)]
pub(super) struct Closing<'r, 'a> {
    pub(super) ahead: &'r Ahead<'a>,
    /// What is open, outermost first.
    pub(super) stack: &'r [Bracket],
    pub(super) tail: Tail,
    /// Whether brackets in damaged strings are held to come in pairs.
    pub(super) weighs_brackets: &'r Cell<bool>,
}

impl Closing<'_, '_> {
    pub(super) fn container(&self) -> Option<Bracket> {
        self.stack.last().copied()
    }

    /// Where the string ends whose quote opens at `open`.
    pub(super) fn end(&self, open: usize, place: Place) -> End {
        let end = self.try_end(open, place);
        let follows = self.ahead.byte(self.ahead.after_space(end.resume)).and_then(Bracket::closed_by);
        let fits = end.how != Ending::Cut && (follows.is_none() || follows == self.container());
        if !fits && self.weighs_brackets.get() {
            // The rule of the brackets may have led astray: it is given up for good, so this is paid for once.
            self.weighs_brackets.set(false);
            return self.try_end(open, place);
        }
        end
    }

    fn try_end(&self, open: usize, place: Place) -> End {
        let ahead = self.ahead;
        let quote = ahead.byte(open);
        let mut inner = Inner::default();
        let mut at = open + 1;
        while let Some(byte) = ahead.byte(at) {
            match byte {
                b'\\' => {
                    at += 1;
                    inner.escaped += usize::from(ahead.byte(at) == quote);
                }
                b'{' => inner.curly += 1,
                b'}' => inner.curly -= 1,
                b'[' => inner.square += 1,
                b']' => inner.square -= 1,
                _ if Some(byte) == quote => {
                    let closes = match place {
                        Place::Name => self.closes_name(at, inner),
                        Place::Value => self.closes(at, inner),
                    };
                    if closes {
                        return End { text: at, resume: at + 1, how: Ending::Quote };
                    }
                    if let Some(text) = self.ended_before(open, at, place, inner) {
                        return End { text, resume: text, how: Ending::NoQuote };
                    }
                    inner.quotes += 1;
                }
                _ => {}
            }
            at += 1;
        }
        match place {
            Place::Value => self.before_last_brackets(open, inner),
            Place::Name => None,
        }
        .unwrap_or(End { text: ahead.len(), resume: ahead.len(), how: Ending::Cut })
    }

    /// Whether the quote at `at` closes a name.
    fn closes_name(&self, at: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let next = ahead.after_space(at + 1);
        let Some(byte) = ahead.byte(next) else { return true };
        match byte {
            b':' => true,
            b',' | b'}' => inner.is_paired(),
            b'=' | b'{' | b'[' => inner.quotes == 0,
            b'-' | b'0'..=b'9' if inner.quotes == 0 => next > at + 1 || ahead.number_value(next),
            b't' | b'f' | b'n' => inner.quotes == 0 && next > at + 1,
            _ if is_quote(byte) => inner.quotes == 0 && next > at + 1 && ahead.quoted_value(next),
            _ => ahead.is_comment(next),
        }
    }

    /// Whether the quote at `at` closes a value.
    pub(super) fn closes(&self, at: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let next = ahead.after_space(at + 1);
        let Some(byte) = ahead.byte(next) else { return true };
        let Some(container) = self.container() else { return false };
        match byte {
            b'}' | b']' => return self.brackets_follow(at, next, inner),
            b',' => return self.item_follows(container, next, inner),
            _ if ahead.is_comment(next) => return true,
            _ => {}
        }
        // A comma is missing, or the quote is one inside.
        match container {
            Bracket::Object if is_quote(byte) => ahead.quoted_name(next) == Name::Yes,
            Bracket::Object => ahead.has_newline(at, next) && ahead.bare_name(next) == Name::Yes,
            Bracket::Array => match byte {
                b':' => inner.quotes == 0,
                _ if next == at + 1 => false,
                b'{' | b'[' => inner.quotes == 0,
                b'-' | b'0'..=b'9' => inner.quotes == 0 && ahead.number_value(next),
                _ => {
                    is_quote(byte)
                        && (ahead.quoted_value(next) || inner.quotes == 0 && self.is_followed_by_item(next))
                }
            },
        }
    }

    /// Whether a quote here is the second of two that stand within brackets within the string.
    fn is_in_inner_text(&self, inner: Inner) -> bool {
        self.weighs_brackets.get() && !inner.is_paired() && !inner.is_balanced()
    }

    /// Whether white space and another element follow what stands in quotes at `at`: a list without commas.
    fn is_followed_by_item(&self, at: usize) -> bool {
        let Some(end) = self.ahead.quoted(at) else { return false };
        let next = self.ahead.after_space(end + 1);
        let begins = |byte| is_quote(byte) || matches!(byte, b'{' | b'[') || self.ahead.number_value(next);
        next > end + 1 && self.ahead.byte(next).is_some_and(begins)
    }

    fn item_follows(&self, container: Bracket, comma: usize, inner: Inner) -> bool {
        if self.is_in_inner_text(inner) {
            return false;
        }
        match container {
            Bracket::Object => self.member_follows(comma, inner),
            Bracket::Array => self.element_follows(comma, inner),
        }
    }

    /// Whether a member, or the end of the object, stands behind the comma at `comma`.
    pub(super) fn member_follows(&self, comma: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let next = ahead.after_commas(comma);
        let Some(byte) = ahead.byte(next) else { return true };
        let paired = inner.is_paired();
        match byte {
            b'}' | b']' => self.last_comma(next, inner),
            b'{' | b'[' => inner.quotes == 0,
            _ if ahead.is_comment(next) => true,
            _ if is_quote(byte) => match ahead.quoted_name(next) {
                Name::Yes => true,
                Name::Cut => paired || byte == b'"' && !self.closes_all(next),
                Name::No => paired && self.is_member_without_colon(next),
            },
            _ if inner.quotes == 0 && ahead.ellipsis(next).is_some() => true,
            _ => paired && ahead.bare_name(next) != Name::No,
        }
    }

    /// Whether just brackets follow the quote at `at`.
    fn closes_all(&self, at: usize) -> bool {
        at == self.tail.quote && self.tail.ends_quoted
    }

    /// Whether the comma before the bracket at `next` is one too many, and not part of a string.
    fn last_comma(&self, next: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let is_open = |bracket| self.stack.contains(&bracket);
        if inner.quotes == 0 && ahead.byte(next).and_then(Bracket::closed_by).is_some_and(is_open) {
            return true;
        }
        let mut next = next;
        loop {
            match ahead.byte(next) {
                None | Some(b'{') => return true,
                Some(b'"') => return ahead.quoted_name(next) == Name::Yes,
                Some(b'}' | b']' | b',') => next = ahead.after_space(next + 1),
                Some(_) => return false,
            }
        }
    }

    /// Whether what stands in quotes at `at` is a name whose colon or value is missing.
    fn is_member_without_colon(&self, at: usize) -> bool {
        let Some(end) = self.ahead.quoted(at) else { return false };
        let next = self.ahead.byte(self.ahead.after_space(end + 1));
        matches!(next, Some(b',' | b'}' | b'{' | b'[' | b'"' | b'=' | b'-' | b'0'..=b'9'))
    }

    /// Whether an element, or the end of the array, stands behind the comma at `comma`.
    fn element_follows(&self, comma: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let next = ahead.after_commas(comma);
        let Some(byte) = ahead.byte(next) else { return true };
        match byte {
            b'}' | b']' => self.last_comma(next, inner),
            b'{' | b'[' => true,
            _ if ahead.is_comment(next) => true,
            _ if is_quote(byte) => {
                inner.is_paired()
                    || ahead.quoted(next).is_none_or(|end| {
                        let after = ahead.after_space(end + 1);
                        matches!(ahead.byte(after), None | Some(b',' | b']' | b'}' | b':'))
                    })
            }
            _ => {
                let mut end = next;
                while let Some(other) = ahead.byte(end) {
                    match other {
                        b',' | b']' | b'}' | b'\n' => break,
                        b'"' => {
                            // A number and no comma, or a word whose first quote is missing.
                            let after = ahead.byte(ahead.after_space(end + 1));
                            let is_word = matches!(after, None | Some(b',' | b']'));
                            return inner.quotes == 0 && (is_word || byte == b'-' || byte.is_ascii_digit());
                        }
                        _ => end += 1,
                    }
                }
                true
            }
        }
    }

    /// Whether the brackets at `next` close what is open, behind a quote at `at`.
    fn brackets_follow(&self, at: usize, next: usize, inner: Inner) -> bool {
        let ahead = self.ahead;
        let mut depth = self.stack.len();
        let (mut rest, mut last) = (next, next);
        let fits = ahead.byte(next).and_then(Bracket::closed_by) == self.container();
        let (mut all_known, mut surplus) = (true, false);
        while let Some(bracket) = ahead.byte(rest).and_then(Bracket::closed_by) {
            match after_closing(self.stack, depth, bracket) {
                Some(open) => depth = open,
                None if depth == 0 => surplus = true,
                None => all_known = false,
            }
            last = rest;
            rest = ahead.after_space(rest + 1);
        }
        let Some(byte) = ahead.byte(rest) else { return true };
        if ahead.is_comment(rest) {
            return true;
        }
        let container = depth.checked_sub(1).and_then(|top| self.stack.get(top)).copied();
        let next_member = || member_follows(ahead, rest);
        if !all_known {
            // No such bracket is open: one too many, or part of the string.
            return match container {
                Some(Bracket::Object) => next_member(),
                Some(Bracket::Array) => {
                    let item = ahead.byte(ahead.after_space(rest + 1));
                    fits && inner.quotes == 0 && byte == b',' && matches!(item, Some(b'{' | b'['))
                }
                None => false,
            };
        }
        let Some(container) = container else {
            // All is closed, and something follows: text, another value, or the rest of this string.
            if self.tail.quote > at && (self.is_in_inner_text(inner) || surplus && inner.quotes > 0) {
                return false;
            }
            let value_follows = match byte {
                b'{' | b'[' => true,
                b',' => matches!(ahead.byte(ahead.after_space(rest + 1)), None | Some(b'{' | b'[')),
                _ => false,
            };
            if value_follows || inner.is_balanced() && next_member() {
                return true;
            }
            if self.tail.member > at && self.tail.object < at {
                // More members follow, but no object that they could be in.
                return false;
            }
            let goes_on = inner.quotes > 0 && self.tail.quote > at && self.tail.ends_quoted;
            return !goes_on || inner.is_balanced() && ahead.has_newline(last, rest);
        };
        if fits && inner.quotes == 0 {
            return true;
        }
        match byte {
            b',' if inner.is_paired() => true,
            b',' => self.item_follows(container, rest, inner),
            _ if is_quote(byte) => match container {
                Bracket::Object => ahead.quoted_name(rest) != Name::No,
                Bracket::Array => ahead.quoted_value(rest),
            },
            b'{' | b'[' => container == Bracket::Array,
            _ => false,
        }
    }

    /// Where the string ended before the quote at `at`, if its own closing quote is missing: before the comma or
    /// the line break that stands before a name with its colon; or, for a name, before the colon that stands
    /// before the quote of a value.
    fn ended_before(&self, open: usize, at: usize, place: Place, inner: Inner) -> Option<usize> {
        let ahead = self.ahead;
        let mut before = at;
        while before > open + 1 && ahead.byte(before - 1).is_some_and(|byte| byte.is_ascii_whitespace()) {
            before -= 1;
        }
        let last = if before > open + 1 { ahead.byte(before - 1) } else { None };
        if place == Place::Name {
            let colon = before.checked_sub(1)?;
            return (last == Some(b':') && inner.quotes == 0 && colon > open + 1).then_some(colon);
        }
        if inner.quotes > 0 {
            return None;
        }
        let end = match last? {
            b',' => before - 1,
            _ => before,
        };
        let found = match self.container()? {
            Bracket::Object => {
                (end < before || inner.is_balanced() && ahead.has_newline(before, at))
                    && ahead.quoted_name(at) == Name::Yes
            }
            Bracket::Array => ahead.has_newline(before, at) && ahead.quoted_value(at),
        };
        found.then_some(end)
    }

    /// The end of a string that nothing closes, if the text ends with just the brackets that close all that is
    /// open: before them.
    fn before_last_brackets(&self, open: usize, inner: Inner) -> Option<End> {
        let ahead = self.ahead;
        let mut inner = inner;
        let mut end = ahead.len();
        for bracket in self.stack {
            while end > open + 1 && ahead.byte(end - 1).is_some_and(|byte| byte.is_ascii_whitespace()) {
                end -= 1;
            }
            let last = if end > open + 1 { ahead.byte(end - 1) } else { None };
            if last.and_then(Bracket::closed_by) != Some(*bracket) {
                return None;
            }
            match bracket {
                Bracket::Object => inner.curly += 1,
                Bracket::Array => inner.square += 1,
            }
            end -= 1;
        }
        let found = !self.stack.is_empty() && inner.is_balanced();
        while found && end > open + 1 && ahead.byte(end - 1).is_some_and(|byte| byte.is_ascii_whitespace()) {
            end -= 1;
        }
        found.then_some(End { text: end, resume: end, how: Ending::NoQuote })
    }
}
