//! [`List`]: the elements of an array so far.

use std::{fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};

use super::{Part, PartialValue, Reading};
use crate::{Kind, NodeRef};

/// The elements of an array so far; all of them are complete but perhaps the last.
///
/// It reads as a slice. An element of which nothing can be shown yet is not in it.
///
/// ```
/// use outcrop_json::{List, LiveJson};
///
/// let mut live = LiveJson::new();
/// live.push(r#"["one", "tw"#)?;
/// let list: List<String> = live.partial()?;
/// assert_eq!(list[..], ["one", "tw"]);
/// assert_eq!(list.done(), ["one"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<P> {
    items: Vec<P>,
    /// The last of them may still grow.
    growing: bool,
}

impl<P> List<P> {
    /// The elements that are complete: they do not change any more.
    pub fn done(&self) -> &[P] {
        let done = self.items.len().saturating_sub(usize::from(self.growing));
        self.items.get(..done).unwrap_or_default()
    }

    /// The last element, if it may still grow.
    pub fn growing(&self) -> Option<&P> {
        self.items.last().filter(|_| self.growing)
    }

    /// The elements, kept.
    pub fn into_vec(self) -> Vec<P> {
        self.items
    }
}

impl<P> Default for List<P> {
    fn default() -> Self {
        Self { items: Vec::new(), growing: false }
    }
}

impl<P> Deref for List<P> {
    type Target = [P];

    fn deref(&self) -> &[P] {
        &self.items
    }
}

impl<'a, P> IntoIterator for &'a List<P> {
    type Item = &'a P;
    type IntoIter = std::slice::Iter<'a, P>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<P> IntoIterator for List<P> {
    type Item = P;
    type IntoIter = std::vec::IntoIter<P>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<P: PartialValue> PartialValue for List<P> {
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        if node.kind() != Kind::Array {
            reading.unfit(node, "expected an array");
            return None;
        }
        let mut list = Self::default();
        list.update(node, reading);
        Some(list)
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        let mut changed = false;
        for element in reading.children(node) {
            let done = element.is_complete();
            match self.items.last_mut().filter(|_| self.growing && !reading.is_new(element)) {
                Some(last) => changed |= last.update(element, reading) || done,
                None if !done && !P::GROWS => continue,
                None => match P::read(element, reading) {
                    Some(item) => {
                        self.items.push(item);
                        changed = true;
                    }
                    None => continue,
                },
            }
            self.growing = !done;
        }
        changed
    }
}

impl<P: Serialize> Serialize for List<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<'de, P: PartialValue> Deserialize<'de> for List<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<P>(PhantomData<P>);

        impl<'de, P: PartialValue> Visitor<'de> for ListVisitor<P> {
            type Value = List<P>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<P>, A::Error> {
                let mut list = List::default();
                while let Some(part) = seq.next_element::<Part<P>>()? {
                    list.growing = part.is_growing();
                    list.items.extend(part.into_option());
                }
                Ok(list)
            }
        }

        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}
