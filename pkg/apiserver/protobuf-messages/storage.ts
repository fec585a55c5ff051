/** Messages of storage.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
CSIDriver: 1 metadata ObjectMeta, 2 spec CSIDriverSpec
CSIDriverSpec: 1 attachRequired bool!, 2 podInfoOnMount bool!, 3 volumeLifecycleModes text[], 4 storageCapacity bool!, 5 fsGroupPolicy text!, 6 tokenRequests TokenRequest[], 7 requiresRepublish bool!, 8 seLinuxMount bool!, 9 nodeAllocatableUpdatePeriodSeconds int!, 10 serviceAccountTokenInSecrets bool!, 11 preventPodSchedulingIfMissing bool!
CSINode: 1 metadata ObjectMeta, 2 spec CSINodeSpec, 3 status CSINodeStatus
CSINodeDriver: 1 name text!, 2 nodeID text!, 3 topologyKeys text[], 4 allocatable VolumeNodeResources
CSINodeSpec: 1 drivers CSINodeDriver[]
CSINodeStatus: 1 storageHealth StorageHealth[]
CSIStorageCapacity: 1 metadata ObjectMeta, 2 nodeTopology LabelSelector, 3 storageClassName text!, 4 capacity quantity, 5 maximumVolumeSize quantity
StorageClass: 1 metadata ObjectMeta, 2 provisioner text!, 3 parameters text{}, 4 reclaimPolicy text!, 5 mountOptions text[], 6 allowVolumeExpansion bool!, 7 volumeBindingMode text!, 8 allowedTopologies v1:TopologySelectorTerm[]
StorageHealth: 1 name text!, 2 healthConditions StorageHealthCondition[]
StorageHealthCondition: 1 status text!, 2 reason text!, 3 message, 4 accessMode text!, 5 volumeMode text!, 6 lastTransitionTime time
TokenRequest: 1 audience text!, 2 expirationSeconds int!
VolumeAttachment: 1 metadata ObjectMeta, 2 spec VolumeAttachmentSpec, 3 status VolumeAttachmentStatus
VolumeAttachmentSource: 1 persistentVolumeName text!, 2 inlineVolumeSpec v1:PersistentVolumeSpec
VolumeAttachmentSpec: 1 attacher text!, 2 source VolumeAttachmentSource, 3 nodeName text!
VolumeAttachmentStatus: 1 attached bool!, 2 attachmentMetadata text{}, 3 attachError VolumeError, 4 detachError VolumeError
VolumeAttributesClass: 1 metadata ObjectMeta, 2 driverName text!, 3 parameters text{}
VolumeError: 1 time time, 2 message, 3 errorCode int!
VolumeNodeResources: 1 count int!
`;
