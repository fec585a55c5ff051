import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { TestTree } from "./tree.fixture.ts";

/** A parent that takes many children back lets each wait for its turn. */
const TURN_MS = 6000;

it("a child waits for its turn at a parent that is there but busy, longer than for a hello", async () => {
  await using tree = await TestTree.start();
  await tree.join("edge", await tree.token());
  const dialled: Socket[] = [];
  const busy = createServer((near) => {
    dialled.push(near);
    near.pause().on("error", () => {});
    setTimeout(() => {
      const far = connect(tree.root.controller.port, "127.0.0.1").on("error", () => {});
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      far.once("close", () => near.destroy());
    }, TURN_MS);
  }).listen(0, "127.0.0.1");
  await once(busy, "listening");
  const address = `127.0.0.1:${(busy.address() as AddressInfo).port}`;
  const member = await tree.launch("edge", { ...tree.root, address });
  await expect.poll(() => member.controller.path).toEqual(["root", "edge"]);
  expect(dialled).toHaveLength(1);
  await member[Symbol.asyncDispose]();
  busy.close();
});
