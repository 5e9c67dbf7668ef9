//! What grows by itself: text, `serde_json::Value`; and what only wraps: `Option`, `Box`.

use std::{borrow::Cow, marker::PhantomData, rc::Rc, sync::Arc};

use serde_json::Value;

use super::{HasPartial, PartialValue, Reading, replace};
use crate::{Kind, NodeRef};

macro_rules! text {
    ($($type:ty),*) => {
        $(impl HasPartial for $type {
            type Partial = String;
        })*
    };
}

text!(String, Box<str>, Arc<str>, Rc<str>, Cow<'static, str>);

impl PartialValue for String {
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        let text = node.as_str().map(str::to_owned);
        if text.is_none() {
            reading.unfit(node, "expected a string");
        }
        text
    }

    fn update(&mut self, node: NodeRef<'_>, _: &mut Reading) -> bool {
        let more = node.text().get(self.len()..).unwrap_or_default();
        self.push_str(more);
        !more.is_empty()
    }
}

impl HasPartial for Value {
    type Partial = Self;
}

impl PartialValue for Value {
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        match node.kind() {
            Kind::Array | Kind::Object => {
                let mut value = if node.kind() == Kind::Array {
                    Self::Array(Vec::new())
                } else {
                    Self::Object(Default::default())
                };
                value.update(node, reading);
                Some(value)
            }
            Kind::String => Some(Self::String(node.text().to_owned())),
            Kind::Null | Kind::Bool | Kind::Number => reading.decode(node),
        }
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        let mut changed = false;
        match self {
            Self::String(text) => changed = text.update(node, reading),
            Self::Array(items) => {
                for element in reading.children(node) {
                    match items.last_mut().filter(|_| !reading.is_new(element)) {
                        // All that was open is here, and the last.
                        Some(last) => changed |= last.update(element, reading),
                        None => {
                            let read = Self::read(element, reading);
                            changed |= read.is_some();
                            items.extend(read);
                        }
                    }
                }
            }
            Self::Object(members) => {
                for member in reading.children(node) {
                    let key = member.key().unwrap_or_default();
                    match members.get_mut(key).filter(|_| !reading.is_new(member)) {
                        Some(value) => changed |= value.update(member, reading),
                        None => {
                            if let Some(value) = Self::read(member, reading) {
                                reading.shown(member);
                                changed |= match members.get_mut(key) {
                                    Some(place) => replace(place, value),
                                    None => members.insert(key.to_owned(), value).is_none(),
                                };
                            }
                        }
                    }
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
        changed
    }
}

impl<T: ?Sized> HasPartial for PhantomData<T> {
    type Partial = ();
}

impl<T: HasPartial> HasPartial for Option<T> {
    type Partial = Option<T::Partial>;
}

impl<P: PartialValue> PartialValue for Option<P> {
    const GROWS: bool = P::GROWS;

    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        if node.is_null() { Some(None) } else { P::read(node, reading).map(Some) }
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        self.as_mut().is_some_and(|value| value.update(node, reading))
    }
}

impl<T: HasPartial> HasPartial for Box<T> {
    type Partial = Box<T::Partial>;
}

impl<T: HasPartial> HasPartial for Arc<T> {
    type Partial = Box<T::Partial>;
}

impl<T: HasPartial> HasPartial for Rc<T> {
    type Partial = Box<T::Partial>;
}

impl<P: PartialValue> PartialValue for Box<P> {
    const GROWS: bool = P::GROWS;

    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        P::read(node, reading).map(Self::new)
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        P::update(self, node, reading)
    }
}
