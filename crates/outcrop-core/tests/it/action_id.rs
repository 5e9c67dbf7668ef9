//! The ids of actions as texts.

use outcrop_core::turn::*;

#[test]
fn an_id_is_read_as_it_is_written() {
    for text in [
        "converse-1-1-0",
        "dispatch-1-2-3",
        "decide-0-0-0",
        "wait-4294967295-4294967295-18446744073709551615",
    ] {
        let id: ActionId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<ActionId>(&json).unwrap(), id);
    }
}

/// Two texts never name the same action.
#[test]
fn what_is_not_written_so_is_not_an_id() {
    for text in [
        "",
        "converse",
        "converse-1-1",
        "converse-1-1-",
        "converse-1-1-0-",
        "converse-1-1-0-0",
        "converse-1-1-x",
        "converse--1-1-0",
        "converse-+1-1-0",
        "converse-01-1-0",
        "converse-1-1-00",
        "converse-1-1- 0",
        " converse-1-1-0",
        "converse-1-1-0 ",
        "Converse-1-1-0",
        "cancel-1-1-0",
        "remember-1-1-0",
        "converse-4294967296-1-0",
        "wait-1-1-18446744073709551616",
        "dispatch-\u{661}-1-0",
    ] {
        let error = text.parse::<ActionId>().unwrap_err();
        assert_eq!(error, InvalidActionId { text: text.to_owned() });
        assert!(serde_json::from_str::<ActionId>(&format!("{text:?}")).is_err());
    }
    assert_eq!(
        "x".parse::<ActionId>().unwrap_err().to_string(),
        "`x` does not name an action: expected something like `dispatch-1-1-0`"
    );
}
