//! Settings of `#[tool(..)]`, markers, and where tools can stand.

use std::time::Duration;

use expect_test::expect;
use outcrop::{Agent, Tool, serde_json::json, testing::ScriptedModel, tool, tools};

use crate::support::{check, results};

mod shop {
    //! A module whose name and whose tool's names are taken elsewhere.

    pub(crate) mod order {
        pub(crate) const PIECES: u32 = 3;
    }

    /// Orders.
    #[outcrop::tool(marker = Order, name = "place-order_2", read_only, live, strict, timeout = "1m")]
    pub(crate) fn order(#[tool(default = order::PIECES)] pieces: u32) -> u32 {
        pieces
    }

    /// What is cut out is cut out whole.
    #[outcrop::tool]
    #[cfg(any())]
    pub(crate) fn absent(nothing: Nothing) {}
}

mod taken {
    //! Names that the code of the macro might have used for itself.
    #![allow(non_camel_case_types, non_upper_case_globals, dead_code)]

    pub(super) const cx: u8 = 1;
    pub(super) const value0: u8 = 2;
    pub(super) const TOOL: u8 = 3;
    struct Tool;
    struct Value;
    struct input;
    type Option<T> = Vec<T>;
    type Result = u8;
    type String = u8;
    mod core {}
    mod std {}
    mod outcrop {}

    pub(super) trait Look {
        fn part(&self) -> u8 {
            0
        }
        fn form(&self) -> u8 {
            0
        }
        fn take(&self) -> u8 {
            0
        }
        fn clone(&self) -> u8 {
            0
        }
        fn finish(&self) -> u8 {
            0
        }
    }
    impl<T: ?Sized> Look for T {}

    /// Takes what is called as nothing else should be.
    #[::outcrop::tool]
    pub(super) fn odd(
        members: &[Result],
        #[tool(default = cx + value0 + TOOL)] schema: u8,
        look: Option<String>,
        tool: String,
    ) -> Result {
        members.len() as u8 + schema + look.len() as u8 + tool
    }
}

/// Never ends.
#[tool(timeout = Duration::from_millis(20))]
async fn slow() {
    std::future::pending::<()>().await;
}

/// Panics.
#[tool]
fn broken() {
    panic!("a secret");
}

#[test]
fn settings() {
    let [slow, order] = &tools![slow, shop::Order][..] else { panic!() };
    assert!(!slow.is_read_only() && !slow.is_live() && !slow.is_strict());
    assert!(order.is_read_only() && order.is_live() && order.is_strict());
    assert_eq!((slow.spec().strict, order.spec().strict), (None, Some(true)));
    assert_eq!(order.spec().name, "place-order_2");
    assert_eq!(shop::order(7), 7);
    assert!(tools![].is_empty());
}

#[tokio::test]
async fn limits_and_guards() {
    let calls = [("slow", json!({})), ("broken", json!({})), ("place-order_2", json!({}))];
    expect![[r#"
        error The call did not finish within 0.02 s and was stopped. It may or may not have taken effect.
        error The tool failed for a reason of its own. It may have taken effect in part.
        3
    "#]]
    .assert_eq(&results(tools![slow, broken, shop::Order], &calls, |agent| agent).await);
}

#[tokio::test]
async fn names_do_not_collide() {
    check(
        taken::odd {}.into(),
        &[json!({ "members": [0, 0], "look": [7], "tool": 30 })],
        expect![[r#"
        39
    "#]],
    )
    .await;
}

#[tokio::test]
async fn tools_stand_in_functions_too() {
    struct Local(u8);
    /// Uses what stands around it.
    #[tool]
    async fn inner() -> u8 {
        Local(3).0
    }
    check(
        inner {}.into(),
        &[json!({})],
        expect![[r#"
        3
    "#]],
    )
    .await;
}

#[test]
fn two_tools_of_one_name() {
    /// Is slow as well.
    #[tool(name = "slow")]
    fn other() {}
    let built = Agent::builder(ScriptedModel::new()).tools(tools![slow]).tool(other {}).build();
    assert_eq!(built.unwrap_err().to_string(), "two tools are called `slow`");
}

#[test]
fn a_tool_is_made_once() {
    let description = |tool: &Tool| tool.spec().description.clone().unwrap();
    assert_eq!(description(&slow {}.into()), "Never ends.");
}
