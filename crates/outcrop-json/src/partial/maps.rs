//! Arrays of all kinds, and maps.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    fmt,
    hash::Hash,
};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    HasPartial, List, Part, PartialValue, Reading,
    fields::{Fields, Flatten, Sink, Visit},
};
use crate::{Kind, NodeRef};

macro_rules! lists {
    ($(impl [$($generics:tt)*] for $type:ty),* $(,)?) => {
        $(impl<T: HasPartial, $($generics)*> HasPartial for $type {
            type Partial = List<T::Partial>;
        })*
    };
}

lists! {
    impl [] for Vec<T>,
    impl [] for Box<[T]>,
    impl [const N: usize] for [T; N],
    impl [] for VecDeque<T>,
    impl [] for LinkedList<T>,
    impl [] for BTreeSet<T>,
    impl [S] for HashSet<T, S>,
    impl [] for BinaryHeap<T>,
}

macro_rules! maps {
    ($(impl [$($hasher:ident)?] for $map:ident: $($bound:path),*;)*) => {
        $(
            impl<K, V: HasPartial $(, $hasher)?> HasPartial for $map<K, V $(, $hasher)?>
            where
                K: $($bound +)* Clone + fmt::Debug + Serialize + DeserializeOwned,
            {
                type Partial = $map<K, Part<V::Partial>>;
            }

            impl<K, P: PartialValue> PartialValue for $map<K, Part<P>>
            where
                K: $($bound +)* Clone + fmt::Debug + Serialize + DeserializeOwned,
            {
                fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
                    if node.kind() != Kind::Object {
                        reading.unfit(node, "expected an object");
                        return None;
                    }
                    let mut map = Self::new();
                    map.update(node, reading);
                    Some(map)
                }

                fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
                    let mut changed = false;
                    for member in reading.children(node) {
                        let key: K = match crate::de::key(member.key().unwrap_or_default()) {
                            Ok(key) => key,
                            Err(why) => {
                                reading.unfit(member, why);
                                continue;
                            }
                        };
                        if let Some(part) = self.get_mut(&key) {
                            changed |= part.update(member, reading);
                            continue;
                        }
                        let mut part = Part::Absent;
                        if part.update(member, reading) {
                            self.insert(key, part);
                            changed = true;
                        }
                    }
                    changed
                }
            }

            impl<K, P: PartialValue> Flatten for $map<K, Part<P>>
            where
                K: $($bound +)* Clone + fmt::Debug + Serialize + DeserializeOwned,
            {
                type Held = Self;
            }

            /// A map into which the members of an object are flattened that nobody else takes.
            impl<K, P: PartialValue> Fields for $map<K, Part<P>>
            where
                K: $($bound +)* Clone + fmt::Debug + Serialize + DeserializeOwned,
            {
                const ANY: bool = true;

                fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
                    let key: K = match crate::de::key(name) {
                        Ok(key) => key,
                        Err(why) => return Ok(visit.refuse(&why)),
                    };
                    if let Some(part) = self.get_mut(&key) {
                        return Ok(visit.visit(part));
                    }
                    let mut part = Part::Absent;
                    let out = visit.visit(&mut part);
                    if !part.is_absent() {
                        self.insert(key, part);
                    }
                    Ok(out)
                }

                fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
                    self.iter().try_for_each(|(key, part)| sink.put(key, part))
                }
            }
        )*
    };
}

impl HasPartial for serde_json::Map<String, serde_json::Value> {
    type Partial = BTreeMap<String, Part<serde_json::Value>>;
}

maps! {
    impl [] for BTreeMap: Ord;
    impl [S] for HashMap: Eq, Hash;
}
