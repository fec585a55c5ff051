import { isOfStreams } from "../../tunnel/streams/stream-words.ts";
import type { TreeEvent } from "../event.ts";
import type { Streams } from "./streams.ts";

/** Tells streams what concerns them of an event; whether it concerns nobody else. */
export function isForStreams(event: TreeEvent, streams: Streams): boolean {
  switch (event.kind) {
    case "child-said":
      if (!isOfStreams(event.message)) return false;
      streams.hear(event.child, event.message);
      return true;
    case "parent-said":
      if (!isOfStreams(event.message)) return false;
      streams.hear("", event.message);
      return true;
    case "child-joined":
      streams.lost(event.hello.name);
      return false;
    case "child-left":
      streams.lost(event.child);
      return false;
    case "parent-joined":
    case "parent-left":
      streams.lost("");
      return false;
    default:
      return false;
  }
}
