/** Messages of certificates.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
CertificateSigningRequest: 1 metadata ObjectMeta, 2 spec CertificateSigningRequestSpec, 3 status CertificateSigningRequestStatus
CertificateSigningRequestCondition: 1 type text!, 2 reason, 3 message, 4 lastUpdateTime time, 5 lastTransitionTime time, 6 status text!
CertificateSigningRequestSpec: 1 request bytes!, 2 username, 3 uid, 4 groups text[], 5 usages text[], 6 extra texts{}, 7 signerName text!, 8 expirationSeconds int!
CertificateSigningRequestStatus: 1 conditions CertificateSigningRequestCondition[], 2 certificate bytes
ClusterTrustBundle: 1 metadata ObjectMeta, 2 spec ClusterTrustBundleSpec
ClusterTrustBundleSpec: 1 signerName, 2 trustBundle text!
PodCertificateRequest: 1 metadata ObjectMeta, 2 spec PodCertificateRequestSpec, 3 status PodCertificateRequestStatus
PodCertificateRequestSpec: 1 signerName text!, 2 podName text!, 3 podUID text!, 4 serviceAccountName text!, 5 serviceAccountUID text!, 6 nodeName text!, 7 nodeUID text!, 8 maxExpirationSeconds int!, 11 unverifiedUserAnnotations text{}, 12 stubPKCS10Request bytes!
PodCertificateRequestStatus: 1 conditions Condition[], 2 certificateChain, 4 notBefore time, 5 beginRefreshAt time, 6 notAfter time
`;
