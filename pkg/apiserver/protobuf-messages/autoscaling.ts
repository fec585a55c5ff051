/** Messages of autoscaling/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
CrossVersionObjectReference: 1 kind text!, 2 name text!, 3 apiVersion
HorizontalPodAutoscaler: 1 metadata ObjectMeta, 2 spec HorizontalPodAutoscalerSpec, 3 status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: 1 scaleTargetRef CrossVersionObjectReference, 2 minReplicas int!, 3 maxReplicas int!, 4 targetCPUUtilizationPercentage int!
HorizontalPodAutoscalerStatus: 1 observedGeneration int!, 2 lastScaleTime time, 3 currentReplicas int!, 4 desiredReplicas int!, 5 currentCPUUtilizationPercentage int!
Scale: 1 metadata ObjectMeta, 2 spec ScaleSpec, 3 status ScaleStatus
ScaleSpec: 1 replicas int
ScaleStatus: 1 replicas int!, 2 selector
`;
