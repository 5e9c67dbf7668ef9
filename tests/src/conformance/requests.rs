//! A recorded request must read into [`Request`] and write back as the same JSON, whatever the service answered.

use outcrop_core::{Message, Request};

use super::{
    Checked,
    case::Interaction,
    json::{Json, difference},
};

/// Checks the request and gives it, or a small one where none was recorded or it cannot be read.
pub(super) fn check(interaction: &Interaction, checked: &mut Checked) -> Request {
    let any = || Request::new().messages([Message::user("Hello")]);
    let Some(recorded) = &interaction.request else { return any() };
    let request: Request = match serde_json::from_slice(recorded) {
        Ok(request) => request,
        Err(error) => {
            checked.fail("request", format!("cannot be read: {error}"));
            return any();
        }
    };
    match round_trip(recorded, &request) {
        Ok(None) => {}
        Ok(Some(difference)) => checked.fail("request", difference),
        Err(error) => checked.fail("request", error),
    }
    request
}

fn round_trip(recorded: &[u8], request: &Request) -> Result<Option<String>, serde_json::Error> {
    let written = request.to_json_bytes()?;
    if written != request.to_json_bytes()? {
        return Ok(Some("two writings of one request differ".to_owned()));
    }
    let mut recorded = Json::parse(recorded)?;
    if let Some(members) = recorded.as_object_mut() {
        // It is in the path.
        members.remove("modelId");
    }
    Ok(difference(&Json::parse(&written)?, &recorded))
}
