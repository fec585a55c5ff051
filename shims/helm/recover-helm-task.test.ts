import { describe, expect, it } from "vitest";
import { FakeHelm } from "../../test/support/fake-helm.ts";
import { HelmShim } from "./helm-shim.ts";

const STARTED = new Date("2026-01-02T03:04:05Z");
const OLD = "2026-01-02T03:00:00Z";
const NEW = "2026-01-02T03:04:09.123456789+00:00";
const OWN = "ote task t-1";
const unknown = { verdict: "failed", code: 500, reason: "OutcomeUnknown" };
const failed = { verdict: "failed", code: 500, reason: "HelmFailed" };

const chart = { url: "https://example.com/a.tgz" };
const upgrade = { action: "upgrade", release: "a", chart };
const install = { action: "install", release: "a", chart };
const rollback = { action: "rollback", release: "a", revision: 2 };
const uninstall = { action: "uninstall", release: "a" };

type Line = readonly [status: string, updated: string, description: string];
const absent = "Error: release: not found";

describe("The helm shim after a crash", () => {
  it.each<[string, object, readonly Line[] | string, object | "run"]>([
    ["installs what is not there", install, absent, "run"],
    [
      "finds what it has installed",
      install,
      [["deployed", NEW, OWN]],
      { verdict: "done", code: 201 },
    ],
    [
      "finds what it has upgraded, although others came later",
      upgrade,
      [
        ["superseded", OLD, "x"],
        ["superseded", NEW, OWN],
        ["deployed", NEW, "x"],
      ],
      { verdict: "done", code: 200 },
    ],
    ["upgrades what has not changed since", upgrade, [["deployed", OLD, "x"]], "run"],
    ["does not know of a half one", install, [["pending-install", NEW, "Initial"]], unknown],
    ["does not know of a half one of its own", upgrade, [["pending-upgrade", NEW, OWN]], unknown],
    ["says what has failed", upgrade, [["failed", NEW, 'Release "a" failed: b']], failed],
    ["does not know what another one was", upgrade, [["deployed", NEW, "x"]], unknown],
    ["does not know of a time it cannot read", upgrade, [["deployed", "?", "x"]], unknown],
    ["finds its rollback", rollback, [["deployed", NEW, "Rollback to 2"]], { verdict: "done" }],
    ["takes no older rollback for its own", rollback, [["deployed", OLD, "Rollback to 2"]], "run"],
    [
      "does not know of a rollback to no revision",
      { ...rollback, revision: 0 },
      [["deployed", NEW, "Rollback to 2"]],
      unknown,
    ],
    ["finds what it has uninstalled", uninstall, absent, { verdict: "done", code: 200 }],
    ["uninstalls what is there", uninstall, [["deployed", OLD, "x"]], "run"],
    ["spares a successor", uninstall, [["deployed", NEW, "x"]], unknown],
    ["does not know of a half end", uninstall, [["uninstalling", OLD, "x"]], unknown],
    ["does not know when helm cannot look", upgrade, "Error: unreachable", unknown],
    ["reads again", { action: "status", release: "a" }, [], "run"],
    ["refuses again", { action: "nothing" }, [], "run"],
  ])("%s", async (_what, body, history, wanted) => {
    const lines = typeof history === "string" ? [] : history;
    const stdout = JSON.stringify(
      lines.map(([status, updated, description], index) => {
        return { revision: index + 1, status, updated, description };
      }),
    );
    const answer = typeof history === "string" ? { code: 1, stderr: history } : { stdout };
    await using fake = await FakeHelm.create({ history: answer });
    const { file: helm, temporary } = fake;
    await using shim = await HelmShim.open({ helm, kubeconfig: "/k", temporary });
    const task = {
      id: "t-1",
      destination: "helm",
      method: "",
      url: "",
      body: JSON.stringify(body),
    };
    const outcome = await shim.recover(task, STARTED, AbortSignal.timeout(20_000));
    if (typeof wanted === "string") expect(outcome).toBe(wanted);
    else expect(outcome).toMatchObject(wanted);
    expect((await fake.calls()).filter(({ argv }) => argv[0] !== "history")).toEqual([]);
  });

  it("does not run anything when there is no helm any more", async () => {
    await using fake = await FakeHelm.create();
    const { temporary } = fake;
    await using shim = await HelmShim.open({ helm: "no-helm-here", kubeconfig: "/k", temporary });
    const task = {
      id: "t-1",
      destination: "helm",
      method: "",
      url: "",
      body: JSON.stringify(install),
    };
    expect(await shim.recover(task, STARTED, AbortSignal.timeout(20_000))).toMatchObject(unknown);
  });
});
