/** Messages of admissionregistration.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
ApplyConfiguration: 1 expression
AuditAnnotation: 1 key text!, 2 valueExpression text!
ExpressionWarning: 2 fieldRef text!, 3 warning text!
JSONPatch: 1 expression
MatchCondition: 1 name text!, 2 expression text!
MatchResources: 1 namespaceSelector LabelSelector, 2 objectSelector LabelSelector, 3 resourceRules NamedRuleWithOperations[], 4 excludeResourceRules NamedRuleWithOperations[], 7 matchPolicy text!
MutatingAdmissionPolicy: 1 metadata ObjectMeta, 2 spec MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding: 1 metadata ObjectMeta, 2 spec MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingSpec: 1 policyName, 2 paramRef ParamRef, 3 matchResources MatchResources
MutatingAdmissionPolicySpec: 1 paramKind ParamKind, 2 matchConstraints MatchResources, 3 variables Variable[], 4 mutations Mutation[], 5 failurePolicy text!, 6 matchConditions MatchCondition[], 7 reinvocationPolicy
MutatingWebhook: 1 name text!, 2 clientConfig WebhookClientConfig, 3 rules RuleWithOperations[], 4 failurePolicy text!, 5 namespaceSelector LabelSelector, 6 sideEffects text!, 7 timeoutSeconds int!, 8 admissionReviewVersions text[], 9 matchPolicy text!, 10 reinvocationPolicy text!, 11 objectSelector LabelSelector, 12 matchConditions MatchCondition[]
MutatingWebhookConfiguration: 1 metadata ObjectMeta, 2 webhooks MutatingWebhook[]
Mutation: 2 patchType text!, 3 applyConfiguration ApplyConfiguration, 4 jsonPatch JSONPatch
NamedRuleWithOperations: 1 resourceNames text[], 2 ... RuleWithOperations
ParamKind: 1 apiVersion, 2 kind
ParamRef: 1 name, 2 namespace, 3 selector LabelSelector, 4 parameterNotFoundAction text!
Rule: 1 apiGroups text[], 2 apiVersions text[], 3 resources text[], 4 scope text!
RuleWithOperations: 1 operations text[], 2 ... Rule
ServiceReference: 1 namespace text!, 2 name text!, 3 path text!, 4 port int!
TypeChecking: 1 expressionWarnings ExpressionWarning[]
ValidatingAdmissionPolicy: 1 metadata ObjectMeta, 2 spec ValidatingAdmissionPolicySpec, 3 status ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyBinding: 1 metadata ObjectMeta, 2 spec ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec: 1 policyName, 2 paramRef ParamRef, 3 matchResources MatchResources, 4 validationActions text[]
ValidatingAdmissionPolicySpec: 1 paramKind ParamKind, 2 matchConstraints MatchResources, 3 validations Validation[], 4 failurePolicy text!, 5 auditAnnotations AuditAnnotation[], 6 matchConditions MatchCondition[], 7 variables Variable[]
ValidatingAdmissionPolicyStatus: 1 observedGeneration int, 2 typeChecking TypeChecking, 3 conditions Condition[]
ValidatingWebhook: 1 name text!, 2 clientConfig WebhookClientConfig, 3 rules RuleWithOperations[], 4 failurePolicy text!, 5 namespaceSelector LabelSelector, 6 sideEffects text!, 7 timeoutSeconds int!, 8 admissionReviewVersions text[], 9 matchPolicy text!, 10 objectSelector LabelSelector, 11 matchConditions MatchCondition[]
ValidatingWebhookConfiguration: 1 metadata ObjectMeta, 2 webhooks ValidatingWebhook[]
Validation: 1 expression text!, 2 message, 3 reason text!, 4 messageExpression
Variable: 1 name text!, 2 expression text!
WebhookClientConfig: 1 service ServiceReference, 2 caBundle bytes, 3 url text!
`;
