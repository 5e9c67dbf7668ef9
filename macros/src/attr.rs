//! The grammar of `#[tool(..)]`: `key` or `key = value`, parted by commas. Every value keeps its span.
//!
//! # Invariants
//! - Each key stands once; all that is wrong in a list is told, unless it is no list at all.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Expr, ExprLit, Ident, Lit, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

use crate::check::Mistakes;

/// One entry of a list.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { key, value })
    }
}

/// The entries of the lists of one place.
pub(crate) fn settings(
    lists: impl IntoIterator<Item = TokenStream>,
    mistakes: &mut Mistakes,
) -> Vec<Setting> {
    let mut known: Vec<Setting> = Vec::new();
    for tokens in lists {
        let read = Punctuated::<Setting, Token![,]>::parse_terminated.parse2(tokens);
        for setting in read.unwrap_or_else(|error| {
            mistakes.push(error);
            Punctuated::new()
        }) {
            if known.iter().any(|other| other.key == setting.key) {
                mistakes.add(setting.key.span(), format!("`{}` stands here twice", setting.key));
            } else {
                known.push(setting);
            }
        }
    }
    known
}

/// How long a call may take.
pub(crate) enum Timeout {
    Millis(u64),
    Expr(Expr),
}

/// What `#[tool(..)]` says on a function.
#[derive(Default)]
pub(crate) struct ToolAttr {
    pub(crate) name: Option<(String, Span)>,
    pub(crate) marker: Option<Ident>,
    pub(crate) read_only: bool,
    pub(crate) sequential: bool,
    pub(crate) live: bool,
    pub(crate) strict: bool,
    pub(crate) redact_errors: bool,
    pub(crate) timeout: Option<Timeout>,
    pub(crate) krate: Option<Path>,
    /// Where a setting stands that a method cannot have.
    pub(crate) not_on_a_method: Option<Span>,
}

const ON_A_FUNCTION: &str =
    "`name`, `read_only`, `sequential`, `live`, `strict`, `timeout`, `redact_errors`, `marker` or `crate`";

impl ToolAttr {
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut attr = Self::default();
        for Setting { key, value } in settings([tokens], mistakes) {
            if key == "marker" || key == "crate" {
                attr.not_on_a_method = Some(key.span());
            }
            match &*key.to_string() {
                "name" => attr.name = text(&key, value, "get_weather", mistakes),
                "marker" => {
                    attr.marker = match value.as_ref().map(|value| syn::parse2(value.to_token_stream())) {
                        Some(Ok(marker)) => Some(marker),
                        _ => mistakes.none(
                            key.span(),
                            "write `marker = WeatherTool`, the name of a type that is made",
                        ),
                    }
                }
                "read_only" => attr.read_only = flag(&key, value, mistakes),
                "sequential" => attr.sequential = flag(&key, value, mistakes),
                "live" => attr.live = flag(&key, value, mistakes),
                "strict" => attr.strict = flag(&key, value, mistakes),
                "redact_errors" => attr.redact_errors = flag(&key, value, mistakes),
                "timeout" => attr.timeout = timeout(&key, value, mistakes),
                "crate" => attr.krate = krate(&key, value, mistakes),
                other => {
                    mistakes
                        .add(key.span(), format!("`{other}` is no setting of a tool; it is {ON_A_FUNCTION}"));
                }
            }
        }
        attr
    }
}

/// What `#[toolset(..)]` says on an `impl` block.
#[derive(Default)]
pub(crate) struct ToolsetAttr {
    pub(crate) prefix: Option<(String, Span)>,
    pub(crate) krate: Option<Path>,
}

impl ToolsetAttr {
    pub(crate) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut attr = Self::default();
        for Setting { key, value } in settings([tokens], mistakes) {
            match &*key.to_string() {
                "prefix" => attr.prefix = text(&key, value, "shop_", mistakes),
                "crate" => attr.krate = krate(&key, value, mistakes),
                other => mistakes.add(
                    key.span(),
                    format!("`{other}` is no setting of a toolset; it is `prefix` or `crate`"),
                ),
            }
        }
        attr
    }
}

/// What `#[tool(..)]` says on a parameter.
#[derive(Default)]
pub(crate) struct ParamAttr {
    pub(crate) default: Option<Expr>,
    pub(crate) args: Option<Span>,
    pub(crate) state: Option<Span>,
    pub(crate) context: Option<Span>,
}

impl ParamAttr {
    pub(crate) fn read(&mut self, span: Span, tokens: TokenStream, mistakes: &mut Mistakes) {
        const KNOWN: &str = "`default = ..`, `args`, `state` or `context`";
        if tokens.is_empty() {
            mistakes.add(span, format!("say what this parameter is: {KNOWN}"));
        }
        for Setting { key, value } in settings([tokens], mistakes) {
            match &*key.to_string() {
                "default" => match value {
                    Some(value) => self.default = Some(value),
                    None => {
                        mistakes.add(key.span(), "write `default = ..`, with a value of the parameter's type")
                    }
                },
                "args" => self.args = flag(&key, value, mistakes).then(|| key.span()),
                "state" => self.state = flag(&key, value, mistakes).then(|| key.span()),
                "context" => self.context = flag(&key, value, mistakes).then(|| key.span()),
                other => {
                    mistakes
                        .add(key.span(), format!("`{other}` is no setting of a parameter; it is {KNOWN}"));
                }
            }
        }
    }
}

pub(crate) fn flag(key: &Ident, value: Option<Expr>, mistakes: &mut Mistakes) -> bool {
    if let Some(value) = value {
        mistakes.add(value.span(), format!("`{key}` takes no value"));
    }
    true
}

fn literal(value: Option<&Expr>) -> Option<(String, Span)> {
    match value {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some((text.value(), text.span())),
        _ => None,
    }
}

fn text(key: &Ident, value: Option<Expr>, example: &str, mistakes: &mut Mistakes) -> Option<(String, Span)> {
    literal(value.as_ref()).or_else(|| {
        let span = value.as_ref().map_or(key.span(), Spanned::span);
        mistakes.none(span, format!("write `{key} = \"{example}\"`, a text"))
    })
}

pub(crate) fn krate(key: &Ident, value: Option<Expr>, mistakes: &mut Mistakes) -> Option<Path> {
    let path = match &value {
        Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
        _ => literal(value.as_ref()).and_then(|(text, span)| {
            Path::parse_mod_style.parse_str(&text).ok().map(|path| respan(path, span))
        }),
    };
    path.or_else(|| {
        let span = value.as_ref().map_or(key.span(), Spanned::span);
        mistakes.none(span, "write `crate = path::to::outcrop`")
    })
}

/// A path out of a text has no place in the file; it gets the text's.
fn respan(mut path: Path, span: Span) -> Path {
    path.segments.iter_mut().for_each(|segment| segment.ident.set_span(span));
    path
}

fn timeout(key: &Ident, value: Option<Expr>, mistakes: &mut Mistakes) -> Option<Timeout> {
    const FORMS: &str = "\"500ms\", \"30s\", \"5m\" or \"1h\", or a `Duration`";
    let Some(value) = value else {
        return mistakes.none(key.span(), format!("write `timeout = ..` with {FORMS}"));
    };
    let Some((text, span)) = literal(Some(&value)) else {
        if let Expr::Lit(literal) = &value {
            return mistakes.none(literal.span(), format!("a time has a unit: {FORMS}"));
        }
        return Some(Timeout::Expr(value));
    };
    match millis(&text) {
        Some(0) => mistakes.none(span, "a call needs more time than none"),
        Some(millis) => Some(Timeout::Millis(millis)),
        None => mistakes.none(span, format!("`{text}` is no time; write {FORMS}")),
    }
}

fn millis(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn times() {
        let read = ["500ms", "30s", " 5 m", "5min", "1h", "0s"].map(millis);
        assert_eq!(read, [500, 30_000, 300_000, 300_000, 3_600_000, 0].map(Some));
        let not =
            ["", "30", "s", "1.5s", "-1s", "30 sec", "1s 1s", "99999999999999999999h", "9999999999999999h"];
        assert_eq!(not.map(millis), [None; 9]);
    }
}
