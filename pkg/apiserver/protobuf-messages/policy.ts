/** Messages of policy/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec, 3 status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: 1 minAvailable intOrString, 2 selector LabelSelector, 3 maxUnavailable intOrString, 4 unhealthyPodEvictionPolicy text!
PodDisruptionBudgetStatus: 1 observedGeneration int, 2 disruptedPods time{}, 3 disruptionsAllowed int!, 4 currentHealthy int!, 5 desiredHealthy int!, 6 expectedPods int!, 7 conditions Condition[]
`;

/** Messages of policy/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
AllowedCSIDriver: 1 name text!
AllowedFlexVolume: 1 driver text!
AllowedHostPath: 1 pathPrefix, 2 readOnly bool
Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
FSGroupStrategyOptions: 1 rule, 2 ranges IDRange[]
HostPortRange: 1 min int!, 2 max int!
IDRange: 1 min int!, 2 max int!
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec, 3 status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: 1 minAvailable intOrString, 2 selector LabelSelector, 3 maxUnavailable intOrString, 4 unhealthyPodEvictionPolicy text!
PodDisruptionBudgetStatus: 1 observedGeneration int, 2 disruptedPods time{}, 3 disruptionsAllowed int!, 4 currentHealthy int!, 5 desiredHealthy int!, 6 expectedPods int!, 7 conditions Condition[]
PodSecurityPolicy: 1 metadata ObjectMeta, 2 spec PodSecurityPolicySpec
PodSecurityPolicySpec: 1 privileged bool, 2 defaultAddCapabilities text[], 3 requiredDropCapabilities text[], 4 allowedCapabilities text[], 5 volumes text[], 6 hostNetwork bool, 7 hostPorts HostPortRange[], 8 hostPID bool, 9 hostIPC bool, 10 seLinux SELinuxStrategyOptions, 11 runAsUser RunAsUserStrategyOptions, 12 supplementalGroups SupplementalGroupsStrategyOptions, 13 fsGroup FSGroupStrategyOptions, 14 readOnlyRootFilesystem bool, 15 defaultAllowPrivilegeEscalation bool!, 16 allowPrivilegeEscalation bool!, 17 allowedHostPaths AllowedHostPath[], 18 allowedFlexVolumes AllowedFlexVolume[], 19 allowedUnsafeSysctls text[], 20 forbiddenSysctls text[], 21 allowedProcMountTypes text[], 22 runAsGroup RunAsGroupStrategyOptions, 23 allowedCSIDrivers AllowedCSIDriver[], 24 runtimeClass RuntimeClassStrategyOptions
RunAsGroupStrategyOptions: 1 rule text!, 2 ranges IDRange[]
RunAsUserStrategyOptions: 1 rule text!, 2 ranges IDRange[]
RuntimeClassStrategyOptions: 1 allowedRuntimeClassNames text[], 2 defaultRuntimeClassName text!
SELinuxStrategyOptions: 1 rule text!, 2 seLinuxOptions v1:SELinuxOptions
SupplementalGroupsStrategyOptions: 1 rule, 2 ranges IDRange[]
`;
