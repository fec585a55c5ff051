/** Messages of authorization.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
FieldSelectorAttributes: 1 rawSelector, 2 requirements FieldSelectorRequirement[]
LabelSelectorAttributes: 1 rawSelector, 2 requirements LabelSelectorRequirement[]
LocalSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
NonResourceAttributes: 1 path, 2 verb
NonResourceRule: 1 verbs text[], 2 nonResourceURLs text[]
ResourceAttributes: 1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name, 8 fieldSelector FieldSelectorAttributes, 9 labelSelector LabelSelectorAttributes
ResourceRule: 1 verbs text[], 2 apiGroups text[], 3 resources text[], 4 resourceNames text[]
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec, 3 status SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: 1 namespace
SubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
SubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user, 4 groups text[], 5 extra texts{}, 6 uid
SubjectAccessReviewStatus: 1 allowed bool!, 2 reason, 3 evaluationError, 4 denied bool
SubjectRulesReviewStatus: 1 resourceRules ResourceRule[], 2 nonResourceRules NonResourceRule[], 3 incomplete bool!, 4 evaluationError
`;

/** Messages of authorization.k8s.io/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
LocalSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
NonResourceAttributes: 1 path, 2 verb
NonResourceRule: 1 verbs text[], 2 nonResourceURLs text[]
ResourceAttributes: 1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name, 8 fieldSelector authorization.k8s.io/v1:FieldSelectorAttributes, 9 labelSelector authorization.k8s.io/v1:LabelSelectorAttributes
ResourceRule: 1 verbs text[], 2 apiGroups text[], 3 resources text[], 4 resourceNames text[]
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec, 3 status SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: 1 namespace
SubjectAccessReview: 1 metadata ObjectMeta, 2 spec SubjectAccessReviewSpec, 3 status SubjectAccessReviewStatus
SubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, 3 user, 4 group text[], 5 extra texts{}, 6 uid
SubjectAccessReviewStatus: 1 allowed bool!, 2 reason, 3 evaluationError, 4 denied bool
SubjectRulesReviewStatus: 1 resourceRules ResourceRule[], 2 nonResourceRules NonResourceRule[], 3 incomplete bool!, 4 evaluationError
`;
