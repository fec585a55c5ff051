import { MemoryRecordStore } from "./memory-record-store.ts";
import { describeRecordStore } from "./record-store.contract.ts";

describeRecordStore("memory", async () => new MemoryRecordStore());
