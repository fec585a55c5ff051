#!/usr/bin/env node
import { runShimProgram } from "./shim-program.ts";

await runShimProgram("k3s-cluster-shim");
