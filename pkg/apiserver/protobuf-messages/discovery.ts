/** Messages of discovery.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Endpoint: 1 addresses text[], 2 conditions EndpointConditions, 3 hostname text!, 4 targetRef v1:ObjectReference, 5 deprecatedTopology text{}, 6 nodeName text!, 7 zone text!, 8 hints EndpointHints
EndpointConditions: 1 ready bool!, 2 serving bool!, 3 terminating bool!
EndpointHints: 1 forZones ForZone[], 2 forNodes ForNode[]
EndpointPort: 1 name text!, 2 protocol text!, 3 port int!, 4 appProtocol text!
EndpointSlice: 1 metadata ObjectMeta, 2 endpoints Endpoint[], 3 ports EndpointPort[], 4 addressType text!
ForNode: 1 name text!
ForZone: 1 name text!
`;

/** Messages of discovery.k8s.io/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
Endpoint: 1 addresses text[], 2 conditions EndpointConditions, 3 hostname text!, 4 targetRef v1:ObjectReference, 5 topology text{}, 6 nodeName text!, 7 hints EndpointHints
EndpointConditions: 1 ready bool!, 2 serving bool!, 3 terminating bool!
EndpointHints: 1 forZones ForZone[], 2 forNodes ForNode[]
EndpointPort: 1 name text!, 2 protocol text!, 3 port int!, 4 appProtocol text!
EndpointSlice: 1 metadata ObjectMeta, 2 endpoints Endpoint[], 3 ports EndpointPort[], 4 addressType text!
ForNode: 1 name text!
ForZone: 1 name text!
`;
