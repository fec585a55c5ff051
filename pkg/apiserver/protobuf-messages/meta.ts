/** Messages of meta.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Condition: 1 type text!, 2 status text!, 3 observedGeneration int, 4 lastTransitionTime time, 5 reason text!, 6 message text!
DeleteOptions: 1 gracePeriodSeconds int!, 2 preconditions Preconditions, 3 orphanDependents bool!, 4 propagationPolicy text!, 5 dryRun text[], 6 ignoreStoreReadErrorWithClusterBreakingPotential bool!
FieldSelectorRequirement: 1 key text!, 2 operator text!, 3 values text[]
LabelSelector: 1 matchLabels text{}, 2 matchExpressions LabelSelectorRequirement[]
LabelSelectorRequirement: 1 key text!, 2 operator text!, 3 values text[]
ManagedFieldsEntry: 1 manager, 2 operation, 3 apiVersion, 4 time time, 6 fieldsType, 7 fieldsV1 json, 8 subresource
ObjectMeta: 1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion, 7 generation int, 8 creationTimestamp time, 9 deletionTimestamp time, 10 deletionGracePeriodSeconds int!, 11 labels text{}, 12 annotations text{}, 13 ownerReferences OwnerReference[], 14 finalizers text[], 15 clusterName, 17 managedFields ManagedFieldsEntry[]
OwnerReference: 1 kind text!, 3 name text!, 4 uid text!, 5 apiVersion text!, 6 controller bool!, 7 blockOwnerDeletion bool!
PartialObjectMetadata: 1 metadata ObjectMeta
Preconditions: 1 uid text!, 2 resourceVersion text!
`;
