//! Settings of the derives, misspelled or out of place.

use outcrop::{Output, ToolInput};

#[derive(Output)]
#[output(exisiting, done)]
struct Answer {
    #[output(when_complete)]
    text: String,
    #[output(existing)]
    other: String,
    #[output(done, done)]
    third: String,
    #[output(done = true)]
    fourth: String,
    #[output]
    fifth: String,
}

#[derive(Output)]
#[output(validate = "sum_is_right", validate_partial = |_| Ok(()))]
struct Checked {
    #[output(validate = sum_is_right)]
    sum: u8,
    #[output(validate_partial = sum_is_right)]
    other: u8,
}

#[derive(ToolInput)]
#[input(crate = 3, validate = sum_is_right, validate_partial = sum_is_right)]
enum Input {
    #[input(done)]
    A,
    B {
        #[input(crate = outcrop)]
        b: String,
    },
}

fn needs<T: Output + ToolInput>() {}

fn main() {
    needs::<Answer>();
    needs::<Input>();
    needs::<Checked>();
}
