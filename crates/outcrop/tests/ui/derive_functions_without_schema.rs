//! Functions in place of implementations say nothing of the schema.

use outcrop::{Output, ToolInput};

mod hex {
    use outcrop::serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(_: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(_: D) -> Result<Vec<u8>, D::Error> {
        Ok(Vec::new())
    }
}

#[derive(Output)]
struct Bytes {
    #[serde(with = "hex")]
    bytes: Vec<u8>,
}

#[derive(ToolInput)]
enum Either {
    #[serde(with = "hex")]
    Bytes(Vec<u8>),
    Text(#[serde(with = "crate::hex")] Vec<u8>),
}

#[derive(Output)]
struct Told {
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    bytes: Vec<u8>,
}

fn needs<T: Output + ToolInput>() {}

fn main() {
    needs::<Bytes>();
    needs::<Either>();
    needs::<Told>();
}
