/** Messages of coordination.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Lease: 1 metadata ObjectMeta, 2 spec LeaseSpec
LeaseSpec: 1 holderIdentity text!, 2 leaseDurationSeconds int!, 3 acquireTime microTime, 4 renewTime microTime, 5 leaseTransitions int!, 6 strategy text!, 7 preferredHolder text!
`;
