/** Messages of apiextensions.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
CustomResourceColumnDefinition: 1 name text!, 2 type text!, 3 format, 4 description, 5 priority int, 6 jsonPath text!
CustomResourceConversion: 1 strategy text!, 2 webhook WebhookConversion
CustomResourceDefinition: 1 metadata ObjectMeta, 2 spec CustomResourceDefinitionSpec, 3 status CustomResourceDefinitionStatus
CustomResourceDefinitionCondition: 1 type text!, 2 status text!, 3 lastTransitionTime time, 4 reason, 5 message, 6 observedGeneration int
CustomResourceDefinitionNames: 1 plural text!, 2 singular, 3 shortNames text[], 4 kind text!, 5 listKind, 6 categories text[]
CustomResourceDefinitionSpec: 1 group text!, 3 names CustomResourceDefinitionNames, 4 scope text!, 7 versions CustomResourceDefinitionVersion[], 9 conversion CustomResourceConversion, 10 preserveUnknownFields bool
CustomResourceDefinitionStatus: 1 conditions CustomResourceDefinitionCondition[], 2 acceptedNames CustomResourceDefinitionNames, 3 storedVersions text[], 4 observedGeneration int
CustomResourceDefinitionVersion: 1 name text!, 2 served bool!, 3 storage bool!, 4 schema CustomResourceValidation, 5 subresources CustomResourceSubresources, 6 additionalPrinterColumns CustomResourceColumnDefinition[], 7 deprecated bool, 8 deprecationWarning text!, 9 selectableFields SelectableField[]
CustomResourceSubresourceScale: 1 specReplicasPath text!, 2 statusReplicasPath text!, 3 labelSelectorPath text!
CustomResourceSubresourceStatus:
CustomResourceSubresources: 1 status CustomResourceSubresourceStatus, 2 scale CustomResourceSubresourceScale
CustomResourceValidation: 1 openAPIV3Schema JSONSchemaProps
ExternalDocumentation: 1 description, 2 url
JSONSchemaProps: 1 id, 2 $schema, 3 $ref text!, 4 description, 5 type, 6 format, 7 title, 8 default json, 9 maximum double!, 10 exclusiveMaximum bool, 11 minimum double!, 12 exclusiveMinimum bool, 13 maxLength int!, 14 minLength int!, 15 pattern, 16 maxItems int!, 17 minItems int!, 18 uniqueItems bool, 19 multipleOf double!, 20 enum json[], 21 maxProperties int!, 22 minProperties int!, 23 required text[], 24 items schemaOrSchemas, 25 allOf JSONSchemaProps[], 26 oneOf JSONSchemaProps[], 27 anyOf JSONSchemaProps[], 28 not JSONSchemaProps, 29 properties JSONSchemaProps{}, 30 additionalProperties schemaOrBool, 31 patternProperties JSONSchemaProps{}, 32 dependencies schemaOrTexts{}, 33 additionalItems schemaOrBool, 34 definitions JSONSchemaProps{}, 35 externalDocs ExternalDocumentation, 36 example json, 37 nullable bool, 38 x-kubernetes-preserve-unknown-fields bool!, 39 x-kubernetes-embedded-resource bool, 40 x-kubernetes-int-or-string bool, 41 x-kubernetes-list-map-keys text[], 42 x-kubernetes-list-type text!, 43 x-kubernetes-map-type text!, 44 x-kubernetes-validations ValidationRule[]
SelectableField: 1 jsonPath text!
ServiceReference: 1 namespace text!, 2 name text!, 3 path text!, 4 port int!
ValidationRule: 1 rule text!, 2 message, 3 messageExpression, 4 reason text!, 5 fieldPath, 6 optionalOldSelf bool!
WebhookClientConfig: 1 service ServiceReference, 2 caBundle bytes, 3 url text!
WebhookConversion: 2 clientConfig WebhookClientConfig, 3 conversionReviewVersions text[]
`;

/** Messages of apiextensions.k8s.io/v1beta1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1BETA1 = `
CustomResourceColumnDefinition: 1 name text!, 2 type text!, 3 format, 4 description, 5 priority int, 6 JSONPath text!
CustomResourceConversion: 1 strategy text!, 2 webhookClientConfig WebhookClientConfig, 3 conversionReviewVersions text[]
CustomResourceDefinition: 1 metadata ObjectMeta, 2 spec CustomResourceDefinitionSpec, 3 status CustomResourceDefinitionStatus
CustomResourceDefinitionCondition: 1 type text!, 2 status text!, 3 lastTransitionTime time, 4 reason, 5 message, 6 observedGeneration int
CustomResourceDefinitionNames: 1 plural text!, 2 singular, 3 shortNames text[], 4 kind text!, 5 listKind, 6 categories text[]
CustomResourceDefinitionSpec: 1 group text!, 2 version, 3 names CustomResourceDefinitionNames, 4 scope text!, 5 validation CustomResourceValidation, 6 subresources CustomResourceSubresources, 7 versions CustomResourceDefinitionVersion[], 8 additionalPrinterColumns CustomResourceColumnDefinition[], 9 conversion CustomResourceConversion, 10 preserveUnknownFields bool!, 11 selectableFields SelectableField[]
CustomResourceDefinitionStatus: 1 conditions CustomResourceDefinitionCondition[], 2 acceptedNames CustomResourceDefinitionNames, 3 storedVersions text[], 4 observedGeneration int
CustomResourceDefinitionVersion: 1 name text!, 2 served bool!, 3 storage bool!, 4 schema CustomResourceValidation, 5 subresources CustomResourceSubresources, 6 additionalPrinterColumns CustomResourceColumnDefinition[], 7 deprecated bool, 8 deprecationWarning text!, 9 selectableFields SelectableField[]
CustomResourceSubresourceScale: 1 specReplicasPath text!, 2 statusReplicasPath text!, 3 labelSelectorPath text!
CustomResourceSubresourceStatus:
CustomResourceSubresources: 1 status CustomResourceSubresourceStatus, 2 scale CustomResourceSubresourceScale
CustomResourceValidation: 1 openAPIV3Schema JSONSchemaProps
ExternalDocumentation: 1 description, 2 url
JSONSchemaProps: 1 id, 2 $schema, 3 $ref text!, 4 description, 5 type, 6 format, 7 title, 8 default json, 9 maximum double!, 10 exclusiveMaximum bool, 11 minimum double!, 12 exclusiveMinimum bool, 13 maxLength int!, 14 minLength int!, 15 pattern, 16 maxItems int!, 17 minItems int!, 18 uniqueItems bool, 19 multipleOf double!, 20 enum json[], 21 maxProperties int!, 22 minProperties int!, 23 required text[], 24 items schemaOrSchemas, 25 allOf JSONSchemaProps[], 26 oneOf JSONSchemaProps[], 27 anyOf JSONSchemaProps[], 28 not JSONSchemaProps, 29 properties JSONSchemaProps{}, 30 additionalProperties schemaOrBool, 31 patternProperties JSONSchemaProps{}, 32 dependencies schemaOrTexts{}, 33 additionalItems schemaOrBool, 34 definitions JSONSchemaProps{}, 35 externalDocs ExternalDocumentation, 36 example json, 37 nullable bool, 38 x-kubernetes-preserve-unknown-fields bool!, 39 x-kubernetes-embedded-resource bool, 40 x-kubernetes-int-or-string bool, 41 x-kubernetes-list-map-keys text[], 42 x-kubernetes-list-type text!, 43 x-kubernetes-map-type text!, 44 x-kubernetes-validations ValidationRule[]
SelectableField: 1 jsonPath text!
ServiceReference: 1 namespace text!, 2 name text!, 3 path text!, 4 port int!
ValidationRule: 1 rule text!, 2 message, 3 messageExpression, 4 reason text!, 5 fieldPath, 6 optionalOldSelf bool!
WebhookClientConfig: 1 service ServiceReference, 2 caBundle bytes, 3 url text!
`;
