/** Messages of v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
AWSElasticBlockStoreVolumeSource: 1 volumeID text!, 2 fsType, 3 partition int, 4 readOnly bool
Affinity: 1 nodeAffinity NodeAffinity, 2 podAffinity PodAffinity, 3 podAntiAffinity PodAntiAffinity
AppArmorProfile: 1 type text!, 2 localhostProfile text!
AttachedVolume: 1 name text!, 2 devicePath text!
AzureDiskVolumeSource: 1 diskName text!, 2 diskURI text!, 3 cachingMode text!, 4 fsType text!, 5 readOnly bool!, 6 kind text!
AzureFilePersistentVolumeSource: 1 secretName text!, 2 shareName text!, 3 readOnly bool, 4 secretNamespace text!
AzureFileVolumeSource: 1 secretName text!, 2 shareName text!, 3 readOnly bool
Binding: 1 metadata ObjectMeta, 2 target ObjectReference
CSIPersistentVolumeSource: 1 driver text!, 2 volumeHandle text!, 3 readOnly bool, 4 fsType, 5 volumeAttributes text{}, 6 controllerPublishSecretRef SecretReference, 7 nodeStageSecretRef SecretReference, 8 nodePublishSecretRef SecretReference, 9 controllerExpandSecretRef SecretReference, 10 nodeExpandSecretRef SecretReference
CSIVolumeSource: 1 driver text!, 2 readOnly bool!, 3 fsType text!, 4 volumeAttributes text{}, 5 nodePublishSecretRef LocalObjectReference
Capabilities: 1 add text[], 2 drop text[]
CephFSPersistentVolumeSource: 1 monitors text[], 2 path, 3 user, 4 secretFile, 5 secretRef SecretReference, 6 readOnly bool
CephFSVolumeSource: 1 monitors text[], 2 path, 3 user, 4 secretFile, 5 secretRef LocalObjectReference, 6 readOnly bool
CinderPersistentVolumeSource: 1 volumeID text!, 2 fsType, 3 readOnly bool, 4 secretRef SecretReference
CinderVolumeSource: 1 volumeID text!, 2 fsType, 3 readOnly bool, 4 secretRef LocalObjectReference
ClientIPConfig: 1 timeoutSeconds int!
ClusterTrustBundleProjection: 1 name text!, 2 signerName text!, 3 labelSelector LabelSelector, 4 path text!, 5 optional bool!, 6 user int!
ComponentCondition: 1 type text!, 2 status text!, 3 message, 4 error
ComponentStatus: 1 metadata ObjectMeta, 2 conditions ComponentCondition[]
ConfigMap: 1 metadata ObjectMeta, 2 data text{}, 3 binaryData bytes{}, 4 immutable bool!
ConfigMapEnvSource: 1 ... LocalObjectReference, 2 optional bool!
ConfigMapKeySelector: 1 ... LocalObjectReference, 2 key text!, 3 optional bool!
ConfigMapNodeConfigSource: 1 namespace text!, 2 name text!, 3 uid, 4 resourceVersion, 5 kubeletConfigKey text!
ConfigMapProjection: 1 ... LocalObjectReference, 2 items KeyToPath[], 4 optional bool!
ConfigMapVolumeSource: 1 ... LocalObjectReference, 2 items KeyToPath[], 3 defaultMode int!, 4 optional bool!, 5 defaultUser int!
Container: 1 name text!, 2 image, 3 command text[], 4 args text[], 5 workingDir, 6 ports ContainerPort[], 7 env EnvVar[], 8 resources ResourceRequirements, 9 volumeMounts VolumeMount[], 10 livenessProbe Probe, 11 readinessProbe Probe, 12 lifecycle Lifecycle, 13 terminationMessagePath, 14 imagePullPolicy, 15 securityContext SecurityContext, 16 stdin bool, 17 stdinOnce bool, 18 tty bool, 19 envFrom EnvFromSource[], 20 terminationMessagePolicy, 21 volumeDevices VolumeDevice[], 22 startupProbe Probe, 23 resizePolicy ContainerResizePolicy[], 24 restartPolicy text!, 25 restartPolicyRules ContainerRestartRule[]
ContainerExtendedResourceRequest: 1 containerName text!, 2 resourceName text!, 3 requestName text!
ContainerImage: 1 names text[], 2 sizeBytes int
ContainerPort: 1 name, 2 hostPort int, 3 containerPort int!, 4 protocol, 5 hostIP
ContainerResizePolicy: 1 resourceName text!, 2 restartPolicy text!
ContainerRestartRule: 1 action, 2 exitCodes ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: 1 operator, 2 values int[]
ContainerState: 1 waiting ContainerStateWaiting, 2 running ContainerStateRunning, 3 terminated ContainerStateTerminated
ContainerStateRunning: 1 startedAt time
ContainerStateTerminated: 1 exitCode int!, 2 signal int, 3 reason, 4 message, 5 startedAt time, 6 finishedAt time, 7 containerID
ContainerStateWaiting: 1 reason, 2 message
ContainerStatus: 1 name text!, 2 state ContainerState, 3 lastState ContainerState, 4 ready bool!, 5 restartCount int!, 6 image text!, 7 imageID text!, 8 containerID, 9 started bool!, 10 allocatedResources quantity{}, 11 resources ResourceRequirements, 12 volumeMounts VolumeMountStatus[], 13 user ContainerUser, 14 allocatedResourcesStatus ResourceStatus[], 15 stopSignal text!
ContainerUser: 1 linux LinuxContainerUser
DaemonEndpoint: 1 Port int!
DownwardAPIProjection: 1 items DownwardAPIVolumeFile[]
DownwardAPIVolumeFile: 1 path text!, 2 fieldRef ObjectFieldSelector, 3 resourceFieldRef ResourceFieldSelector, 4 mode int!, 5 user int!
DownwardAPIVolumeSource: 1 items DownwardAPIVolumeFile[], 2 defaultMode int!, 3 defaultUser int!
EmptyDirVolumeSource: 1 medium, 2 sizeLimit quantity, 3 mode int!
EndpointAddress: 1 ip text!, 2 targetRef ObjectReference, 3 hostname, 4 nodeName text!
EndpointPort: 1 name, 2 port int!, 3 protocol, 4 appProtocol text!
EndpointSubset: 1 addresses EndpointAddress[], 2 notReadyAddresses EndpointAddress[], 3 ports EndpointPort[]
Endpoints: 1 metadata ObjectMeta, 2 subsets EndpointSubset[]
EnvFromSource: 1 prefix, 2 configMapRef ConfigMapEnvSource, 3 secretRef SecretEnvSource
EnvVar: 1 name text!, 2 value, 3 valueFrom EnvVarSource
EnvVarSource: 1 fieldRef ObjectFieldSelector, 2 resourceFieldRef ResourceFieldSelector, 3 configMapKeyRef ConfigMapKeySelector, 4 secretKeyRef SecretKeySelector, 5 fileKeyRef FileKeySelector
EphemeralContainer: 1 ... EphemeralContainerCommon, 2 targetContainerName
EphemeralContainerCommon: 1 name text!, 2 image, 3 command text[], 4 args text[], 5 workingDir, 6 ports ContainerPort[], 7 env EnvVar[], 8 resources ResourceRequirements, 9 volumeMounts VolumeMount[], 10 livenessProbe Probe, 11 readinessProbe Probe, 12 lifecycle Lifecycle, 13 terminationMessagePath, 14 imagePullPolicy, 15 securityContext SecurityContext, 16 stdin bool, 17 stdinOnce bool, 18 tty bool, 19 envFrom EnvFromSource[], 20 terminationMessagePolicy, 21 volumeDevices VolumeDevice[], 22 startupProbe Probe, 23 resizePolicy ContainerResizePolicy[], 24 restartPolicy text!, 25 restartPolicyRules ContainerRestartRule[]
EphemeralContainers: 1 metadata ObjectMeta, 2 ephemeralContainers EphemeralContainer[]
EphemeralVolumeSource: 1 volumeClaimTemplate PersistentVolumeClaimTemplate, 2 readOnly bool
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason, 4 message, 5 source EventSource, 6 firstTimestamp time, 7 lastTimestamp time, 8 count int, 9 type, 10 eventTime microTime, 11 series EventSeries, 12 action, 13 related ObjectReference, 14 reportingComponent text!, 15 reportingInstance text!
EventSeries: 1 count int, 2 lastObservedTime microTime
EventSource: 1 component, 2 host
EvictionResponder: 1 name text!, 2 priority int!
ExecAction: 1 command text[]
FCVolumeSource: 1 targetWWNs text[], 2 lun int!, 3 fsType, 4 readOnly bool, 5 wwids text[]
FileKeySelector: 1 volumeName text!, 2 path text!, 3 key text!, 4 optional bool!
FlexPersistentVolumeSource: 1 driver text!, 2 fsType, 3 secretRef SecretReference, 4 readOnly bool, 5 options text{}
FlexVolumeSource: 1 driver text!, 2 fsType, 3 secretRef LocalObjectReference, 4 readOnly bool, 5 options text{}
FlockerVolumeSource: 1 datasetName, 2 datasetUUID
GCEPersistentDiskVolumeSource: 1 pdName text!, 2 fsType, 3 partition int, 4 readOnly bool
GRPCAction: 1 port int!, 2 service text!, 3 mode text!
GitRepoVolumeSource: 1 repository text!, 2 revision, 3 directory
GlusterfsPersistentVolumeSource: 1 endpoints text!, 2 path text!, 3 readOnly bool, 4 endpointsNamespace text!
GlusterfsVolumeSource: 1 endpoints text!, 2 path text!, 3 readOnly bool
HTTPGetAction: 1 path, 2 port intOrString, 3 host, 4 scheme, 5 httpHeaders HTTPHeader[], 6 protocol text!
HTTPHeader: 1 name text!, 2 value text!
HostAlias: 1 ip text!, 2 hostnames text[]
HostIP: 1 ip text!
HostPathVolumeSource: 1 path text!, 2 type text!
ISCSIPersistentVolumeSource: 1 targetPortal text!, 2 iqn text!, 3 lun int!, 4 iscsiInterface, 5 fsType, 6 readOnly bool, 7 portals text[], 8 chapAuthDiscovery bool, 10 secretRef SecretReference, 11 chapAuthSession bool, 12 initiatorName text!
ISCSIVolumeSource: 1 targetPortal text!, 2 iqn text!, 3 lun int!, 4 iscsiInterface, 5 fsType, 6 readOnly bool, 7 portals text[], 8 chapAuthDiscovery bool, 10 secretRef LocalObjectReference, 11 chapAuthSession bool, 12 initiatorName text!
ImageVolumeSource: 1 reference, 2 pullPolicy
ImageVolumeStatus: 1 imageRef
KeyToPath: 1 key text!, 2 path text!, 3 mode int!, 4 user int!
Lifecycle: 1 postStart LifecycleHandler, 2 preStop LifecycleHandler, 3 stopSignal text!
LifecycleHandler: 1 exec ExecAction, 2 httpGet HTTPGetAction, 3 tcpSocket TCPSocketAction, 4 sleep SleepAction
LimitRange: 1 metadata ObjectMeta, 2 spec LimitRangeSpec
LimitRangeItem: 1 type text!, 2 max quantity{}, 3 min quantity{}, 4 default quantity{}, 5 defaultRequest quantity{}, 6 maxLimitRequestRatio quantity{}
LimitRangeSpec: 1 limits LimitRangeItem[]
LinuxContainerUser: 1 uid int!, 2 gid int!, 3 supplementalGroups int[]
LoadBalancerIngress: 1 ip, 2 hostname, 3 ipMode text!, 4 ports PortStatus[]
LoadBalancerStatus: 1 ingress LoadBalancerIngress[]
LocalObjectReference: 1 name
LocalVolumeSource: 1 path text!, 2 fsType text!
ModifyVolumeStatus: 1 targetVolumeAttributesClassName, 2 status text!
NFSVolumeSource: 1 server text!, 2 path text!, 3 readOnly bool
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
NamespaceCondition: 1 type text!, 2 status text!, 4 lastTransitionTime time, 5 reason, 6 message
NamespaceSpec: 1 finalizers text[]
NamespaceStatus: 1 phase, 2 conditions NamespaceCondition[]
Node: 1 metadata ObjectMeta, 2 spec NodeSpec, 3 status NodeStatus
NodeAddress: 1 type text!, 2 address text!
NodeAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution NodeSelector, 2 preferredDuringSchedulingIgnoredDuringExecution PreferredSchedulingTerm[]
NodeAllocatableMappedResources: 1 name text!, 2 quantity quantity
NodeAllocatableOverheadResources: 1 name text!, 2 perPod quantity, 3 perContainer quantity
NodeAllocatableResourceClaimStatus: 1 resourceClaimName text!, 2 containers text[], 4 mapping NodeAllocatableMappedResources[], 5 overhead NodeAllocatableOverheadResources[]
NodeCondition: 1 type text!, 2 status text!, 3 lastHeartbeatTime time, 4 lastTransitionTime time, 5 reason, 6 message
NodeConfigSource: 2 configMap ConfigMapNodeConfigSource
NodeConfigStatus: 1 assigned NodeConfigSource, 2 active NodeConfigSource, 3 lastKnownGood NodeConfigSource, 4 error
NodeDaemonEndpoints: 1 kubeletEndpoint DaemonEndpoint
NodeFeatures: 1 supplementalGroupsPolicy bool!
NodePodPreemptionPolicy: 1 disableResizePreemption text[]
NodeRuntimeHandler: 1 name text!, 2 features NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures: 1 recursiveReadOnlyMounts bool!, 2 userNamespaces bool!
NodeSelector: 1 nodeSelectorTerms NodeSelectorTerm[]
NodeSelectorRequirement: 1 key text!, 2 operator text!, 3 values text[]
NodeSelectorTerm: 1 matchExpressions NodeSelectorRequirement[], 2 matchFields NodeSelectorRequirement[]
NodeSpec: 1 podCIDR, 2 externalID, 3 providerID, 4 unschedulable bool, 5 taints Taint[], 6 configSource NodeConfigSource, 7 podCIDRs text[], 8 podPreemptionPolicy NodePodPreemptionPolicy
NodeStatus: 1 capacity quantity{}, 2 allocatable quantity{}, 3 phase, 4 conditions NodeCondition[], 5 addresses NodeAddress[], 6 daemonEndpoints NodeDaemonEndpoints, 7 nodeInfo NodeSystemInfo, 8 images ContainerImage[], 9 volumesInUse text[], 10 volumesAttached AttachedVolume[], 11 config NodeConfigStatus, 12 runtimeHandlers NodeRuntimeHandler[], 13 features NodeFeatures, 14 declaredFeatures text[]
NodeSwapStatus: 1 capacity int!
NodeSystemInfo: 1 machineID text!, 2 systemUUID text!, 3 bootID text!, 4 kernelVersion text!, 5 osImage text!, 6 containerRuntimeVersion text!, 7 kubeletVersion text!, 8 kubeProxyVersion text!, 9 operatingSystem text!, 10 architecture text!, 11 swap NodeSwapStatus
ObjectFieldSelector: 1 apiVersion, 2 fieldPath text!
ObjectReference: 1 kind, 2 namespace, 3 name, 4 uid, 5 apiVersion, 6 resourceVersion, 7 fieldPath
PersistentVolume: 1 metadata ObjectMeta, 2 spec PersistentVolumeSpec, 3 status PersistentVolumeStatus
PersistentVolumeClaim: 1 metadata ObjectMeta, 2 spec PersistentVolumeClaimSpec, 3 status PersistentVolumeClaimStatus
PersistentVolumeClaimCondition: 1 type text!, 2 status text!, 3 lastProbeTime time, 4 lastTransitionTime time, 5 reason, 6 message
PersistentVolumeClaimSpec: 1 accessModes text[], 2 resources VolumeResourceRequirements, 3 volumeName, 4 selector LabelSelector, 5 storageClassName text!, 6 volumeMode text!, 7 dataSource TypedLocalObjectReference, 8 dataSourceRef TypedObjectReference, 9 volumeAttributesClassName text!
PersistentVolumeClaimStatus: 1 phase, 2 accessModes text[], 3 capacity quantity{}, 4 conditions PersistentVolumeClaimCondition[], 5 allocatedResources quantity{}, 7 allocatedResourceStatuses text{}, 8 currentVolumeAttributesClassName text!, 9 modifyVolumeStatus ModifyVolumeStatus, 10 healthStatus VolumeHealthStatus
PersistentVolumeClaimTemplate: 1 metadata ObjectMeta, 2 spec PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource: 1 claimName text!, 2 readOnly bool
PersistentVolumeSource: 1 gcePersistentDisk GCEPersistentDiskVolumeSource, 2 awsElasticBlockStore AWSElasticBlockStoreVolumeSource, 3 hostPath HostPathVolumeSource, 4 glusterfs GlusterfsPersistentVolumeSource, 5 nfs NFSVolumeSource, 6 rbd RBDPersistentVolumeSource, 7 iscsi ISCSIPersistentVolumeSource, 8 cinder CinderPersistentVolumeSource, 9 cephfs CephFSPersistentVolumeSource, 10 fc FCVolumeSource, 11 flocker FlockerVolumeSource, 12 flexVolume FlexPersistentVolumeSource, 13 azureFile AzureFilePersistentVolumeSource, 14 vsphereVolume VsphereVirtualDiskVolumeSource, 15 quobyte QuobyteVolumeSource, 16 azureDisk AzureDiskVolumeSource, 17 photonPersistentDisk PhotonPersistentDiskVolumeSource, 18 portworxVolume PortworxVolumeSource, 19 scaleIO ScaleIOPersistentVolumeSource, 20 local LocalVolumeSource, 21 storageos StorageOSPersistentVolumeSource, 22 csi CSIPersistentVolumeSource
PersistentVolumeSpec: 1 capacity quantity{}, 2 ... PersistentVolumeSource, 3 accessModes text[], 4 claimRef ObjectReference, 5 persistentVolumeReclaimPolicy, 6 storageClassName, 7 mountOptions text[], 8 volumeMode text!, 9 nodeAffinity VolumeNodeAffinity, 10 volumeAttributesClassName text!
PersistentVolumeStatus: 1 phase, 2 message, 3 reason, 4 lastPhaseTransitionTime time
PhotonPersistentDiskVolumeSource: 1 pdID text!, 2 fsType
Pod: 1 metadata ObjectMeta, 2 spec PodSpec, 3 status PodStatus
PodAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution PodAffinityTerm[], 2 preferredDuringSchedulingIgnoredDuringExecution WeightedPodAffinityTerm[]
PodAffinityTerm: 1 labelSelector LabelSelector, 2 namespaces text[], 3 topologyKey text!, 4 namespaceSelector LabelSelector, 5 matchLabelKeys text[], 6 mismatchLabelKeys text[]
PodAntiAffinity: 1 requiredDuringSchedulingIgnoredDuringExecution PodAffinityTerm[], 2 preferredDuringSchedulingIgnoredDuringExecution WeightedPodAffinityTerm[]
PodCertificateProjection: 1 signerName, 2 keyType, 3 maxExpirationSeconds int!, 4 credentialBundlePath, 5 keyPath, 6 certificateChainPath, 7 userAnnotations text{}, 8 user int!
PodCondition: 1 type text!, 2 status text!, 3 lastProbeTime time, 4 lastTransitionTime time, 5 reason, 6 message, 7 observedGeneration int
PodDNSConfig: 1 nameservers text[], 2 searches text[], 3 options PodDNSConfigOption[]
PodDNSConfigOption: 1 name, 2 value text!
PodExtendedResourceClaimStatus: 1 requestMappings ContainerExtendedResourceRequest[], 2 resourceClaimName text!
PodIP: 1 ip text!
PodOS: 1 name text!
PodReadinessGate: 1 conditionType text!
PodResourceClaim: 1 name text!, 3 resourceClaimName text!, 4 resourceClaimTemplateName text!
PodResourceClaimStatus: 1 name text!, 2 resourceClaimName text!
PodSchedulingGate: 1 name text!
PodSchedulingGroup: 1 podGroupName text!
PodSecurityContext: 1 seLinuxOptions SELinuxOptions, 2 runAsUser int!, 3 runAsNonRoot bool!, 4 supplementalGroups int[], 5 fsGroup int!, 6 runAsGroup int!, 7 sysctls Sysctl[], 8 windowsOptions WindowsSecurityContextOptions, 9 fsGroupChangePolicy text!, 10 seccompProfile SeccompProfile, 11 appArmorProfile AppArmorProfile, 12 supplementalGroupsPolicy text!, 13 seLinuxChangePolicy text!
PodSpec: 1 volumes Volume[], 2 containers Container[], 3 restartPolicy, 4 terminationGracePeriodSeconds int!, 5 activeDeadlineSeconds int!, 6 dnsPolicy, 7 nodeSelector text{}, 8 serviceAccountName, 9 serviceAccount, 10 nodeName, 11 hostNetwork bool, 12 hostPID bool, 13 hostIPC bool, 14 securityContext PodSecurityContext, 15 imagePullSecrets LocalObjectReference[], 16 hostname, 17 subdomain, 18 affinity Affinity, 19 schedulerName, 20 initContainers Container[], 21 automountServiceAccountToken bool!, 22 tolerations Toleration[], 23 hostAliases HostAlias[], 24 priorityClassName, 25 priority int!, 26 dnsConfig PodDNSConfig, 27 shareProcessNamespace bool!, 28 readinessGates PodReadinessGate[], 29 runtimeClassName text!, 30 enableServiceLinks bool!, 31 preemptionPolicy text!, 32 overhead quantity{}, 33 topologySpreadConstraints TopologySpreadConstraint[], 34 ephemeralContainers EphemeralContainer[], 35 setHostnameAsFQDN bool!, 36 os PodOS, 37 hostUsers bool!, 38 schedulingGates PodSchedulingGate[], 39 resourceClaims PodResourceClaim[], 40 resources ResourceRequirements, 41 hostnameOverride text!, 43 schedulingGroup PodSchedulingGroup, 44 evictionResponders EvictionResponder[]
PodStatus: 1 phase, 2 conditions PodCondition[], 3 message, 4 reason, 5 hostIP, 6 podIP, 7 startTime time, 8 containerStatuses ContainerStatus[], 9 qosClass, 10 initContainerStatuses ContainerStatus[], 11 nominatedNodeName, 12 podIPs PodIP[], 13 ephemeralContainerStatuses ContainerStatus[], 14 resize, 15 resourceClaimStatuses PodResourceClaimStatus[], 16 hostIPs HostIP[], 17 observedGeneration int, 18 extendedResourceClaimStatus PodExtendedResourceClaimStatus, 19 allocatedResources quantity{}, 20 resources ResourceRequirements, 21 nodeAllocatableResourceClaimStatuses NodeAllocatableResourceClaimStatus[], 22 volumeHealth PodVolumeHealth[]
PodStatusResult: 1 metadata ObjectMeta, 2 status PodStatus
PodTemplate: 1 metadata ObjectMeta, 2 template PodTemplateSpec
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
PodVolumeHealth: 1 name text!, 2 healthConditions VolumeHealthCondition[], 3 lastTransitionTime time
PortStatus: 1 port int!, 2 protocol text!, 3 error text!
PortworxVolumeSource: 1 volumeID text!, 2 fsType, 3 readOnly bool
PreferredSchedulingTerm: 1 weight int!, 2 preference NodeSelectorTerm
Probe: 1 ... ProbeHandler, 2 initialDelaySeconds int, 3 timeoutSeconds int, 4 periodSeconds int, 5 successThreshold int, 6 failureThreshold int, 7 terminationGracePeriodSeconds int!
ProbeHandler: 1 exec ExecAction, 2 httpGet HTTPGetAction, 3 tcpSocket TCPSocketAction, 4 grpc GRPCAction
ProjectedVolumeSource: 1 sources VolumeProjection[], 2 defaultMode int!, 3 defaultUser int!
QuobyteVolumeSource: 1 registry text!, 2 volume text!, 3 readOnly bool, 4 user, 5 group, 6 tenant
RBDPersistentVolumeSource: 1 monitors text[], 2 image text!, 3 fsType, 4 pool, 5 user, 6 keyring, 7 secretRef SecretReference, 8 readOnly bool
RBDVolumeSource: 1 monitors text[], 2 image text!, 3 fsType, 4 pool, 5 user, 6 keyring, 7 secretRef LocalObjectReference, 8 readOnly bool
RangeAllocation: 1 metadata ObjectMeta, 2 range text!, 3 data bytes!
ReplicationController: 1 metadata ObjectMeta, 2 spec ReplicationControllerSpec, 3 status ReplicationControllerStatus
ReplicationControllerCondition: 1 type text!, 2 status text!, 3 lastTransitionTime time, 4 reason, 5 message
ReplicationControllerSpec: 1 replicas int!, 2 selector text{}, 3 template PodTemplateSpec, 4 minReadySeconds int
ReplicationControllerStatus: 1 replicas int!, 2 fullyLabeledReplicas int, 3 observedGeneration int, 4 readyReplicas int, 5 availableReplicas int, 6 conditions ReplicationControllerCondition[]
ResourceClaim: 1 name text!, 2 request
ResourceFieldSelector: 1 containerName, 2 resource text!, 3 divisor quantity
ResourceHealth: 1 resourceID text!, 2 health, 6 message text!
ResourceQuota: 1 metadata ObjectMeta, 2 spec ResourceQuotaSpec, 3 status ResourceQuotaStatus
ResourceQuotaSpec: 1 hard quantity{}, 2 scopes text[], 3 scopeSelector ScopeSelector
ResourceQuotaStatus: 1 hard quantity{}, 2 used quantity{}
ResourceRequirements: 1 limits quantity{}, 2 requests quantity{}, 3 claims ResourceClaim[]
ResourceStatus: 1 name text!, 2 resources ResourceHealth[]
SELinuxOptions: 1 user, 2 role, 3 type, 4 level
ScaleIOPersistentVolumeSource: 1 gateway text!, 2 system text!, 3 secretRef SecretReference, 4 sslEnabled bool, 5 protectionDomain, 6 storagePool, 7 storageMode, 8 volumeName, 9 fsType, 10 readOnly bool
ScaleIOVolumeSource: 1 gateway text!, 2 system text!, 3 secretRef LocalObjectReference, 4 sslEnabled bool, 5 protectionDomain, 6 storagePool, 7 storageMode, 8 volumeName, 9 fsType, 10 readOnly bool
ScopeSelector: 1 matchExpressions ScopedResourceSelectorRequirement[]
ScopedResourceSelectorRequirement: 1 scopeName text!, 2 operator text!, 3 values text[]
SeccompProfile: 1 type text!, 2 localhostProfile text!
Secret: 1 metadata ObjectMeta, 2 data bytes{}, 3 type, 4 stringData text{}, 5 immutable bool!
SecretEnvSource: 1 ... LocalObjectReference, 2 optional bool!
SecretKeySelector: 1 ... LocalObjectReference, 2 key text!, 3 optional bool!
SecretProjection: 1 ... LocalObjectReference, 2 items KeyToPath[], 4 optional bool!
SecretReference: 1 name, 2 namespace
SecretVolumeSource: 1 secretName, 2 items KeyToPath[], 3 defaultMode int!, 4 optional bool!, 5 defaultUser int!
SecurityContext: 1 capabilities Capabilities, 2 privileged bool!, 3 seLinuxOptions SELinuxOptions, 4 runAsUser int!, 5 runAsNonRoot bool!, 6 readOnlyRootFilesystem bool!, 7 allowPrivilegeEscalation bool!, 8 runAsGroup int!, 9 procMount text!, 10 windowsOptions WindowsSecurityContextOptions, 11 seccompProfile SeccompProfile, 12 appArmorProfile AppArmorProfile
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ServiceStatus
ServiceAccount: 1 metadata ObjectMeta, 2 secrets ObjectReference[], 3 imagePullSecrets LocalObjectReference[], 4 automountServiceAccountToken bool!
ServiceAccountTokenProjection: 1 audience, 2 expirationSeconds int!, 3 path text!, 4 user int!
ServicePort: 1 name, 2 protocol, 3 port int!, 4 targetPort intOrString, 5 nodePort int, 6 appProtocol text!
ServiceSpec: 1 ports ServicePort[], 2 selector text{}, 3 clusterIP, 4 type, 5 externalIPs text[], 7 sessionAffinity, 8 loadBalancerIP, 9 loadBalancerSourceRanges text[], 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort int, 13 publishNotReadyAddresses bool, 14 sessionAffinityConfig SessionAffinityConfig, 16 topologyKeys text[], 17 ipFamilyPolicy text!, 18 clusterIPs text[], 19 ipFamilies text[], 20 allocateLoadBalancerNodePorts bool!, 21 loadBalancerClass text!, 22 internalTrafficPolicy text!, 23 trafficDistribution text!
ServiceStatus: 1 loadBalancer LoadBalancerStatus, 2 conditions Condition[]
SessionAffinityConfig: 1 clientIP ClientIPConfig
SleepAction: 1 seconds int!
StorageOSPersistentVolumeSource: 1 volumeName, 2 volumeNamespace, 3 fsType, 4 readOnly bool, 5 secretRef ObjectReference
StorageOSVolumeSource: 1 volumeName, 2 volumeNamespace, 3 fsType, 4 readOnly bool, 5 secretRef LocalObjectReference
Sysctl: 1 name text!, 2 value text!
TCPSocketAction: 1 port intOrString, 2 host
Taint: 1 key text!, 2 value, 3 effect text!, 4 timeAdded time
Toleration: 1 key, 2 operator, 3 value, 4 effect, 5 tolerationSeconds int!
TopologySelectorLabelRequirement: 1 key text!, 2 values text[]
TopologySelectorTerm: 1 matchLabelExpressions TopologySelectorLabelRequirement[]
TopologySpreadConstraint: 1 maxSkew int!, 2 topologyKey text!, 3 whenUnsatisfiable text!, 4 labelSelector LabelSelector, 5 minDomains int!, 6 nodeAffinityPolicy text!, 7 nodeTaintsPolicy text!, 8 matchLabelKeys text[]
TypedLocalObjectReference: 1 apiGroup text!, 2 kind text!, 3 name text!
TypedObjectReference: 1 apiGroup text!, 2 kind text!, 3 name text!, 4 namespace text!
Volume: 1 name text!, 2 ... VolumeSource
VolumeDevice: 1 name text!, 2 devicePath text!
VolumeHealthCondition: 1 status text!, 2 reason text!, 3 message
VolumeHealthStatus: 1 healthConditions VolumeHealthCondition[], 2 lastTransitionTime time
VolumeMount: 1 name text!, 2 readOnly bool, 3 mountPath text!, 4 subPath, 5 mountPropagation text!, 6 subPathExpr, 7 recursiveReadOnly text!, 8 bindMountOptions text[]
VolumeMountStatus: 1 name text!, 2 mountPath text!, 3 readOnly bool, 4 recursiveReadOnly text!, 5 volumeStatus VolumeStatus
VolumeNodeAffinity: 1 required NodeSelector
VolumeProjection: 1 secret SecretProjection, 2 downwardAPI DownwardAPIProjection, 3 configMap ConfigMapProjection, 4 serviceAccountToken ServiceAccountTokenProjection, 5 clusterTrustBundle ClusterTrustBundleProjection, 6 podCertificate PodCertificateProjection
VolumeResourceRequirements: 1 limits quantity{}, 2 requests quantity{}
VolumeSource: 1 hostPath HostPathVolumeSource, 2 emptyDir EmptyDirVolumeSource, 3 gcePersistentDisk GCEPersistentDiskVolumeSource, 4 awsElasticBlockStore AWSElasticBlockStoreVolumeSource, 5 gitRepo GitRepoVolumeSource, 6 secret SecretVolumeSource, 7 nfs NFSVolumeSource, 8 iscsi ISCSIVolumeSource, 9 glusterfs GlusterfsVolumeSource, 10 persistentVolumeClaim PersistentVolumeClaimVolumeSource, 11 rbd RBDVolumeSource, 12 flexVolume FlexVolumeSource, 13 cinder CinderVolumeSource, 14 cephfs CephFSVolumeSource, 15 flocker FlockerVolumeSource, 16 downwardAPI DownwardAPIVolumeSource, 17 fc FCVolumeSource, 18 azureFile AzureFileVolumeSource, 19 configMap ConfigMapVolumeSource, 20 vsphereVolume VsphereVirtualDiskVolumeSource, 21 quobyte QuobyteVolumeSource, 22 azureDisk AzureDiskVolumeSource, 23 photonPersistentDisk PhotonPersistentDiskVolumeSource, 24 portworxVolume PortworxVolumeSource, 25 scaleIO ScaleIOVolumeSource, 26 projected ProjectedVolumeSource, 27 storageos StorageOSVolumeSource, 28 csi CSIVolumeSource, 29 ephemeral EphemeralVolumeSource, 30 image ImageVolumeSource
VolumeStatus: 1 image ImageVolumeStatus
VsphereVirtualDiskVolumeSource: 1 volumePath text!, 2 fsType, 3 storagePolicyName, 4 storagePolicyID
WeightedPodAffinityTerm: 1 weight int!, 2 podAffinityTerm PodAffinityTerm
WindowsSecurityContextOptions: 1 gmsaCredentialSpecName text!, 2 gmsaCredentialSpec text!, 3 runAsUserName text!, 4 hostProcess bool!
`;
