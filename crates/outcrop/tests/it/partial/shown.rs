//! What a companion shows, read from its `Debug` form, so that every place can be compared with what it is later,
//! whatever the type.

#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    /// A word, a number, or text in quotes.
    Word(String),
    /// `Name(..)`, `Name { name: .. }`, `[..]`, `{name: ..}`: a name, and what is in it.
    Of(String, Vec<(String, Shown)>),
}

impl Shown {
    pub(super) fn of(value: &impl std::fmt::Debug) -> Self {
        let text = format!("{value:?}");
        let mut rest = &text[..];
        let shown = read(&mut rest);
        assert!(rest.is_empty(), "{rest:?} is left of {text}");
        shown
    }

    /// Whether this is an earlier state of `later`. What is done must be the same.
    pub(super) fn agrees(&self, later: &Self) -> bool {
        match (self, later) {
            // What is flattened and may be missing is there once one of its members is.
            (Self::Word(now), _) if now == "Absent" || now == "None" => true,
            (Self::Word(now), Self::Word(later)) => {
                now == later
                    || now.strip_suffix('"').is_some_and(|now| now.starts_with('"') && later.starts_with(now))
            }
            (Self::Of(state, now), Self::Of(_, later)) if state == "Done" => now == later,
            (Self::Of(state, now), Self::Of(other, later)) if state == "Growing" => {
                matches!(&other[..], "Growing" | "Done") && now[0].1.agrees(&later[0].1)
            }
            (Self::Of(list, now), Self::Of(other, later)) if list == "List" && other == "List" => {
                let (Self::Of(_, now), Self::Of(_, later), Self::Word(growing)) =
                    (&now[0].1, &later[0].1, &now[1].1)
                else {
                    return false;
                };
                let done = now.len() - usize::from(growing == "true");
                now.len() <= later.len()
                    && now[..done] == later[..done]
                    && now[done..].iter().zip(&later[done..]).all(|((_, now), (_, later))| now.agrees(later))
            }
            // Elements of a `Value`, whose last may grow, are found by their place, and all else by name.
            (Self::Of(name, now), Self::Of(other, later)) => {
                name == other
                    && now.iter().all(|(name, now)| {
                        later
                            .iter()
                            .find(|(other, _)| other == name)
                            .is_some_and(|(_, later)| now.agrees(later))
                    })
            }
            _ => false,
        }
    }

    /// Whether some place may still grow.
    pub(super) fn grows(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Of(name, parts) => {
                name == "Growing"
                    || name == "List" && parts[1].1 == Self::Word("true".into())
                    || parts.iter().any(|(_, part)| part.grows())
            }
        }
    }
}

fn read(rest: &mut &str) -> Shown {
    let name = word(rest);
    let close = match rest.trim_start().chars().next() {
        Some('(') => ')',
        Some('{') => '}',
        Some('[') => ']',
        _ => return Shown::Word(name),
    };
    *rest = rest.trim_start().get(1..).unwrap();
    let mut parts: Vec<(String, Shown)> = Vec::new();
    loop {
        *rest = rest.trim_start_matches([' ', ',']);
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return Shown::Of(name, parts);
        }
        let mut part = (parts.len().to_string(), read(rest));
        if let Some(after) = rest.strip_prefix(':') {
            *rest = after.trim_start();
            let Shown::Word(name) = part.1 else { panic!("{:?} is no name", part.1) };
            part = (name, read(rest));
        }
        parts.push(part);
    }
}

fn word(rest: &mut &str) -> String {
    let end = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            let close = rest[1..].find(|letter| {
                let ends = letter == quote && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            });
            close.expect("a closing quote") + 2
        }
        _ => rest.find([' ', ',', ':', '(', ')', '{', '}', '[', ']']).unwrap_or(rest.len()),
    };
    let (word, after) = rest.split_at(end);
    *rest = after;
    word.to_owned()
}
