//! Any JSON, for the tests that give a reader whatever there is.

use alloc::{string::String, vec::Vec};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value};

/// Any value; the texts are often one of `words`.
pub(crate) fn any_json(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        select(words).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(words, inner).prop_map(Value::Object),
        ]
    })
}

/// An object that has any of the members `names`, and others.
pub(crate) fn any_object(
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    members(names, any_json(words)).prop_map(Value::Object)
}

fn members(
    names: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![4 => select(names).prop_map(String::from), 1 => "\\PC{0,6}"];
    proptest::collection::vec((name, value), 0..8).prop_map(|members: Vec<_>| members.into_iter().collect())
}
