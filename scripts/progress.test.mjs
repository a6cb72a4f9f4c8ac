import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { clock, CommandError, fitLine, logName, run } from "./progress.mjs";

const node = (code, options) => run(process.execPath, ["-e", code], { quiet: true, label: "progress test", ...options });

test("clock_seconds_areMinutesAndHours", () => {
  assert.deepEqual([0, 80, 3725].map(clock), ["00:00", "01:20", "1:02:05"]);
});

test("logName_label_isAPlainFileName", () => {
  assert.equal(logName("clippy (browser, the pkce module)"), "clippy-browser-the-pkce-module");
});

test("fitLine_wideTerminal_showsAllAndTheNote", () => {
  assert.deepEqual(fitLine("[1/2] tool", "00:07", "Compiling syn", 80), { line: "[1/2] tool … 00:07", note: "Compiling syn" });
});

test("fitLine_narrowTerminal_cutsTheTextAndKeepsTheTime", () => {
  const { line, note } = fitLine("[1/2] a tool with a long name: compiling", "00:07", "Compiling syn", 30);
  assert.equal(line, "[1/2] a tool with a … … 00:07");
  assert.ok(line.length < 30);
  assert.equal(note, "");
});

test("run_programSucceeds_givesItsOutput", async () => {
  const { code, output, reason } = await node("console.log('out'); console.error('err')");
  assert.equal(code, 0);
  assert.equal(reason, null);
  assert.match(output, /out/);
  assert.match(output, /err/);
});

test("run_programFails_throwsWithTheEndOfItsOutputAndTheLog", async () => {
  await assert.rejects(node("console.error('what went wrong'); process.exitCode = 3"), (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /exit code 3/);
    assert.match(error.message, /what went wrong/);
    assert.match(error.message, /target\/logs\/progress-test\.log/);
    return true;
  });
});

test("run_tolerant_givesTheFailureAsAValue", async () => {
  const { code, reason, log } = await node("console.log('said'); process.exitCode = 3", { tolerant: true });
  assert.equal(code, 3);
  assert.equal(reason, "ended with exit code 3");
  assert.match(readFileSync(log, "utf8"), /said/);
});

test("run_programIsMissing_saysThatItCouldNotBeStarted", async () => {
  await assert.rejects(run("pixie-auth-has-no-such-program", [], { quiet: true }), /could not be started/);
});

test("run_programHangs_isEndedAtItsTimeLimit", async () => {
  const { reason } = await node("setInterval(() => {}, 1000)", { timeLimit: 0.01, tolerant: true });
  assert.match(reason, /did not end within/);
});

test("run_colours_areNotInTheOutput", async () => {
  const { output } = await node("process.stdout.write('\\u001b[31mred\\u001b[39m')");
  assert.equal(output, "red");
});
