//! What the derives make of a type, seen as a whole.
