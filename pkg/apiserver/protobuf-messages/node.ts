/** Messages of node.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Overhead: 1 podFixed quantity{}
RuntimeClass: 1 metadata ObjectMeta, 2 handler text!, 3 overhead Overhead, 4 scheduling Scheduling
Scheduling: 1 nodeSelector text{}, 2 tolerations v1:Toleration[]
`;
