//! Which JSON type each keyword is about.

const KINDS: [(&str, &[&str]); 4] = [
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
        ],
    ),
    (
        "array",
        &[
            "items",
            "prefixItems",
            "unevaluatedItems",
            "contains",
            "minContains",
            "maxContains",
            "minItems",
            "maxItems",
            "uniqueItems",
        ],
    ),
    (
        "string",
        &[
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ],
    ),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
];

/// The type that `keyword` says something about.
pub(super) fn kind_of(keyword: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|(_, keywords)| keywords.contains(&keyword)).map(|(kind, _)| kind)
}

/// Whether a value of type `kind`, told as the narrowest, is of one of `kinds`.
pub(super) fn is_one_of(kind: &str, kinds: &[&str]) -> bool {
    kinds.contains(&kind) || kind == "integer" && kinds.contains(&"number")
}
