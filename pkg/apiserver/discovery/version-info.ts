/** What /version says: the level of the Kubernetes API that is spoken here. */
export const VERSION_INFO = {
  major: "1",
  minor: "33",
  gitVersion: "v1.33.0+ote",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2025-04-23T00:00:00Z",
  goVersion: "go1.24.2",
  compiler: "node",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
} as const;
