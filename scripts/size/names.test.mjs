import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted } from "./names.mjs";

test("fitted_anImplementationElsewhere_isToldByItsTypesOwnName", () => {
  assert.equal(
    fitted("pixie_auth::core::machines::session::<impl pixie_auth::core::machines::machine::Machine<J>>::reread"),
    "crate::core::machines::session::<impl Machine<J>>::reread",
  );
});

test("fitted_aLongName_keepsBothEnds", () => {
  const name = fitted("core::iter::adapters::map::Map<I,F>::try_fold", 21);
  assert.equal(name, "core::iter…::try_fold");
  assert.equal(name.length, 21);
});
