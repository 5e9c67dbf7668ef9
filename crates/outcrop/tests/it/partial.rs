//! Companions of derived types and of tools. For any value and any split: none contradicts the value in the end, those by
//! update are those by serde, and in the end they are the value.

use expect_test::expect;
use outcrop::{
    HasPartial, LivePartial, Output, Part, Partial,
    json::{End, LiveJson},
    serde_json::{self, json},
    tool, tools,
};
use proptest::prelude::*;

mod make;
mod shown;
mod types;

use make::{Make, Seed, text};
use shown::Shown;
use types::*;

/// Feeds a text letter by letter to a follower, and in pieces to another, and asks serde after each letter.
fn follows<T: Output + HasPartial>(text: &str, seed: &mut Seed) -> (LivePartial<T>, Vec<Shown>) {
    let name = std::any::type_name::<T>();
    let (mut live, mut always, mut at_times) =
        (LiveJson::new(), LivePartial::<T>::new(), LivePartial::<T>::new());
    let mut all = Vec::new();
    for letter in text.chars() {
        live.push(letter.encode_utf8(&mut [0; 4])).unwrap();
        let before = always.get().cloned();
        let _ = always.update(&live);
        assert_eq!(always.has_changed(), before.as_ref() != always.get(), "{name} at {:?}", live.raw());
        let (by_serde, by_update) = (live.partial::<Part<Partial<T>>>(), always.update(&live));
        match (&by_serde, &by_update) {
            (Ok(by_serde), Ok(by_update)) => assert_eq!(by_serde, *by_update, "{name} at {:?}", live.raw()),
            (Err(_), Err(_)) => {}
            _ => panic!("{name}: {by_serde:?} by serde, {by_update:?} by update at {:?}", live.raw()),
        }
        if by_update.is_ok() {
            all.push(Shown::of(always.part()));
        }
        if seed.chance(5) {
            let before = at_times.get().cloned();
            let is_ok = at_times.update(&live).is_ok();
            // What is written twice in one update may end as it was before.
            let told = at_times.has_changed() || before.as_ref() == at_times.get();
            assert!(told, "{name} at {:?}", live.raw());
            assert_eq!(is_ok, by_serde.is_ok(), "{name} at {:?}", live.raw());
            // Of what does not fit, who looks more often may have seen more.
            if is_ok {
                assert_eq!(always.part(), at_times.part(), "{name} at {:?}", live.raw());
            }
        }
    }
    live.finish(End::Whole);
    let fits = always.update(&live).is_ok();
    assert_eq!(at_times.update(&live).is_ok(), fits);
    if fits {
        assert_eq!(always.part(), at_times.part());
    }
    (always, all)
}

fn check<T: Output + HasPartial + Make + PartialEq + std::fmt::Debug>(seed: u64) {
    let name = std::any::type_name::<T>();
    let seed = &mut Seed::new(seed);
    let value = T::make(seed);
    let written = serde_json::to_value(&value).unwrap();
    let whole = text(&written, seed, false);
    let (mut last, all) = follows::<T>(&whole, seed);
    let part = last.part().clone();
    assert!(part.is_done(), "{name}: {part:?} of {whole}");
    let end = Shown::of(&part);
    assert!(!end.grows(), "{name}: {part:?} of {whole}");
    for (at, now) in all.iter().enumerate() {
        assert!(now.agrees(&end), "{name}: {now:?} of {end:?}");
        // What is done stays, and what has begun does not go.
        assert!(
            all.get(at + 1).is_none_or(|next| now.agrees(next)),
            "{name}: {:?} after {now:?}",
            all[at + 1]
        );
    }
    // What is shown in the end is all of it.
    let shown = serde_json::to_string(&part).unwrap();
    assert_eq!(serde_json::from_str::<T>(&shown).unwrap(), value, "{name}: {shown} of {whole}");
    last.update(&LiveJson::new()).unwrap();
    assert!(last.part().is_absent(), "another text is begun anew");

    // Whatever is wrong with it: by serde or by update, the same.
    let damaged = text(&written, seed, true);
    follows::<T>(&damaged, seed);
}

fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases, ..config } }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn any_value_at_any_moment(seed: u64) {
        check::<Booking>(seed);
        check::<Guest>(seed);
        check::<Room>(seed);
        check::<Vec<Extra>>(seed);
        check::<Page<Room>>(seed);
        check::<Trip>(seed);
        check::<Pair>(seed);
        check::<Flat>(seed);
        check::<Vec<Held>>(seed);
    }
}

/// A damaged text: what is flattened and optional is not there as long as none of its members fits.
#[test]
fn an_optional_part_is_there_once_it_shows_something() {
    check::<Flat>(13_442_307_913_217_416_757);
}

/// What is shown after each piece.
fn shows<T: HasPartial>(pieces: &[&str], expected: &expect_test::Expect) {
    let (mut live, mut partial) = (LiveJson::new(), LivePartial::<T>::new());
    let mut shown = String::new();
    for piece in pieces {
        live.push(piece).unwrap();
        match partial.update(&live) {
            Ok(part) => shown += &format!("{part:?}\n"),
            Err(error) => shown += &format!("{error}; {:?}\n", partial.part()),
        }
    }
    expected.assert_eq(&shown);
}

/// Forecast for a city.
#[tool]
async fn forecast(
    /// City name.
    city: &str,
    days: Option<u32>,
    r#type: Vec<String>,
    _cx: outcrop::ToolCx,
) -> String {
    format!("{city} {days:?} {type:?}")
}

/// Books.
#[tool]
fn book(#[tool(args)] _booking: Trip) {}

/// Has a parameter that cannot be shown.
#[tool]
fn unshown(address: Unshown) -> u8 {
    address.0
}

#[derive(outcrop::serde::Deserialize, outcrop::schemars::JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Unshown(u8);

/// The companion of a tool, by its name.
#[test]
fn a_tool_has_a_companion() {
    shows::<forecast>(
        &[r#"{"ci"#, r#"ty": "Lis"#, r#"bon", "days": 1"#, r#"2, "type": ["a", "b"#, r#""]}"#],
        &expect![[r#"
            Growing(forecastPartial { city: Absent, days: Absent, type: Absent })
            Growing(forecastPartial { city: Growing("Lis"), days: Absent, type: Absent })
            Growing(forecastPartial { city: Done("Lisbon"), days: Absent, type: Absent })
            Growing(forecastPartial { city: Done("Lisbon"), days: Done(Some(12)), type: Growing(List { items: ["a", "b"], growing: true }) })
            Done(forecastPartial { city: Done("Lisbon"), days: Done(Some(12)), type: Done(List { items: ["a", "b"], growing: false }) })
        "#]],
    );
    let partial = Partial::<forecast> { city: Part::Done("Lisbon".to_owned()), ..Default::default() };
    assert_eq!(serde_json::to_value(&partial).unwrap(), json!({ "city": "Lisbon" }));
    let _: Partial<book> = Partial::<Trip>::default();
    let _ = tools![unshown];
}

/// What does not fit is told at its place; all else goes on.
#[test]
fn what_does_not_fit_is_told() {
    shows::<Trip>(
        &[
            r#"{"to": 3, "stays": ["Any", {"no": "#,
            r#"7}, {"Nam"#,
            r#"ed": "Sea vi"#,
            r#"ew"}, 1, {"A"#,
            r#"ny": null}], "to": "Rome"}"#,
        ],
        &expect![[r#"
            expected a string at /to; Growing(TripPartial { to: Absent, stays: Growing(List { items: [Any], growing: false }), back: Absent })
            expected a string at /to; Growing(TripPartial { to: Absent, stays: Growing(List { items: [Any, Number(Done(7))], growing: false }), back: Absent })
            expected a string at /to; Growing(TripPartial { to: Absent, stays: Growing(List { items: [Any, Number(Done(7)), Named(Growing("Sea vi"))], growing: true }), back: Absent })
            expected a string at /to; Growing(TripPartial { to: Absent, stays: Growing(List { items: [Any, Number(Done(7)), Named(Done("Sea view"))], growing: false }), back: Absent })
            expected a string or an object with a single member at /stays/3; Done(TripPartial { to: Done("Rome"), stays: Done(List { items: [Any, Number(Done(7)), Named(Done("Sea view")), Any], growing: false }), back: Absent })
        "#]],
    );
}

/// The forms of tags: a variant is shown once it is known.
#[test]
fn a_variant_is_shown_once_it_is_known() {
    shows::<Room>(
        &["{", r#""Like": {"vi"#, r#"ew": "se"#, r#"a"}"#, "}"],
        &expect![[r#"
        Absent
        Growing(Like { view: Absent, beds: Absent, next_to: Absent })
        Growing(Like { view: Growing("se"), beds: Absent, next_to: Absent })
        Growing(Like { view: Done("sea"), beds: Absent, next_to: Absent })
        Done(Like { view: Done("sea"), beds: Absent, next_to: Absent })
    "#]],
    );
    shows::<Room>(
        &[r#"{"Near": "An"#, r#"y""#, "}"],
        &expect![[r#"
        Absent
        Growing(Near(Done(Any)))
        Done(Near(Done(Any)))
    "#]],
    );
    shows::<Extra>(
        &[r#"{"c": {"WHAT": "a"#, r#"b", "MORE": []}, "t": "Man"#, r#"y"}"#],
        &expect![[r#"
        Absent
        Absent
        Done(Many { what: Done("ab"), more: Done(List { items: [], growing: false }) })
    "#]],
    );
    shows::<Pair>(
        &[r#"["a"#, r#"", {"Named": "x"#, r#""}]"#],
        &expect![[r#"
        Growing(PairPartial(Growing("a"), Absent))
        Growing(PairPartial(Done("a"), Growing(Some(Named(Growing("x"))))))
        Done(PairPartial(Done("a"), Done(Some(Named(Done("x"))))))
    "#]],
    );
}

/// A type may hold what nobody else can name: this compiles.
#[allow(unreachable_pub)]
pub mod hidden {
    use outcrop::Output;

    #[derive(Output)]
    struct Inner {
        text: String,
    }

    /// A newtype whose field is its own business.
    #[derive(Output)]
    pub struct Newtype(Inner);

    /// A struct whose field is its own business.
    #[derive(Output)]
    pub struct Outer {
        inner: Vec<Inner>,
        #[serde(flatten)]
        more: Inner,
    }
}
