/** Messages of scheduling.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
PriorityClass: 1 metadata ObjectMeta, 2 value int!, 3 globalDefault bool, 4 description, 5 preemptionPolicy text!
`;
