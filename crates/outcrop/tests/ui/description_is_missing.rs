#[outcrop::tool]
async fn weather(city: String) -> String {
    city
}

fn main() {
    let _ = outcrop::tools![weather];
}
