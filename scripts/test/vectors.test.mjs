import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDesk, vectorsObstacle, vectorTests } from "./vectors.mjs";

test("vectorTests_ofThisRepository_areNamedAsTheRunnerNamesThem", () => {
  assert.ok(vectorTests().includes("vectors::wycheproofs_signatures_are_right_where_they_are_and_refused_where_not"));
});

test("vectorsObstacle_folderThatIsAbsent_isSaid", () => {
  assert.equal(vectorsObstacle(tmpdir()), null);
  assert.match(vectorsObstacle(join(tmpdir(), "there", "is", "none")), /not beside this repository/);
});

test("desk_answersForItsOwnPathsAloneAndKeepsReports", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "a.json"), "{}");
  const desk = openDesk(folder);
  const server = createServer((incoming, outgoing) => {
    if (!desk.answer(incoming, outgoing)) outgoing.writeHead(418).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const ask = async (path, init) => {
    const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, init);
    return `${answer.status} ${await answer.text()}`;
  };
  assert.equal(await ask("/vectors/a.json"), "200 {}");
  assert.equal(await ask("/vectors/b.json"), "404 ");
  assert.equal(await ask("/other"), "418 ");
  assert.equal(await ask("/vectors/", { method: "POST", body: "three of four" }), "204 ");
  assert.deepEqual(desk.reports, ["three of four"]);
});
