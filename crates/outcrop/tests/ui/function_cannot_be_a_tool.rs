use outcrop::tool;

/// Is generic.
#[tool]
fn generic<T: ToString, const N: usize>(value: [T; N]) -> String {
    value.iter().map(ToString::to_string).collect()
}

/// Is generic.
#[tool]
fn argument(value: impl ToString) -> String {
    value.to_string()
}

/// Is unsafe.
#[tool]
unsafe fn dangerous() {}

/// Is of another language.
#[tool]
extern "C" fn foreign() {}

/// Is no function.
#[tool]
struct Weather;

struct Shop;

impl Shop {
    /// Is a method.
    #[tool]
    fn order(&self) {}
}

fn main() {
    let _ = outcrop::tools![generic, argument, dangerous, foreign];
    Shop.order();
}
