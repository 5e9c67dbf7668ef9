use std::rc::Rc;

/// Keeps what cannot be sent.
#[outcrop::tool]
async fn keeps() {
    let kept = Rc::new(3);
    std::future::ready(()).await;
    drop(kept);
}

fn main() {}
