import type { Message } from "../../wire/message.ts";
import type { ClusterName } from "../../wire/names.ts";
import type { TreeEvent } from "../event.ts";
import type { Guard } from "./guard.ts";

/** Where words pass between links and tree: checked by a guard, or as they are in a tree without identities. */
export class Passage {
  readonly #guard: Guard | undefined;

  constructor(guard: Guard | undefined) {
    this.#guard = guard;
  }

  /** What is left of a child's words; throws a TrustError when the child has to lose its link. */
  fromChild(child: ClusterName, message: Message): Message | undefined {
    return this.#guard === undefined ? message : this.#guard.fromChild(child, message);
  }

  fromParent(parent: ClusterName, message: Message): Message | undefined {
    return this.#guard === undefined ? message : this.#guard.fromParent(parent, message);
  }

  /** Our own words to the parent, provable to whom they are meant for. */
  toParent(message: Message): Message {
    return message.kind === "result" && this.#guard !== undefined
      ? this.#guard.signed(message)
      : message;
  }

  /** A new task as its targets can believe it; `now` is on the clock of its deadline. */
  sealed(event: TreeEvent, now: number): TreeEvent {
    if (event.kind !== "task-created" || this.#guard === undefined) return event;
    const { order } = event;
    const seal = this.#guard.seal(order, order.waiting, order.deadline - now);
    return { ...event, order: { ...order, seal } };
  }
}
