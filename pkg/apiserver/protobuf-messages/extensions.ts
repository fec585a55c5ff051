/** Messages of extensions/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
HTTPIngressPath: 1 path, 2 backend IngressBackend, 3 pathType text!
HTTPIngressRuleValue: 1 paths HTTPIngressPath[]
Ingress: 1 metadata ObjectMeta, 2 spec IngressSpec, 3 status IngressStatus
IngressBackend: 1 serviceName, 2 servicePort intOrString, 3 resource v1:TypedLocalObjectReference
IngressLoadBalancerIngress: 1 ip, 2 hostname, 4 ports IngressPortStatus[]
IngressLoadBalancerStatus: 1 ingress IngressLoadBalancerIngress[]
IngressPortStatus: 1 port int!, 2 protocol text!, 3 error text!
IngressRule: 1 host, 2 ... IngressRuleValue
IngressRuleValue: 1 http HTTPIngressRuleValue
IngressSpec: 1 backend IngressBackend, 2 tls IngressTLS[], 3 rules IngressRule[], 4 ingressClassName text!
IngressStatus: 1 loadBalancer IngressLoadBalancerStatus
IngressTLS: 1 hosts text[], 2 secretName
`;
