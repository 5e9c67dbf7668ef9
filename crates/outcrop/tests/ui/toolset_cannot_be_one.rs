#![allow(unused_variables)]

use std::rc::Rc;

use outcrop::{Agent, testing::ScriptedModel, toolset};

struct Shop;

#[toolset(prefix = "the shop: ", name = "shop")]
impl Shop {
    /// Opens.
    #[tool(name = "o p e n")]
    fn open(&self) {}

    /// Orders.
    #[tool]
    fn order(&self) {}

    #[tool(marker = Search)]
    fn search(&self, query: String) {}

    /// Closes.
    #[tool]
    fn close(&mut self) {}

    /// Sells.
    #[tool]
    fn sell<T: ToString>(&self, item: T) {}
}

struct Empty;

#[toolset]
impl Empty {
    fn nothing(&self) {}
}

#[toolset]
impl Default for Shop {
    fn default() -> Self {
        Self
    }
}

#[toolset]
struct Other;

struct Local(Rc<u8>);

#[toolset]
impl Local {
    /// Looks.
    #[tool]
    fn look(&self) {}
}

fn main() {
    let _ = Agent::builder(ScriptedModel::new()).tools(Shop).tools(Other);
}
