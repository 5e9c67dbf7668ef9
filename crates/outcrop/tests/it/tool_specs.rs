//! A schema is made once in a process, however often the tool is given to an agent.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use outcrop::{
    ToolSource, Toolset,
    schemars::{JsonSchema, Schema, SchemaGenerator},
    serde::Deserialize,
    tool, toolset,
};

/// A type that counts how often its schema is asked for.
macro_rules! counted {
    ($name:ident, $count:ident) => {
        static $count: AtomicUsize = AtomicUsize::new(0);

        #[derive(Deserialize)]
        #[serde(crate = "outcrop::serde")]
        struct $name(u8);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                $count.fetch_add(1, Ordering::Relaxed);
                generator.subschema_for::<u8>()
            }
        }
    };
}
counted!(OfFunction, BY_FUNCTION);
counted!(OfArgs, BY_ARGS);
counted!(OfMethod, BY_METHOD);
counted!(OfGeneric, BY_GENERIC);

/// Doubles it.
#[tool]
async fn double(number: OfFunction) -> u8 {
    number.0.wrapping_mul(2)
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Args {
    number: OfArgs,
}

/// Doubles it.
#[tool]
async fn double_args(#[tool(args)] args: Args) -> u8 {
    args.number.0.wrapping_mul(2)
}

struct Plain(u8);

#[toolset]
impl Plain {
    /// Adds to it.
    #[tool]
    async fn add(&self, number: OfMethod) -> u8 {
        self.0.wrapping_add(number.0)
    }
}

struct Generic<T>(T);

#[toolset]
impl<T: Copy + Into<u8> + Send + Sync + 'static> Generic<T> {
    /// Adds to it.
    #[tool]
    async fn add(&self, number: OfGeneric) -> u8 {
        number.0.wrapping_add(self.0.into())
    }
}

#[test]
fn schemas_are_made_once() {
    fn check(give: impl Fn() -> String, count: &AtomicUsize, expected: usize) {
        let first = give();
        let once = count.load(Ordering::Relaxed);
        assert!(once > 0);
        for _ in 0..4 {
            assert_eq!(give(), first);
        }
        assert_eq!(count.load(Ordering::Relaxed), once * expected);
    }
    let told = |tool: outcrop::Tool| format!("{:?}", tool.spec());
    check(|| told(double::tool()), &BY_FUNCTION, 1);
    check(|| told(double_args::tool()), &BY_ARGS, 1);
    check(|| told(Arc::new(Plain(1)).tools().remove(0)), &BY_METHOD, 1);
    // The type of a generic toolset may change what its methods take: its schemas are made each time.
    check(|| told(Arc::new(Generic(1u8)).tools().remove(0)), &BY_GENERIC, 5);
}
