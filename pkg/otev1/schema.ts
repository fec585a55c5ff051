/** Number and type of one field; "[]" after the type means repeated. */
type Field = readonly [number: number, type: string];

/** The protobuf messages (proto3) of OTE-Stack 2020, under the names that it uses. */
export const OLD_SCHEMA: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  ClusterMessage: { Head: [1, "MessageHead"], Body: [2, "bytes"] },
  MessageHead: {
    MessageID: [1, "string"],
    // An enum there; a number here, so that a value that we do not know is no error.
    Command: [2, "int32"],
    ClusterSelector: [3, "string"],
    ClusterName: [4, "string"],
    ParentClusterName: [5, "string"],
  },
  ControllerTask: {
    Destination: [1, "string"],
    Method: [2, "string"],
    URI: [3, "string"],
    Body: [4, "bytes"],
  },
  ControllerTaskResponse: {
    Timestamp: [1, "int64"],
    StatusCode: [2, "int32"],
    Body: [3, "bytes"],
  },
  ControlMultiTask: {
    Destination: [1, "string"],
    Method: [2, "string"],
    URI: [3, "string"],
    Body: [4, "bytes[]"],
  },
};

/** What an old message means, in its head's `Command`. */
export const OLD_COMMANDS = {
  clusterRegist: 1,
  clusterUnregist: 2,
  neighborRoute: 3,
  subTreeRoute: 4,
  controlReq: 7,
  controlResp: 8,
  edgeReport: 9,
  controlMultiReq: 10,
} as const;
