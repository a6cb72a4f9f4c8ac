import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, byArea } from "./areas.mjs";

test("areaOf_ourFunctions_areNamedByTheirFolder", () => {
  assert.equal(areaOf("pixie_auth::core::words::config::Config::fill"), "src/core/words");
  assert.equal(areaOf("pixie_auth::web::driver::Driver<P>::new"), "src/web");
  assert.equal(areaOf("pixie_auth::core::machines::session::<impl pixie_auth::core::machines::machine::Machine<J>>::reread"), "src/core/machines");
});

test("areaOf_anImplementationOfOneAreaForAnother_countsForTheImplementingType", () => {
  assert.equal(areaOf("<pixie_auth::bindings::client::Page as pixie_auth::web::driver::Program>::settle"), "src/bindings");
});

test("areaOf_genericsOfLibraries_countForTheTypeTheyWereMadeFor", () => {
  assert.equal(areaOf("core::ptr::drop_in_place<pixie_auth::core::memory::transaction::Login>"), "src/core/memory");
  assert.equal(areaOf("core::ptr::drop_in_place<alloc::rc::Rc<js_sys::futures::jspi::SpawnedTask>>"), "wasm-bindgen, js-sys");
  assert.equal(areaOf("<alloc::vec::Vec<Z> as zeroize::Zeroize>::zeroize"), "zeroize");
});

test("areaOf_rustsOwn_isRusts", () => {
  const names = [
    "core::str::converts::from_utf8",
    "<u32 as core::fmt::Display>::fmt",
    "<T as alloc::slice::<impl [T]>::to_vec_in::ConvertVec>::to_vec",
    "<str>::eq_ignore_ascii_case",
    "__rustc::__rust_alloc",
    "__multi3",
    "memcmp",
  ];
  for (const name of names) assert.equal(areaOf(name), "Rust's library", name);
});

test("areaOf_aLibraryNobodyHasThoughtOf_standsUnderItsOwnName", () => {
  assert.equal(areaOf("some_codec::decode::Table<T>::fill"), "some_codec");
});

test("areaOf_whatTheToolsWrite_isTheirs", () => {
  const shims = ["__wbindgen_malloc", "__externref_table_alloc", "__wbg_client_free", "client_ask externref shim", "Ref(String) -> Externref externref shim"];
  for (const name of shims) assert.equal(areaOf(name), "wasm-bindgen, js-sys", name);
  assert.equal(areaOf("client_ask"), "src/bindings");
  assert.equal(areaOf("564"), "without a name");
});

test("byArea_functions_areSummedTheHeaviestFirst", () => {
  const functions = [
    { name: "talc::base::Talc<S,B>::claim", bytes: 10 },
    { name: "pixie_auth::web::driver::drain", bytes: 7 },
    { name: "pixie_auth::web::json::parse", bytes: 8 },
  ];
  assert.deepEqual(byArea(functions), [
    { area: "src/web", bytes: 15, functions: 2 },
    { area: "talc", bytes: 10, functions: 1 },
  ]);
});
