/** Messages of batch/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
CronJob: 1 metadata ObjectMeta, 2 spec CronJobSpec, 3 status CronJobStatus
CronJobSpec: 1 schedule text!, 2 startingDeadlineSeconds int!, 3 concurrencyPolicy, 4 suspend bool!, 5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int!, 7 failedJobsHistoryLimit int!, 8 timeZone text!
CronJobStatus: 1 active v1:ObjectReference[], 4 lastScheduleTime time, 5 lastSuccessfulTime time
Job: 1 metadata ObjectMeta, 2 spec JobSpec, 3 status JobStatus
JobCondition: 1 type text!, 2 status text!, 3 lastProbeTime time, 4 lastTransitionTime time, 5 reason, 6 message
JobSchedulingConfiguration:
JobSpec: 1 parallelism int!, 2 completions int!, 3 activeDeadlineSeconds int!, 4 selector LabelSelector, 5 manualSelector bool!, 6 template v1:PodTemplateSpec, 7 backoffLimit int!, 8 ttlSecondsAfterFinished int!, 9 completionMode text!, 10 suspend bool!, 11 podFailurePolicy PodFailurePolicy, 12 backoffLimitPerIndex int!, 13 maxFailedIndexes int!, 14 podReplacementPolicy text!, 15 managedBy text!, 16 successPolicy SuccessPolicy, 17 scheduling JobSchedulingConfiguration
JobStatus: 1 conditions JobCondition[], 2 startTime time, 3 completionTime time, 4 active int, 5 succeeded int, 6 failed int, 7 completedIndexes, 8 uncountedTerminatedPods UncountedTerminatedPods, 9 ready int!, 10 failedIndexes text!, 11 terminating int!
JobTemplateSpec: 1 metadata ObjectMeta, 2 spec JobSpec
PodFailurePolicy: 1 rules PodFailurePolicyRule[]
PodFailurePolicyOnExitCodesRequirement: 1 containerName text!, 2 operator text!, 3 values int[]
PodFailurePolicyOnPodConditionsPattern: 1 type text!, 2 status text!
PodFailurePolicyRule: 1 action text!, 2 onExitCodes PodFailurePolicyOnExitCodesRequirement, 3 onPodConditions PodFailurePolicyOnPodConditionsPattern[]
SuccessPolicy: 1 rules SuccessPolicyRule[]
SuccessPolicyRule: 1 succeededIndexes text!, 2 succeededCount int!
UncountedTerminatedPods: 1 succeeded text[], 2 failed text[]
`;

/** Messages of batch/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
CronJob: 1 metadata ObjectMeta, 2 spec CronJobSpec, 3 status CronJobStatus
CronJobSpec: 1 schedule text!, 2 startingDeadlineSeconds int!, 3 concurrencyPolicy, 4 suspend bool!, 5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit int!, 7 failedJobsHistoryLimit int!, 8 timeZone text!
CronJobStatus: 1 active v1:ObjectReference[], 4 lastScheduleTime time, 5 lastSuccessfulTime time
JobTemplate: 1 metadata ObjectMeta, 2 template JobTemplateSpec
JobTemplateSpec: 1 metadata ObjectMeta, 2 spec batch/v1:JobSpec
`;
