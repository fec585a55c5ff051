import type { Logger } from "../base/log.ts";
import type { LogLimit } from "../base/log-limit.ts";
import type { Metrics } from "../base/metrics.ts";
import type { ParentCandidates } from "../topology/parent-candidates.ts";
import type { Enrol } from "../wire/message.ts";
import type { Children } from "./children.ts";
import type { EntryPoint } from "./entry-point.ts";
import type { TreeEffect } from "./event.ts";
import type { Identity } from "./identity.ts";
import type { Membership } from "./membership/membership.ts";
import type { Passage } from "./membership/passage.ts";
import type { ParentLink } from "./parent-link.ts";
import type { TaskRunner } from "./tasks/task-runner.ts";

/** What stands around the tree of one node; a side that is missing is one it does not have, or not yet. */
export interface Sides {
  readonly log: Logger;
  /** For what single messages make us say. */
  readonly lines: LogLimit;
  readonly metrics: Metrics;
  readonly identity: Identity;
  readonly membership: Membership | undefined;
  readonly passage: Passage;
  /** The tree's authority has to decide who somebody is. */
  readonly decide: (request: Enrol) => void;
  children?: Children;
  parent?: ParentLink;
  runner?: TaskRunner;
  entry?: EntryPoint;
  candidates?: ParentCandidates;
}

/** Does what the tree has decided. */
export function perform(effect: TreeEffect, sides: Sides): void {
  switch (effect.kind) {
    case "send-child":
      sides.children?.send(effect.child, effect.message);
      break;
    case "send-parent":
      sides.parent?.send(sides.passage.toParent(effect.message));
      break;
    case "end-child":
      sides.children?.end(effect.child, effect.reason);
      break;
    case "end-parent":
      sides.log.warn({ ...effect.reason }, "leaving parent");
      sides.parent?.end(effect.reason);
      break;
    case "run":
      sides.runner?.run(effect.task);
      break;
    case "forget":
      void sides.runner?.forget(effect.ids);
      break;
    case "settled":
      sides.entry?.settled(effect.id, effect.settlements);
      break;
    case "clusters-changed":
      sides.entry?.clustersChanged(effect.names);
      break;
    case "candidates":
      sides.candidates?.learn(effect.neighbours);
      sides.identity.rememberParents(sides.candidates?.learnt ?? []);
      break;
    case "enrol":
      sides.decide(effect.request);
      break;
    case "enrolled":
      sides.membership?.enrolment.answered(effect.answer);
      break;
    case "anchored":
      sides.candidates?.anchored(effect.anchored, performance.now());
      break;
    case "ignored":
      sides.metrics.count("ote_messages_ignored_total", { code: effect.code });
      sides.lines.of(effect.peer).warn({ peer: effect.peer, code: effect.code }, "message ignored");
      break;
  }
}
