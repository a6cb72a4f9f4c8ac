use crate::stand_in::js;
use pixie_auth::{Json, web::json::JsJson};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

fn value(expression: &str) -> JsJson {
    JsJson(js(expression))
}

#[wasm_bindgen_test]
fn json_parses_what_the_host_does_and_gives_none_for_garbage() {
    for text in ["{}", "[]", "null", "7", "\"x\"", " {\"a\":[1,{\"b\":null}]} "] {
        assert!(JsJson::parse(text).is_some(), "{text}");
    }
    for text in ["", " ", "{", "{a:1}", "undefined", "<html>", "NaN", "{\"a\":1}x", "\u{feff}{}", "'x'"] {
        assert!(JsJson::parse(text).is_none(), "{text}");
    }
}

#[wasm_bindgen_test]
fn json_members_are_found_unless_they_are_null_or_absent() {
    let json = JsJson::parse(r#"{"text":"x","number":1.5,"yes":true,"no":false,"null":null,"empty":""}"#).unwrap();
    assert_eq!(json.text("text").as_deref(), Some("x"));
    assert_eq!(json.text("empty").as_deref(), Some(""));
    assert_eq!(json.number("number"), Some(1.5));
    assert!(json.is_true("yes") && !json.is_true("no") && !json.is_true("text") && !json.is_true("absent"));
    assert!(json.member("null").is_none() && json.member("absent").is_none());
    assert!(json.text("number").is_none() && json.number("text").is_none(), "another type is as good as absent");
}

#[wasm_bindgen_test]
fn json_members_of_what_is_no_object_are_absent() {
    for expression in ["undefined", "null", "7", "'text'", "true", "Symbol()", "[1]"] {
        let json = value(expression);
        assert!(json.member("x").is_none() && json.members().is_empty() && !json.is_object(), "{expression}");
    }
}

#[wasm_bindgen_test]
fn json_members_come_with_their_names_in_order() {
    let members = value("{ b: 1, a: 'x', get c() { return true }, [Symbol()]: 2 }").members();
    let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["b", "a", "c"]);
    assert_eq!(members[2].1.as_bool(), Some(true));
    assert!(value("Object.create({ inherited: 1 })").members().is_empty());
}

#[wasm_bindgen_test]
fn json_elements_are_an_arrays_alone() {
    let elements = value("[1, 'x', null]").elements().unwrap();
    assert_eq!(elements.len(), 3);
    assert_eq!((elements[0].as_number(), elements[1].as_text()), (Some(1.0), Some("x".into())));
    for expression in ["{ length: 1, 0: 'x' }", "'text'", "new Set([1])", "null"] {
        assert!(value(expression).elements().is_none(), "{expression}");
    }
}

#[wasm_bindgen_test]
fn json_types_are_told_apart_without_conversion() {
    assert!(value("{}").is_object() && !value("[]").is_object() && !value("null").is_object());
    assert_eq!(value("'7'").as_number(), None);
    assert_eq!(value("7").as_text(), None);
    assert_eq!(value("1").as_bool(), None);
    assert_eq!(value("new String('x')").as_text(), None);
}

#[wasm_bindgen_test]
fn json_member_whose_getter_throws_is_absent() {
    let json = value("{ get bad() { throw new Error('no') }, good: 1 }");
    assert!(json.member("bad").is_none());
    assert_eq!(json.number("good"), Some(1.0));
    assert_eq!(json.members().len(), 2);
    let hostile = value("new Proxy({}, { get() { throw 1 } })");
    assert!(hostile.member("x").is_none());
}

#[wasm_bindgen_test]
fn json_of_a_clone_is_the_same_value() {
    let object = js("{}");
    let json = JsJson(object.clone());
    assert!(JsValue::eq(&json.clone().0, &object));
}
