use crate::stand_in::js;
use pixie_auth::{Json, web::json::JsJson};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

fn value(expression: &str) -> JsJson {
    JsJson(js(expression))
}

/// The names of the members that there are, in order.
fn names(json: &JsJson) -> Vec<String> {
    let members = (0..).map_while(|index| json.nth_member(index));
    members.filter(|(_, value)| value.is_some()).map(|(name, _)| name).collect()
}

#[wasm_bindgen_test]
fn json_parses_objects_as_the_host_does_and_gives_none_for_anything_else() {
    for text in ["{}", " {\"a\":[1,{\"b\":null}]} "] {
        assert!(JsJson::parse(text).is_some(), "{text}");
    }
    for text in ["[]", "null", "7", "\"x\"", "true"] {
        assert!(JsJson::parse(text).is_none(), "{text}");
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
fn json_texts_of_any_length_come_as_utf_8() {
    for (expression, expected) in [
        ("''", String::new()),
        ("'x'.repeat(100000)", "x".repeat(100_000)),
        (r"'\u2135\ud83d\ude00'.repeat(3000)", "\u{2135}\u{1f600}".repeat(3000)),
        // Half of a pair is nothing that UTF-8 has.
        (r"'a\ud83db'", "a\u{fffd}b".into()),
    ] {
        assert_eq!(value(&format!("({{ text: {expression} }})")).text("text"), Some(expected.clone()), "{expression}");
        assert_eq!(value(expression).as_text(), Some(expected), "{expression}");
    }
}

#[wasm_bindgen_test]
fn json_member_is_a_text_or_lists_it() {
    let json = JsJson::parse(r#"{"text":"x","number":7,"list":["a","x",7],"empty":[],"object":{"0":"x"}}"#).unwrap();
    assert!(json.is("text", "x") && !json.is("text", "y") && !json.is("number", "7") && !json.is("absent", ""));
    assert!(json.has("text") && json.has("empty") && !json.has("absent"));
    assert_eq!((json.lists("list", "x"), json.lists("list", "7"), json.lists("list", "y")), (3, 0, 0));
    for name in ["text", "number", "empty", "object", "absent"] {
        assert_eq!(json.lists(name, "x"), 0, "{name}");
    }
}

#[wasm_bindgen_test]
fn json_members_of_what_is_no_object_are_absent() {
    for expression in ["undefined", "null", "7", "'text'", "true", "Symbol()", "[1]"] {
        let json = value(expression);
        assert!(json.member("x").is_none() && !json.is_object(), "{expression}");
    }
}

#[wasm_bindgen_test]
fn json_members_come_with_their_names_in_order_and_without_those_that_are_null() {
    let json = value("{ b: 1, a: 'x', none: null, no: undefined, get c() { return true }, [Symbol()]: 2 }");
    assert_eq!(names(&json), ["b", "a", "c"]);
    assert_eq!(names(&value("[5, null, 6]")), ["0", "2"]);
    for expression in ["Object.create({ inherited: 1 })", "{}", "[]", "undefined", "null", "7", "'text'", "Symbol()"] {
        assert_eq!(names(&value(expression)), [""; 0], "{expression}");
    }
}

#[wasm_bindgen_test]
fn json_behind_base64url_is_read_as_utf_8() {
    let read = |text: &str| JsJson::parse_base64url(text);
    assert!(read("e30").unwrap().is_object());
    // {"name":"Ñandú ℵ","x":"?>~"}
    let json = read("eyJuYW1lIjoiw5FhbmTDuiDihLUiLCJ4IjoiPz5-In0").unwrap();
    assert_eq!((json.text("name").as_deref(), json.text("x").as_deref()), (Some("Ñandú ℵ"), Some("?>~")));
    for garbage in ["", "e3", "!", "W10", "bnVsbA", "e30.e30", "_w", "eyJhIjoi_yJ9", "eyJhIg", "%7B%7D", "ℵ"] {
        assert!(read(garbage).is_none(), "{garbage}");
    }
}

#[wasm_bindgen_test]
fn json_types_are_told_apart_without_conversion() {
    assert!(value("{}").is_object() && !value("[]").is_object() && !value("null").is_object());
    assert_eq!(value("'7'").as_number(), None);
    assert_eq!(value("7").as_text(), None);
    assert!(!value("({ yes: 1, no: 0 })").says("yes", true) && !value("({ yes: 1, no: 0 })").says("no", false));
    assert!(value("({ no: false })").says("no", false) && !value("({ no: false })").says("no", true));
    assert_eq!(value("new String('x')").as_text(), None);
}

#[wasm_bindgen_test]
fn json_member_whose_getter_throws_is_absent() {
    let json = value("{ get bad() { throw new Error('no') }, good: 1 }");
    assert!(json.member("bad").is_none());
    assert_eq!(json.number("good"), Some(1.0));
    assert_eq!(names(&json), ["good"]);
    let hostile = value("new Proxy({}, { get() { throw 1 } })");
    assert!(hostile.member("x").is_none());
}

#[wasm_bindgen_test]
fn json_of_a_clone_is_the_same_value() {
    let object = js("{}");
    let json = JsJson(object.clone());
    assert!(JsValue::eq(&json.clone().0, &object));
}
