//! [`Tuple`]: the elements of an array of a fixed length.

use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    HasPartial, Part, PartialValue, Reading,
    fields::{Fields, Sink, Visit},
    objects,
};
use crate::NodeRef;

/// A tuple of [`Part`]s: what there is of a tuple so far. It derefs to the tuple.
///
/// ```
/// use outcrop_json::{LiveJson, Part, Partial};
///
/// let mut live = LiveJson::new();
/// live.push(r#"["Ann", 3"#)?;
/// let so_far: Partial<(String, u8)> = live.partial()?;
/// assert_eq!(so_far.0.0, Part::Done("Ann".to_owned()));
/// assert_eq!(so_far.0.1, Part::Absent); // may become 30
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tuple<T>(pub T);

impl<T> Deref for Tuple<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

macro_rules! tuples {
    ($(($($type:ident $partial:ident $index:tt),*))*) => {
        $(
            impl<$($type: HasPartial),*> HasPartial for ($($type,)*) {
                type Partial = Tuple<($(Part<$type::Partial>,)*)>;
            }

            impl<$($partial: PartialValue),*> PartialValue for Tuple<($(Part<$partial>,)*)> {
                fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
                    objects::read_elements(node, reading)
                }

                fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
                    objects::update_elements(self, node, reading)
                }
            }

            impl<$($partial: PartialValue),*> Fields for Tuple<($(Part<$partial>,)*)> {
                fn element<V: Visit>(&mut self, index: usize, visit: V) -> Result<V::Out, V> {
                    match index {
                        $($index => Ok(visit.visit(&mut self.0.$index)),)*
                        _ => Err(visit),
                    }
                }

                fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
                    $(sink.put(&$index, &self.0.$index)?;)*
                    Ok(())
                }
            }

            impl<$($partial: PartialValue),*> Serialize for Tuple<($(Part<$partial>,)*)> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    objects::serialize_elements(self, serializer)
                }
            }

            impl<'de, $($partial: PartialValue),*> Deserialize<'de> for Tuple<($(Part<$partial>,)*)> {
                fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
                    objects::deserialize_elements(deserializer)
                }
            }
        )*
    };
}

tuples! {
    (A PA 0)
    (A PA 0, B PB 1)
    (A PA 0, B PB 1, C PC 2)
    (A PA 0, B PB 1, C PC 2, D PD 3)
    (A PA 0, B PB 1, C PC 2, D PD 3, E PE 4)
    (A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5)
    (A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6)
    (A PA 0, B PB 1, C PC 2, D PD 3, E PE 4, F PF 5, G PG 6, H PH 7)
}
