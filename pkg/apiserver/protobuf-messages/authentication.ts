/** Messages of authentication.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
AttestationValue: 1 items text[]
BoundObjectReference: 1 kind, 2 apiVersion, 3 name, 4 uid
SelfSubjectReview: 1 metadata ObjectMeta, 2 status SelfSubjectReviewStatus
SelfSubjectReviewStatus: 1 userInfo UserInfo
TokenRequest: 1 metadata ObjectMeta, 2 spec TokenRequestSpec, 3 status TokenRequestStatus
TokenRequestSpec: 1 audiences text[], 3 boundObjectRef BoundObjectReference, 4 expirationSeconds int!, 5 attestations AttestationValue{}
TokenRequestStatus: 1 token text!, 2 expirationTimestamp time
TokenReview: 1 metadata ObjectMeta, 2 spec TokenReviewSpec, 3 status TokenReviewStatus
TokenReviewSpec: 1 token, 2 audiences text[]
TokenReviewStatus: 1 authenticated bool, 2 user UserInfo, 3 error, 4 audiences text[]
UserInfo: 1 username, 2 uid, 3 groups text[], 4 extra texts{}
`;
