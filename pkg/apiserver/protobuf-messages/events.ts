/** Messages of events.k8s.io/v1, as protobuf-messages.ts reads them. Made by tools/protobuf-messages.ts. */
export const V1 = `
Event: 1 metadata ObjectMeta, 2 eventTime microTime, 3 series EventSeries, 4 reportingController, 5 reportingInstance, 6 action, 7 reason, 8 regarding v1:ObjectReference, 9 related v1:ObjectReference, 10 note, 11 type, 12 deprecatedSource v1:EventSource, 13 deprecatedFirstTimestamp time, 14 deprecatedLastTimestamp time, 15 deprecatedCount int
EventSeries: 1 count int!, 2 lastObservedTime microTime
`;
