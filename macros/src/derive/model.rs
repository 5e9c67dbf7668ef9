//! What was understood of a type under `#[derive(Output)]` or `#[derive(ToolInput)]`: plain data.
//!
//! serde's own reader says what its attributes mean, so that names, forms and defaults here are those by which serde
//! reads and writes.
//!
//! # Invariants
//! - Names have been through `rename` and `rename_all`; a name is given once: it is not among its own aliases.
//! - Fields and variants stand in the order in which they were declared.

use serde_derive_internals::{Ctxt, Derive, ast, attr, name::MultiName};
use syn::{DeriveInput, ExprPath, Generics, Ident, Member, Type, Visibility, WherePredicate, parse_quote};

use crate::{check::Mistakes, model::Doc};

use super::{
    attr::{ContainerAttr, FieldAttr},
    carry::SchemaFrom,
};

/// A struct or an enum.
pub(crate) struct Container {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// What `#[output(..)]` or `#[input(..)]` says.
    pub(crate) attr: ContainerAttr,
    pub(crate) names: Names,
    pub(crate) shape: Shape,
    /// The struct is read and written as its one field that is [`Field::transparent`].
    pub(crate) transparent: bool,
    /// What stands for fields that are missing.
    pub(crate) default: Default,
    /// The type that is read instead of this one, by `from` or `try_from`.
    pub(crate) from: Option<Type>,
    /// The type that is written instead of this one.
    pub(crate) into: Option<Type>,
    pub(crate) schema: SchemaFrom,
    pub(crate) bounds: Bounds,
}

/// What a type consists of.
pub(crate) enum Shape {
    Struct(Fields),
    Enum { tag: Tag, variants: Vec<Variant> },
}

/// How the variant is told in JSON.
pub(crate) enum Tag {
    /// `{"variant": content}`, or `"variant"` for a unit.
    External,
    /// `{"tag": "variant", ..content}`.
    Internal { tag: String },
    /// `{"tag": "variant", "content": content}`.
    Adjacent { tag: String, content: String },
    /// Not at all: the first variant that fits.
    Untagged,
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) doc: Doc,
    pub(crate) names: Names,
    pub(crate) fields: Fields,
    pub(crate) skip: Sides,
    /// It stands for all names that are not known.
    pub(crate) other: bool,
    /// It alone is told without a tag.
    pub(crate) untagged: bool,
    /// The functions that read and write its content.
    pub(crate) with: With,
    pub(crate) schema: SchemaFrom,
    pub(crate) bounds: Bounds,
}

/// Fields in order, and how they are written.
pub(crate) struct Fields {
    pub(crate) style: Style,
    pub(crate) list: Vec<Field>,
}

/// How fields are written, in Rust and in JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// With names: an object.
    Named,
    /// Without names, none or several: an array.
    Tuple,
    /// One without a name: as that field.
    Newtype,
    /// None: `null`.
    Unit,
}

/// A field of a struct or of a variant.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    /// What `#[output(..)]` or `#[input(..)]` says.
    pub(crate) attr: FieldAttr,
    pub(crate) doc: Doc,
    pub(crate) names: Names,
    /// Its members stand in the object around it.
    pub(crate) flatten: bool,
    /// The struct around it is read and written as this field.
    pub(crate) transparent: bool,
    pub(crate) skip: Sides,
    /// What stands for it where it is missing. A field that is not read has one.
    pub(crate) default: Default,
    /// The functions that read and write it.
    pub(crate) with: With,
    pub(crate) schema: SchemaFrom,
    pub(crate) bounds: Bounds,
}

/// The names that serde knows.
pub(crate) struct Names {
    pub(crate) read: String,
    pub(crate) written: String,
    /// Other names by which it is read.
    pub(crate) aliases: Vec<String>,
}

/// Where something is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sides {
    pub(crate) reading: bool,
    pub(crate) writing: bool,
}

/// Functions in place of an implementation.
pub(crate) struct With {
    pub(crate) read: Option<ExprPath>,
    pub(crate) write: Option<ExprPath>,
}

/// What stands for something that is missing.
pub(crate) enum Default {
    /// Nothing: it is required, or serde knows better, as of an `Option`.
    None,
    /// `Default::default()`.
    Trait,
    /// What a function gives.
    Function,
}

/// The bounds that the user gives in place of those that would be found.
pub(crate) struct Bounds {
    pub(crate) read: Option<Vec<WherePredicate>>,
    pub(crate) write: Option<Vec<WherePredicate>>,
}

impl Container {
    /// Reads a type; `helper` is the name of our own attribute on its fields. `None` where it is no struct and no enum.
    pub(crate) fn read(
        input: &DeriveInput,
        attr: ContainerAttr,
        helper: &str,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let (reads, sound) = understood(input, Derive::Deserialize, mistakes);
        if sound {
            // Each side finds most mistakes, and some that the other does not.
            understood(input, Derive::Serialize, mistakes);
        }
        let reads = reads?;

        let ast::Container { ident, attrs, data, .. } = &reads;
        let shape = match data {
            ast::Data::Struct(style, fields) => Shape::Struct(Fields::read(*style, fields, helper, mistakes)),
            ast::Data::Enum(variants) => Shape::Enum {
                tag: Tag::read(attrs.tag()),
                variants: variants.iter().map(|variant| Variant::read(variant, helper, mistakes)).collect(),
            },
        };
        Some(Self {
            ident: ident.clone(),
            vis: input.vis.clone(),
            generics: input.generics.clone(),
            attr,
            names: Names::read(attrs.name(), []),
            shape,
            transparent: attrs.transparent(),
            default: Default::read(attrs.default()),
            from: attrs.type_from().or(attrs.type_try_from()).cloned(),
            into: attrs.type_into().cloned(),
            schema: SchemaFrom::read(&input.attrs),
            bounds: Bounds::read(attrs.de_bound(), attrs.ser_bound()),
        })
    }
}

/// What serde understands, and whether there is no mistake; its mistakes are ours.
fn understood<'a>(
    input: &'a DeriveInput,
    side: Derive,
    mistakes: &mut Mistakes,
) -> (Option<ast::Container<'a>>, bool) {
    let context = Ctxt::new();
    let container = ast::Container::from_ast(&context, input, side, &parse_quote!(__private));
    let errors = context.check().err();
    let sound = errors.is_none();
    errors.into_iter().for_each(|errors| mistakes.push(errors));
    (container, sound)
}

impl Tag {
    fn read(tag: &attr::TagType) -> Self {
        match tag {
            attr::TagType::External => Self::External,
            attr::TagType::Internal { tag } => Self::Internal { tag: tag.clone() },
            attr::TagType::Adjacent { tag, content } => {
                Self::Adjacent { tag: tag.clone(), content: content.clone() }
            }
            attr::TagType::None => Self::Untagged,
        }
    }
}

impl Variant {
    fn read(variant: &ast::Variant<'_>, helper: &str, mistakes: &mut Mistakes) -> Self {
        let ast::Variant { ident, attrs, style, fields, original } = variant;
        FieldAttr::none_on_a_variant(helper, &original.attrs, mistakes);
        Self {
            ident: ident.clone(),
            doc: Doc::of(&original.attrs),
            names: Names::read(attrs.name(), attrs.aliases().iter().map(|alias| &*alias.value)),
            fields: Fields::read(*style, fields, helper, mistakes),
            skip: Sides { reading: attrs.skip_deserializing(), writing: attrs.skip_serializing() },
            other: attrs.other(),
            untagged: attrs.untagged(),
            with: With::read(attrs.deserialize_with(), attrs.serialize_with()),
            schema: SchemaFrom::read(&original.attrs),
            bounds: Bounds::read(attrs.de_bound(), attrs.ser_bound()),
        }
    }
}

impl Fields {
    fn read(style: ast::Style, fields: &[ast::Field<'_>], helper: &str, mistakes: &mut Mistakes) -> Self {
        let style = match style {
            ast::Style::Struct => Style::Named,
            ast::Style::Tuple => Style::Tuple,
            ast::Style::Newtype => Style::Newtype,
            ast::Style::Unit => Style::Unit,
        };
        Self { style, list: fields.iter().map(|field| Field::read(field, helper, mistakes)).collect() }
    }
}

impl Field {
    fn read(field: &ast::Field<'_>, helper: &str, mistakes: &mut Mistakes) -> Self {
        let ast::Field { member, attrs, ty, original } = field;
        Self {
            member: member.clone(),
            vis: original.vis.clone(),
            ty: (*ty).clone(),
            attr: FieldAttr::read(helper, &original.attrs, mistakes),
            doc: Doc::of(&original.attrs),
            names: Names::read(attrs.name(), attrs.aliases().iter().map(|alias| &*alias.value)),
            flatten: attrs.flatten(),
            transparent: attrs.transparent(),
            skip: Sides { reading: attrs.skip_deserializing(), writing: attrs.skip_serializing() },
            default: Default::read(attrs.default()),
            with: With::read(attrs.deserialize_with(), attrs.serialize_with()),
            schema: SchemaFrom::read(&original.attrs),
            bounds: Bounds::read(attrs.de_bound(), attrs.ser_bound()),
        }
    }
}

impl Names {
    fn read<'a>(name: &MultiName, aliases: impl IntoIterator<Item = &'a str>) -> Self {
        let read = name.deserialize_name().value.clone();
        let aliases = aliases.into_iter().filter(|alias| **alias != *read).map(str::to_owned).collect();
        Self { read, written: name.serialize_name().value.clone(), aliases }
    }
}

impl Default {
    fn read(default: &attr::Default) -> Self {
        match default {
            attr::Default::None => Self::None,
            attr::Default::Default => Self::Trait,
            attr::Default::Path(_) => Self::Function,
        }
    }
}

impl With {
    fn read(read: Option<&ExprPath>, write: Option<&ExprPath>) -> Self {
        Self { read: read.cloned(), write: write.cloned() }
    }
}

impl Bounds {
    fn read(read: Option<&[WherePredicate]>, write: Option<&[WherePredicate]>) -> Self {
        Self { read: read.map(<[_]>::to_vec), write: write.map(<[_]>::to_vec) }
    }
}
