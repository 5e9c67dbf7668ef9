//! Damaged texts made from what they mean: that must be shown of them, and all that is wrong must be listed.

use outcrop_json::{End, Outcome, Repair, RepairKind, Severity, repair};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use super::{cases, seen::whole};
use crate::oracle::{Shown, What, shown};

use RepairKind::*;

/// A text, what it means, and where it departs from strict JSON.
#[derive(Clone, Debug)]
pub(crate) struct Damaged {
    pub(crate) text: String,
    pub(crate) value: Shown,
    pub(crate) damage: Vec<Hurt>,
}

/// One departure: what, where, and in which value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hurt {
    kind: RepairKind,
    at: usize,
    node: Option<usize>,
}

/// A piece of a string: as written, as meant, and what is wrong with it.
type Piece = (&'static str, &'static str, Option<RepairKind>);

const PIECES: [Piece; 14] = [
    ("abc", "abc", None),
    ("it's 7 o'clock", "it's 7 o'clock", None),
    ("é😀", "é😀", None),
    ("{[,:", "{[,:", None),
    ("\\n", "\n", None),
    ("\\\\", "\\", None),
    ("\\ud83d\\ude00", "😀", None),
    ("\n", "\n", Some(ControlCharacter)),
    ("\u{1}", "\u{1}", Some(ControlCharacter)),
    ("\\d", "\\d", Some(InvalidEscape)),
    ("\\é", "\\é", Some(InvalidEscape)),
    ("\\u12-", "\\u12-", Some(InvalidEscape)),
    ("\\ud83d-", "\u{fffd}-", Some(LoneSurrogate)),
    ("\\ud800\\u0041", "\u{fffd}A", Some(LoneSurrogate)),
];

/// Pieces of strings in single quotes; a control character is no further departure there.
const SINGLE: [Piece; 6] = [
    ("abc", "abc", None),
    ("say \"hi\"", "say \"hi\"", None),
    ("\\'", "'", None),
    ("\\u00e9", "é", None),
    ("\\d", "\\d", Some(InvalidEscape)),
    ("\\udc00", "\u{fffd}", Some(LoneSurrogate)),
];

const WORDS: [&str; 22] = [
    "cronjob_manage",
    "two words",
    "C:\\new\\x",
    "say \\\"hi\\\"",
    "a:b",
    "it's",
    "n",
    "nul",
    "nullable",
    "trueish",
    "N",
    "Nan",
    "None of these",
    "NaN?",
    "Infinity war",
    "Falsehood",
    "$x",
    "<b>x</b>",
    "http://x.y/z",
    "/etc/passwd",
    "~/notes",
    "café 😀",
];

const LITERALS: [(&str, What, Option<RepairKind>); 9] = [
    ("null", What::Null, None),
    ("true", What::Bool(true), None),
    ("false", What::Bool(false), None),
    ("None", What::Null, Some(PythonLiteral)),
    ("True", What::Bool(true), Some(PythonLiteral)),
    ("False", What::Bool(false), Some(PythonLiteral)),
    ("NaN", What::Null, Some(NotANumber)),
    ("Infinity", What::Null, Some(NotANumber)),
    ("-Infinity", What::Null, Some(NotANumber)),
];

const NUMBERS: [&str; 5] = ["0", "-1", "12.50", "1e3", "123456789012345678901234567890"];

/// A value to be written.
#[derive(Clone, Debug)]
enum Plan {
    Text(Name),
    Bare(&'static str),
    Unopened(&'static str),
    Literal(usize),
    Number(&'static str),
    Array(Vec<(Plan, Joint)>),
    Object(Vec<(Name, Plan, Joint)>),
}

#[derive(Clone, Debug)]
enum Name {
    Double(Vec<Piece>),
    Single(Vec<Piece>),
    /// Only of a member.
    Bare(&'static str),
}

/// What stands around a value: where there is a choice, it is this one.
#[derive(Clone, Debug)]
struct Joint {
    gaps: [Gap; 4],
    no_comma: bool,
    trailing_comma: bool,
}

#[derive(Clone, Copy, Debug)]
enum Gap {
    Space(&'static str),
    Comment(&'static str),
}

/// Whether there is no damage at all, only what has one reading, or any.
#[derive(Clone, Copy, PartialEq)]
enum Most {
    Benign,
    Guess,
}

fn joint(most: Most) -> impl Strategy<Value = Joint> + Clone {
    let space = || select(vec!["", "", " ", "\n\t"]).prop_map(Gap::Space);
    let comment = || select(vec!["/**/", "/* , } * \" */", "// one\n", " //\n "]).prop_map(Gap::Comment);
    let guess = if most == Most::Guess { 1 } else { 0 };
    let gap = prop_oneof![8 => space(), guess => comment()];
    let rarely = |weight: u32| prop::bool::weighted(f64::from(weight) / 6.0);
    ([gap.clone(), gap.clone(), gap.clone(), gap], rarely(guess), rarely(1))
        .prop_map(|(gaps, no_comma, trailing_comma)| Joint { gaps, no_comma, trailing_comma })
}

fn plan(most: Most) -> impl Strategy<Value = Plan> + Clone {
    let guess = if most == Most::Guess { 1 } else { 0 };
    let benign =
        |piece: &Piece| most == Most::Guess || piece.2.is_none_or(|kind| kind.severity() == Severity::Benign);
    let double =
        vec(select(PIECES.into_iter().filter(benign).collect::<Vec<_>>()), 0..4).prop_map(Name::Double);
    let single = vec(select(SINGLE.to_vec()), 0..4).prop_map(Name::Single);
    let text = prop_oneof![6 => double, guess => single];
    let bare_name = select(vec!["a", "path_to", "$ref", "x-y.z", "é", "1st", "null"]).prop_map(Name::Bare);
    let name = prop_oneof![6 => text.clone(), guess => bare_name];
    let literals = if most == Most::Guess { LITERALS.len() } else { 3 };
    let leaf = prop_oneof![
        3 => text.prop_map(Plan::Text),
        2 => (0..literals).prop_map(Plan::Literal),
        2 => select(NUMBERS.to_vec()).prop_map(Plan::Number),
        2 * guess => select(WORDS.to_vec()).prop_map(Plan::Bare),
        guess => select([&WORDS[..], &["true", "Infinity"]].concat()).prop_map(Plan::Unopened),
    ];
    leaf.prop_recursive(4, 16, 4, move |inner| {
        prop_oneof![
            vec((inner.clone(), joint(most)), 0..4).prop_map(Plan::Array),
            vec((name.clone(), inner, joint(most)), 0..4).prop_map(Plan::Object),
        ]
    })
}

/// What stands around the whole.
#[derive(Clone, Copy, Debug)]
enum Frame {
    Nothing,
    ByteOrderMark,
    Fence(&'static str, &'static str),
    Prose(&'static str, &'static str),
    Surplus(&'static str),
    Comments(&'static str, &'static str),
}

fn made(most: Most) -> impl Strategy<Value = Damaged> + Clone {
    let guess = if most == Most::Guess { 1 } else { 0 };
    let fence = vec![("```json\n", "\n```"), ("```\n", "```\n"), ("```", "")];
    let prose = vec![("Here it is: ", ""), ("So `this`: ", "\n"), ("It's\n```json\n", "\n```"), ("/", "")];
    let comments = vec![("// so\n", ""), ("", " /* so */ "), ("/* a */ ", " // b")];
    let frame = prop_oneof![
        4 => Just(Frame::Nothing),
        1 => Just(Frame::ByteOrderMark),
        1 => select(fence).prop_map(|(before, after)| Frame::Fence(before, after)),
        1 => select(vec!["}", "]}", " }\n}}"]).prop_map(Frame::Surplus),
        guess => select(prose).prop_map(|(before, after)| Frame::Prose(before, after)),
        guess => select(comments).prop_map(|(before, after)| Frame::Comments(before, after)),
    ];
    (plan(most), joint(most), frame).prop_map(|(plan, joint, frame)| {
        // Words and single quotes are text before a value, not values, where nothing is open.
        let plan = match plan {
            Plan::Array(_) | Plan::Object(_) => plan,
            plan => Plan::Array(vec![(plan, joint)]),
        };
        let (before, after) = match frame {
            Frame::Nothing => ("", ""),
            Frame::ByteOrderMark => ("\u{feff}", ""),
            Frame::Surplus(after) => ("", after),
            Frame::Fence(before, after) | Frame::Prose(before, after) | Frame::Comments(before, after) => {
                (before, after)
            }
        };
        let mut pen = Pen { text: before.to_owned(), damage: Vec::new(), open: Vec::new(), nodes: 0 };
        let at_start = match frame {
            Frame::ByteOrderMark => Some(ByteOrderMark),
            Frame::Fence(..) => Some(Fence),
            Frame::Prose(..) => Some(TextBefore),
            Frame::Comments(..) if !before.is_empty() => Some(Comment),
            _ => None,
        };
        at_start.into_iter().for_each(|kind| pen.hurt_at(0, kind));
        let value = pen.value(&plan);
        let end = pen.text.len();
        match frame {
            Frame::Surplus(_) => {
                after.match_indices(['}', ']']).for_each(|(at, _)| pen.hurt_at(end + at, SurplusClose));
            }
            Frame::Comments(..) => after.find('/').into_iter().for_each(|at| pen.hurt_at(end + at, Comment)),
            _ => {}
        }
        pen.text.push_str(after);
        Damaged { text: pen.text, value, damage: pen.damage }
    })
}

/// A text with any damage that is read all the same.
pub(crate) fn damaged() -> impl Strategy<Value = Damaged> + Clone {
    made(Most::Guess)
}

/// A text with damage that has one reading.
pub(crate) fn benign() -> impl Strategy<Value = Damaged> + Clone {
    made(Most::Benign)
}

struct Pen {
    text: String,
    damage: Vec<Hurt>,
    /// The values being written, and how many were begun.
    open: Vec<usize>,
    nodes: usize,
}

impl Pen {
    /// What comes next departs from strict JSON.
    fn hurt(&mut self, kind: RepairKind) {
        self.hurt_at(self.text.len(), kind);
    }

    fn hurt_at(&mut self, at: usize, kind: RepairKind) {
        self.damage.push(Hurt { kind, at, node: self.open.last().copied() });
    }

    fn gap(&mut self, gap: Gap) {
        match gap {
            Gap::Space(space) => self.text.push_str(space),
            Gap::Comment(comment) => {
                self.hurt_at(self.text.len() + comment.find('/').unwrap_or_default(), Comment);
                self.text.push_str(comment);
            }
        }
    }

    /// Where a comment would be taken for the end of a word.
    fn space(&mut self, gap: Gap) {
        if let Gap::Space(space) = gap {
            self.text.push_str(space);
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) -> String {
        for (written, _, wrong) in pieces {
            wrong.iter().for_each(|kind| self.hurt(*kind));
            self.text.push_str(written);
        }
        pieces.iter().map(|(_, meant, _)| *meant).collect()
    }

    fn name(&mut self, name: &Name) -> String {
        match name {
            Name::Bare(word) => {
                self.hurt(BareKey);
                self.text.push_str(word);
                (*word).to_owned()
            }
            Name::Double(pieces) => {
                self.text.push('"');
                let meant = self.pieces(pieces);
                self.text.push('"');
                meant
            }
            Name::Single(pieces) => {
                self.hurt(SingleQuotes);
                self.text.push('\'');
                let meant = self.pieces(pieces);
                self.text.push('\'');
                meant
            }
        }
    }

    fn value(&mut self, plan: &Plan) -> Shown {
        let at = self.text.len();
        self.open.push(self.nodes);
        self.nodes += 1;
        let what = match plan {
            Plan::Text(name) => What::String(self.name(name)),
            Plan::Bare(word) | Plan::Unopened(word) => {
                let is_closed = matches!(plan, Plan::Unopened(_));
                self.hurt(if is_closed { MissingOpenQuote } else { BareWord });
                self.text.push_str(word);
                self.text.push_str(if is_closed { "\"" } else { "" });
                What::String((*word).to_owned())
            }
            Plan::Literal(which) => {
                let (word, what, wrong) = &LITERALS[*which];
                wrong.iter().for_each(|kind| self.hurt(*kind));
                self.text.push_str(word);
                what.clone()
            }
            Plan::Number(digits) => {
                self.text.push_str(digits);
                What::Number((*digits).to_owned())
            }
            Plan::Array(items) => {
                self.text.push('[');
                let mut shown = Vec::new();
                for (index, (item, joint)) in items.iter().enumerate() {
                    if index == 0 {
                        self.gap(joint.gaps[0]);
                    }
                    shown.push(self.value(item));
                    let next =
                        items.get(index + 1).map(|(next, next_joint)| (begins_after(item, next), next_joint));
                    self.join(item, joint, next);
                }
                self.text.push(']');
                What::Array(shown)
            }
            Plan::Object(members) => {
                self.text.push('{');
                let mut shown = Vec::new();
                for (index, (name, member, joint)) in members.iter().enumerate() {
                    if index == 0 {
                        self.gap(joint.gaps[0]);
                    }
                    let name = self.name(name);
                    self.gap(joint.gaps[2]);
                    self.text.push(':');
                    self.gap(joint.gaps[3]);
                    shown.push((name, self.value(member)));
                    let next = members
                        .get(index + 1)
                        .map(|(next, _, next_joint)| (!matches!(next, Name::Bare(_)), next_joint));
                    self.join(member, joint, next);
                }
                self.text.push('}');
                What::Object(shown)
            }
        };
        self.open.pop();
        Shown { at, complete: true, what }
    }

    /// What follows a value, up to the next or to the end of what it is in. `next` tells whether a comma before the
    /// next may be missing.
    fn join(&mut self, value: &Plan, joint: &Joint, next: Option<(bool, &Joint)>) {
        let delimited = matches!(value, Plan::Text(_) | Plan::Unopened(_) | Plan::Array(_) | Plan::Object(_));
        if delimited {
            self.gap(joint.gaps[1]);
        } else {
            self.space(joint.gaps[1]);
        }
        let swallows = match value {
            Plan::Bare(_) => true,
            Plan::Literal(which) => LITERALS[*which].2.is_some(),
            _ => false,
        };
        match next {
            Some((true, next)) if joint.no_comma && !swallows => {
                self.text.push(' ');
                self.gap(next.gaps[0]);
                self.hurt(MissingComma);
            }
            Some((_, next)) => {
                self.text.push(',');
                self.gap(next.gaps[0]);
            }
            // It shows at the bracket.
            None if joint.trailing_comma => {
                self.text.push(',');
                self.gap(joint.gaps[2]);
                self.hurt(TrailingComma);
            }
            None => {}
        }
    }
}

/// Whether `next` is seen to be another element without a comma.
fn begins_after(item: &Plan, next: &Plan) -> bool {
    match next {
        Plan::Text(Name::Double(_)) | Plan::Array(_) | Plan::Object(_) => true,
        Plan::Number(_) => !matches!(item, Plan::Text(_) | Plan::Unopened(_)),
        _ => false,
    }
}

/// Which of the values hold no others, in the order in which they begin.
fn leaves(value: &Shown, found: &mut Vec<bool>) {
    found.push(!matches!(value.what, What::Array(_) | What::Object(_)));
    match &value.what {
        What::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        What::Object(members) => members.iter().for_each(|(_, member)| leaves(member, found)),
        _ => {}
    }
}

/// What is listed, if it is not what was done.
fn listed_otherwise(repairs: &[Repair], Damaged { value, damage, .. }: &Damaged) -> Option<String> {
    let mut is_leaf = Vec::new();
    leaves(value, &mut is_leaf);
    let repairs: Vec<_> = repairs.iter().filter(|repair| repair.kind != DuplicateKey).collect();
    let node = |repair: &Repair| repair.node.map(|node| node.index());
    for hurt in damage {
        let places = damage.iter().filter(|other| (other.kind, other.node) == (hurt.kind, hurt.node));
        let places: Vec<_> = places.map(|hurt| hurt.at).collect();
        // Several of a kind in a value are one with a count; a few, where other values lie between them.
        let listed: Vec<_> =
            repairs.iter().filter(|repair| (repair.kind, node(repair)) == (hurt.kind, hurt.node)).collect();
        let count: u32 = listed.iter().map(|repair| repair.count).sum();
        let is_leaf = hurt.node.is_some_and(|node| is_leaf[node]);
        if count as usize != places.len()
            || is_leaf && listed.len() > 1
            || listed.first().is_none_or(|first| first.offset != places[0])
            || !listed.iter().all(|repair| places.contains(&repair.offset))
        {
            return Some(format!("{listed:?} of {places:?}"));
        }
    }
    let count: u32 = repairs.iter().map(|repair| repair.count).sum();
    (count as usize != damage.len()).then(|| format!("{count} of {}", damage.len()))
}

proptest! {
    #![proptest_config(cases(1024))]

    /// What was meant is shown, and each departure is listed, in its place.
    #[test]
    fn damage_is_read_as_meant(damaged in damaged()) {
        let mut live = whole(&damaged.text);
        prop_assert_eq!(live.error(), None);
        prop_assert_eq!(live.root().map(shown), Some(damaged.value.clone()));
        let outcome = live.finish(End::Whole);
        prop_assert_eq!(listed_otherwise(outcome.repairs(), &damaged), None);
        let worst = damaged.damage.iter().map(|hurt| hurt.kind.severity()).max();
        prop_assert!(
            match worst {
                None | Some(Severity::Note) => matches!(outcome, Outcome::Complete(_)),
                Some(Severity::Benign) => matches!(outcome, Outcome::Repaired(_)),
                _ => matches!(outcome, Outcome::Guessed(_)),
            },
            "{:?}", outcome
        );
    }

    /// Of a text that is read to its end, no beginning is wrong; each is cut, or ended already.
    #[test]
    fn damage_that_was_cut_is_not_wrong(damaged in damaged(), at in any::<Index>()) {
        let at = at.index(damaged.text.len() + 1);
        let at = (at..).find(|at| damaged.text.is_char_boundary(*at)).unwrap();
        let mut live = whole(&damaged.text[..at]);
        prop_assert_eq!(live.error(), None);
        let complete = live.root().is_some_and(|root| root.is_complete());
        let outcome = live.finish(End::Cut);
        prop_assert!(complete || matches!(outcome, Outcome::Truncated(_)), "{:?}", outcome);
        prop_assert!(!matches!(outcome, Outcome::Invalid(_)), "{:?}", outcome);
    }

    /// What has one reading is read so by the repair of the whole text, too.
    #[test]
    fn benign_damage_is_repaired_alike(damaged in benign()) {
        let proposal = repair(&damaged.text).unwrap();
        let value = serde_json::from_str(&proposal.json).unwrap();
        prop_assert_eq!(Some(Ok(value)), whole(&damaged.text).root().map(|root| root.to_value()));
        let mut listed: Vec<_> = proposal.repairs.iter().map(|repair| repair.kind).collect();
        listed.retain(|kind| *kind != DuplicateKey);
        let mut kinds: Vec<_> = damaged.damage.iter().map(|hurt| hurt.kind).collect();
        kinds.sort_by_key(|kind| *kind as u8);
        kinds.dedup();
        listed.sort_by_key(|kind| *kind as u8);
        listed.dedup();
        prop_assert_eq!(listed, kinds);
    }

    /// What has one reading has no guess in it, and is not taken for strict JSON.
    #[test]
    fn benign_damage_is_repaired(damaged in benign()) {
        let outcome = whole(&damaged.text).finish(End::Whole);
        prop_assert_eq!(damaged.damage.is_empty(), outcome.is_complete());
        prop_assert!(damaged.damage.is_empty() || matches!(outcome, Outcome::Repaired(_)), "{:?}", outcome);
    }
}
