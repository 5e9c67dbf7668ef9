use outcrop::{State, tool};

struct Db;

/// Takes what the model cannot write.
#[tool]
async fn query(db: Db, text: String) -> String {
    let _ = db;
    text
}

/// Takes what only serde knows.
#[tool]
fn all(#[tool(args)] db: Db) {
    let _ = db;
}

/// Takes what is no state.
#[tool]
fn state(#[tool(state)] db: Db) {
    let _ = db;
}

/// Takes what is no context.
#[tool]
fn context(#[tool(context)] db: Db) {
    let _ = db;
}

/// Takes what cannot be shared.
#[tool]
fn shared(cell: State<std::cell::RefCell<u8>>) {
    let _ = cell;
}

fn main() {}
