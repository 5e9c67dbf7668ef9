//! Plain conversation: short answers that refer to what was said, now and before.
//!
//! # Invariants
//! - The system prompt shapes an answer and is never quoted.
//! - The first answer of a conversation that is not dictated by the user names the demo model.

use outcrop_core::{ContentBlock, Message, Role, wire::MediaSource};

use super::{
    facts::{Facts, Kind},
    view::{View, text_of},
    words::{shorten, stem, words},
};

/// Numbers and words that are written at most when many are asked for.
const MAX_COUNT: usize = 5000;
const SENTENCES: [&str; 6] = [
    "The demo model writes this to fill the page.",
    "Nothing in it was thought, and it is the same each time.",
    "A lamp stood by the window and the rain went on.",
    "Someone counted the steps and began again.",
    "The letter had been read before it came.",
    "So the day went by.",
];

/// What is said to `prompt`.
pub(super) fn answer(view: &View<'_>, prompt: &str) -> String {
    let first = !view.request.messages.iter().any(|message| message.role == Role::Assistant);
    let attached = attachments(view.turn().first());
    let said = dictated(prompt)
        .or_else(|| remembered(view, prompt))
        .or_else(|| counted(prompt))
        .or_else(|| told(prompt))
        .or_else(|| reckoned(prompt));
    let text = match said {
        Some(text) => text,
        None if !attached.is_empty() => String::new(),
        None if is_greeting(prompt) => {
            "Hello! I am the demo model, a stand-in for a real one. What can I do?".to_owned()
        }
        None if prompt.trim().is_empty() => "I am the demo model, and I read no text from you.".to_owned(),
        None => {
            let about = shorten(prompt.trim(), 160);
            let turn = view
                .earlier()
                .iter()
                .filter(|message| message.role == Role::User && !text_of(message).is_empty())
                .count()
                + 1;
            match first {
                true => format!("I am the demo model, a stand-in for a real one. You said: “{about}”."),
                false => format!("You said: “{about}”. That is message {turn} to the demo model."),
            }
        }
    };
    let parts: Vec<String> = [attached, text].into_iter().filter(|part| !part.is_empty()).collect();
    shaped(view, parts.join(" "))
}

/// What the system prompt or the prompt asks of the form: one word, JSON, capitals, French.
pub(super) fn shaped(view: &View<'_>, text: String) -> String {
    let system = view.system().to_lowercase();
    let asks = |words: &[&str]| words.iter().any(|words| system.contains(words));
    if asks(&["one word", "single word"]) {
        return words(&text).next().unwrap_or("demo").to_owned();
    }
    if asks(&["in json", "as json", "json only", "only json", "valid json"]) {
        return serde_json::json!({ "answer": text }).to_string();
    }
    if asks(&["uppercase", "upper case", "capital letters", "all caps"]) {
        return text.to_uppercase();
    }
    if asks(&["in french", "en français"]) {
        return format!("Modèle de démonstration, en français : {text}");
    }
    text
}

fn is_greeting(prompt: &str) -> bool {
    let all: Vec<String> = words(prompt).map(str::to_lowercase).collect();
    let greets = |word: &String| {
        matches!(word.as_str(), "hello" | "hi" | "hey" | "hallo" | "bonjour" | "olá" | "greetings")
    };
    all.len() <= 3 && all.first().is_some_and(greets)
}

/// "Say …", "Reply with …": that, and nothing else.
fn dictated(prompt: &str) -> Option<String> {
    const LEADS: [&str; 9] = [
        "say ",
        "repeat ",
        "reply with ",
        "respond with ",
        "answer with ",
        "echo ",
        "reply ",
        "repeat: ",
        "say: ",
    ];
    const FILLERS: [&str; 14] = [
        "exactly",
        "only",
        "just",
        "the",
        "word",
        "words",
        "text",
        "single",
        "following",
        "after",
        "me",
        "phrase",
        "with",
        "this",
    ];
    prompt.split_inclusive(['\n', '.', '!', '?']).find_map(|sentence| {
        let sentence = sentence.trim().trim_end_matches(['.', '\n']);
        let plain = sentence.strip_prefix("Please ").or(sentence.strip_prefix("please ")).unwrap_or(sentence);
        let lead = LEADS
            .iter()
            .find(|lead| plain.get(..lead.len()).is_some_and(|start| start.eq_ignore_ascii_case(lead)))?;
        let mut rest = plain.get(lead.len()..)?.trim_start();
        if let Some((_, fact)) = Facts::of(rest).of_kind(Kind::Quoted).next() {
            return Some(fact.text.clone());
        }
        while let Some((word, more)) = rest.split_once(char::is_whitespace)
            && FILLERS.contains(&word.trim_end_matches([':', ',']).to_lowercase().as_str())
        {
            rest = more.trim_start();
        }
        let rest = rest.trim_start_matches(':').trim();
        Some(rest.to_owned()).filter(|rest| !rest.is_empty())
    })
}

/// "What is my name?" from "My name is Ada" said before.
fn remembered(view: &View<'_>, prompt: &str) -> Option<String> {
    let asked: Vec<String> = words(prompt).map(str::to_lowercase).collect();
    let asks = prompt.contains('?')
        || asked.first().is_some_and(|word| matches!(word.as_str(), "what" | "who" | "what's" | "tell"));
    let users = || view.earlier().iter().rev().filter(|message| message.role == Role::User);
    if asks && asked.windows(3).any(|three| three == ["did", "i", "say"]) {
        let before = users().map(text_of).find(|text| !text.trim().is_empty())?;
        return Some(format!("You said: “{}”.", shorten(before.trim(), 200)));
    }
    let at = asked.iter().position(|word| word == "my").filter(|_| asks)?;
    let wanted: Vec<String> = asked[at + 1..].iter().take(4).map(|word| stem(word)).collect();
    let wanted: Vec<&String> =
        wanted.iter().take_while(|word| !matches!(word.as_str(), "again" | "is" | "was" | "pleas")).collect();
    let what = asked[at + 1..].iter().take(wanted.len()).cloned().collect::<Vec<_>>().join(" ");
    if wanted.is_empty() {
        return None;
    }
    let found = users().find_map(|message| stated(&text_of(message), &wanted));
    Some(match found {
        Some(value) => format!("You said your {what} is {value}."),
        None => format!("You have not told the demo model your {what}."),
    })
}

/// The value in "my … is VALUE" or, for a name, "I am VALUE", "call me VALUE".
fn stated(text: &str, wanted: &[&String]) -> Option<String> {
    let ends = ['.', ',', '!', '?', ';', '\n'];
    for sentence in text.split_inclusive(ends) {
        let all: Vec<&str> = sentence.trim_end_matches(ends).split_whitespace().collect();
        let lower: Vec<String> = all.iter().map(|word| word.to_lowercase()).collect();
        let my = lower.iter().position(|word| word == "my").and_then(|at| {
            let is =
                at + lower[at..].iter().position(|word| matches!(word.as_str(), "is" | "are" | "was"))?;
            let own: Vec<String> = lower[at + 1..is].iter().map(|word| stem(word)).collect();
            own.iter().collect::<Vec<_>>().as_slice().eq(wanted).then_some(is + 1)
        });
        let called = || {
            let name = wanted.len() == 1 && *wanted[0] == stem("name");
            let at = lower.windows(2).position(|two| {
                matches!((two[0].as_str(), two[1].as_str()), ("i", "am") | ("call", "me") | ("am", "called"))
            });
            let at = at
                .map(|at| at + 2)
                .or(lower.iter().position(|word| word == "i'm" || word == "i’m").map(|at| at + 1));
            at.filter(|at| name && all.get(*at).is_some_and(|word| word.starts_with(char::is_uppercase)))
        };
        if let Some(rest) = my.or_else(called).and_then(|at| all.get(at..)).filter(|rest| !rest.is_empty()) {
            let until = rest.iter().position(|word| *word == "and").unwrap_or(rest.len());
            return Some(rest[..until.max(1)].join(" "));
        }
    }
    None
}

/// "Count to 20".
fn counted(prompt: &str) -> Option<String> {
    let all: Vec<String> = words(prompt).map(str::to_lowercase).collect();
    let at = all.iter().position(|word| word == "count")?;
    let to = at + all[at..].iter().position(|word| word == "to")?;
    let last: usize = all.get(to + 1)?.parse().ok()?;
    Some((1..=last.min(MAX_COUNT)).map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
}

/// A story, an essay, "300 words": as many words as asked for.
fn told(prompt: &str) -> Option<String> {
    let all: Vec<String> = words(prompt).map(str::to_lowercase).collect();
    let number = all.windows(2).find(|two| two[1] == "words").and_then(|two| two[0].parse::<usize>().ok());
    let tells = all.iter().any(|word| matches!(word.as_str(), "story" | "essay" | "poem" | "paragraph"));
    let count = number.or(tells.then_some(60))?.clamp(1, MAX_COUNT);
    let text = SENTENCES.iter().cycle().flat_map(|sentence| sentence.split(' ')).take(count);
    Some(text.collect::<Vec<_>>().join(" "))
}

/// "2 + 3 * 4".
fn reckoned(prompt: &str) -> Option<String> {
    let facts = Facts::of(prompt);
    let (_, sum) = facts.of_kind(Kind::Math).next()?;
    let letters: Vec<char> = sum.text.chars().filter(|letter| *letter != ' ').take(200).collect();
    let mut sums = Sums { letters, at: 0 };
    let value = sums.level(0, 0).filter(|value| value.is_finite() && sums.at == sums.letters.len())?;
    let value = (value * 1e9).round() / 1e9;
    Some(format!("{} = {value}, says the demo model.", sum.text))
}

struct Sums {
    letters: Vec<char>,
    at: usize,
}

impl Sums {
    fn level(&mut self, level: usize, depth: usize) -> Option<f64> {
        const SIGNS: [&[char]; 3] = [&['+', '-'], &['*', '/', '×', '÷'], &['^']];
        let Some(signs) = SIGNS.get(level) else { return self.single(depth) };
        let mut value = self.level(level + 1, depth)?;
        while let Some(sign) = self.letters.get(self.at).copied().filter(|sign| signs.contains(sign)) {
            self.at += 1;
            let other = self.level(level + 1, depth)?;
            value = match sign {
                '+' => value + other,
                '-' => value - other,
                '*' | '×' => value * other,
                '^' => value.powf(other),
                _ => value / other,
            };
        }
        Some(value)
    }

    fn single(&mut self, depth: usize) -> Option<f64> {
        match self.letters.get(self.at)? {
            '(' if depth < 20 => {
                self.at += 1;
                let value = self.level(0, depth + 1)?;
                (self.letters.get(self.at) == Some(&')')).then(|| self.at += 1)?;
                Some(value)
            }
            '-' if depth < 20 => {
                self.at += 1;
                Some(-self.single(depth + 1)?)
            }
            _ => {
                let digits: String = self.letters[self.at..]
                    .iter()
                    .take_while(|letter| letter.is_ascii_digit() || **letter == '.')
                    .collect();
                self.at += digits.chars().count();
                digits.parse().ok()
            }
        }
    }
}

/// What came with the prompt: names, formats, sizes.
fn attachments(message: Option<&Message>) -> String {
    let mut parts = Vec::new();
    let size = |source: Option<&MediaSource>| match source {
        Some(MediaSource::Bytes(bytes)) => format!("{} bytes", bytes.0.len()),
        Some(MediaSource::S3Location(place)) => place.uri.clone(),
        _ => "of unknown size".to_owned(),
    };
    for block in message.into_iter().flat_map(|message| &message.content) {
        match block {
            ContentBlock::Image(image) => {
                parts.push(format!("a {} picture ({})", image.format, size(image.source.as_ref())))
            }
            ContentBlock::Video(video) => {
                parts.push(format!("a {} video ({})", video.format, size(Some(&video.source))))
            }
            ContentBlock::Audio(audio) => {
                parts.push(format!("a {} sound ({})", audio.format, size(audio.source.as_ref())))
            }
            ContentBlock::Document(document) => {
                let format = document.format.as_ref().map_or("text", |format| format.as_str());
                parts.push(format!(
                    "the {format} document “{}” ({})",
                    document.name,
                    super::cite::document_size(document)
                ));
            }
            ContentBlock::SearchResult(found) => parts.push(format!("the search result “{}”", found.title)),
            _ => {}
        }
    }
    if parts.is_empty() { String::new() } else { format!("The demo model sees {}.", parts.join(", ")) }
}
