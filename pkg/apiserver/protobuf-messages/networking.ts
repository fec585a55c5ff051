/** Messages of networking.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
HTTPIngressPath: 1 path, 2 backend IngressBackend, 3 pathType text!
HTTPIngressRuleValue: 1 paths HTTPIngressPath[]
IPAddress: 1 metadata ObjectMeta, 2 spec IPAddressSpec
IPAddressSpec: 1 parentRef ParentReference
IPBlock: 1 cidr text!, 2 except text[]
Ingress: 1 metadata ObjectMeta, 2 spec IngressSpec, 3 status IngressStatus
IngressBackend: 3 resource v1:TypedLocalObjectReference, 4 service IngressServiceBackend
IngressClass: 1 metadata ObjectMeta, 2 spec IngressClassSpec
IngressClassParametersReference: 1 apiGroup text!, 2 kind text!, 3 name text!, 4 scope text!, 5 namespace text!
IngressClassSpec: 1 controller, 2 parameters IngressClassParametersReference
IngressLoadBalancerIngress: 1 ip, 2 hostname, 4 ports IngressPortStatus[]
IngressLoadBalancerStatus: 1 ingress IngressLoadBalancerIngress[]
IngressPortStatus: 1 port int!, 2 protocol text!, 3 error text!
IngressRule: 1 host, 2 ... IngressRuleValue
IngressRuleValue: 1 http HTTPIngressRuleValue
IngressServiceBackend: 1 name text!, 2 port ServiceBackendPort
IngressSpec: 1 defaultBackend IngressBackend, 2 tls IngressTLS[], 3 rules IngressRule[], 4 ingressClassName text!
IngressStatus: 1 loadBalancer IngressLoadBalancerStatus
IngressTLS: 1 hosts text[], 2 secretName
NetworkPolicy: 1 metadata ObjectMeta, 2 spec NetworkPolicySpec
NetworkPolicyEgressRule: 1 ports NetworkPolicyPort[], 2 to NetworkPolicyPeer[]
NetworkPolicyIngressRule: 1 ports NetworkPolicyPort[], 2 from NetworkPolicyPeer[]
NetworkPolicyPeer: 1 podSelector LabelSelector, 2 namespaceSelector LabelSelector, 3 ipBlock IPBlock
NetworkPolicyPort: 1 protocol text!, 2 port intOrString, 3 endPort int!
NetworkPolicySpec: 1 podSelector LabelSelector, 2 ingress NetworkPolicyIngressRule[], 3 egress NetworkPolicyEgressRule[], 4 policyTypes text[]
ParentReference: 1 group, 2 resource, 3 namespace, 4 name
ServiceBackendPort: 1 name, 2 number int
ServiceCIDR: 1 metadata ObjectMeta, 2 spec ServiceCIDRSpec, 3 status ServiceCIDRStatus
ServiceCIDRSpec: 1 cidrs text[]
ServiceCIDRStatus: 1 conditions Condition[]
`;

/** Messages of networking.k8s.io/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
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
