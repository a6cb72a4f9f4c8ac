use crate::{
    inbox::{Arrival, Inbox, LOADED, STORED},
    stand_in::{StandIn, js},
};
use pixie_auth::{
    Area,
    web::storage::{self, Stores},
};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const SESSION: u32 = Area::Session as u32;
const LOGIN: u32 = Area::Login as u32;
const KEY: &str = "pixie-auth test";

/// Stores, and what they answered.
struct Shelf {
    stores: Stores,
    answers: Inbox<Arrival>,
}

fn open(storage: &JsValue) -> Result<Shelf, &'static str> {
    let answers = Inbox::default();
    let stores = Stores::open(storage, &answers.address());
    stores.map(|stores| Shelf { stores, answers }).map_err(|error| error.code().as_str())
}

/// A shelf that opens, by the JavaScript of `storage`.
fn shelf(storage: &str) -> Shelf {
    open(&js(storage)).unwrap_or_else(|code| panic!("{storage}: {code}"))
}

impl Shelf {
    /// The value, or the code of the error.
    async fn get(&self, area: u32) -> Result<Option<String>, &'static str> {
        self.stores.load(7, area, KEY);
        let Arrival { what, op, text, extra, .. } = self.answers.take().await;
        assert_eq!((what, op, self.answers.len()), (LOADED, 7, 0), "one answer, which names its question");
        extra.map_or(Ok(text), |thrown| Err(storage::failure(&thrown).code().as_str()))
    }

    /// Writes, or removes where there is nothing to write.
    async fn set(&self, area: u32, value: Option<&str>) -> Result<(), &'static str> {
        self.stores.store(8, area, KEY, value);
        let Arrival { what, op, extra, .. } = self.answers.take().await;
        assert_eq!((what, op, self.answers.len()), (STORED, 8, 0), "one answer, which names its question");
        extra.map_or(Ok(()), |thrown| Err(storage::failure(&thrown).code().as_str()))
    }
}

/// What the page itself has stored.
fn in_page(storage: &str) -> Option<String> {
    js(&format!("{storage}.getItem('{KEY}')")).as_string()
}

#[wasm_bindgen_test]
async fn storage_of_every_kind_gives_back_what_it_was_given() {
    let program = "(() => { const m = new Map(); return { get: (k) => m.get(k), set: (k, v) => { m.set(k, v) }, remove: (k) => { m.delete(k) } } })()";
    for storage in ["undefined", "'memory'", "'session'", "'local'", program] {
        let shelf = shelf(storage);
        for area in [SESSION, LOGIN] {
            assert_eq!(shelf.get(area).await, Ok(None), "{storage}");
            for value in ["a", "", "naïve \u{1f9da} \0 \"quoted\" &=%", "second"] {
                assert_eq!(shelf.set(area, Some(value)).await, Ok(()), "{storage}");
                assert_eq!(shelf.get(area).await, Ok(Some(value.into())), "{storage}");
            }
            assert_eq!(shelf.set(area, None).await, Ok(()));
            assert_eq!(shelf.set(area, None).await, Ok(()), "there may be nothing to remove");
            assert_eq!(shelf.get(area).await, Ok(None), "{storage}");
        }
    }
}

#[wasm_bindgen_test]
fn storage_of_the_page_answers_at_once_so_that_a_login_is_read_and_marked_in_one_go() {
    for storage in ["'memory'", "'session'", "'local'", "{ get() {}, set() {}, remove() {} }"] {
        let shelf = shelf(storage);
        shelf.stores.store(1, SESSION, KEY, Some("x"));
        shelf.stores.load(2, SESSION, KEY);
        shelf.stores.store(3, SESSION, KEY, None);
        let ops: Vec<_> = std::iter::from_fn(|| shelf.answers.here()).map(|arrival| arrival.op).collect();
        assert_eq!(ops, [1, 2, 3], "{storage}");
    }
}

#[wasm_bindgen_test]
async fn storage_is_the_pages_of_that_name() {
    for (storage, place) in
        [("undefined", "sessionStorage"), ("'session'", "sessionStorage"), ("'local'", "localStorage")]
    {
        let shelf = shelf(storage);
        for area in [SESSION, LOGIN] {
            shelf.set(area, Some("here")).await.unwrap();
            assert_eq!(in_page(place).as_deref(), Some("here"), "{storage}");
            shelf.set(area, None).await.unwrap();
            assert_eq!(in_page(place), None);
        }
    }
}

#[wasm_bindgen_test]
async fn storage_memory_keeps_the_session_to_itself_and_lets_logins_survive_the_way() {
    let (first, second) = (shelf("'memory'"), shelf("'memory'"));
    first.set(SESSION, Some("secret")).await.unwrap();
    assert_eq!(second.get(SESSION).await, Ok(None));
    assert_eq!((in_page("sessionStorage"), in_page("localStorage")), (None, None));
    first.set(LOGIN, Some("on the way")).await.unwrap();
    assert_eq!(in_page("sessionStorage").as_deref(), Some("on the way"));
    assert_eq!(second.get(LOGIN).await, Ok(Some("on the way".into())));
    first.set(LOGIN, None).await.unwrap();
}

#[wasm_bindgen_test]
async fn storage_memory_where_the_page_has_no_storage_keeps_logins_too() {
    let _stand_in =
        StandIn::new("globalThis", "sessionStorage", "{ get() { throw new DOMException('', 'SecurityError') } }");
    let shelf = shelf("'memory'");
    shelf.set(LOGIN, Some("here")).await.unwrap();
    assert_eq!(shelf.get(LOGIN).await, Ok(Some("here".into())));
}

#[wasm_bindgen_test]
async fn storage_that_is_full_says_so_and_keeps_what_it_had() {
    for storage in ["'session'", "'local'"] {
        let shelf = shelf(storage);
        shelf.set(SESSION, Some("small")).await.unwrap();
        let large = "x".repeat(11 << 20);
        assert_eq!(shelf.set(SESSION, Some(&large)).await, Err("storage_full"), "{storage}");
        assert_eq!(shelf.get(SESSION).await, Ok(Some("small".into())));
        shelf.set(SESSION, None).await.unwrap();
    }
}

#[wasm_bindgen_test]
fn storage_whose_very_access_throws_or_that_is_not_there_is_unavailable() {
    for (storage, name) in
        [("'local'", "localStorage"), ("'session'", "sessionStorage"), ("undefined", "sessionStorage")]
    {
        for descriptor in [
            "{ get() { throw new DOMException('denied', 'SecurityError') } }",
            "{ value: null }",
            "{ value: undefined }",
        ] {
            let _stand_in = StandIn::new("globalThis", name, descriptor);
            assert_eq!(open(&js(storage)).err(), Some("storage_unavailable"), "{storage} {descriptor}");
        }
    }
    assert!(open(&js("'local'")).is_ok() && open(&js("'session'")).is_ok());
}

#[wasm_bindgen_test]
async fn storage_whose_methods_throw_is_unavailable() {
    let shelf = shelf("'local'");
    let throws = "{ value() { throw new DOMException('denied', 'SecurityError') } }";
    let stand_ins = ["getItem", "setItem", "removeItem"].map(|name| StandIn::new("Storage.prototype", name, throws));
    assert_eq!(shelf.get(SESSION).await, Err("storage_unavailable"));
    assert_eq!(shelf.set(SESSION, Some("x")).await, Err("storage_unavailable"));
    assert_eq!(shelf.set(SESSION, None).await, Err("storage_unavailable"));
    drop(stand_ins);
    assert_eq!(shelf.get(SESSION).await, Ok(None));
}

// ── The program's own ───────────────────────────────────────────────────────────────────────────────────────────

#[wasm_bindgen_test]
async fn programs_store_may_be_asynchronous_and_have_a_state_of_its_own() {
    let shelf = shelf(
        "new (class { #m = new Map();
            async get(key) { await null; return this.#m.get(key) ?? null }
            async set(key, value) { await null; this.#m.set(key, value) }
            async remove(key) { await null; this.#m.delete(key) } })()",
    );
    assert_eq!(shelf.get(SESSION).await, Ok(None), "null is nothing");
    shelf.set(SESSION, Some("x")).await.unwrap();
    assert_eq!(shelf.get(SESSION).await, Ok(Some("x".into())));
    shelf.set(SESSION, None).await.unwrap();
    assert_eq!(shelf.get(SESSION).await, Ok(None));
}

#[wasm_bindgen_test]
async fn programs_store_that_throws_or_rejects_is_unavailable_whatever_it_throws() {
    for thrown in [
        "new Error('no')",
        "undefined",
        "null",
        "'text'",
        "42",
        "({ name: 42 })",
        "({ name: undefined })",
        "Object.create(null)",
    ] {
        for fails in
            ["() => { throw THROWN }", "async () => { throw THROWN }", "() => ({ then(_, no) { no(THROWN) } })"]
        {
            let fails = fails.replace("THROWN", thrown);
            let shelf = shelf(&format!("{{ get: {fails}, set: {fails}, remove: {fails} }}"));
            assert_eq!(shelf.get(SESSION).await, Err("storage_unavailable"), "{fails}");
            assert_eq!(shelf.set(SESSION, Some("x")).await, Err("storage_unavailable"), "{fails}");
            assert_eq!(shelf.set(SESSION, None).await, Err("storage_unavailable"), "{fails}");
        }
    }
}

#[wasm_bindgen_test]
async fn programs_store_that_is_full_says_so_by_the_errors_name() {
    for name in ["QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED"] {
        let shelf = shelf(&format!(
            "{{ get() {{}}, remove() {{}}, async set() {{ throw Object.assign(new Error(), {{ name: '{name}' }}) }} }}"
        ));
        assert_eq!(shelf.set(SESSION, Some("x")).await, Err("storage_full"));
    }
}

#[wasm_bindgen_test]
async fn programs_store_that_gives_no_string_is_unavailable() {
    for given in ["7", "{}", "true", "['x']", "new String('x')", "Symbol()"] {
        let shelf = shelf(&format!("{{ get: () => ({given}), set() {{}}, remove() {{}} }}"));
        assert_eq!(shelf.get(SESSION).await, Err("storage_unavailable"), "{given}");
    }
}

#[wasm_bindgen_test]
fn programs_store_without_a_method_and_words_that_name_none_are_invalid_config() {
    for storage in [
        "{}",
        "{ get() {}, set() {} }",
        "{ get() {}, set() {}, remove: true }",
        "[]",
        "null",
        "7",
        "true",
        "''",
        "'cookie'",
        "'Session'",
        "'localStorage'",
        "'indexeddb'",
        "'worker'",
        "() => {}",
    ] {
        assert_eq!(open(&js(storage)).err(), Some("invalid_config"), "{storage}");
    }
}
