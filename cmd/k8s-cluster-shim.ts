#!/usr/bin/env node
import { runShimProgram } from "./shim-program.ts";

await runShimProgram("k8s-cluster-shim");
