/** Messages of apiregistration.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
APIService: 1 metadata ObjectMeta, 2 spec APIServiceSpec, 3 status APIServiceStatus
APIServiceCondition: 1 type text!, 2 status text!, 3 lastTransitionTime time, 4 reason, 5 message
APIServiceSpec: 1 service ServiceReference, 2 group, 3 version, 4 insecureSkipTLSVerify bool, 5 caBundle bytes, 7 groupPriorityMinimum int!, 8 versionPriority int!
APIServiceStatus: 1 conditions APIServiceCondition[]
ServiceReference: 1 namespace, 2 name, 3 port int!
`;
